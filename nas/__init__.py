"""Neural-architecture search for strong gravitational lensing.

``nas.api`` has the commands as functions, and ``docs/architecture.md`` is the map of it all. Names
are imported when they are first used.
"""

import sys

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# While Python looks for the module of a command, it imports this package under the name -m. From
# then on Ctrl-C is answered in one sentence, before the command can see to it.
if sys.argv[:1] == ["-m"]:
    from nas.common.interruption import answer_interrupted_imports

    answer_interrupted_imports()
