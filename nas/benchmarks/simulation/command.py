"""How fast lenses are simulated, and how much memory it takes.

The speed is compared with a plain lenstronomy loop in the same run. ``python -m
nas.benchmarks.simulation`` writes ``results/data/simulation_speed.md`` and ``.json``; with
``--memory`` it writes ``simulation_memory`` instead.
"""

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from lenstronomy.SimulationAPI.sim_api import SimAPI
from threadpoolctl import threadpool_limits

from nas.benchmarks.record import publish
from nas.benchmarks.simulation.settings import SimulationBenchmarkSettings
from nas.common.progress import progress
from nas.data.simulation.dataset import simulate_dataset
from nas.data.simulation.draw import draw_scene, generator, mass_to_area
from nas.data.simulation.instruments import instrument
from nas.data.simulation.render import lens_arguments, renderer, source_arguments, source_light
from nas.data.simulation.settings import SimulationSettings

MEBIBYTE = 2**20

SAMPLING = 0.2
"""Seconds between two looks at the memory."""


def run(settings: SimulationBenchmarkSettings) -> None:
    """Measure, print the table and write it."""
    if settings.memory:
        publish(settings.out, "simulation_memory", _memory(settings))
    else:
        publish(settings.out, "simulation_speed", _speed(settings))


def plain_image(settings: SimulationSettings, index: int) -> np.ndarray[Any, Any]:
    """Return one noisy image as a plain loop over lenstronomy makes it.

    Camera and models are set up for each image.

    Args:
        settings: Settings of the simulation.
        index: Number of the image.

    Returns:
        The image, shape (H, W).
    """
    scene = draw_scene(settings, index, generator(settings.seed, index))
    points, area, light = scene.substructure, mass_to_area(settings), source_light(scene.source)
    models = {
        "lens_model_list": ["SIE", "SHEAR"] + ["POINT_MASS"] * points.masses.size,
        "source_light_model_list": light.profile_type_list,
    }
    camera = SimAPI(
        settings.pixels, instrument(settings.model, settings.physics).single_band(), models
    )
    lenses = lens_arguments(scene.lens)
    for mass, x, y in zip(points.masses, points.x, points.y, strict=True):
        lenses.append({"theta_E": np.sqrt(area * mass), "center_x": x, "center_y": y})
    image = camera.image_model_class({}).image(
        lenses, source_arguments(scene.source, light, camera)
    )
    return np.asarray(image + camera.noise_for_model(image), np.float32)


def our_image(settings: SimulationSettings, index: int) -> np.ndarray[Any, Any]:
    """Return the same image as the simulation makes it.

    Args:
        settings: Settings of the simulation.
        index: Number of the image.

    Returns:
        The image, shape (H, W).
    """
    rng = generator(settings.seed, index)
    scene = draw_scene(settings, index, rng)
    return renderer(settings).observe(renderer(settings).image(scene), scene, rng)


def _speed(settings: SimulationBenchmarkSettings) -> dict[str, Any]:
    """Time both loops in turns, so that whatever else the machine does meets both alike."""
    simulation = SimulationSettings(images=settings.images or 300, seed=settings.seed)
    rates: dict[Callable[[SimulationSettings, int], Any], list[float]] = {
        plain_image: [],
        our_image: [],
    }
    with threadpool_limits(limits=1), progress("timing", settings.rounds, "rounds") as advance:
        for image in rates:
            # Imports and set-up are no part of a rate.
            image(simulation, 0)
        for _ in range(settings.rounds):
            for image, measured in rates.items():
                measured.append(_rate(image, simulation))
            advance(1)
    plain, ours = (statistics.median(measured) for measured in rates.values())
    return {
        "plain_loop_images_per_core_second": round(plain, 1),
        "ours_images_per_core_second": round(ours, 1),
        "ratio": round(ours / plain, 2),
        "written_to_disk_images_per_core_second": round(_dataset_rate(settings.seed), 1),
        "image": f"Model {simulation.model}, {simulation.physics}, "
        f"{simulation.pixels}x{simulation.pixels}, classes in turn",
        "images_in_a_round": simulation.images,
        "rounds": settings.rounds,
        "seed": settings.seed,
    }


def _rate(image: Callable[[SimulationSettings, int], Any], settings: SimulationSettings) -> float:
    """Return the images for each second of one core's time.

    Other work on the machine takes no part in this time.
    """
    start = time.process_time()
    for index in range(settings.images):
        image(settings, index)
    return settings.images / (time.process_time() - start)


def _dataset_rate(seed: int) -> float:
    """Return the rate of the whole command, which writes images and table of parameters to disk."""
    settings = SimulationSettings(seed=seed)
    with tempfile.TemporaryDirectory() as directory:
        start = time.process_time()
        simulate_dataset(settings, Path(directory) / "dataset", workers=1)
        return settings.images / (time.process_time() - start)


def _memory(settings: SimulationBenchmarkSettings) -> dict[str, Any]:
    simulation = SimulationSettings(images=settings.images or 90_000, seed=settings.seed)
    peaks, done = {"Rss": 0, "Pss": 0}, threading.Event()

    def watch() -> None:
        finished = False
        while not finished:
            for kind, kibibytes in _process_tree_memory().items():
                peaks[kind] = max(peaks[kind], kibibytes)
            finished = done.wait(SAMPLING)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as directory:
            simulate_dataset(simulation, Path(directory) / "dataset", settings.workers)
    finally:
        done.set()
        watcher.join()
    seconds = time.perf_counter() - start
    return {
        "peak_resident_MiB_of_the_process_tree": peaks["Rss"] * 1024 // MEBIBYTE,
        "peak_resident_MiB_shared_pages_counted_once": peaks["Pss"] * 1024 // MEBIBYTE,
        "images": simulation.images,
        "workers": settings.workers,
        "seed": settings.seed,
        "seconds": round(seconds, 1),
        "images_per_second": round(simulation.images / seconds, 1),
    }


def _process_tree_memory() -> dict[str, int]:
    """Return the kibibytes resident in this process and all below it, from Linux's /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:
            # The process has ended.
            continue
    tree = {os.getpid()}
    while found := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= found
    total = {"Rss": 0, "Pss": 0}
    for process in tree:
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        for line in rollup.splitlines():
            kind, _, value = line.partition(":")
            if kind in total:
                total[kind] += int(value.split()[0])
    return total
