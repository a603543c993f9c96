"""Where the files that ship beside the Python code lie: kernels and cases.

In a checkout they are top-level folders; in an installed wheel they sit inside the package.
"""

from pathlib import Path

_PACKAGE = Path(__file__).absolute().parent


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def kernels() -> Path:
    """Folder of the OpenCL sources."""
    return _folder("kernels")


def cases() -> Path:
    """Folder of the shipped case files."""
    return _folder("cases")
