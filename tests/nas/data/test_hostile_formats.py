"""Files of arrays that were made to do harm, or are damaged: one sentence, and nothing else."""

import gzip
import io
import os
import pickle
import resource
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.data.formats.opening import open_arrays
from nas.data.formats.stored import UnreadableImageError
from nas.data.options import ReadOptions
from tests.nas.data import builders
from tests.nas.data.formats import ALL, MANY

# More than all of it together may take, and less than any of the bombs.
_MOST_MEMORY = 2**29


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """No file here may make the process much larger than it is."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < _MOST_MEMORY


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": kind, "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


def npz_of(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def npz_that_promises(path: Path) -> None:
    labels = io.BytesIO()
    np.save(labels, np.arange(9) % 3)
    npz_of(
        path,
        {"images.npy": header((10**9, 64, 64)) + b"\0" * 64, "labels.npy": labels.getvalue()},
    )


def npz_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, shape in (("images.npy", (2**15, 128, 64)), ("labels.npy", (2**15,))):
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(header(shape, "|u1"))
                for _ in range(int(np.prod(shape)) // 2**15):
                    file.write(b"\0" * 2**15)


def npz_with_a_long_header(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("images.npy", "w", force_zip64=True) as file,
    ):
        file.write(b"\x93NUMPY\x02\x00" + (2**30).to_bytes(4, "little") + b"{")
        for _ in range(600):
            file.write(b" " * 2**20)


def npz_with_a_pickle(path: Path) -> None:
    np.savez(path, images=np.array([Attack(path.parent / "mark")] * 3, dtype=object))


def hdf5_that_promises(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("images", (10**7, 64, 64), "f8", chunks=(1, 64, 64))
        file.create_dataset("labels", data=np.arange(9) % 3)


def hdf5_bomb(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "images", (2**15, 128, 64), "u1", chunks=(2**9, 128, 64), compression="gzip"
        )
        for start in range(0, 2**15, 2**9):
            file["images"][start : start + 2**9] = np.zeros((2**9, 128, 64))
        file["labels"] = np.arange(2**15) % 3


def hdf5_objects(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("images", (3,), dtype=h5py.vlen_dtype(np.float64))
        file.create_dataset("labels", (3,), dtype=h5py.ref_dtype)


def hdf5_links(path: Path) -> None:
    with h5py.File(path.with_suffix(".secret"), "w") as file:
        file["images"] = np.zeros((6, 8, 8))
    with h5py.File(path, "w") as file:
        file["images"] = h5py.ExternalLink(str(path.with_suffix(".secret")), "images")
        file["labels"] = h5py.SoftLink("/labels")


def hdf5_elsewhere(path: Path) -> None:
    path.with_suffix(".secret").write_bytes(b"\7" * 6 * 64)
    with h5py.File(path, "w") as file:
        secret = [(str(path.with_suffix(".secret")), 0, 6 * 64)]
        file.create_dataset("images", (6, 8, 8), "u1", external=secret)
        file["labels"] = np.arange(6) % 3


def hdf5_virtual(path: Path) -> None:
    hdf5_links(path)
    layout = h5py.VirtualLayout((6, 8, 8), "f8")
    layout[:] = h5py.VirtualSource(str(path.with_suffix(".secret")), "images", (6, 8, 8))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("images", layout)
        file["labels"] = np.arange(6) % 3


def hdf5_that_contains_itself(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for name in "abcdefgh":
            file[name] = file["/"]


class Attack:
    """An object that pickles to a call, which leaves a mark when it runs."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


def pt_of_former_times(path: Path) -> None:
    torch.save({"images": torch.zeros(3)}, path, _use_new_zipfile_serialization=False)


def pt_without_end(path: Path) -> None:
    images = torch.zeros(1, 8, 8).expand(10**9, 8, 8)
    torch.save({"images": images, "labels": torch.zeros(1).expand(10**9)}, path)


def pt_compressed(path: Path) -> None:
    torch.save({"images": torch.zeros(9, 8, 8)}, path)
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    npz_of(path, members)


def fits_of_tables(path: Path) -> None:
    table = fits.BinTableHDU(np.array([(1.0,)], dtype=[("z", "f8")]))
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)


def fits_that_promises(path: Path) -> None:
    fits.PrimaryHDU(np.zeros((8, 8))).writeto(path)
    data = path.read_bytes()
    path.write_bytes(
        data.replace(b"NAXIS1  =                    8", b"NAXIS1  =           1000000000")
    )


def fits_bomb(path: Path) -> None:
    """A header without end, as a million blanks are nothing to gzip."""
    path = path.with_suffix(".fits.gz")
    with gzip.open(path, "wb", 1) as file:
        file.write(b"SIMPLE  =                    T".ljust(80))
        for _ in range(270):
            file.write(b" " * 2**20)


