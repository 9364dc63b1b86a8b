"""Shared weights: how they are trained, and how networks that inherit them are scored."""
