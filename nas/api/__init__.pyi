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
from .networks import Classifier as Classifier
from .networks import export as export
from .networks import predict as predict
from .networks import train as train
from .searches import SearchResult as SearchResult
from .searches import search as search

__all__ = [
    "Classifier",
    "LensClassifier",
    "SamplerComparison",
    "SearchResult",
    "compare_samplers",
    "export",
    "fidelity",
    "from_arrays",
    "leaderboard",
    "open_bench",
    "open_data",
    "predict",
    "report",
    "retrain",
    "sampler_problem",
    "search",
    "simulate",
    "train",
]
