from . import api as api
from .api import LensClassifier as LensClassifier

__all__ = ["LensClassifier", "api"]
