"""The same image with and without substructure."""

import numpy as np
from numpy.typing import NDArray

from nas.data.simulation.settings import SimulationSettings


def render_without_substructure(
    settings: SimulationSettings, index: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Render one image of a dataset without noise, as it is and with the lens alone.

    Args:
        settings: settings of the dataset (``load_settings``).
        index: position of the image in the dataset.

    Returns:
        The image with its substructure and the image without, each of shape (H, W). Both have the
        unit of the dataset, except that counts are given as electrons/s. They are equal in the
        class no_substructure.
    """
    # lenstronomy takes seconds to import, and only whoever renders needs it.
    from nas.data.simulation.draw import draw_scene, generator
    from nas.data.simulation.render import renderer

    scene = draw_scene(settings, index, generator(settings.seed, index))
    render = renderer(settings)
    return render.image(scene), render.image(scene, substructure=False)
