"""Search a space of your own: genes of your own, and blocks of your own.

    python examples/03_your_own_space.py

Three things make a space: its genes, a function that builds the network of an architecture, and a
line that registers both. The blocks below fold an image along its axes, which no network of the
toolkit does; any ``torch.nn.Module`` will do.
"""

import argparse

from torch import Tensor, nn

from nas import api
from search_spaces import Architecture, Gene, SearchSpace


class Fold(nn.Module):
    """Adds to a map what it looks like when it is turned by half a turn."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps + maps.flip(-1).flip(-2)


GENES = [
    Gene("width", (8, 16, 32)),
    Gene("kernel", (3, 5)),
    Gene("stages", (2, 3)),
    Gene("fold", ("no", "yes")),
    # This gene is a decision only where images are folded.
    Gene("fold.times", (1, 2), when=("fold", "yes")),
]


def build(architecture: Architecture, in_chans: int, num_classes: int) -> nn.Module:
    """Build the network of an architecture, for images (B, in_chans, H, W)."""
    width, kernel = int(architecture["width"]), int(architecture["kernel"])
    layers: list[nn.Module] = []
    for stage in range(int(architecture["stages"])):
        layers += [
            nn.Conv2d(in_chans, width, kernel, stride=2, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(width),
            nn.GELU(),
        ]
        if architecture["fold"] == "yes" and stage < int(architecture["fold.times"]):
            layers.append(Fold())
        in_chans = width
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, num_classes)
    )


# Workers get what a script registers. Commands in a shell know it where LENS_NAS_PLUGINS names this
# file as a module, or where a package brings it (docs/plugins.md).
api.register_space("folding", SearchSpace("folding", GENES), build)


def main() -> None:
    """Simulate lenses, search the space, train the best network from scratch, and use it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=4)
    asked = parser.parse_args()

    data = api.simulate(images=asked.images, image_size=48, nuisance=0.1)
    # Networks of one's own share no weights, so each candidate is trained. The default, funnel,
    # also trains the best of them whole at the end; scratch leaves that to the retraining below.
    found = api.search(
        data,
        space="folding",
        fidelity="scratch",
        epochs=asked.epochs,
        trials=asked.trials,
        objectives="auc,params",
    )
    print(found.candidates[["architecture", "auc", "params", "flops"]])
    print("best:", found.best.architecture)

    retrained = api.retrain(found, epochs=2 * asked.epochs, seeds=1)
    print(retrained.scores[["test_auc", "parameters"]])
    print(retrained.classifier.predict_proba(data.images[:3]))
    print("report:", found.report().path)


if __name__ == "__main__":
    main()
