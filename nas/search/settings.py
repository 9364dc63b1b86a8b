"""The settings of a search, and which of them a resumed one may change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nas.cluster.options import WorkerOptions
from nas.common.artefacts import short
from nas.common.cli import from_plain, to_plain
from nas.common.errors import UserError
from nas.common.settings import SPACE, part
from nas.data.options import ReadOptions, TaskOptions, refuse_smoothing, require_folder
from nas.samplers.names import SAMPLERS
from nas.search.options import FidelityName, Limits, check_objectives
from nas.search.run_directory import RunDirectory
from nas.tracking.options import TrackOptions
from nas.training.networks.start import require_checkpoint
from nas.training.recipe import Recipe
from nas.training.supernet.sharing import Sharing

# These settings may differ in a resumed search: they say how long it goes on, where things are, and
# how many workers there are.
_FREE = (
    "data",
    "trials",
    "finalists",
    "final_epochs",
    "final_seeds",
    "workers",
    "gpus_per_trial",
    "ray_address",
    "storage",
    "run",
    "resume",
    "track",
)

# Seeds of trainings that belong to a search: its candidates have the first, its finalists others.
_SEEDS = 1000

# Finalists of a funnel, and the recipe of a supernet, where nothing else is said.
_FINALISTS = 2
_SUPERNET_RECIPE = Recipe(epochs=16)


@dataclass(frozen=True, kw_only=True)
class SearchSettings(Limits, ReadOptions, TaskOptions, Recipe, TrackOptions, WorkerOptions):
    """Search for the architectures that tell the classes of a data set apart best.

    With --task regression they read a number off its images instead.

    Without arguments a small data set is simulated, many candidates are trained a little and few of
    them whole. A search that was stopped or killed goes on with --resume.

    Example:
        >>> settings = SearchSettings(strategy="tpe", trials=200, objectives=("auc", "params"))
        >>> settings.needs_latency
        False
        >>> SearchSettings(trials=0)
        Traceback (most recent call last):
        ...
        lens_nas_plugins.mistakes.UserError: --trials 0 cannot be used: give 1 or more
    """

    strategy: str = "evolution"
    """Who proposes candidates: evolution, rl, random, tpe, nsga2, gp, or one of a plug-in."""
    data: Path | None = None
    """Directory of the data set; by default one is simulated."""
    trials: int = 16
    """Candidates to evaluate; those that break a limit do not count."""
    objectives: tuple[str, ...] = ()
    """What to search for: auc, and any of params, flops, latency, macro_f1, ece (expected
    calibration error), and objectives of plug-ins; in a regression r2, and any of params, flops and
    latency (default: auc or r2 alone)."""
    space: str = SPACE
    """Search space: lens_nano (for a laptop), lens_small (for a GPU), hybrid_nano or hybrid_small
    (without symmetry), or one of a plug-in."""
    fidelity: FidelityName | None = None
    """How a candidate is scored: with the supernet's weights, trained on from them, or trained from
    scratch, each in one stage; a funnel is scratch followed by finals (default: funnel, but inherit
    where a --supernet is given)."""
    epochs: int = 9
    """Passes over the training images for a candidate that is trained to the end; two thirds of
    those that are scored when the learning rate has risen, after a third of them, are stopped."""
    finalists: int | None = None
    """Best candidates that are trained again after the search, with several seeds: the cheapest of
    those that cannot be told from the best is recommended (0: none are; default: 2 in a funnel with
    one objective, 0 otherwise)."""
    final_epochs: int | None = None
    """Passes over the training images for a finalist (default: as many as --epochs)."""
    final_seeds: int = 2
    """Trainings of each finalist, with other seeds than those of candidates."""
    supernet: Path | None = None
    """Checkpoint of a trained supernet, for inherit and finetune; by default they train one, or
    find it where that was done before."""
    supernet_recipe: Recipe = field(default_factory=lambda: _SUPERNET_RECIPE)
    """How the supernet is trained, for inherit and finetune."""
    sharing: Sharing = field(default_factory=Sharing)
    """How the supernet's weights are shared, for inherit and finetune."""
    seed: int = 0
    """Seed of proposals, weights, and trainings; nas.retrain and the leaderboard train with seeds
    that no search uses."""
    run: Path | None = None
    """Directory of the run; by default one in results/runs, named after strategy and time."""
    resume: Path | None = None
    """Directory of a run to go on with; its settings are taken from there."""
    storage: str | None = None
    """Database of the study, for example postgresql://…; by default a file in the run directory."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        TaskOptions.__post_init__(self)
        Recipe.__post_init__(self)
        self.require_known_length("a search compares candidates after as many epochs")
        WorkerOptions.__post_init__(self)
        SAMPLERS.require(self.strategy)
        for name in ("trials", "latency_batch", "final_epochs", "final_seeds"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(
                    f"--{name.replace('_', '-')} {value} cannot be used: give 1 or more"
                )
        if self.seed < 0:
            raise UserError(f"--seed {self.seed} cannot be used: give 0 or more")
        if self.target is not None:
            self._check_regression()
        self._check_supernet()
        self._check_finals()
        check_objectives(self.aims, self._decisive)

    def _check_regression(self) -> None:
        """Check that a number can be learned so.

        Raises:
            UserError: weights are to be shared, or labels smoothed.
        """
        refuse_smoothing(self.label_smoothing)
        if self.fidelity_name not in ("funnel", "scratch"):
            raise UserError(
                f"--fidelity {self.fidelity_name} inherits the weights of a supernet, which learns "
                "classes: give --fidelity funnel or scratch with --task regression"
            )

    def _check_supernet(self) -> None:
        """Check that nothing is said of a supernet that is not used.

        Raises:
            UserError: something is.
        """
        if self.fidelity_name not in ("funnel", "scratch"):
            return
        said = {
            "--supernet": self.supernet is not None,
            "--supernet-recipe": self.supernet_recipe != _SUPERNET_RECIPE,
            "--sharing": self.sharing != Sharing(),
        }
        for flag, given in said.items():
            if given:
                raise UserError(
                    f"{flag} is not used by --fidelity {self.fidelity_name}: leave it out, or give "
                    "--fidelity inherit"
                )

    def _check_finals(self) -> None:
        """Check that there are candidates for the finals, and that finals tell more than a search.

        Raises:
            UserError: there are too few, or their trainings would be shorter.
        """
        if self.finalists is not None and not 0 <= self.finalists <= self.trials:
            raise UserError(
                f"--finalists {self.finalists} cannot be used: give 0 to {self.trials}, for there "
                f"are --trials {self.trials}"
            )
        if self.final_count and self.fidelity_name != "inherit" and self.whole_epochs < self.epochs:
            raise UserError(
                f"--final-epochs {self.final_epochs} would train finalists shorter than candidates "
                f"with --epochs {self.epochs}: give as many or more, or --finalists 0"
            )

    @property
    def fidelity_name(self) -> FidelityName:
        """How a candidate is scored, where that was left open too."""
        return self.fidelity or ("funnel" if self.supernet is None else "inherit")

    @property
    def aims(self) -> tuple[str, ...]:
        """What is searched for, where that was left open too."""
        return self.objectives or (self._decisive,)

    @property
    def _decisive(self) -> str:
        return "auc" if self.target is None else "r2"

    @property
    def final_count(self) -> int:
        """How many candidates are finalists, where that was left open too."""
        if self.finalists is not None:
            return self.finalists
        finals = self.fidelity_name == "funnel" and len(self.aims) == 1
        return min(_FINALISTS, self.trials) if finals else 0

    @property
    def whole_epochs(self) -> int:
        """Passes over the training images for a finalist, where that was left open too."""
        return self.final_epochs or self.epochs

    @property
    def training_seed(self) -> int:
        """Seed with which candidates are trained; those of finalists follow.

        Trainings that report have small seeds, so that none has first weights and an order of
        images that helped to choose its network. Nor do searches with other seeds share theirs.
        """
        return _SEEDS * (1 + self.seed)

    @property
    def limits(self) -> Limits:
        """What candidates may cost."""
        return part(Limits, self)

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that a resumed search cannot change, as JSON values."""
        plain = {name: value for name, value in to_plain(self).items() if name not in _FREE}
        decided = {"objectives": ",".join(self.aims), "fidelity": self.fidelity_name}
        return {**plain, **decided}

    @property
    def needs_latency(self) -> bool:
        """Whether latency is an objective or limited, and so must be measured."""
        return "latency" in self.aims or self.max_latency_ms is not None


