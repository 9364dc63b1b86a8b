"""Batches of images on the device, and their augmentation."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.common.errors import UserError
from nas.data.augmentation import augment
from nas.data.dataset import open_dataset
from nas.data.normalisation import Normalisation
from nas.data.options import Augmentation
from nas.data.tensors import LensTensors
from tests.nas.data import builders


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tensors(count: int, size: int = 6) -> LensTensors:
    images = torch.arange(count * size * size, dtype=torch.float32).view(count, 1, size, size)
    return LensTensors(images, torch.arange(count), ("a", "b"))


def test_load_normalises_and_keeps_order(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path, (5, 5, 5), (8, 8))
    dataset = open_dataset(tmp_path)
    splits = dataset.splits()
    normalisation = Normalisation.fit(dataset.images, splits.train)
    loaded = LensTensors.load(dataset, splits.train, normalisation)
    assert loaded.images.mean().item() == pytest.approx(0, abs=1e-5)
    assert loaded.images.std(correction=0).item() == pytest.approx(1, abs=1e-4)
    np.testing.assert_array_equal(loaded.labels, dataset.labels[splits.train])
    assert loaded.classes == dataset.classes


def test_batches_cover_everything_in_order() -> None:
    labels = [labels for _, labels in tensors(10).batches(4)]
    assert [len(part) for part in labels] == [4, 4, 2]
    assert torch.cat(labels).tolist() == list(range(10))


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 99))
def test_an_epoch_draws_every_image_at_most_once_in_whole_batches(
    count: int, size: int, seed: int
) -> None:
    data = tensors(count)
    batches = list(data.shuffled(size, generator(seed)))
    drawn = torch.cat([labels for _, labels in batches]).tolist()
    assert len(drawn) == len(set(drawn)) == count // min(size, count) * min(size, count)
    assert all(torch.equal(images, data.images[labels]) for images, labels in batches)
    again = torch.cat([labels for _, labels in data.shuffled(size, generator(seed))]).tolist()
    assert again == drawn


def dihedral(image: torch.Tensor) -> list[torch.Tensor]:
    turned = [torch.rot90(image, k, (-2, -1)) for k in range(4)]
    return turned + [part.flip(-1) for part in turned]


def test_symmetries_are_the_eight_of_the_square_equally_often() -> None:
    image = torch.arange(2 * 25.0).view(1, 2, 5, 5)
    augmented = augment(image.expand(4000, -1, -1, -1), Augmentation(shift=0), generator(0))
    counts = [int((augmented == other).flatten(1).all(1).sum()) for other in dihedral(image)]
    assert sum(counts) == 4000
    assert min(counts) > 400


def test_rectangles_keep_their_shape() -> None:
    image = torch.arange(12.0).view(1, 1, 3, 4)
    augmented = augment(image.expand(400, -1, -1, -1), Augmentation(shift=0), generator(0))
    flips = {tuple(image.flip(axes).flatten().tolist()) for axes in ([], [2], [3], [2, 3])}
    assert {tuple(one.flatten().tolist()) for one in augmented} == flips


def test_shifts_are_whole_pixels_within_bounds() -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[..., 4, 4] = 1
    shifts = Augmentation(symmetries=False, shift=2)
    augmented = augment(image.expand(2000, -1, -1, -1), shifts, generator(0))
    assert augmented.flatten(1).sum(1).eq(1).all()
    where = {(int(r), int(c)) for r, c in augmented.nonzero()[:, 2:]}
    assert where == {(r, c) for r in range(2, 7) for c in range(2, 7)}


def test_noise_has_the_given_width() -> None:
    only_noise = Augmentation(symmetries=False, shift=0, noise=0.3)
    noise = augment(torch.zeros(50, 1, 32, 32), only_noise, generator(0))
    assert noise.std().item() == pytest.approx(0.3, rel=0.02)


def test_all_off_changes_nothing_and_draws_nothing() -> None:
    images, source = torch.rand(3, 1, 4, 4), generator(0)
    before = source.get_state()
    assert torch.equal(augment(images, Augmentation(symmetries=False, shift=0), source), images)
    assert torch.equal(source.get_state(), before)


@given(st.integers(0, 99))
def test_draws_come_from_the_generator_only(seed: int) -> None:
    images = torch.rand(5, 2, 6, 6)
    augmentation = Augmentation(noise=0.1)
    first = augment(images, augmentation, generator(seed))
    torch.rand(3)  # The global generator moves on.
    assert torch.equal(first, augment(images, augmentation, generator(seed)))


@pytest.mark.parametrize("wrong", [{"shift": -1}, {"noise": -0.1}, {"noise": float("nan")}])
def test_impossible_augmentation(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError):
        Augmentation(**wrong)
