"""The benchmark of networks and supernet: ``python -m search_spaces.benchmark``."""
