"""Training one network: ``python -m nas.train``."""
