"""Writing a trained network for other programs: ``python -m nas.export``."""
