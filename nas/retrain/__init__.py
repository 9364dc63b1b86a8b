"""Training what a search found from scratch, and judging it: ``python -m nas.retrain``."""
