"""Neural-architecture search for strong gravitational lensing: data, training, search, retraining
and reports.
"""
