"""The supernet of a search: given, trained before, or trained now.

A copy goes into the run directory.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError
from nas.common.files import atomic_path
from nas.common.lock import held
from nas.common.progress import say
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.networks.start import checkpoint_in
from nas.training.precision import pick_device
from nas.training.recipe import Recipe
from nas.training.supernet.sharing import Sharing
from nas.training.supernet.training import (
    SupernetCard,
    SupernetSpec,
    SupernetTraining,
    load_supernet,
    require_batch_norm,
)
from nas.training.tracked import tracked_epochs
from search_spaces import Supernet


@dataclass(frozen=True)
class SharedWeights:
    """Which supernet a search inherits from.

    Attributes:
        card: Images and classes of the candidates' networks; it names the space.
        images: Images that the search is for.
        recipe: How the supernet is trained, if it must be.
        sharing: How the supernet's weights are shared.
        seed: Seed of the supernet's training.
        track: Where the curves of the supernet's training go.
        given: Checkpoint, or directory of a training, that is used instead of a training; None to
            train, or to find what was trained before.
    """

    card: ModelCard
    images: TrainingImages
    recipe: Recipe
    sharing: Sharing
    seed: int
    track: str
    given: Path | None = None

    def check(self) -> None:
        """Check the checkpoint that was given, if one was.

        Raises:
            UserError: The checkpoint is missing or damaged, or of another space or data set.
        """
        if self.given is not None:
            self._load(checkpoint_in(self.given))

    def bring(self, to: Path) -> Supernet:
        """Return the supernet of a checkpoint, which is made where there is none.

        The directory of a training is named after all that decides its outcome. So a training that
        was done before is found again, and one that was interrupted goes on.

        Args:
            to: Path of the checkpoint, in the run directory.

        Raises:
            UserError: The checkpoint is damaged, or of another space or data set.
        """
        if not to.exists():
            if self.given is None:
                self._train(to)
            else:
                self._copy(checkpoint_in(self.given), to)
        return self._load(to)

    def _copy(self, source: Path, to: Path) -> None:
        self._load(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(to) as temporary:
            shutil.copyfile(source, temporary)

    def _train(self, to: Path) -> None:
        spec = SupernetSpec(
            card=SupernetCard(self.card),
            recipe=self.recipe,
            sharing=self.sharing,
            data=self.images.dataset.fingerprint,
            seed=self.seed,
        )
        training = SupernetTraining(spec, spec.own_directory())
        say(f"supernet of {self.card.model}, {self.recipe.epochs} epochs, {training.directory}")
        device = pick_device("auto")
        with held(training.directory, "trained", "--supernet"):
            with tracked_epochs(self.track, training.directory, spec.to_json()) as on_epoch:
                training.run(self.images.train(device), self.images.val(device), on_epoch=on_epoch)
            self._copy(training.directory / "model.safetensors", to)

    def _load(self, path: Path) -> Supernet:
        supernet, card, data = load_supernet(path)
        if card.networks.model != self.card.model:
            raise UserError(
                f"{path} is a supernet of {card.networks.model}, not of {self.card.model}: give "
                f"--space {card.networks.model}, or another --supernet"
            )
        require_batch_norm(card, path)
        if data != self.images.dataset.fingerprint:
            raise UserError(
                f"{path} was trained on other images than those in "
                f"{self.images.dataset.directory}: leave --supernet out to train one on these"
            )
        return supernet
