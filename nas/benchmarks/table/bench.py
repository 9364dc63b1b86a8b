"""The lensing benchmark: all networks of a small search space, each trained alone, as one file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from nas.common.artefacts import DamageError, checked, reading, short
from nas.common.errors import UserError
from nas.common.files import atomic_path
from nas.common.rules import Amount, Count, Must, Share, Text
from nas.training.recipe import Recipe
from search_spaces import Architecture, SearchSpace, SpaceError, get_space

FORMAT = 1
"""Format of the file, which rises when readers must change."""

_ABOUT = b"lens_bench"
_MOST_ROWS = 10**6


@dataclass(frozen=True, kw_only=True)
class BenchRow:
    """One training of one network.

    Attributes:
        architecture: Line of the architecture.
        seed: Seed of weights and order.
        params: Parameters that are learned.
        untied_params: Weights of the network when a symmetry ties none of them.
        flops: FLOPs of one image.
        val_auc: Validation AUC of the best epoch, which validation chose.
        test_auc: Test AUC of that epoch.
        averaged_auc: The same of probabilities that are averaged over the symmetries of the image.
        test_accuracy: Share of the test images that are classified rightly.
        epoch: Number of the best epoch; 0 of a training that went astray, whose AUCs are those of
            chance, and whose accuracy and seconds are 0.
        seconds: Seconds of training.
        curve: Validation AUC after each epoch.
        synflow: Score of a zero-cost proxy before the training, as those below; see
            :mod:`nas.benchmarks.table.proxies`.
        naswot: Score of a zero-cost proxy.
        zico: Score of a zero-cost proxy.
        commit: Version of the toolkit.
        hardware: Processor or GPU.
        inherited: Validation AUC of the network with the weights of a supernet; None where no
            supernet was asked.
    """

    architecture: Text
    seed: Count
    params: Count
    untied_params: Count
    flops: Count
    val_auc: Share
    test_auc: Share
    averaged_auc: Share
    test_accuracy: Share
    epoch: Count
    seconds: Amount
    curve: Annotated[tuple[Share, ...], Must(len, "one value an epoch")]
    synflow: float
    naswot: float
    zico: float
    commit: str
    hardware: str
    inherited: Share | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Which training it is."""
        return self.architecture, self.seed


_SCHEMA = pa.schema(
    [
        ("architecture", pa.string()),
        *((name, pa.int64()) for name in ("seed", "params", "untied_params", "flops")),
        *(
            (name, pa.float64())
            for name in ("val_auc", "test_auc", "averaged_auc", "test_accuracy")
        ),
        ("epoch", pa.int64()),
        ("seconds", pa.float64()),
        ("curve", pa.list_(pa.float64())),
        *((name, pa.float64()) for name in ("synflow", "naswot", "zico")),
        ("commit", pa.string()),
        ("hardware", pa.string()),
        ("inherited", pa.float64()),
    ]
)


