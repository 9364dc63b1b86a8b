"""Training shared weights: ``python -m nas.supernet``."""
