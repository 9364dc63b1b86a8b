"""How fast the training loop is: ``python -m nas.benchmarks.training``."""
