"""Strategies under one budget: ``python -m nas.benchmarks.search``."""
