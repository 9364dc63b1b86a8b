"""Commands that measure: their tables stand in ``results/``."""
