"""The card of a network: what must be known to build it again and to feed it images.

The card is stored with every checkpoint.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from nas.common.artefacts import checked
from nas.common.errors import UserError
from nas.common.progress import say
from nas.common.rules import Count, Must, Pixels, Text
from nas.costs import counted_flops
from nas.data.normalisation import Normalisation
from nas.data.targets import Target
from nas.training.evaluation import check_logits
from nas.training.networks.fitting import MisfitError, fitting, in_pixels, one_line
from nas.training.networks.pretrained import Weights, first_random, no_warnings
from nas.training.networks.timm_models import (
    MISFITS,
    Resize,
    create,
    require_network,
    sizes_to_try,
)
from search_spaces import (
    SpaceError,
    get_space,
    untied_params,
)  # This package registers our networks with timm.
from search_spaces.own import require_builder

# What is built for a card that was read from a file, at most. A network that is built is
# also run once.
_MOST_CHANNELS = 1_000
_MOST_CLASSES = 1_000
_MOST_FLOPS = 10**13


_Classes = Annotated[
    tuple[Text, ...],
    Must(
        lambda names: len(set(names)) == len(names) <= _MOST_CLASSES and all(names),
        f"up to {_MOST_CLASSES:,} different names",
    ),
]


@dataclass(frozen=True)
class ModelCard:
    """A network and its images.

    Attributes:
        model: timm's name of the network; for an architecture, the name of its space.
        architecture: line of the architecture; None for a network that its name says all about.
        classes: class names in label order; none where the network reads a number off images.
        in_chans: number of channels of an image.
        image_size: height and width of an image in pixels.
        normalisation: normalisation of the images, fitted on those that the network learned from.
        resized_to: height and width that the images are resized to on their way into a network that
            does not take them as they are; None for a network that does.
        filled_pixels: number of pixels of the data set that were no numbers and were filled from
            those around them.
        target: the number that the network reads off images, standardised; None for a network that
            tells classes apart.

    Example:
        >>> import torch
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard
        >>> scale = Normalisation(sky=(0.0,), softening=(1.0,), offset=(0.0,), scale=(1.0,))
        >>> card = ModelCard("test_resnet", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> network = card.fitted().build(seed=0)
        >>> network(torch.zeros(4, 1, 32, 32)).shape
        torch.Size([4, 2])
    """

    model: Text
    architecture: Text | None
    classes: _Classes
    in_chans: Annotated[int, Must(lambda n: 1 <= n <= _MOST_CHANNELS, f"1 to {_MOST_CHANNELS:,}")]
    image_size: Pixels
    normalisation: Normalisation
    resized_to: Pixels | None = None
    filled_pixels: Count = 0
    target: Target | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        values = asdict(self)
        # Nothing was filled before there was this number, and a training is found by its card.
        if not self.filled_pixels:
            del values["filled_pixels"]
        # Nor were there targets.
        if self.target is None:
            del values["target"]
        return values

    @staticmethod
    def from_json(values: Any) -> "ModelCard":
        """Return the card that ``to_json`` wrote.

        Raises:
            DamageError: a value is missing, of another type or out of bounds, or the line is no
                architecture of the space that ``model`` names.
        """
        return checked(KnownCard, with_present_names(values))

    @property
    def outputs(self) -> int:
        """The number of outputs of the network: one for each class, or one for a target."""
        return len(self.classes) if self.target is None else 1

    @property
    def input_size(self) -> Pixels:
        """The height and width of the images that reach the network."""
        return self.resized_to or self.image_size

    @property
    def untied_params(self) -> int | None:
        """Weights of the network when a symmetry ties none of them; None for a model of timm."""
        if self.architecture is None:
            return None
        architecture = get_space(self.model).parse(self.architecture)
        return untied_params(architecture, self.in_chans, self.outputs)

    def fitted(self, weights: Weights | None = None) -> "ModelCard":
        """Return the card with a size of images that the network takes.

        It is the first size of :func:`sizes_to_try` that works. If the images must be resized, one
        sentence on standard error says so.

        Args:
            weights: weights to start from, which some networks take at their own size only; None
                for random ones.

        Raises:
            UserError: the network takes no size, or timm does not know it.
        """
        if self.architecture is not None:
            return self
        self._require()
        misfit = None
        for size in sizes_to_try(self.model, self.image_size):
            card = replace(self, resized_to=size)
            try:
                card.build(weights=weights)
            except MisfitError as error:
                misfit = error
            else:
                if size is not None:
                    say(
                        f"images of {in_pixels(self.image_size)} are resized to "
                        f"{in_pixels(size)} for {self.model}"
                    )
                return card
        assert misfit is not None  # There was at least one size.
        raise misfit

    def build(
        self, seed: int = 0, drop_path: float = 0.0, weights: Weights | None = None
    ) -> nn.Module:
        """Build the network on the CPU, and check that it takes the images.

        Args:
            seed: seed of the random weights; the global random state is left as it was found.
            drop_path: share of residual branches that are skipped in training.
            weights: weights to start from; None for random ones. timm adapts them to the channels
                and the size of the images, and the classifier is always random.

        Raises:
            UserError: timm does not know the network, or it cannot be built for such images, from
                such weights, or with ``drop_path``.
            search_spaces.SpaceError: the line is no architecture of the space, or the architecture
                is too deep for such small images.
        """
        self._require()
        options: dict[str, Any] = {"drop_path_rate": drop_path} if drop_path else {}
        model = self._checked(seed, options)
        return model if weights is None else self._loaded(seed, options, weights)

    def _require(self) -> None:
        """Check that the network is known here, and have the plug-in loaded that brings it."""
        if self.architecture is not None:
            space = get_space(self.model)
            space.parse(self.architecture)
            require_builder(space)
        else:
            require_network(self.model)

    def _checked(self, seed: int, options: dict[str, Any]) -> nn.Module:
        """Build the network with random weights, and run it once on empty images.

        The run changes nothing in the network.
        """
        with fitting(self.model, self.image_size, self.resized_to), torch.no_grad():
            model = self._create(seed, options).eval()
            logits = model(torch.zeros(2, self.in_chans, *self.image_size))
        check_logits(logits, self.outputs)
        return model

    def sketch(self) -> nn.Module:
        """Build the network without memory for its weights.

        Raises:
            UserError: what ``build`` raises, and where a run would take minutes.
            search_spaces.SpaceError: what ``build`` raises.
        """
        self._require()
        with fitting(self.model, self.image_size, self.resized_to), torch.device("meta"):
            model = self._create(0, {}).eval()
        flops = _flops(model, torch.zeros(2, self.in_chans, *self.image_size, device="meta"))
        if flops > _MOST_FLOPS:
            raise UserError(
                f"{self.model} needs {flops:.1e} FLOPs for two images of "
                f"{in_pixels(self.image_size)}, more than {_MOST_FLOPS:.0e}: choose another model"
            )
        return model

    def _loaded(self, seed: int, options: dict[str, Any], weights: Weights) -> nn.Module:
        """Build the network with given weights; only the classifier may be left to chance."""
        options = {**options, **weights.options()}
        try:
            # timm warns of every name that does not fit; one sentence of ours says it.
            with no_warnings("timm"):
                model, other = self._create(seed, options), self._create(seed + 1, options)
        except (RuntimeError, KeyError) as error:
            raise MisfitError(
                f"{weights.source} does not hold weights of {self.model} for images of "
                f"{in_pixels(self.input_size)} ({one_line(error)}): give those of this network"
            ) from error
        missing = first_random(model, other)
        if missing is not None:
            raise UserError(
                f"{weights.source} lacks {missing} of {self.model}: give weights of this network"
            )
        # The weights stay in the configuration otherwise, and every copy would copy them too.
        model.default_cfg.pop("state_dict")  # type: ignore[union-attr,operator]
        return model.eval()

    def _create(self, seed: int, options: dict[str, Any]) -> nn.Module:
        if self.architecture is not None:
            options = {**options, "architecture": self.architecture}
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            model = create(
                self.model,
                self.input_size,
                in_chans=self.in_chans,
                num_classes=self.outputs,
                **options,
            )
        if self.resized_to is not None:
            model.register_forward_pre_hook(Resize(self.resized_to))
        return model


def _is_known(card: ModelCard) -> bool:
    if card.architecture is None:
        return True
    try:
        space = get_space(card.model)
    except SpaceError as error:
        # The file may be good, and the plug-in be missing that brings the space.
        raise UserError(
            f"no search space {card.model} is known here: install the package that brings it, or "
            "name its module in LENS_NAS_PLUGINS"
        ) from error
    try:
        space.parse(card.architecture)
    except SpaceError:
        return False
    return True


def with_present_names(values: Any) -> Any:
    """Return a card, as JSON values, with the names that its normalisation has had since 0.1.0."""
    match values:
        case {"normalisation": {"mean": sky, "std": softening, **others}}:
            scale = {"sky": sky, "softening": softening, **others}
            return {**values, "normalisation": scale}
    return values


def _is_normalised(card: ModelCard) -> bool:
    scale = card.normalisation
    return all(len(getattr(scale, part.name)) == card.in_chans for part in fields(scale))


KnownCard = Annotated[
    ModelCard,
    Must(lambda card: bool(card.classes) == (card.target is None), "one with classes or a target"),
    Must(_is_normalised, "a card whose normalisation has a number for each channel"),
    Must(_is_known, "a card whose architecture is one of the space that it names"),
]
"""A card as it is read from a file."""


def _flops(model: nn.Module, images: Tensor) -> int:
    """Return the FLOPs of images without memory; 0 where the network cannot be run so."""
    try:
        return counted_flops(model, images)
    except MISFITS:
        return 0
