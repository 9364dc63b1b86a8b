"""The comparison of networks with the best found one, on the same resamples of the test images."""

from collections.abc import Mapping

from nas.report.rows import PairedComparison
from nas.training.bootstrap import Floats, interval_of
from nas.training.significance import holm, p_of_difference


def compare(
    differences: Mapping[str, float], resampled: Mapping[str, Floats]
) -> dict[str, PairedComparison]:
    """Compare networks with the best found one; p-values are corrected for their number.

    Args:
        differences: difference of the two AUCs, or R², on the images themselves, by name of the
            network.
        resampled: (B,) the same in every resample.
    """
    p_values = holm(
        {name: p_of_difference(differences[name], resampled[name]) for name in differences}
    )
    return {
        name: PairedComparison(differences[name], interval_of(resampled[name]), p_values[name])
        for name in differences
    }
