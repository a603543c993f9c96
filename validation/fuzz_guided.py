"""The same targets searched by coverage: inputs that reach new lines of mfpde are mutated further."""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

#: inputs of the campaign to start from
SEEDS = 300


def search(entry: str, seconds: int, seed: int, keep: Path | None) -> NoReturn:
    """Search for some seconds; libFuzzer ends the process.

    With a code other than 0 if it found something, whose input it writes into `keep`.
    """
    try:
        import atheris
    except ImportError:
        sys.exit("--atheris: needs the package atheris (pip install atheris)")
    with atheris.instrument_imports(include=["mfpde"]):
        from mfpde.errors import InputError
        from validation.fuzz_inputs import make_input, prepare
        from validation.fuzz_targets import TARGETS

    folder, corpus = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    prepare(folder)
    inputs = [make_input(entry, seed, number) for number in range(SEEDS)]
    # the first byte tells the ending of the file
    suffixes = sorted({each.suffix for each in inputs})
    for number, (suffix, content) in enumerate(inputs):
        (corpus / str(number)).write_bytes(bytes([suffixes.index(suffix)]) + content)

    end = time.monotonic() + seconds

    def read(data: bytes) -> None:
        if time.monotonic() > end:
            print(f"{entry}: nothing found in {seconds} s", flush=True)
            # libFuzzer's own end comes before Python's, and HDF5 may crash on what it still has open
            os._exit(0)
        path = folder / f"input{suffixes[data[0] % len(suffixes)] if data else suffixes[0]}"
        path.write_bytes(data[1:])
        try:
            TARGETS[entry](path)
        except InputError as error:
            if not str(error).isprintable():
                raise ValueError("a message of more than a line") from error

    kept = Path.cwd() if keep is None else keep
    kept.mkdir(parents=True, exist_ok=True)
    options = [
        "-timeout=5",
        "-rss_limit_mb=4096",
        f"-seed={seed + 1}",
        "-max_len=1000000",
        f"-artifact_prefix={kept}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], read)
    atheris.Fuzz()
    raise AssertionError("libFuzzer ends the process")