@dataclass(frozen=True)
class LensBench:
    """Networks with what came of their trainings, on which a search needs no training.

    Attributes:
        about: What the trainings share, as JSON values: ``space``, its ``genes``, ``images``,
            ``recipe``, and the digest of a ``supernet`` where there are inherited scores.
        rows: The trainings.

    Example:
        >>> row = BenchRow(
        ...     architecture=str(get_space("lens_nano").named["symmetric_tiny"]),
        ...     **dict(seed=0, params=6977, untied_params=55305, flops=10**7, val_auc=0.92),
        ...     **dict(test_auc=0.91, averaged_auc=0.91, test_accuracy=0.8, epoch=2, seconds=90.0),
        ...     **dict(curve=(0.7, 0.92), synflow=27.1, naswot=680.0, zico=140.0),
        ...     **dict(commit="0123abc", hardware="a processor"),
        ... )
        >>> bench = LensBench({"space": "lens_nano"}, (row,))
        >>> tiny = bench.space.named["symmetric_tiny"]
        >>> bench.val(tiny, seed=0), bench.val(tiny, seed=0, epochs=1), bench.test(tiny)
        (0.92, 0.7, 0.91)
    """

    about: dict[str, Any]
    rows: tuple[BenchRow, ...]

    @cached_property
    def space(self) -> SearchSpace:
        """The search space of the networks."""
        return get_space(self.about["space"])

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe of the trainings."""
        return Recipe.from_json(self.about["recipe"])

    @cached_property
    def networks(self) -> list[Architecture]:
        """The networks that were trained with every seed, in the order of their first training."""
        seeds = {row.seed for row in self.rows}
        lines = dict.fromkeys(row.architecture for row in self.rows)
        whole = [line for line in lines if all((line, seed) in self._known for seed in seeds)]
        return [self.space.parse(line) for line in whole]

    @cached_property
    def seeds(self) -> list[int]:
        """The seeds of the trainings."""
        return sorted({row.seed for row in self.rows})

    def row(self, architecture: Architecture, seed: int) -> BenchRow:
        """Return a training.

        Raises:
            UserError: there is no such training.
        """
        key = str(self.space.canonical(architecture)), seed
        if key not in self._known:
            raise UserError(
                f"the benchmark has no training of {architecture} with seed {seed}: ask for a "
                "network that it lists"
            )
        return self._known[key]

    def val(self, architecture: Architecture, seed: int, epochs: int | None = None) -> float:
        """Return the validation AUC of a training.

        Args:
            architecture: A network of the benchmark.
            seed: Seed of the training.
            epochs: Number of the epoch; None for the best one. The learning rate falls over the
                whole training, so that this is the score of a training that is cut short.

        Raises:
            UserError: there is no such training or epoch.
        """
        row = self.row(architecture, seed)
        if epochs is None:
            return row.val_auc
        if not 1 <= epochs <= len(row.curve):
            raise UserError(f"there is no epoch {epochs}: ask for one of 1 to {len(row.curve)}")
        return row.curve[epochs - 1]

    def test(self, architecture: Architecture) -> float:
        """Return the test AUC of a network, the mean over seeds."""
        return float(np.mean([self.row(architecture, seed).test_auc for seed in self.seeds]))

    @cached_property
    def best(self) -> float:
        """The test AUC of the best network."""
        return max(map(self.test, self.networks))

    @cached_property
    def noise(self) -> float:
        """The standard deviation of the validation AUC over seeds, pooled over all networks.

        Trainings that went astray do not count.
        """
        scores = np.where(self.values("epoch") > 0, self.values("val_auc"), np.nan)
        some = scores[np.isfinite(scores).sum(axis=1) > 1]
        return float(np.sqrt(np.nanvar(some, axis=1, ddof=1).mean())) if len(some) else 0.0

    def values(self, name: str) -> npt.NDArray[np.float64]:
        """Return a column of :class:`BenchRow` by network and seed (N, S), in their order."""
        return np.array(
            [
                [getattr(self.row(network, seed), name) for seed in self.seeds]
                for network in self.networks
            ],
            dtype=np.float64,
        )

    @cached_property
    def _known(self) -> dict[tuple[str, int], BenchRow]:
        return {row.key: row for row in self.rows}

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        columns = pa.Table.from_pylist([asdict(row) for row in self.rows], _SCHEMA)
        about = json.dumps({**self.about, "format": FORMAT})
        with atomic_path(path) as temporary:
            pq.write_table(
                columns.replace_schema_metadata({_ABOUT: about}), temporary, compression="zstd"
            )

    @staticmethod
    def read(path: Path) -> "LensBench":
        """Read a file that ``write`` wrote.

        Raises:
            UserError: there is no such file, or it is none of this version, or it is damaged.
        """
        if not path.is_file():
            raise UserError(f"there is no {path}: python -m nas.benchmarks.table makes it")
        with reading(path, "restore it, or let python -m nas.benchmarks.table write it anew"):
            about, columns = _load(path)
            rows = tuple(checked(list[BenchRow], columns))
            bench = LensBench(about, rows)
            if len(bench._known) < len(rows):
                raise DamageError("a training is there twice")
            try:
                if bench.about.get("genes", genes_of(bench.space)) != genes_of(bench.space):
                    raise DamageError(f"{bench.space.name} has other genes in this version")
                for line in {row.architecture for row in rows}:
                    bench.space.parse(line)
                Recipe.from_json(about["recipe"])
            except (SpaceError, UserError) as error:
                raise DamageError(str(error)) from error
        return bench

    @staticmethod
    def read_whole(path: Path, *, finals: bool) -> "LensBench":
        """Read a file on which searches can be simulated: all networks have seeds enough.

        Args:
            path: The file.
            finals: Whether searches have finals, which need a seed of their own, beside that of
                candidates and that of the training that judges.

        Raises:
            UserError: it lacks networks or seeds, or what ``read`` raises.
        """
        bench, seeds = LensBench.read(path), 3 if finals else 2
        if len(bench.networks) < len(bench.space) or len(bench.seeds) < seeds:
            raise UserError(
                f"{path} lacks networks that {seeds} seeds trained: let python -m "
                f"nas.benchmarks.table finish it with --seeds {seeds}"
                + (", or give --finalists 0" if finals else "")
            )
        return bench


def _load(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > _MOST_ROWS:
                raise DamageError(f"more than {_MOST_ROWS:,} rows")
            about = json.loads((file.schema_arrow.metadata or {}).get(_ABOUT, b"null"))
            columns = file.read().to_pylist()
    # The errors of pyarrow and of JSON are among these.
    except (OSError, ValueError, TypeError, LookupError, NotImplementedError) as error:
        raise DamageError(short(error)) from error
    if not isinstance(about, dict) or not isinstance(about.get("space"), str):
        raise DamageError("it is no table of the lensing benchmark")
    if about.pop("format", None) != FORMAT or not {"images", "recipe"} <= about.keys():
        raise DamageError("it is of another version")
    return about, columns


def genes_of(space: SearchSpace) -> dict[str, list[Any]]:
    """Return the choices of each gene of a space as JSON values."""
    return {name: list(gene.choices) for name, gene in space.genes.items()}


def merged(bench: LensBench, more: Sequence[BenchRow]) -> LensBench:
    """Return a benchmark with more trainings."""
    return LensBench(bench.about, (*bench.rows, *more))
