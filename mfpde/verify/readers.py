"""The programs in which users open outputs: those that are installed must read back what was written."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from mfpde.errors import first_line


def _h5py(path: Path) -> np.ndarray:
    with h5py.File(path) as file:
        return file["eulerian/mu"][-1]


def _xarray(path: Path) -> np.ndarray:
    import xarray as xr

    with xr.open_datatree(path) as tree:
        return np.asarray(tree["eulerian/mu"])[-1]


def _vtk(path: Path) -> np.ndarray:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOHDF import vtkHDFReader

    reader = vtkHDFReader()
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    reader.SetStep(reader.GetNumberOfSteps() - 1)
    reader.Update()
    return vtk_to_numpy(reader.GetOutputDataObject(0).GetCellData().GetArray("mu"))


def _silx(path: Path) -> np.ndarray:
    from silx.io import open as silx_open

    with silx_open(str(path)) as file:
        return file["eulerian/mu"][-1]


#: name -> package and how it reads the last stored density
READERS: dict[str, tuple[str, Callable[[Path], np.ndarray]]] = {
    "h5py": ("h5py", _h5py),
    "xarray": ("xarray", _xarray),
    "VTK": ("vtkmodules", _vtk),
    "silx": ("silx", _silx),
}


def read_back(reader: str, path: Path) -> str | None:
    """What is wrong with how a reader reads a file; None if nothing is, empty if it is not installed."""
    package, read = READERS[reader]
    if importlib.util.find_spec(package) is None:
        return ""
    try:
        found = read(path)
    except Exception as error:  # whatever a reader does with a file it cannot read
        return f"{type(error).__name__}: {first_line(error)}"
    return (
        None
        if np.array_equal(found.ravel(), _h5py(path).ravel())
        else "the density differs from what was written"
    )
