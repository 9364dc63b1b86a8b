"""Neural-architecture search for strong gravitational lensing.

Data, training, search, retraining and reports; the map of it all is docs/architecture.md.
"""

import sys

# While Python looks for the module of a command, it imports this package under the name -m. From
# then on Ctrl-C is answered in one sentence, before the command can see to it.
if sys.argv[:1] == ["-m"]:
    from nas.common.interruption import answer_interrupted_imports

    answer_interrupted_imports()
