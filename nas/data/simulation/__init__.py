"""The simulation of strong lenses in the three dark-matter classes, which runs on lenstronomy.

Its physics is set out in docs/simulation.md.
"""
