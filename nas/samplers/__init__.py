"""Samplers propose the next architecture from the history, on any Optuna study.

A name is imported when it is first used, so that settings can be read without loading Optuna.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
