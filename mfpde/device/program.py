"""Build OpenCL programs from kernels/*.cl and a generated header."""

import os
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pyopencl as cl

from mfpde.device import false_driver
from mfpde.device.cache import build_cached
from mfpde.device.kernel_files import kernel_source
from mfpde.device.runtime import Device
from mfpde.errors import RunError

#: The warnings of compilers are about our kernels, which users did not write; PoCL's clang would count them
#: on their terminal.
OPTIONS = ["-cl-std=CL1.2", "-w"]
#: Where there is no double precision, what is double in the kernels is float.
FLOAT32_CONSTANTS = {"double": "float"} | {f"double{n}": f"float{n}" for n in (2, 4, 8, 16)}
FLOAT32_OPTION = "-cl-single-precision-constant"


def header(constants: Mapping[str, object]) -> str:
    """Definitions for the top of a program; lists become constant arrays."""
    lines = []
    for name, value in constants.items():
        if isinstance(value, list):
            lines.append(
                f"__constant int {name}[{len(value)}] = {{{', '.join(str(int(v)) for v in value)}}};"
            )
        else:
            lines.append(f"#define {name} {value}")
    return "\n".join(lines) + "\n"


def precision_constants(dtype: np.dtype, width: int) -> dict[str, object]:
    """The constants common.cl needs."""
    return {"real": "double" if dtype.itemsize == 8 else "float", "VW": width}


def build_program(
    device: Device, files: Sequence[str], constants: Mapping[str, object], extra: str = ""
) -> cl.Program:
    """Compile kernel files for a device.

    Arguments:
        files: names in the kernels folder, after common.cl.
        constants: see `header`.
        extra: generated code, placed after common.cl.
    Raises:
        RunError: the driver's compiler refused the program; the message holds its log.
    """
    options = OPTIONS
    if not device.has_float64:
        constants, options = FLOAT32_CONSTANTS | dict(constants), [*OPTIONS, FLOAT32_OPTION]
    sources = [header(constants), kernel_source("common.cl"), extra, *(kernel_source(name) for name in files)]
    # so that programs of a probe are compiled anew when it is made anew
    if word := os.environ.get(false_driver.PROBING):
        sources.append(f"// probe {word}")
    false_driver.crash("build", device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cl.CompilerWarning)
        try:
            return build_cached(device, "\n".join(sources), options)
        except cl.Error as error:
            raise RunError(
                f"the OpenCL compiler of '{device.name}' refused {', '.join(files)}: {error}"
            ) from None
