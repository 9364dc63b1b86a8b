"""Classifying images: ``python -m nas.predict``."""
