"""Simulated data sets as a simulation leaves them, made in no time, whose brightness tells mass."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nas.data.simulation.settings import CLASSES

REGRESSION: dict[str, Any] = {"task": "regression", "target": "log10_axion_mass"}


def measured(root: Path, *, images: int = 120, size: int = 32, seed: int = 0) -> Path:
    """Write images of three classes, those of vortices as bright as the axion is heavy."""
    rng = np.random.default_rng(seed)
    labels = np.arange(images) % len(CLASSES)
    vortex = labels == CLASSES.index("vortex")
    logs = np.where(vortex, rng.uniform(-24, -22, images), np.nan)
    brightness = np.where(vortex, logs + 23, rng.normal(size=images))
    pixels = 0.1 * rng.normal(size=(images, 1, size, size)) + brightness[:, None, None, None]
    root.mkdir(parents=True)
    np.save(root / "images.npy", pixels.astype(np.float32))
    np.save(root / "labels.npy", labels)
    description = {"kind": "simulated", "classes": list(CLASSES), "settings": {}}
    (root / "dataset.json").write_text(json.dumps(description))
    parameters = {
        "index": np.arange(images),
        "class": [CLASSES[label] for label in labels],
        "source_x": rng.normal(size=images),
        "subhalo_masses": [[1e8, 2e8]] * images,
        "subhalo_number": rng.poisson(5, images),
        "axion_mass": 10**logs,
        "vortex_mass": np.where(vortex, 3e10, np.nan),
    }
    pd.DataFrame(parameters).to_parquet(root / "parameters.parquet")
    return root
