from .benchmarks import SamplerComparison as SamplerComparison
from .benchmarks import compare_samplers as compare_samplers
from .benchmarks import open_bench as open_bench
from .benchmarks import sampler_problem as sampler_problem
from .comparisons import fidelity as fidelity
from .comparisons import leaderboard as leaderboard
from .comparisons import report as report
from .comparisons import retrain as retrain
from .data import from_arrays as from_arrays
from .data import open_data as open_data
from .data import simulate as simulate
from .estimator import LensClassifier as LensClassifier
from .mistakes import UserError as UserError
from .networks import Classifier as Classifier
from .networks import Regressor as Regressor
from .networks import export as export
from .networks import predict as predict
from .networks import train as train
from .plugins import register_augmentation as register_augmentation
from .plugins import register_layout as register_layout
from .plugins import register_network as register_network
from .plugins import register_objective as register_objective
from .plugins import register_sampler as register_sampler
from .plugins import register_space as register_space
from .plugins import register_tracker as register_tracker
from .searches import SearchResult as SearchResult
from .searches import search as search

__all__ = [
    "Classifier",
    "LensClassifier",
    "Regressor",
    "SamplerComparison",
    "SearchResult",
    "UserError",
    "compare_samplers",
    "export",
    "fidelity",
    "from_arrays",
    "leaderboard",
    "open_bench",
    "open_data",
    "predict",
    "register_augmentation",
    "register_layout",
    "register_network",
    "register_objective",
    "register_sampler",
    "register_space",
    "register_tracker",
    "report",
    "retrain",
    "sampler_problem",
    "search",
    "simulate",
    "train",
]
