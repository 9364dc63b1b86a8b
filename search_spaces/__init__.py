"""What can be built: search spaces, architectures, the supernet and the networks taken out of it.

Importing the package registers the networks with timm, and adds to torch's FLOP counter the formula
that it lacks (see ``search_spaces.costs``).
"""

from search_spaces.architecture import Architecture
from search_spaces.costs import flops, params, untied_params
from search_spaces.errors import SpaceError
from search_spaces.genes import Gene
from search_spaces.models import build_network
from search_spaces.network import HybridNet
from search_spaces.registry import find_architecture, get_space, list_spaces, register_space
from search_spaces.sampling import EvenSampler
from search_spaces.space import SearchSpace
from search_spaces.supernet import Supernet, extract, recalibrate
from search_spaces.tabular import TabularSpace
from search_spaces.tying import untie

__all__ = [
    "Architecture",
    "EvenSampler",
    "Gene",
    "HybridNet",
    "SearchSpace",
    "SpaceError",
    "Supernet",
    "TabularSpace",
    "build_network",
    "extract",
    "find_architecture",
    "flops",
    "get_space",
    "list_spaces",
    "params",
    "recalibrate",
    "register_space",
    "untie",
    "untied_params",
]
