"""The learning rates and weight decays that every network of a leaderboard tries."""

from dataclasses import dataclass

from nas.training.recipe import Recipe


@dataclass(frozen=True)
class Try:
    """What competes.

    Attributes:
        learning_rate: Learning rate.
        weight_decay: Weight decay.
    """

    learning_rate: float
    weight_decay: float

    @staticmethod
    def of(recipe: Recipe) -> "Try":
        """Return what of a recipe competes."""
        return Try(recipe.learning_rate, recipe.weight_decay)


@dataclass(frozen=True)
class Grid:
    """What every network tries.

    Attributes:
        learning_rates: Learning rates, which compete with the first of the weight decays.
        weight_decays: Weight decays, which compete with the best of the learning rates.
    """

    learning_rates: tuple[float, ...]
    weight_decays: tuple[float, ...]

    def __len__(self) -> int:
        """Return how many a network tries."""
        return len(self.learning_rates) + len(self.weight_decays) - 1

    @property
    def rates(self) -> list[Try]:
        """What competes first."""
        return [Try(rate, self.weight_decays[0]) for rate in self.learning_rates]

    def decays(self, rate: float) -> list[Try]:
        """Return what competes next.

        Args:
            rate: Learning rate that has won.
        """
        return [Try(rate, decay) for decay in self.weight_decays]
