"""How many images networks need: ``python -m nas.benchmarks.efficiency``."""
