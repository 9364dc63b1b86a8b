"""The table of the lensing benchmark: ``python -m nas.benchmarks.table``."""
