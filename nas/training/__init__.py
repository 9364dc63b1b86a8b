"""Training: one loop for every network, its recipe, scores and checkpoints."""
