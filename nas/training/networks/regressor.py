"""A trained network as it is used, from the pixels of a file to the number that it reads off."""

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.data.targets import Target
from nas.training.networks.averaging import averaged_outputs
from nas.training.networks.card import ModelCard
from nas.training.networks.pixels import PixelNetwork, RawImages


class Regressor(PixelNetwork):
    """A normalisation and a network that reads a number off images, in one module.

    Its users need not know how the network was trained: the number is in the target's own unit.

    Args:
        network: network that gives one standardised number (B, 1) of normalised images.
        card: card of the network, which knows its images and its target.
        average_symmetries: whether the numbers are averages over the symmetries of the image, for
            as many passes.

    Raises:
        UserError: the network tells classes apart.

    Example:
        >>> import numpy as np
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.data.targets import Target
        >>> from nas.training.networks.card import ModelCard
        >>> from nas.training.networks.regressor import Regressor
        >>> scale = Normalisation(sky=(2.0,), softening=(0.5,), offset=(0.1,), scale=(0.8,))
        >>> target = Target("log10_axion_mass", "log10 eV", mean=-23.0, spread=0.5)
        >>> card = ModelCard("test_resnet", None, (), 1, (32, 32), scale, target=target)
        >>> regressor = Regressor(card.build(), card)
        >>> regressor.predict(np.random.default_rng(0).random((5, 32, 32))).shape
        (5,)
        >>> regressor.target.unit
        'log10 eV'
    """

    def __init__(
        self, network: nn.Module, card: ModelCard, average_symmetries: bool = False
    ) -> None:
        super().__init__(network, card, average_symmetries)
        if card.target is None:
            raise UserError(
                f"this network tells {', '.join(card.classes)} apart and reads no number off "
                "images: train one with --task regression"
            )
        self.target: Target = card.target

    def forward(self, images: Tensor) -> Tensor:
        """Return the number of each image (B,), in the target's unit.

        Args:
            images: images (B, C, H, W), float32 in the data's own unit.
        """
        normalised = self.normalised(images)
        outputs = (
            averaged_outputs(self.network, normalised)
            if self.average_symmetries
            else self.network(normalised)
        )
        # In double, for float32 would round what is far from 0 in units of the spread.
        numbers: Tensor = outputs[:, 0].double() * self.target.spread + self.target.mean
        return numbers

    def predict(self, images: RawImages) -> npt.NDArray[np.float64]:
        """Return the number of each image (N,), in the target's unit.

        Args:
            images: images in the unit of those that the network learned from.

        Raises:
            UserError: the images have another shape than those, or hold pixels that are no numbers.
        """
        return np.concatenate([np.empty(0), *self.batches(images)])
