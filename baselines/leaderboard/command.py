"""The command ``python -m baselines.leaderboard``.

It compares found networks with hand-designed ones under one recipe.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from baselines.leaderboard import tables
from baselines.leaderboard.contest import Contest
from baselines.leaderboard.costs import LatencyCache
from baselines.leaderboard.entries import Entry, collect, find_runs
from baselines.leaderboard.schedule import train_all
from baselines.leaderboard.settings import LeaderboardSettings
from baselines.leaderboard.standings import Standings
from baselines.leaderboard.trainings import Cache
from baselines.leaderboard.words import cut_off_warning
from baselines.published import published_elsewhere
from baselines.registry import get_baseline
from nas.cluster.connection import cluster, share_out
from nas.common.errors import UserError
from nas.common.files import room_for, write_text
from nas.common.lock import held
from nas.common.next_steps import show_next
from nas.common.progress import progress, say
from nas.common.provenance import command, environment
from nas.common.screen import screen
from nas.common.settings import part
from nas.costs import LATENCY_THREADS
from nas.data.options import ReadOptions, refuse_smoothing
from nas.report.board import FILE, Board, BoardData
from nas.report.report import write_report
from nas.report.steps import next_steps
from nas.training.final import check_test
from nas.training.images import TrainingImages
from nas.training.precision import pick_device
from nas.training.recipe import Recipe


def run(settings: LeaderboardSettings) -> None:
    """Train what is missing, and write and print the table."""
    board = compare_networks(settings)
    _show(board, settings.out)
    say(f"looking at it is easier in {write_page(board, settings.out)}")
    show_next(next_steps(settings.out))


def write_page(board: Board, out: Path) -> Path:
    """Write the page of a board, and return its path.

    Args:
        board: a finished board.
        out: its directory.

    Raises:
        UserError: no network could be trained.
    """
    if not any(row.trainings for row in board.rows):
        raise UserError(f"no network could be trained: {out / 'leaderboard.md'} says why")
    return write_report(out, data=Path(board.data.directory))


def compare_networks(settings: LeaderboardSettings) -> Board:
    """Train what is missing, judge it, and write the tables.

    Raises:
        UserError: the data set or a run cannot be read, a network is unknown, or the directory is
            of another data set or version.
    """
    # What takes no time comes first, so that a mistake is known at once.
    baselines = [get_baseline(name) for name in settings.models]
    asked = part(ReadOptions, settings)
    images, options, runs = find_runs(settings.run, settings.data, asked, settings.target)
    check_test(images)
    if images.target is not None:
        refuse_smoothing(settings.label_smoothing)
    data = _describe(images, options)
    tables.ordered([], settings.sort, data, settings.latency_batches)
    _check_place(settings.out, data)
    entries = collect(
        images,
        part(Recipe, settings),
        runs=runs,
        baselines=baselines,
        architectures=settings.architecture,
        space=settings.space,
        random=settings.random,
        seed=settings.seed,
    )
    with held(settings.out, "filled", "--out"):
        return _compare(settings, images, data, entries)


def _compare(
    settings: LeaderboardSettings, images: TrainingImages, data: BoardData, entries: Sequence[Entry]
) -> Board:
    """Train, measure, and write the tables as they grow; return the finished board."""
    batches = settings.latency_batches
    cache = Cache(settings.out / "trainings", images, settings.track)
    seeds = range(settings.seed, settings.seed + settings.seeds)
    contests = [Contest(entry, settings.grid, seeds, cache) for entry in entries]
    device = _device(settings)
    about = environment()
    latencies = LatencyCache(settings.out / "latencies", device, about["hardware"], batches)
    for entry in entries:
        latencies.known(entry.card)  # so that a damaged file is known before hours of training
    standings = Standings(contests, images, cache, latencies, settings.out, about, device.type)
    baselines = {entry.card.model for entry in entries if entry.kind == "baseline"}

    def write() -> Board:
        best = standings.best_found
        board = Board(
            data=data,
            recipe=part(Recipe, settings).to_json(),
            device=device.type,
            threads=LATENCY_THREADS,
            latency_batches=batches,
            rows=tuple(tables.ordered(standings.rows(), settings.sort, data, batches)),
            best_found=best.name if best is not None else None,
            published={} if data.target is not None else published_elsewhere(baselines),
            command=command(),
            environment=about,
        )
        with room_for(settings.out, "the same command goes on"):
            board.write(settings.out)
            write_text(settings.out / "leaderboard.csv", tables.csv(board))
            write_text(settings.out / "leaderboard.md", tables.markdown(board))
        return board

    _train(contests, images, settings, write)
    # Latencies are measured last, when nothing else runs.
    for contest in contests:
        if not contest.failure and latencies.known(contest.entry.card) is None:
            latencies.measure(contest.entry.card)
    return write()


def _train(
    contests: Sequence[Contest],
    images: TrainingImages,
    settings: LeaderboardSettings,
    write: Callable[[], Board],
) -> None:
    """Train what is missing, and write the tables after every network."""
    total = sum(contest.total for contest in contests)
    done = sum(contest.done for contest in contests)
    if done == total:
        return
    with (
        progress("leaderboard", total, "trainings", done) as advance,
        cluster(settings.ray_address),
    ):

        def on_outcome(contest: Contest) -> None:
            nonlocal done
            before, done = done, sum(contest.done for contest in contests)
            advance(done - before)
            if contest.settled:
                write()

        hands = share_out(settings)
        try:
            train_all(contests, images, hands, settings.out, on_outcome)
        except KeyboardInterrupt:
            say("stopped; the same command goes on")
            raise


def _show(board: Board, out: Path) -> None:
    """Print the table, why rows are missing scores, and where everything is."""
    # Whatever reads a pipe needs no lines that fit a terminal.
    console = screen(width=None if sys.stdout.isatty() else 160)
    console.print(tables.terminal(board, console.width))
    for row in board.rows:
        if row.failure:
            console.print(f"{row.name} failed: {row.failure}", soft_wrap=True)
    if warning := cut_off_warning(board):
        console.print(warning, soft_wrap=True)
    console.print(
        f"{out / 'leaderboard.md'} says more; beside it are leaderboard.csv and {FILE}",
        soft_wrap=True,
    )


def _describe(images: TrainingImages, options: ReadOptions) -> BoardData:
    dataset, splits = images.dataset, images.splits
    directory, here = dataset.directory, Path.cwd()
    # A search names the whole path, which holds on its machine alone.
    if directory.is_relative_to(here):
        directory = directory.relative_to(here)
    height, width = dataset.images.shape[2:]
    counts = {name: len(getattr(splits, name)) for name in ("train", "val", "test")}
    return BoardData(
        str(directory),
        options,
        dataset.fingerprint,
        images.classes,
        (height, width),
        counts,
        images.target,
    )


def _check_place(out: Path, data: BoardData) -> None:
    """Refuse to mix two data sets, targets, or versions of the file in one directory."""
    if not (out / FILE).exists():
        return
    there = Board.read(out).data
    if (there.fingerprint, there.target) != (data.fingerprint, data.target):
        other = "data set" if there.fingerprint != data.fingerprint else "target"
        raise UserError(
            f"{out} is the leaderboard of another {other}: give another directory with --out"
        )


def _device(settings: LeaderboardSettings) -> torch.device:
    """Return the device on which latencies are measured."""
    return torch.device("cpu") if settings.gpus_per_trial == 0 else pick_device("auto")
