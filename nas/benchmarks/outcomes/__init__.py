"""Whether two versions come to the same: ``python -m nas.benchmarks.outcomes``."""
