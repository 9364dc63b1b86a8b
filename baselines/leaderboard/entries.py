"""The networks that a leaderboard compares.

They are hand-designed networks, the best of searches, and architectures that the user wrote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

import search_spaces
from baselines.registry import Baseline
from nas.common.errors import UserError
from nas.common.progress import say
from nas.data.default import default_data
from nas.data.options import ReadOptions
from nas.report.rows import RowKind
from nas.search.run_directory import RunDirectory
from nas.search.winners import Winners
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.recipe import Recipe
from search_spaces import EvenSampler

CHANCE, MAJORITY, MEAN = "chance", "majority class", "mean of training"
"""Names of rows that look at no image: of classes the first two, of numbers the third."""


@dataclass(frozen=True)
class Entry:
    """One network of the comparison.

    Attributes:
        name: title in tables.
        kind: whether it is a baseline, or found, or named by the user.
        source: directory of the search that found the network; empty for others.
        card: the network, for these images.
        recipe: recipe of all networks, but for what this network cannot do.
        notes: what a reader must know of the network.
    """

    name: str
    kind: RowKind
    source: str
    card: ModelCard
    recipe: Recipe
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(name: str, kind: RowKind, source: str, card: ModelCard, recipe: Recipe) -> "Entry":
        """Fit a network to the images, and the recipe to the network.

        Raises:
            UserError: the network takes no images of any size that these can be resized to.
        """
        card = card.fitted()
        notes = []
        if card.resized_to is not None:
            notes.append(
                f"fed images resized to {card.resized_to[0]} × {card.resized_to[1]} pixels"
            )
        if recipe.drop_path:
            try:
                card.build(drop_path=recipe.drop_path)
            except UserError:
                recipe = replace(recipe, drop_path=0.0)
                notes.append("has no residual branches: trained with drop path 0")
        return Entry(name, kind, source, card, recipe, tuple(notes))


def find_runs(
    runs: Sequence[Path], data: Path | None, options: ReadOptions, target: str | None = None
) -> tuple[TrainingImages, ReadOptions, list[RunDirectory]]:
    """Return the data set, how it was read, and the searches that are compared on it.

    Args:
        runs: directories of searches; an empty sequence stands for the newest search in
            results/runs, if that is of the same data set and target.
        data: directory of the data set; None for that of the searches or, where there is none, the
            default data set.
        options: how to read the data set, where no search says so.
        target: the number that is learned; None for that of the searches, or classes.

    Raises:
        UserError: a directory is not that of a search, or the search has found nothing or was made
            on other data than the first, or for another target; or the options are not those that
            the first search read its data with.
    """
    if not runs:
        return _newest(data, options, target)
    found = [RunDirectory.open(path) for path in runs]
    images, options = _as_searched(found[0], data, options, target)
    for run in found:
        if run.best().target != found[0].best().target:
            raise UserError(
                f"{run.path} searched for networks of {run.best().target or 'classes'}, and "
                f"{runs[0]} of {found[0].best().target or 'classes'}: compare networks of one "
                "target at a time"
            )
        if run.best().data.fingerprint != images.dataset.fingerprint:
            raise UserError(
                f"{run.path} searched on other data than {runs[0]}: compare networks of one data "
                "set at a time"
            )
    return images, options, found


def _newest(
    data: Path | None, options: ReadOptions, target: str | None
) -> tuple[TrainingImages, ReadOptions, list[RunDirectory]]:
    try:
        run = RunDirectory.newest()
    except UserError:
        say("no search has found anything yet, so that there is no network of one to compare with")
        return TrainingImages.open(data or default_data(), options, target), options, []
    if data is None:
        return *_as_searched(run, None, options, target), [run]
    images, best = TrainingImages.open(data, options, target), run.best()
    if (best.data.fingerprint, best.target) != (images.dataset.fingerprint, target):
        other = (
            f"made on other data than {data}"
            if best.target == target
            else f"for networks of {best.target or 'classes'}"
        )
        say(f"{run.path}, the newest search, was {other}: its network is left out")
        return images, options, []
    return images, options, [run]


def _as_searched(
    run: RunDirectory, data: Path | None, options: ReadOptions, target: str | None
) -> tuple[TrainingImages, ReadOptions]:
    """Open the data of a search as the search read them, and refuse options that say otherwise."""
    images = Winners.from_run(run.path, 1, None, data, target).images
    then = run.best().data.read_options()
    for name in (field.name for field in fields(ReadOptions)):
        asked, used = getattr(options, name), getattr(then, name)
        if asked not in (used, getattr(ReadOptions(), name)):
            flag = f"--{name.replace('_', '-')}"
            raise UserError(
                f"{run.path} read its data with {flag} {used}, not {asked}, and all networks are "
                f"compared on its data: leave out {flag}"
            )
    return images, then


def collect(
    images: TrainingImages,
    recipe: Recipe,
    *,
    runs: Sequence[RunDirectory],
    baselines: Iterable[Baseline],
    architectures: Iterable[str],
    space: str,
    random: int,
    seed: int,
) -> list[Entry]:
    """Return all networks, each once, under different names.

    Args:
        images: the data set.
        recipe: recipe of all networks.
        runs: searches, of which the best network of each is compared.
        baselines: hand-designed networks.
        architectures: ``NAME=LINE``, or the name of a known architecture of the space; a line
            may be in pieces, split at its commas.
        space: search space of architectures that are given by name.
        random: how many random architectures are drawn that are as large as the first found one; of
            a small size there may be fewer.
        seed: seed of the random architectures.

    Raises:
        UserError: a network cannot take the images, two networks have the same name, or there is
            none.
        search_spaces.SpaceError: a line is no architecture.
    """
    names = _told_apart([run.path.resolve() for run in runs])
    entries = [_found(run, name, images, recipe) for run, name in zip(runs, names, strict=True)]
    if entries:
        line = runs[0].best().winner.architecture
        entries += _as_large(entries[0], line, random, seed, images)
    for text in _whole_lines(architectures, space):
        name, card = _written(text, space, images)
        entries.append(Entry.of(name, "named", "", card, recipe))
    entries += [
        Entry.of(item.title, "baseline", "", images.card(item.model), recipe) for item in baselines
    ]
    if not entries:
        raise UserError("there is nothing to compare: give --models, --architecture or --run")
    return _each_once(entries)


def _told_apart(paths: Sequence[Path]) -> list[str]:
    """Return the last part of each path, with as many parts above it as tell the paths apart."""
    depth = 1
    while len({path.parts[-depth:] for path in paths}) < len(set(paths)):
        depth += 1
    return ["/".join(path.parts[-depth:]) for path in paths]


def _found(run: RunDirectory, name: str, images: TrainingImages, recipe: Recipe) -> Entry:
    best = run.best()
    line = str(search_spaces.get_space(best.space).parse(best.winner.architecture))
    return Entry.of(f"found: {name}", "found", str(run.path), images.card(best.space, line), recipe)


def _as_large(
    found: Entry, line: str, count: int, seed: int, images: TrainingImages
) -> list[Entry]:
    """Return random architectures with about as many parameters as a found one of a line has."""
    space = search_spaces.get_space(found.card.model)
    size = search_spaces.params(space.parse(line))
    sampler, rng = EvenSampler(space, search_spaces.params), np.random.default_rng(seed)
    lines = [str(sampler.draw_near(size, rng)) for _ in range(count)]
    return [
        Entry.of(
            f"random {number}, as large as found",
            "named",
            "",
            images.card(space.name, line),
            found.recipe,
        )
        for number, line in enumerate(lines, start=1)
    ]


def _whole_lines(pieces: Iterable[str], space: str) -> list[str]:
    """Put lines together again whose commas were taken for those of a list.

    A piece begins an architecture if it is a name, or names a space or a known architecture.
    """
    names = {*search_spaces.list_spaces(), *search_spaces.get_space(space).named}
    lines: list[str] = []
    for piece in pieces:
        _, equals, line = piece.partition("=")
        if lines and "/" in lines[-1] and equals and line.partition("/")[0] not in names:
            lines[-1] += f",{piece}"
        else:
            lines.append(piece)
    return lines


def _written(text: str, space: str, images: TrainingImages) -> tuple[str, ModelCard]:
    """Return the name of an architecture that the user wrote, and its card."""
    name, equals, line = text.partition("=")
    if "/" in name:
        raise UserError(
            f"the architecture {text[:40]}… has no name for the table: give --architecture "
            "NAME=LINE"
        )
    line = line if equals else name
    architecture = search_spaces.find_architecture(line, space)
    return name, images.card(architecture.space, str(architecture))


def _each_once(entries: Iterable[Entry]) -> list[Entry]:
    """Return one entry for each network, for several searches may have found the same."""
    kept: dict[tuple[str, str | None], Entry] = {}
    for entry in entries:
        network = (entry.card.model, entry.card.architecture)
        if network not in kept:
            kept[network] = entry
        elif kept[network].name != entry.name:
            same = kept[network]
            kept[network] = replace(same, notes=(*same.notes, f"the same network as {entry.name}"))
    names = [CHANCE, MAJORITY, MEAN, *(entry.name for entry in kept.values())]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"two rows are named {name}: name them apart")
    return list(kept.values())
