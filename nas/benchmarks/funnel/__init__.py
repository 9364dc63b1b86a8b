"""Which funnel finds most in the same seconds: ``python -m nas.benchmarks.funnel``."""
