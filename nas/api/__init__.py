"""The commands as functions, with the same words, for notebooks and programs.

Every function takes the settings of its command as keywords and returns an object that can be
asked. Mistakes are a ``UserError``. Names are imported when they are first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
