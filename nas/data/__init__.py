"""Data sets of lenses: simulating, reading and caching them, and tensors to train on.

Names are imported when they are first used, so that reading settings loads nothing large.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
