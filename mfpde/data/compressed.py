"""Text files, compressed or not, as streams that cannot fill the memory: a compressed file may hold a thousand times its size."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

from mfpde.data.arrays import Oversized

OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
#: bytes without an end of line; a table of 100 000 columns has some megabytes
MAX_LINE = 10_000_000
BLOCK = 1 << 16


class _Lines(io.RawIOBase):
    """The bytes of a stream, as long as they have lines."""

    def __init__(self, source: IO[bytes]):
        super().__init__()
        self.source = source
        self.since_end = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        block = self.source.read(min(len(buffer), BLOCK))
        end = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self.since_end = len(block) - end - 1 if end >= 0 else self.since_end + len(block)
        if self.since_end > MAX_LINE:
            raise Oversized(f"holds a line of more than {MAX_LINE} bytes")
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self.source.close()
        super().close()


def open_text(path: Path) -> IO[str]:
    """A file as text: UTF-8, with or without its mark, or UTF-16 if its first bytes say so.

    Raises:
        Oversized: while reading, a line is too long to be one of a table.
        UnicodeDecodeError: while reading, it is no such text.
    """
    opener = OPENERS.get(path.suffix.lower(), open)
    with cast(IO[bytes], opener(path, "rb")) as start:
        first = start.read(2)
    encoding = "utf-16" if first in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    lines = _Lines(cast(IO[bytes], opener(path, "rb")))
    return io.TextIOWrapper(io.BufferedReader(lines, BLOCK), encoding=encoding, newline="")


def suffix_of(path: Path) -> str:
    """What the file is, by its name: the suffix before that of a compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in OPENERS else suffixes[-1] if suffixes else ""
