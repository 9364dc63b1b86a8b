"""Lensing data: simulation, the public layouts, the cache, splits, and tensors to train on."""
