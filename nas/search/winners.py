"""Which architectures are trained from scratch, and on which data.

They are the best of a search, or the one that the user wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import search_spaces
from nas.common.errors import UserError
from nas.common.progress import say
from nas.data.options import ReadOptions
from nas.search.found import read_found
from nas.search.objectives import ranked
from nas.search.result import Best, Candidate
from nas.search.run_directory import RunDirectory
from nas.training.images import TrainingImages
from nas.training.supernet.training import load_supernet, require_batch_norm
from search_spaces import Architecture, Supernet


@dataclass(frozen=True)
class Winners:
    """What is to be trained.

    Attributes:
        space: Name of the search space.
        architectures: Architectures of the space, the best first.
        images: The data set, opened.
        run: Search that the architectures come from; None for one that the user wrote.
    """

    space: str
    architectures: tuple[Architecture, ...]
    images: TrainingImages
    run: RunDirectory | None

    @staticmethod
    def from_run(
        path: Path | None,
        top: int,
        line: str | None,
        data: Path | None,
        target: str | None = None,
    ) -> "Winners":
        """Take the best of a search, on the data with which it searched, and for its task.

        Args:
            path: Directory of the run; None for the newest run.
            top: Number of architectures to take.
            line: Architecture to take instead of the best; None for the best.
            data: Directory where the data set is now; None where it has not moved. It is read with
                the options of the search.
            target: Number that is asked for; None takes what the search was for.

        Raises:
            UserError: The run has found nothing yet or was for another target, or the data set is
                gone or another one.
        """
        run = RunDirectory.newest() if path is None else RunDirectory.open(path)
        best, candidates = read_found(run)
        if target not in (None, best.target):
            raise UserError(
                f"{run.path} searched for networks of {best.target or 'classes'}, not of {target}: "
                "leave out --task and --target, or give --architecture and --data, and no --run"
            )
        directory = data or Path(best.data.directory)
        if not directory.is_dir():
            raise UserError(
                f"{directory} is gone, the data set that {run.path} searched with: say where with "
                "--data"
            )
        images = TrainingImages.open(directory, best.data.read_options(), best.target)
        if images.dataset.fingerprint != best.data.fingerprint:
            raise UserError(
                f"{images.dataset.directory} is not the data set that {run.path} searched with: "
                "give that with --data, or train on this one with --architecture and --data alone"
            )
        space = search_spaces.get_space(best.space)
        lines = [line] if line is not None else _best_lines(run, best, candidates, top)
        return Winners(best.space, tuple(space.parse(line) for line in lines), images, run)

    @staticmethod
    def by_line(
        space: str, line: str, data: Path | None, options: ReadOptions, target: str | None = None
    ) -> "Winners":
        """Take the architecture that the user wrote.

        Args:
            space: Name of the search space, where the line does not name it.
            line: The architecture, as it is written in one line, or its name.
            data: Directory of the data set.
            options: How the data set is read.
            target: Number that is learned; None for classes.

        Raises:
            UserError: There is no data set, or it has no such target.
            search_spaces.SpaceError: The line is no architecture of the space.
        """
        architecture = search_spaces.find_architecture(line, space)
        images = TrainingImages.open(data, options, target)
        return Winners(architecture.space, (architecture,), images, None)

    def supernet(self) -> tuple[Supernet, Path]:
        """Return the supernet of the search, and the path of its checkpoint.

        Raises:
            UserError: There is no supernet, or it is for other images.
        """
        path = self.run.supernet if self.run is not None else None
        if path is None or not path.exists():
            where = self.run.path if self.run is not None else "an architecture of one's own"
            raise UserError(
                f"there is no supernet of {where}: train with --init scratch, or give the --run "
                "of one"
            )
        supernet, card, _ = load_supernet(path)
        require_batch_norm(card, path)
        own = self.images.card(self.space)
        for what in ("model", "classes", "in_chans", "image_size"):
            then, now = getattr(card.networks, what), getattr(own, what)
            if then != now:
                raise UserError(
                    f"{path} is a supernet with {what} {then}, not {now}: train with --init scratch"
                )
        return supernet, path


def _best_lines(
    run: RunDirectory, best: Best, candidates: Sequence[Candidate], top: int
) -> list[str]:
    """Return the winner and those next to it, each architecture once.

    Finalists come before the others, whose scores are cheaper.
    """
    finalists = best.finals.finalists if best.finals is not None else ()
    others = [item.architecture for item in finalists]
    others += [item.architecture for item in ranked(candidates)]
    lines = list(dict.fromkeys([best.winner.architecture, *others]))
    if len(lines) < top:
        say(f"{run.path} has {len(lines)} finished candidates, not {top}")
    return lines[:top]
