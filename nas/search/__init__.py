"""The search for architectures: ``python -m nas.search``."""
