"""How fast data sets are read: ``python -m nas.benchmarks.reading``."""
