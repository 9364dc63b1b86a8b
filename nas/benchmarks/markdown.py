"""Tables and intervals of the benchmarks' pages."""

from collections.abc import Sequence
from statistics import mean, stdev

from scipy import stats


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]


def interval(values: Sequence[float], sign: str = "") -> str:
    """Return the mean of values with its interval of 95 % (Student's t); one value has none.

    Args:
        values: Independent measurements.
        sign: ``+`` for a mean with its sign.
    """
    if len(values) == 1:
        return f"{values[0]:{sign}.4f}"
    half = stats.t.ppf(0.975, len(values) - 1) * stdev(values) / len(values) ** 0.5
    return f"{mean(values):{sign}.4f} ± {half:.4f}"
