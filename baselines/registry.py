"""The hand-designed networks: what each is, and the recipe that it was published with.

The leaderboard trains them all by the recipe of the found networks. The published recipe is here to
compare with, and for the rate of stochastic depth, which belongs to a network's size.

Example:
    >>> from baselines.registry import BASELINES
    >>> [baseline.title for baseline in BASELINES.values()][:3]
    ['ResNet-18', 'EfficientNet-B0', 'EfficientNet-B1']
"""

import difflib
from dataclasses import dataclass
from typing import Literal

import timm

from nas.common.errors import UserError
from nas.training.networks.timm_models import NETWORKS, require_network

Takes = Literal["any size", "built for a size", "multiples of 32", "own size"]


@dataclass(frozen=True)
class PublishedRecipe:
    """The recipe by which the authors of a network trained it on ImageNet-1k.

    ImageNet-1k has 1.28 million photographs of 1,000 classes.

    Attributes:
        optimizer: name of the optimizer, as the authors write it.
        learning_rate: learning rate at the given batch size.
        batch_size: images in a step.
        weight_decay: weight decay of the optimizer.
        epochs: passes over the training images.
        drop_path: share of residual branches that are skipped.
        image_size: pixels a side of the photographs.
    """

    optimizer: str
    learning_rate: float
    batch_size: int
    weight_decay: float
    epochs: int
    drop_path: float
    image_size: int


@dataclass(frozen=True)
class Baseline:
    """One hand-designed network.

    Attributes:
        title: name in tables.
        model: name in timm.
        takes: which images the network takes without resizing them: of any size; of any size that
            it is built for; of multiples of 32 pixels that it is built for; or of few sizes of its
            own. None for a network that nobody looked at.
        paper: arXiv number of the paper; None for a network that was published as code.
        recipe: recipe that the authors published; None where they published none.
    """

    title: str
    model: str
    takes: Takes | None
    paper: str | None
    recipe: PublishedRecipe | None


def _adamw(
    learning_rate: float, batch_size: int, weight_decay: float, drop_path: float, size: int
) -> PublishedRecipe:
    """Return a recipe like that of DeiT, which most others vary: AdamW over 300 epochs."""
    return PublishedRecipe("AdamW", learning_rate, batch_size, weight_decay, 300, drop_path, size)


def _efficientnet(size: int) -> PublishedRecipe:
    return PublishedRecipe("RMSProp", 0.256, 4096, 1e-5, 350, 0.2, size)


BASELINES: dict[str, Baseline] = {
    baseline.model: baseline
    for baseline in (
        Baseline(
            "ResNet-18",
            "resnet18",
            "any size",
            "1512.03385",
            PublishedRecipe("SGD", 0.1, 256, 1e-4, 120, 0.0, 224),
        ),
        Baseline(
            "EfficientNet-B0", "efficientnet_b0", "any size", "1905.11946", _efficientnet(224)
        ),
        Baseline(
            "EfficientNet-B1", "efficientnet_b1", "any size", "1905.11946", _efficientnet(240)
        ),
        Baseline(
            "EfficientNet-B2", "efficientnet_b2", "any size", "1905.11946", _efficientnet(260)
        ),
        Baseline(
            "ViT-tiny",
            "vit_tiny_patch16_224",
            "built for a size",
            "2106.10270",
            PublishedRecipe("Adam", 1e-3, 4096, 0.1, 300, 0.0, 224),
        ),
        Baseline(
            "ConViT-tiny",
            "convit_tiny",
            "built for a size",
            "2103.10697",
            _adamw(5e-4, 512, 0.05, 0.1, 224),
        ),
        Baseline("CoAtNet-nano", "coatnet_nano_rw_224", "multiples of 32", None, None),
        Baseline(
            "CoAtNet-0",
            "coatnet_0_rw_224",
            "multiples of 32",
            "2106.04803",
            _adamw(1e-3, 4096, 0.05, 0.2, 224),
        ),
        Baseline(
            "VOLO-D1",
            "volo_d1_224",
            "built for a size",
            "2106.13112",
            _adamw(1.6e-3, 1024, 0.05, 0.1, 224),
        ),
        Baseline(
            "MogaNet-XT",
            "moganet_xtiny",
            "any size",
            "2211.03295",
            _adamw(1e-3, 1024, 0.03, 0.05, 224),
        ),
        Baseline(
            "MogaNet-T",
            "moganet_tiny",
            "any size",
            "2211.03295",
            _adamw(1e-3, 1024, 0.04, 0.1, 224),
        ),
        Baseline(
            "CoaT-lite-small",
            "coat_lite_small",
            "any size",
            "2104.06399",
            _adamw(2e-3, 2048, 0.05, 0.2, 224),
        ),
        Baseline(
            "EfficientFormer-L3",
            "efficientformer_l3",
            "own size",
            "2206.01191",
            _adamw(1e-3, 1024, 0.025, 0.1, 224),
        ),
        Baseline("BoTNet-26t", "botnet26t_256", "multiples of 32", "2101.11605", None),
        Baseline(
            "Swin-V2-tiny",
            "swinv2_tiny_window8_256",
            "built for a size",
            "2111.09883",
            _adamw(1e-3, 1024, 0.05, 0.2, 256),
        ),
        Baseline(
            "CrossViT-small",
            "crossvit_small_240",
            "own size",
            "2103.14899",
            _adamw(4e-3, 4096, 0.05, 0.1, 240),
        ),
    )
}
"""All baselines by their name in timm.

DeiT-tiny is not among them. What it adds to ViT-tiny is a token that learns from a teacher, and no
network here has one; without that it is ViT-tiny, weight by weight.
"""

# A title stands for a baseline, so that no other network may have it.
NETWORKS.built_in = tuple(baseline.title for baseline in BASELINES.values())


def get_baseline(name: str) -> Baseline:
    """Return a baseline by its title or its name in timm, or any other network of timm.

    A network that is no baseline comes without a published recipe.

    Raises:
        UserError: timm has no such network; the sentence names the nearest baselines and networks.
            DeiT-tiny is refused too, for it is ViT-tiny, and a title that a network of one's own
            has as well.

    Example:
        >>> from baselines.registry import get_baseline
        >>> baseline = get_baseline("ViT-tiny")
        >>> baseline.model, baseline.recipe.epochs
        ('vit_tiny_patch16_224', 300)
        >>> get_baseline("resnet50").recipe is None
        True
    """
    for baseline in BASELINES.values():
        if name.lower() in (baseline.title.lower(), baseline.model):
            NETWORKS.require(baseline.title)
            return baseline
    if name.lower() == "deit-tiny":
        raise UserError("without a teacher to learn from, DeiT-tiny is ViT-tiny: give ViT-tiny")
    try:
        require_network(name)
    except UserError as error:
        known = [*(baseline.title for baseline in BASELINES.values()), *timm.list_models()]
        near = difflib.get_close_matches(name, known, n=3) or list(BASELINES)
        raise UserError(f"there is no model {name}: did you mean {', '.join(near)}?") from error
    return Baseline(name, name, None, None, None)
