"""Simulated images of strong lenses in the three classes, on lenstronomy (physics in
docs/simulation.md).
"""
