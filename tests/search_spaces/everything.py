"""A small space with all that a symmetric network can have."""

from search_spaces import params
from search_spaces.hybrid import StageChoices, StemChoices, hybrid_space

# Rotations alone, attention in every stage, windows that stick out over the map, and a stride of 1
# in the stem or in any stage.
STAGE = StageChoices(
    stride=(2, 1),
    depth=(1, 2),
    width=(16, 24),
    heads=(1, 2),
    kernel=(3, 5),
    window=(0, 3, 4),
)
WITH_FUSED = STAGE._replace(op=("mbconv", "fused", "attention"))
STAGES = (WITH_FUSED, STAGE, WITH_FUSED, STAGE)
EVERYTHING = hybrid_space(
    "everything",
    symmetry=("d4", "c4"),
    stem=StemChoices(width=(16, 24), kernel=(3, 5), stride=(2, 1)),
    head_dim=8,
    stages=STAGES,
    named={},
    size=params,
)
