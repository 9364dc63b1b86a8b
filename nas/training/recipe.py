"""The recipe of a training: the settings that every training shares."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from nas.common.errors import UserError
from nas.common.settings import part
from nas.data.options import Augmentation

Optimizer = Literal["adamw", "nadamw", "lion", "sgd"]
Schedule = Literal["cosine", "constant", "wsd"]
Amp = Literal["auto", "bf16", "off"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained; the defaults suit small networks and some thousands of images.

    Example:
        >>> from nas.training.recipe import Recipe
        >>> recipe = Recipe(epochs=10, learning_rate=1e-3)
        >>> recipe.steps(images=3200)
        1000
        >>> Recipe.from_json(recipe.to_json()) == recipe
        True
    """

    epochs: int = 20
    """Passes over the training images; with the schedule wsd the most of them."""
    batch_size: int = 32
    """Number of images in a step."""
    optimizer: Optimizer = "adamw"
    """Optimizer that turns gradients into steps; sgd has Nesterov momentum .9."""
    learning_rate: float = 4e-3
    """Learning rate after the warm-up."""
    weight_decay: float = 0.05
    """Decay of the weights; biases, norms and what the network names in no_weight_decay() are
    spared."""
    schedule: Schedule = "cosine"
    """Course of the learning rate after the warm-up: wsd keeps it until validation has not gained
    for --patience epochs, and lets it fall over a fifth of the whole."""
    patience: int = 5
    """With the schedule wsd: epochs without a gain of the validation AUC, after which the learning
    rate falls."""
    max_minutes: float = 0.0
    """With the schedule wsd: minutes of training after which the learning rate falls even if
    validation still gains; 0 sets no limit."""
    warmup: float = 0.3
    """Share of the steps (with wsd: of those of ten epochs) over which the learning rate rises from
    a hundredth; where it rises faster, attention learns nothing for some epochs."""
    label_smoothing: float = 0.0
    """Share of every label that is spread evenly over all classes."""
    clip_grad: float = 1.0
    """Largest norm of the gradient, to which larger ones are clipped; 0 clips nothing."""
    ema_decay: float = 0.0
    """Score and keep a moving average of the weights with this decay; 0 scores and keeps the
    weights themselves."""
    drop_path: float = 0.0
    """Share of residual branches skipped in training, for networks that can."""
    amp: Amp = "auto"
    """Mixed precision in training: auto is bf16 where it is quicker, off is float32; scores are
    always float32."""
    channels_last: bool = True
    """Keep channels innermost in memory, which convolutions prefer."""
    compile: bool = False
    """Compile the network first, which takes a minute and pays on a GPU."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    """Random changes of the training images."""

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", self.epochs, "1 or more")
        # A single image has no batch statistics.
        _require(self.batch_size >= 2, "batch_size", self.batch_size, "2 or more")
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "a positive number")
        _require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")
        _require(self.clip_grad >= 0, "clip_grad", self.clip_grad, "0 (off) or more")
        _require(self.patience >= 1, "patience", self.patience, "1 or more")
        _require(self.max_minutes >= 0, "max_minutes", self.max_minutes, "0 (no limit) or more")
        for name in ("warmup", "label_smoothing", "ema_decay", "drop_path"):
            value = getattr(self, name)
            _require(0 <= value < 1, name, value, "0 or more and less than 1")

    def steps(self, images: int) -> int:
        """Return the number of steps of the whole training on so many images."""
        return self.epochs * max(1, images // self.batch_size)

    def require_known_length(self, why: str) -> None:
        """Refuse a schedule whose length is not known before.

        Args:
            why: who needs to know it, for the sentence.

        Raises:
            UserError: the schedule is wsd.
        """
        if self.schedule == "wsd":
            raise UserError(f"--schedule wsd cannot be used: {why}; give cosine or constant")

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values."""
        values = asdict(part(Recipe, self))
        # A training is found by its recipe, and earlier ones knew nothing of these settings.
        if not self.augmentation.also:
            del values["augmentation"]["also"]
        if self.schedule != "wsd":
            del values["patience"], values["max_minutes"]
        return values

    @staticmethod
    def from_json(values: dict[str, Any]) -> "Recipe":
        """Return the recipe that ``to_json`` wrote.

        Raises:
            UserError: another version wrote it, with other fields.
        """
        try:
            return Recipe(**{**values, "augmentation": Augmentation(**values["augmentation"])})
        except (KeyError, TypeError) as error:
            raise UserError(
                f"the recipe was written by another version of this toolkit ({error})"
            ) from error


def _require(good: bool, name: str, value: object, allowed: str) -> None:
    if not good:
        raise UserError(f"--{name.replace('_', '-')} {value} cannot be used: give {allowed}")