def fits_that_is_an_archive(path: Path) -> None:
    path.write_bytes(gzip.compress(b"SIMPLE  =" + b" " * 2**20))


def safetensors_that_promises(path: Path) -> None:
    text = b'{"images":{"dtype":"F64","shape":[1000000000,64,64],"data_offsets":[0,64]}}'
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * 64)


@pytest.mark.parametrize(
    ("ending", "make", "reason"),
    [
        (".npz", npz_that_promises, "is cut short"),
        (".npz", npz_bomb, "which no images do"),
        (".npz", npz_with_a_long_header, "is not a numpy file"),
        (".npz", npz_with_a_pickle, "holds no image"),
        (".h5", hdf5_that_promises, "is cut short"),
        (".h5", hdf5_bomb, "which no images do"),
        (".h5", hdf5_objects, "holds no image"),
        (".h5", hdf5_links, "holds no image"),
        (".h5", hdf5_elsewhere, "in other files, which are not opened"),
        (".h5", hdf5_virtual, "in other files, which are not opened"),
        (".h5", hdf5_that_contains_itself, "holds no image"),
        (".pt", pt_of_former_times, "of torch before 1.6"),
        (".pt", pt_without_end, "is cut short"),
        (".pt", pt_compressed, "is compressed"),
        (".fits", fits_of_tables, "holds no image"),
        (".fits", fits_that_promises, "is cut short"),
        (".fits", fits_bomb, "unpack it with gunzip"),
        (".fits", fits_that_is_an_archive, "is not a FITS file"),
        (".safetensors", safetensors_that_promises, "is damaged or cut short"),
    ],
)
@pytest.mark.parametrize("place", ["alone", "of a class"])
def test_one_sentence_and_no_harm(
    tmp_path: Path, ending: str, make: Callable[[Path], None], reason: str, place: str
) -> None:
    if place == "of a class":
        builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
        make(tmp_path / "cdm" / f"bad{ending}")
    else:
        make(tmp_path / f"bad{ending}")
    with pytest.raises(UserError) as error:
        open_dataset(tmp_path)
    assert reason in str(error.value)
    assert "bad." in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.rglob("mark"))
    if place == "of a class":
        assert len(open_dataset(tmp_path, ReadOptions(allow_skipped=True)).images) == 9


@pytest.mark.parametrize("ending", [".pt", ".pth"])
def test_a_pickle_in_a_file_of_tensors_does_not_run(tmp_path: Path, ending: str) -> None:
    builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
    path, mark = tmp_path / "cdm" / f"bad{ending}", tmp_path / "mark"
    torch.save({"images": torch.zeros(8, 8), "more": Attack(mark)}, path)
    for allow in (False, True):
        with pytest.raises(UserError, match="holds more than tensors and was not opened"):
            open_dataset(tmp_path, ReadOptions(allow_skipped=allow))
    assert not mark.exists()
    # The pickle is a working attack: torch's own loader falls for it.
    torch.load(path, weights_only=False)
    assert mark.exists()


def test_lists_of_tensors_that_contain_themselves(tmp_path: Path) -> None:
    endless: list[object] = [torch.zeros(3, 8, 8)]
    endless += [endless] * 9
    torch.save(endless, tmp_path / "x.pt")
    with open_arrays(tmp_path / "x.pt") as arrays:
        assert {name: array.shape for name, array in arrays.items()} == {"0": (3, 8, 8)}


@settings(max_examples=40)
@pytest.mark.parametrize("ending", sorted({*ALL} - {".hdf5", ".pth", ".npy"}))
@given(data=st.data())
def test_damaged_files_are_unreadable_or_read(
    tmp_path_factory: pytest.TempPathFactory, ending: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / f"x{ending}"
    arrays = {"images": np.arange(5 * 64, dtype=np.float32).reshape(5, 8, 8)}
    ALL[ending](path, arrays | ({"labels": np.arange(5)} if ending in MANY else {}))
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(1, len(whole)))])
    try:
        with open_arrays(path) as found:
            for array in found.values():
                assert array.whole().shape == array.shape
                array.row(0)
    except (UnreadableImageError, UserError):
        pass


def test_garbage_of_every_type_is_unreadable(tmp_path: Path) -> None:
    for ending in ALL:
        for number, garbage in enumerate((b"garbage" * 99, b"\x89HDF\r\n\x1a\n", pickle.dumps([]))):
            path = tmp_path / f"{number}{ending}"
            path.write_bytes(garbage)
            with pytest.raises(UnreadableImageError), open_arrays(path):
                pass


def test_a_truncated_archive_of_all_images(tmp_path: Path) -> None:
    np.savez(tmp_path / "lenses.npz", images=np.zeros((9, 8, 8)), labels=np.arange(9) % 3)
    path = tmp_path / "lenses.npz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"lenses\.npz is damaged or cut short"):
        open_dataset(tmp_path)
