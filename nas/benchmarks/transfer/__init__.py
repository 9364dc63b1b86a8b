"""The benchmark of other images than those learned from: ``python -m nas.benchmarks.transfer``."""
