"""What a supernet says of the networks of the benchmark: scores of weights that they inherit."""

from dataclasses import dataclass, replace
from pathlib import Path

from nas.benchmarks.table.bench import LensBench
from nas.common.errors import UserError
from nas.common.files import file_digest
from nas.common.progress import progress
from nas.training.images import TrainingImages
from nas.training.networks.start import checkpoint_in
from nas.training.supernet.inheritance import Inheritance
from nas.training.supernet.training import load_supernet
from search_spaces import Supernet


@dataclass(frozen=True)
class Shared:
    """A supernet of the benchmark.

    Attributes:
        supernet: Its weights.
        digest: Digest of its checkpoint, by which it is told apart.
    """

    supernet: Supernet
    digest: str


def open_supernet(given: Path, space: str, images: TrainingImages) -> Shared:
    """Return a supernet that was trained on the images of the benchmark.

    Args:
        given: Its checkpoint, or the directory of its training.
        space: Name of the space of the benchmark.
        images: Images of the benchmark.

    Raises:
        UserError: it is damaged, or of another space or of other images.
    """
    path = checkpoint_in(given)
    supernet, _, data = load_supernet(path)
    if supernet.space.name != space:
        raise UserError(f"{path} is a supernet of {supernet.space.name}: give one of {space}")
    if data != images.dataset.fingerprint:
        raise UserError(
            f"{path} was trained on other images: train one with python -m nas.supernet --space "
            f"{space} --data {images.dataset.directory}"
        )
    return Shared(supernet, file_digest(path))


def with_inherited(bench: LensBench, shared: Shared, images: TrainingImages) -> LensBench:
    """Return the benchmark with the validation AUC that each network inherits.

    Args:
        bench: The benchmark.
        shared: A trained supernet of its space.
        images: Its images.
    """
    inheritance, scores = Inheritance(images.train(), images.val()), {}
    lines = dict.fromkeys(row.architecture for row in bench.rows)
    with progress("scoring inherited weights", len(lines), "networks") as advance:
        for line in lines:
            scores[line] = inheritance.score(shared.supernet, bench.space.parse(line)).auc
            advance(1)
    rows = (replace(row, inherited=scores[row.architecture]) for row in bench.rows)
    return LensBench({**bench.about, "supernet": shared.digest}, tuple(rows))
