"""What ranks networks without training them to the end, and how well it does.

Kendall's τ to the final test AUC counts overall and within groups: where one gene decides, a ranker
that knows this gene alone looks good overall, and tells nothing of the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from nas.benchmarks.table.bench import LensBench
from nas.benchmarks.table.proxies import PROXIES
from nas.fidelity.ranking import Estimate, Values, estimate, kendall

_EPOCHS = (1, 2, 4, 8)
_FOLDS = 10


@dataclass(frozen=True)
class Ranker:
    """How a ranker agrees with the final test AUC.

    Attributes:
        name: Name of the ranker.
        taus: Kendall's τ by group, with its interval over networks.
        best: Test AUC that is lost if the network is taken which the ranker likes best.
    """

    name: str
    taus: Mapping[str, Estimate]
    best: float


def rankings(bench: LensBench, groups: Mapping[str, npt.NDArray[np.bool_]]) -> list[Ranker]:
    """Return how each ranker agrees with the test AUC, the mean over all seeds but the first.

    Rankers that look at trainings see those of the first seed alone, so that they share no luck
    with what they are compared with; where there is one seed, they do.

    Args:
        bench: The benchmark.
        groups: Which networks (N,) belong to a group, by its name.
    """
    test = bench.values("test_auc")
    truth = test[:, 1:].mean(axis=1) if len(bench.seeds) > 1 else test[:, 0]
    found = []
    for name, scores in rankers(bench).items():
        taus = {
            group: estimate(kendall, scores[inside], truth[inside])
            for group, inside in groups.items()
        }
        found.append(Ranker(name, taus, float(truth.max() - truth[scores.argmax()])))
    return found


def rankers(bench: LensBench) -> dict[str, Values]:
    """Return what rankers score all networks (N,), by name."""
    val = bench.values("val_auc")
    curves = np.array([bench.row(network, bench.seeds[0]).curve for network in bench.networks])
    costs = {"parameters": "params", "weights, untied": "untied_params", "FLOPs": "flops"}
    found = {title: bench.values(name)[:, 0] for title, name in costs.items()}
    found |= {name: bench.values(name)[:, 0] for name in PROXIES}
    inherited = bench.values("inherited")[:, 0]
    if not np.isnan(inherited).any():
        found["inherited weights"] = inherited
    for epochs in _EPOCHS:
        if epochs < curves.shape[1]:
            found[f"epoch {epochs} of {curves.shape[1]}"] = curves[:, epochs - 1]
    found["ridge regression on genes"] = ridge(bench, val[:, 0])
    found["validation, first seed"] = val[:, 0]
    return found


def ridge(bench: LensBench, scores: Values) -> Values:
    """Return what a ridge regression on genes says of each network when it was left out (N,).

    A tenth of the networks is left out at a time. Inactive genes are a choice of their own.
    """
    genes = list(bench.space.genes)
    table = [[str(network.choices.get(gene)) for gene in genes] for network in bench.networks]
    model = make_pipeline(
        OneHotEncoder(handle_unknown="ignore"), RidgeCV(alphas=np.logspace(-3, 3, 13))
    )
    folds = KFold(min(_FOLDS, len(table)), shuffle=True, random_state=0)
    predicted: Values = cross_val_predict(model, table, scores, cv=folds)
    return predicted
