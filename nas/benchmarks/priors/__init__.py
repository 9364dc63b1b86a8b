"""The benchmark of what is known of the data: ``python -m nas.benchmarks.priors``."""
