"""Shared weights: training them, and scoring networks that inherit them."""
