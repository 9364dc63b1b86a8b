"""Smooth lens models of images, and what these leave unexplained."""
