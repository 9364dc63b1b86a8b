"""The hand-designed networks that a found network must beat, and the leaderboard.

Importing the package registers MogaNet with timm, as importing ``search_spaces`` registers ours.
"""

import sys

# While Python looks for the module of ``python -m baselines.leaderboard``, it imports this package
# under the name -m. Help and mistakes shall not wait for torch; the command loads what it needs.
if sys.argv[:1] == ["-m"]:
    import nas as nas  # which answers Ctrl-C from here on
else:
    from baselines import moganet as moganet
