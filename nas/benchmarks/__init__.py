"""Commands that measure, whose tables stand in ``results/``."""
