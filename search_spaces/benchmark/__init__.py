"""Speed and memory of the networks and the supernet: ``python -m search_spaces.benchmark``."""
