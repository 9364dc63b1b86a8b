"""Simulated images of strong lenses in the three classes, on lenstronomy (physics in docs/simulation.md)."""

from nas.data.simulation.dataset import simulate
from nas.data.simulation.residual import render_without_substructure
from nas.data.simulation.settings import CLASSES, SimulationSettings, load_settings

__all__ = ["CLASSES", "SimulationSettings", "load_settings", "render_without_substructure", "simulate"]
