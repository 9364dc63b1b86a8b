"""The instrument that says whether a supernet's ranking of architectures can be trusted."""