def check(settings: SearchSettings) -> None:
    """Check that what a search needs is there, and that nothing is in its way.

    Raises:
        UserError: Tracker, data set or supernet are missing, or the directory holds another run.
    """
    settings.require_tracker()
    if settings.data is not None:
        require_folder(settings.data)
    if settings.resume is not None:
        return  # which has its directory, and a copy of its supernet
    if settings.run is not None:
        RunDirectory(settings.run).require_new()
    if settings.supernet is not None:
        require_checkpoint(settings.supernet)


def earlier(settings: SearchSettings) -> Mapping[str, Any] | None:
    """Return the settings of the run that is resumed, as they were written; None for a new run.

    Args:
        settings: Settings from the command line, of which ``resume`` names the run.

    Raises:
        UserError: There is no such run, or it is damaged.
    """
    return None if settings.resume is None else to_plain(_written(settings.resume))


def check_resumed(settings: SearchSettings, before: SearchSettings) -> None:
    """Check that a search goes on as it was begun.

    Args:
        settings: Settings of the search; what the command line left out is taken from the run.
        before: Settings with which the run was begun.

    Raises:
        UserError: A setting differs that decides what is found.
    """
    then = _flags(before.identity)
    for flag, value in _flags(settings.identity).items():
        if then[flag] != value:
            raise UserError(
                f"{settings.resume} was begun with {flag} {then[flag]}, not {value}: leave {flag} "
                "out, or start another search with --run"
            )


def resumed(run: Path, **changes: Any) -> SearchSettings:
    """Return the settings that go on with a run from Python, as ``--resume`` does.

    Args:
        run: Directory of the run.
        changes: Settings that shall differ from those before, by name.

    Raises:
        UserError: There is no such run, it is damaged, or a setting differs that decides what is
            found.

    Example:
        Evaluate more candidates than the run was begun with::

            from pathlib import Path

            from nas.search.command import run
            from nas.search.settings import resumed

            run(resumed(Path("results/runs/mine"), trials=200))
    """
    before = _written(run)
    given = replace(before, resume=run, **changes)
    check_resumed(given, before)
    check(given)
    return given


def _written(run: Path) -> SearchSettings:
    """Return the settings that were written down when the run was begun."""
    directory = RunDirectory.open(run)
    config = directory.config()
    try:
        return from_plain(SearchSettings, config)
    except UserError as error:
        raise UserError(
            f"{directory.config_file} is damaged, or of another version ({short(error)}): copy it "
            "again, or start another search"
        ) from error


def _flags(plain: Mapping[str, Any], prefix: str = "--") -> dict[str, Any]:
    """Return settings by their flags, with those of nested settings."""
    flags: dict[str, Any] = {}
    for name, value in plain.items():
        flag = prefix + name.replace("_", "-")
        flags |= _flags(value, f"{flag}.") if isinstance(value, Mapping) else {flag: value}
    return flags
