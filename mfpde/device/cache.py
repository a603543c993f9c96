"""Compiled programs on disk, for drivers that keep none themselves.

pyopencl has such a cache, but a damaged file or a folder that cannot be written ends the run there. Here both
mean that the program is built.
"""

import hashlib
import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import pyopencl as cl
from pyopencl.characterize import has_src_build_cache

from mfpde.device import false_driver
from mfpde.errors import RunError

if TYPE_CHECKING:
    from mfpde.device.runtime import Device

MOST_FILES = 300  #: programs kept; of some 100 kB each

rebuilt: list[str] = []  #: sources of programs that came back without kernels in this process


def build_cached(device: "Device", source: str, options: list[str]) -> cl.Program:
    """Build a program, or load it if this driver has built it before.

    A cache may give a program back without its kernels (PoCL 3.0 does for vectors that are wider than its
    target's registers); such a program is built anew from a text that no cache knows.

    Raises:
        pyopencl.Error: the compiler refused the source.
        RunError: it made a program without the kernels that are in the source.
    """
    program = _build(device.context, source, options)
    if lost_kernels(program, source) or false_driver.forgets(source, device):
        rebuilt.append(source)
        unknown = f"{source}\n// {secrets.token_hex(16)}\n"
        anew = cl.Program(device.context, unknown)
        program = anew.build(options, cache_dir=False)  # type: ignore[arg-type]
        if lost := lost_kernels(program, source):
            raise RunError(
                f"the OpenCL compiler of '{device.name}' made a program without its kernels"
                f" ({', '.join(lost[:3])}, ...): mfpde doctor looks for a manner that works, --device numpy"
                " or --backend numpy does without"
            )
    return program


def lost_kernels(program: cl.Program, source: str) -> list[str]:
    """Kernels that the source has and a program built of it has not."""
    lost = []
    for name in re.findall(r"__kernel\s+void\s+(\w+)", source):
        try:
            cl.Kernel(program, name)
        except cl.Error:
            lost.append(name)
    return lost


def _build(context: cl.Context, source: str, options: list[str]) -> cl.Program:
    device = context.devices[0]
    if has_src_build_cache(device):
        return cl.Program(context, source).build(options)
    file = _folder() / _key(device, source, options)
    if (binary := _read(file)) is not None:
        try:
            return cl.Program(context, [device], [binary]).build(options)
        except cl.Error:  # the driver no longer takes it
            pass
    program = cl.Program(context, source).build(options, cache_dir=False)  # type: ignore[arg-type]
    with suppress(cl.Error):  # some drivers hand out no binaries
        _write(file, program.binaries[0])
    return program


def _folder() -> Path:
    return platformdirs.user_cache_path("mfpde") / "programs"


def _key(device: cl.Device, source: str, options: list[str]) -> str:
    driver = (
        device.platform.name,
        device.platform.version,
        device.name,
        device.version,
        device.driver_version,
    )
    # processors of one name may differ in what they can do, on virtual machines above all
    machine = (device.native_vector_width_double, device.extensions)
    return hashlib.sha256(repr((cl.VERSION, driver, machine, options, source)).encode()).hexdigest()


def _read(file: Path) -> bytes | None:
    """A binary that was written completely: it follows its own digest."""
    try:
        content = file.read_bytes()
        os.utime(file)  # those used last are kept longest
    except OSError:
        return None
    digest, binary = content[:32], content[32:]
    return binary if hashlib.sha256(binary).digest() == digest else None


def _write(file: Path, binary: bytes) -> None:
    """Written beside and then renamed, so that runs at the same time see all of it or nothing."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
            part.write(hashlib.sha256(binary).digest() + binary)
        try:
            os.replace(part.name, file)
        except OSError:  # another process reads it, on Windows
            os.unlink(part.name)
        kept = sorted(file.parent.iterdir(), key=lambda f: f.stat().st_mtime)
        for old in kept[:-MOST_FILES]:
            old.unlink(missing_ok=True)
    except OSError:  # a cache that cannot be written costs time, nothing else
        pass
