"""Lensing data: simulation, the public layouts, the cache, splits, and tensors to train on.

Names are imported when they are used, so that settings can be read without what they would load.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
