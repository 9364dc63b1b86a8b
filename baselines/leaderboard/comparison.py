"""The comparison of two networks on the same resamples of the test images."""

from nas.report.rows import PairedComparison
from nas.training.bootstrap import Floats, interval_of


def compare(network: Floats, best: Floats, difference: float) -> PairedComparison:
    """Compare a network with the best found one.

    Args:
        network: (B,) AUC, or R², of the network in every resample.
        best: (B,) the same of the best found network in the same resamples.
        difference: difference of the two scores on the images themselves.
    """
    differences = network - best
    # The p-value is twice the share of resamples on the rarer side of no difference. One is added
    # so that it is never quite 0 (Davison and Hinkley 1997, Bootstrap Methods and their
    # Application, section 4.2).
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    p_value = min(1.0, 2 * (tail + 1) / (len(differences) + 1))
    return PairedComparison(difference, interval_of(differences), p_value)
