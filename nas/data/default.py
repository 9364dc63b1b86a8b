"""The data set of those who give none, which is simulated once and small enough for a laptop."""

from pathlib import Path

from nas.data.simulation.dataset import simulate_dataset
from nas.data.simulation.settings import SimulationSettings

# The more lenses vary, the longer networks stay on their first plateau. Supernets leave it in the
# third epoch at a nuisance of 0.1, and after twelve epochs at 0.2; at 0.5 they were still on it
# after nine epochs (results/fidelity).
_SIMULATED = SimulationSettings(
    model="II", physics="realistic", images=6000, image_size=48, nuisance=0.1
)
_DIRECTORY = Path("data/realistic-48px")


def default_data() -> Path:
    """Return the directory of the default data set, and simulate it first where it is missing.

    Raises:
        UserError: the directory holds something else, or cannot be written.
    """
    simulate_dataset(_SIMULATED, _DIRECTORY, 2)
    return _DIRECTORY
