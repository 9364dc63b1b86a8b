"""Compare found networks with hand-designed ones under one recipe: ``python -m baselines.leaderboard``."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from baselines import tables
from baselines.contest import Contest
from baselines.costs import LatencyCache
from baselines.entries import Entry, collect, find_runs
from baselines.published import published_elsewhere
from baselines.registry import get_baseline
from baselines.schedule import train_all
from baselines.standings import Standings
from baselines.trainings import Cache
from nas.board import FILE, Board, BoardData
from nas.cli import Command, main
from nas.cluster import cluster, share_out
from nas.data import ReadOptions
from nas.errors import UserError
from nas.files import room_for, write_text
from nas.lock import held
from nas.progress import progress, say
from nas.provenance import command, environment
from nas.report import write_report
from nas.run_directory import RUNS
from nas.settings import part
from nas.tracking import TrackOptions
from nas.training import Recipe, pick_device
from nas.training.final import check_test
from nas.training.images import TrainingImages

NAME = "python -m baselines.leaderboard"

DEFAULT = (
    "ResNet-18",
    "EfficientNet-B0",
    "ViT-tiny",
    "DeiT-tiny",
    "ConViT-tiny",
    "CoAtNet-nano",
    "VOLO-D1",
    "MogaNet-XT",
)
"""The networks to beat, where nobody says which."""


@dataclass(frozen=True, kw_only=True)
class LeaderboardSettings(ReadOptions, Recipe, TrackOptions):
    """Train networks by one recipe, and compare what they come to on the test split.

    Found networks and hand-designed ones try the same learning rates; validation chooses, and the test split is read
    once for each training that counts. The same command goes on, and trains nothing again.
    """

    data: Path | None = None
    """Directory of the data set; by default that of the searches, else one is simulated."""
    run: str = ""
    """Directories of searches whose best networks are compared, separated by commas; by default the newest in
    results/runs."""
    models: str = ",".join(DEFAULT)
    """Hand-designed networks, separated by commas: titles of baselines, or names in timm."""
    architecture: str = ""
    """Architectures to compare too, separated by blanks: NAME=LINE, or the name of a known one, as coatnet_like."""
    space: str = "hybrid_nano"
    """Search space of architectures that are given by name."""
    random: int = 1
    """Random architectures with as many parameters as the first found network, to see what the search was worth."""
    epochs: int = 4
    """Passes over the training images."""
    learning_rates: str = "0.25,1"
    """Multiples of --learning-rate that every network tries with its first seed, separated by commas."""
    seeds: int = 2
    """Trainings of each network."""
    seed: int = 0
    """Seed of the first of them; the others follow."""
    latency_batch: int = 64
    """Images in a batch whose latency is measured, beside single images."""
    sort: str = "auc"
    """Column of the CSV that orders the table."""
    workers: int | None = None
    """Trainings at a time (default: one for each core, but no more than 4 on one machine)."""
    gpus_per_trial: float | None = None
    """Share of a GPU for each of them (default: all GPUs in equal shares; 0: train on CPUs)."""
    ray_address: str | None = None
    """Ray cluster to run on; by default this machine alone."""
    out: Path = RUNS / "leaderboard"
    """Directory of the tables, and of all trainings."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        Recipe.__post_init__(self)
        for name, least in (("seeds", 1), ("seed", 0), ("random", 0), ("latency_batch", 2), ("workers", 1)):
            if (value := getattr(self, name)) is not None and value < least:
                raise UserError(f"--{name.replace('_', '-')} {value} cannot be used: give {least} or more")
        gpus = self.gpus_per_trial
        if gpus is not None and not (0 <= gpus <= 1 or gpus == int(gpus) > 1):
            raise UserError(f"--gpus-per-trial {gpus} cannot be used: give a share from 0 to 1, or a whole number")
        if not self.rates:
            raise UserError("--learning-rates is empty: give one multiple or more, for example 0.25,1")

    @property
    def latency_batches(self) -> tuple[int, ...]:
        """Sizes of the batches whose latency is measured."""
        return 1, self.latency_batch

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rates that every network tries."""
        try:
            factors = [float(factor) for factor in _names(self.learning_rates)]
        except ValueError as error:
            raise UserError(f"--learning-rates {self.learning_rates} are no numbers: give 0.25,1") from error
        if not all(0 < factor < float("inf") for factor in factors):
            raise UserError(f"--learning-rates {self.learning_rates} cannot be used: give positive numbers")
        return tuple(dict.fromkeys(factor * self.learning_rate for factor in factors))


def run(settings: LeaderboardSettings) -> None:
    """Train what is missing, and write and print the table."""
    # First what takes no time, so that a mistake is known at once.
    settings.require_tracker()
    baselines = [get_baseline(name) for name in _names(settings.models)]
    asked = part(ReadOptions, settings)
    images, options, runs = find_runs([Path(name) for name in _names(settings.run)], settings.data, asked)
    check_test(images)
    data = _describe(images, options)
    tables.ranked([], settings.sort, data, settings.latency_batches)
    _check_place(settings.out, data)
    entries = collect(
        images,
        Recipe.of(settings),
        runs=runs,
        baselines=baselines,
        architectures=settings.architecture.split(),
        space=settings.space,
        random=settings.random,
        seed=settings.seed,
    )
    with held(settings.out, "filled", "--out"):
        board = _compare(settings, images, data, entries)
    _show(board, settings.out)
    if not any(row.trainings for row in board.rows):
        raise UserError("no network could be trained: the table says why")
    say(f"looking at it is easier in {write_report(settings.out, data=images.dataset.directory)}")


def _compare(settings: LeaderboardSettings, images: TrainingImages, data: BoardData, entries: Sequence[Entry]) -> Board:
    """Train, measure, and write the tables as they grow; return the last."""
    batches = settings.latency_batches
    cache = Cache(settings.out / "trainings", images, settings.track)
    seeds = range(settings.seed, settings.seed + settings.seeds)
    contests = [Contest(entry, settings.rates, seeds, cache) for entry in entries]
    device = _device(settings)
    about = environment()
    latencies = LatencyCache(settings.out / "latencies", device, about["hardware"], batches)
    for entry in entries:
        latencies.known(entry.card)  # what is damaged is known before hours of training, too
    standings = Standings(contests, images, cache, latencies, settings.out, about, device.type)
    baselines = {entry.card.model for entry in entries if entry.kind == "baseline"}

    def write() -> Board:
        best = standings.best_found
        board = Board(
            data=data,
            recipe=Recipe.of(settings).to_json(),
            device=device.type,
            threads=torch.get_num_threads(),
            latency_batches=batches,
            rows=tuple(tables.ranked(standings.rows(), settings.sort, data, batches)),
            best_found=best.name if best is not None else None,
            published=published_elsewhere(baselines),
            command=command(),
            environment=about,
        )
        with room_for(settings.out, "the same command goes on"):
            board.write(settings.out)
            write_text(settings.out / "leaderboard.csv", tables.csv(board))
            write_text(settings.out / "leaderboard.md", tables.markdown(board))
        return board

    _train(contests, images, settings, write)
    # Now that nothing else runs.
    for contest in contests:
        if not contest.failure and latencies.known(contest.entry.card) is None:
            latencies.measure(contest.entry.card)
    return write()


def _train(
    contests: Sequence[Contest], images: TrainingImages, settings: LeaderboardSettings, write: Callable[[], Board]
) -> None:
    """Train what is missing, and write the tables after every network."""
    total, done = sum(contest.total for contest in contests), sum(contest.done for contest in contests)
    if done == total:
        return
    with progress("leaderboard", total, "trainings", done) as advance, cluster(settings.ray_address):

        def on_outcome(contest: Contest) -> None:
            nonlocal done
            before, done = done, sum(contest.done for contest in contests)
            advance(done - before)
            if contest.settled:
                write()

        hands = share_out(settings.workers, settings.gpus_per_trial, settings.ray_address)
        try:
            train_all(contests, images, hands, on_outcome)
        except KeyboardInterrupt:
            say("stopped; the same command goes on")
            raise


def _show(board: Board, out: Path) -> None:
    """Print the table, why rows are missing scores, and where everything is."""
    # What a pipe reads need not fit a terminal.
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)
    console.print(tables.terminal(board, console.width))
    for row in board.rows:
        if row.failure:
            console.print(f"{row.name} failed: {row.failure}", soft_wrap=True)
    console.print(f"{out / 'leaderboard.md'} says more; beside it are leaderboard.csv and {FILE}", soft_wrap=True)


def _describe(images: TrainingImages, options: ReadOptions) -> BoardData:
    dataset, splits = images.dataset, images.splits
    directory, here = dataset.directory, Path.cwd()
    if directory.is_relative_to(here):  # a search names the whole path, which holds on its machine alone
        directory = directory.relative_to(here)
    height, width = dataset.images.shape[2:]
    counts = {name: len(getattr(splits, name)) for name in ("train", "val", "test")}
    return BoardData(str(directory), options, dataset.fingerprint, dataset.classes, (height, width), counts)


def _check_place(out: Path, data: BoardData) -> None:
    """Refuse to mix two data sets, or two versions, in one directory."""
    if (out / FILE).exists() and Board.read(out).data.fingerprint != data.fingerprint:
        raise UserError(f"{out} is the leaderboard of another data set: give another directory with --out")


def _device(settings: LeaderboardSettings) -> torch.device:
    """Where latencies are measured."""
    return torch.device("cpu") if settings.gpus_per_trial == 0 else pick_device("auto")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


if __name__ == "__main__":
    main(NAME, Command(LeaderboardSettings, run))
