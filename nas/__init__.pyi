from . import api as api

__all__ = ["api"]
