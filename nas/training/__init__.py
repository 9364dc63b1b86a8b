"""Training: one loop for every network, its recipe, scores and checkpoints."""

from nas.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nas.training.evaluation import evaluate, predict
from nas.training.loop import Result, fit
from nas.training.metrics import NonFiniteError, Scores, score
from nas.training.precision import autocast, pick_device
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord
from nas.training.step import CrossEntropyStep, Step

__all__ = [
    "Checkpoint",
    "CrossEntropyStep",
    "EpochRecord",
    "NonFiniteError",
    "Recipe",
    "Result",
    "Scores",
    "Step",
    "autocast",
    "evaluate",
    "fit",
    "load_checkpoint",
    "pick_device",
    "predict",
    "save_checkpoint",
    "score",
]
