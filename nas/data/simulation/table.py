"""The table of parameters, with one row for each image, kept as Parquet beside the images."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nas.common.files import atomic_path
from nas.data.simulation.instruments import instrument
from nas.data.simulation.scene import Scene
from nas.data.simulation.settings import CLASSES, SimulationSettings

_NUMBER, _NUMBERS = pa.float64(), pa.list_(pa.float64())

COLUMNS: Mapping[str, tuple[pa.DataType, str]] = {
    "index": (pa.int64(), "row of images.npy"),
    "class": (pa.string(), "canonical name"),
    "lens_theta_e": (_NUMBER, "arcsec"),
    "lens_e1": (_NUMBER, "1"),
    "lens_e2": (_NUMBER, "1"),
    "lens_gamma1": (_NUMBER, "1"),
    "lens_gamma2": (_NUMBER, "1"),
    "source_magnitude": (_NUMBER, "AB magnitude before lensing; null in the public Model I"),
    "source_radius": (_NUMBER, "arcsec, half-light"),
    "source_sersic_index": (_NUMBER, "1"),
    "source_e1": (_NUMBER, "1"),
    "source_e2": (_NUMBER, "1"),
    "source_x": (_NUMBER, "arcsec"),
    "source_y": (_NUMBER, "arcsec"),
    "clump_fluxes": (_NUMBERS, "share of the source's flux"),
    "clump_x": (_NUMBERS, "arcsec"),
    "clump_y": (_NUMBERS, "arcsec"),
    "clump_width": (_NUMBER, "arcsec, standard deviation"),
    "subhalo_number": (pa.int64(), "1"),
    "subhalo_masses": (_NUMBERS, "solar masses"),
    "subhalo_x": (_NUMBERS, "arcsec"),
    "subhalo_y": (_NUMBERS, "arcsec"),
    "axion_mass": (_NUMBER, "eV; null but for vortices"),
    "vortex_mass": (_NUMBER, "solar masses; null but for vortices"),
    "vortex_half_length": (_NUMBER, "arcsec; null but for vortices"),
    "vortex_angle": (_NUMBER, "radians; null but for vortices"),
    "exposure_time": (_NUMBER, "seconds, in all"),
    "background": (_NUMBER, "electrons/s in a pixel, standard deviation; 0 without noise"),
}
"""Type and unit of every column."""

UNITS: Mapping[str, str] = {name: unit for name, (_, unit) in COLUMNS.items()}

SCHEMA = pa.schema([(name, kind) for name, (kind, _) in COLUMNS.items()])

ROW_GROUP = 64
"""Number of chunks that are joined to one row group of the table; no more are in memory at once."""


def image_unit(settings: SimulationSettings) -> str:
    """Return the unit of the pixels."""
    if settings.physics == "deeplense":
        return "counts" if settings.model == "I" else "electrons/s, doubled as in the public data"
    return f"electrons/s ({instrument(settings.model, settings.physics).name})"


def row(index: int, scene: Scene, background: float) -> dict[str, Any]:
    """Return the row of the table for one image.

    Args:
        index: position of the image in the dataset.
        scene: scene that the image shows.
        background: standard deviation of the background in a pixel, electrons/s.
    """
    lens, source, subhalos, vortex = scene.lens, scene.source, scene.subhalos, scene.vortex
    return {
        "index": index,
        "class": CLASSES[scene.label],
        "lens_theta_e": lens.theta_e,
        "lens_e1": lens.e1,
        "lens_e2": lens.e2,
        "lens_gamma1": lens.gamma1,
        "lens_gamma2": lens.gamma2,
        "source_magnitude": source.magnitude,
        "source_radius": source.radius,
        "source_sersic_index": source.sersic_index,
        "source_e1": source.e1,
        "source_e2": source.e2,
        "source_x": source.x,
        "source_y": source.y,
        "clump_fluxes": source.clump_fluxes,
        "clump_x": source.clump_x,
        "clump_y": source.clump_y,
        "clump_width": source.clump_width,
        "subhalo_number": subhalos.masses.size,
        "subhalo_masses": subhalos.masses,
        "subhalo_x": subhalos.x,
        "subhalo_y": subhalos.y,
        "axion_mass": vortex.axion_mass if vortex else None,
        "vortex_mass": vortex.mass if vortex else None,
        "vortex_half_length": vortex.half_length if vortex else None,
        "vortex_angle": vortex.angle if vortex else None,
        "exposure_time": scene.exposure_time,
        "background": background,
    }


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the rows of one chunk to a file, atomically."""
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), temporary)


def join(chunks: Iterable[Path], path: Path) -> None:
    """Join the tables of all chunks, in order, without holding all of them in memory."""
    waiting: list[pa.Table] = []
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, SCHEMA) as writer:
        for chunk in chunks:
            waiting.append(pq.read_table(chunk))
            if len(waiting) == ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
