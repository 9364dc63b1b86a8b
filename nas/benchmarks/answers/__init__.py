"""How fast commands answer: ``python -m nas.benchmarks.answers``."""
