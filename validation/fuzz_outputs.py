"""Outputs for hostile inputs: genuine ones in every version of HDF5, and ones that were edited by hand."""

import gzip
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

from validation.fuzz_bytes import marks
from validation.fuzz_edits import edit

OUTPUTS = Path(__file__).parents[1] / "tests" / "outputs"


@cache
def outputs() -> list[bytes]:
    """Genuine outputs: as written, in the oldest format, which has no checksums, and in the newest."""
    found = []
    for file in sorted(OUTPUTS.glob("*.h5.gz")):
        image = gzip.decompress(file.read_bytes())
        found += [image, *(_rewritten(image, libver) for libver in ("earliest", "latest"))]
    return found


def _rewritten(image: bytes, libver: str) -> bytes:
    """The same output in another format, with additions of users.

    Chunks are no larger than what they hold, so that a change of a byte changes something.
    """
    with (
        open_image(image) as old,
        h5py.File("new", "w", driver="core", backing_store=False, libver=libver) as new,
    ):
        new.attrs.update(old.attrs)
        datasets: dict[str, h5py.Dataset] = {}
        old.visititems(
            lambda name, item: (
                datasets.update({name: item})
                if isinstance(item, h5py.Dataset) and "VTKHDF" not in name
                else None
            )
        )
        for name, dataset in datasets.items():
            grows = {
                "chunks": dataset.shape,
                "maxshape": dataset.maxshape,
                "compression": dataset.compression,
            }
            new.create_dataset(
                name, data=dataset[()], **(grows if dataset.chunks and not dataset.is_scale else {})
            )
            if dataset.is_scale:
                new[name].make_scale(name)
            new[name].attrs.update(
                {key: value for key, value in dataset.attrs.items() if key in ("long_name", "units")}
            )
        for name, dataset in datasets.items():
            for k in range(0 if dataset.is_scale else dataset.ndim):
                new[name].dims[k].attach_scale(new[dataset.dims[k][0].name])
        new["note"], new["mine/notes"], new["mine/z"] = "all is well", ["a", "bb"], np.zeros(3, complex)
        new["mine/table"] = np.zeros(2, [("a", "f8"), ("b", "S4"), ("c", "i4")])
        new.attrs["mine"], new["mine"].attrs["words"], new["mine/z"].attrs["z"] = 1j, ["a", "b"], 1.0
        new.flush()
        return new.id.get_file_image()


def open_image(image: bytes) -> h5py.File:
    """A file in memory."""
    return h5py.File(io.BytesIO(image), "r")


@cache
def _marks_of(number: int) -> list[int]:
    return marks(outputs()[number])


def output(random: Random) -> tuple[bytes, list[int]]:
    """A genuine output and where its structures begin; the small one more often."""
    number = (
        random.randrange(len(outputs()))
        if random.random() < 0.4
        else len(outputs()) - 1 - random.randrange(3)
    )
    return outputs()[number], _marks_of(number)


def edited_output(random: Random, mutate: Callable[[Random, Any], Any]) -> bytes:
    """An output that is a sound HDF5 file, with objects, attributes or links that are not what they should
    be.

    Arguments:
        mutate: changes a JSON table.
    """
    image = outputs()[
        (
            len(outputs()) - 1 - random.randrange(3)
            if random.random() < 0.8
            else random.randrange(len(outputs()))
        )
    ]
    stream = io.BytesIO(image)
    with h5py.File(stream, "r+") as file:
        for _ in range(random.choice((1, 1, 2, 4))):
            edit(random, file, mutate)
    return stream.getvalue()
