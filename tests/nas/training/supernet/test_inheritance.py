"""The images that set the statistics of a network with inherited weights."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.data.tensors import LensTensors
from nas.training.calibration import calibration_images


def sorted_by_class(count: int) -> LensTensors:
    labels = torch.arange(count) * 3 // count
    return LensTensors(torch.arange(count).reshape(-1, 1, 1, 1), labels, ("a", "b", "c"))


@given(st.integers(3, 5000))
def test_statistics_are_of_all_classes_alike(count: int) -> None:
    train = sorted_by_class(count)
    chosen = calibration_images(train)
    assert len(chosen) == min(count, 1024)
    assert len(chosen.images.unique()) == len(chosen)
    shares = chosen.labels.bincount(minlength=3) / len(chosen)
    assert (shares - train.labels.bincount(minlength=3) / count).abs().max() < 0.01


@given(st.integers(3, 5000))
def test_of_the_chosen_all_are_chosen(count: int) -> None:
    chosen = calibration_images(sorted_by_class(count))
    assert torch.equal(calibration_images(chosen).images, chosen.images)
