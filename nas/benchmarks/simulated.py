"""The images of benchmarks that train networks, as far as all of them share the settings."""

from dataclasses import dataclass

from nas.common.errors import UserError

_LEARNED = 0.7
"""Share of the images that networks learn from, where splits are made."""


@dataclass(frozen=True, kw_only=True)
class SimulatedImages:
    """How many images are simulated, and of what size."""

    simulated: int = 20000
    """Number of simulated images: 70 % to learn from, 15 % that choose, 15 % that report."""
    image_size: int = 48
    """Pixels on a side."""

    def require(self, images: int, **others: int) -> None:
        """Check that so many training images are among the simulated ones.

        Args:
            images: Number of training images.
            others: Further numbers by the name of their setting, which must be positive.

        Raises:
            UserError: they are not, or a number is not positive.
        """
        for name, value in {"images": images, **others}.items():
            if value < 1:
                raise UserError(f"--{name} {value} cannot be used: give 1 or more")
        if images > _LEARNED * self.simulated:
            raise UserError(
                f"--images {images} cannot be learned from: of --simulated {self.simulated} images "
                "70 % are training images, simulate more"
            )


@dataclass(frozen=True, kw_only=True)
class FewAndMany(SimulatedImages):
    """How networks are trained on several numbers of images."""

    images: tuple[int, ...] = (8400, 2000, 500)
    """Numbers of training images."""
    seeds: int = 3
    """Number of trainings of each kind."""
    epochs: int = 12
    """Passes over the largest number of training images; over fewer there are more, so that
    all have as many updates."""

    def require_all(self) -> None:
        """Check that there are enough images.

        Raises:
            UserError: more training images are asked for than are simulated.
        """
        for images in sorted(self.images, reverse=True):
            self.require(images, seeds=self.seeds, epochs=self.epochs)
