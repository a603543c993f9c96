"""The group /VTKHDF, by which ParaView and VTK read mu as an image over time.

https://docs.vtk.org/en/latest/vtk_file_formats/vtkhdf_file_format/ : arrays are (time, z, y, x), so the last
axis of theta is VTK's x. CellData/mu is a hard link to /eulerian/mu: nothing is stored twice.
"""

import h5py
import numpy as np

GROUP = "VTKHDF"
VERSION = (2, 2)


def create(file: h5py.File) -> None:
    """Make the group for a file whose /eulerian/mu exists; does nothing for four or stretched axes, which VTK
    has no image for.
    """
    mu = file["eulerian/mu"]
    names = [mu.dims[k][0].name.strip("/") for k in range(1, mu.ndim)]
    if len(names) > 3:
        return
    bounds = [file[f"{name}_bounds"][...] for name in reversed(names)]  # x, y, z
    widths = [np.diff(b, axis=1) for b in bounds]
    if any(np.ptp(w) > 1e-9 * w[0] for w in widths):
        return
    cells = [len(b) for b in bounds] + [0] * (3 - len(bounds))  # a thin axis has extent [0, 0]
    group = file.create_group(GROUP)
    group.attrs["Version"] = np.array(VERSION, dtype="i8")
    group.attrs.create("Type", np.bytes_("ImageData"), dtype=h5py.string_dtype("ascii", 9))
    group.attrs["WholeExtent"] = np.array([e for n in cells for e in (0, n)], dtype="i8")
    group.attrs["Origin"] = np.array([b[0, 0] for b in bounds] + [0.0] * (3 - len(bounds)))
    group.attrs["Spacing"] = np.array([b[0, 1] - b[0, 0] for b in bounds] + [1.0] * (3 - len(bounds)))
    group.attrs["Direction"] = np.eye(3).ravel()
    group.create_group("CellData")["mu"] = mu
    group["CellData"].attrs.create("Scalars", np.bytes_("mu"), dtype=h5py.string_dtype("ascii", 2))
    steps = group.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(0)
    for path, dtype in (("Values", "f8"), ("CellDataOffsets/mu", "i8")):
        dataset = steps.create_dataset(path, (0,), dtype, maxshape=(None,), chunks=(1024,))
        dataset.dims[0].attach_scale(file["fields_time"])


def append(file: h5py.File, time: float) -> None:
    """Tell VTK of one more frame of mu."""
    if GROUP not in file:
        return
    steps = file[f"{GROUP}/Steps"]
    count = int(steps.attrs["NSteps"])
    for path, value in (("Values", time), ("CellDataOffsets/mu", count)):
        steps[path].resize(count + 1, axis=0)
        steps[path][count] = value
    steps.attrs["NSteps"] = np.int64(count + 1)


def cut(file: h5py.File, frames: int) -> None:
    """Forget the frames of mu after the first so many."""
    if GROUP not in file:
        return
    steps = file[f"{GROUP}/Steps"]
    for path, values in (("Values", file["fields_time"][:frames]), ("CellDataOffsets/mu", np.arange(frames))):
        steps[path].resize(frames, axis=0)
        steps[path][...] = values
    steps.attrs["NSteps"] = np.int64(frames)
