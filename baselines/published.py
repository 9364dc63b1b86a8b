"""Scores that others published for DeepLense data, to stand beside ours and never among them.

The scores are macro one-vs-rest AUC and accuracy on 15,000 test images of *their* data sets, by
recipes of their own. Models II and III carry no noise, which is why scores saturate there.
"""

from collections.abc import Collection

from baselines.registry import BASELINES
from nas.report.rows import Published

AT_CHANCE = "All that was published on Models IV and V is at chance."

_PROJECT = "DeepLense projects (ML4Sci)"

PUBLISHED: dict[str, tuple[Published, ...]] = {
    "coatnet_nano_rw_224": (Published("Model I", 0.9955, 0.967, _PROJECT),),
    "efficientformer_l3": (Published("Model I", 0.9948, 0.959, _PROJECT),),
    "resnet18": (
        Published("Model I", 0.992, 0.945, _PROJECT),
        Published("Model II", 0.9996, 0.991, _PROJECT),
    ),
    "efficientnet_b2": (Published("Model I", 0.993, 0.96, _PROJECT),),
    "convit_tiny": (Published("Model I", 0.923, 0.782, _PROJECT),),
    "coat_lite_small": (
        Published("Model II", 1.0, 0.9999, _PROJECT),
        Published("Model III", 1.0, 0.9999, _PROJECT),
    ),
}
"""Published scores of baselines, by the baseline's name in timm."""

_OTHERS: dict[str, tuple[Published, ...]] = {
    "equivariant DenseNet-C8 (0.10 M parameters)": (
        Published("common task", 0.9973, 0.9735, _PROJECT),
    ),
    "best published otherwise": (Published("common task", 0.9929, None, _PROJECT),),
}
"""Published scores of networks that are no baselines, by title."""


def published_elsewhere(models: Collection[str]) -> dict[str, tuple[Published, ...]]:
    """Return the published scores of all networks but some baselines, by title.

    Args:
        models: names in timm of the baselines to leave out.
    """
    baselines = {
        BASELINES[model].title: scores for model, scores in PUBLISHED.items() if model not in models
    }
    return {**baselines, **_OTHERS}
