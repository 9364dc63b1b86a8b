"""How fast lenses are simulated: ``python -m nas.benchmarks.simulation``."""
