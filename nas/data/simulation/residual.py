"""What substructure does to an image."""

import numpy as np
from numpy.typing import NDArray

from nas.data.simulation.settings import SimulationSettings


def render_without_substructure(
    settings: SimulationSettings, index: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Render one image of a dataset without noise, as it is and with the lens alone.

    Args:
        settings: of the dataset (``load_settings``).
        index: of the image.

    Returns:
        The image with its substructure and the image without, each of shape (H, W), in the unit of
        the dataset but for counts, which are given as electrons/s. They are equal in class
        no_substructure.
    """
    # lenstronomy takes seconds to import.
    from nas.data.simulation.draw import draw_scene, generator
    from nas.data.simulation.render import renderer

    scene = draw_scene(settings, index, generator(settings.seed, index))
    render = renderer(settings)
    return render.image(scene), render.image(scene, substructure=False)
