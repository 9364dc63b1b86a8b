"""Neural-architecture search for strong gravitational lensing.

Data, training, search, retraining and reports; the map of it all is docs/architecture.md.
"""
