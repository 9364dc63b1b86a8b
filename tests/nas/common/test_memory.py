"""A training keeps its memory from step to step."""

import platform
import resource

import pytest
import torch

from nas.common.memory import keep_memory
from nas.data.tensors import LensTensors
from nas.training.loop import fit
from nas.training.recipe import Recipe

_PAGES = 2048


def _pages_cleared() -> int:
    """Count the pages that the kernel clears while a block of 8 MiB comes and goes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.zeros(_PAGES, 4096, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left alone")
def test_after_a_training_blocks_are_not_handed_back() -> None:
    keep_memory(128 * 1024)
    assert _pages_cleared() >= 9 * _PAGES
    labels = torch.arange(12) % 2
    images = LensTensors(torch.randn(12, 1, 8, 8), labels, ("no_sub", "subhalo"))
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
    fit(network, images, images, Recipe(epochs=1, batch_size=4))
    assert _pages_cleared() <= 2 * _PAGES
