"""The benchmark of symmetric networks: ``python -m nas.benchmarks.symmetry``."""
