"""What an ask costs: ``python -m nas.benchmarks.samplers.speed``."""
