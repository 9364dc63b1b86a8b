"""How fast a supernet trains: ``python -m nas.benchmarks.sharing``."""
