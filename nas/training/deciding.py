"""The score that decides: which epoch is kept, which candidate wins, which network comes first."""

from collections.abc import Collection, Mapping

CALLED: Mapping[str, str] = {"auc": "AUC", "r2": "R²"}
"""What the deciding scores are called; a classification has the first, a regression the second."""


def deciding(names: Collection[str]) -> str:
    """Return the name of the score that decides among all scores of a network.

    Args:
        names: names of the scores, a deciding one among them.

    Example:
        >>> deciding(["auc", "accuracy"]), deciding({"r2": 0.9, "mae": 0.1})
        ('auc', 'r2')
    """
    return next(name for name in CALLED if name in names)


def decides(names: Collection[str]) -> bool:
    """Return whether a score that decides is among the names."""
    return any(name in names for name in CALLED)


def averaged_name(score: str) -> str:
    """Return the name of a score of answers that are averaged over the symmetries of the image."""
    return f"averaged_{score}"


AVERAGED = averaged_name("auc")
"""Name of the AUC of class probabilities that are averaged over the symmetries of the image.

It stands among the scores on test images; results of the first version lack it.
"""
