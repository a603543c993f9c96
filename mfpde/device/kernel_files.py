"""The OpenCL sources as files."""

import hashlib

from mfpde import resources


def kernel_source(name: str) -> str:
    """Text of one kernel file."""
    return (resources.kernels() / name).read_text(encoding="utf-8")


def kernels_digest() -> str:
    """SHA-256 over all kernel files, for provenance."""
    files = sorted(resources.kernels().glob("*.cl"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
