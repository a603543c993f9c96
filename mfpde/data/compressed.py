"""Text files, compressed or not, as lines that cannot fill the memory.

A compressed file may hold a thousand times its size.
"""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from mfpde.data.arrays import Oversized

OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
#: bytes without an end of line; a table of 100 000 columns has some megabytes
MAX_LINE = 10_000_000
BLOCK = 1 << 16
#: what a file begins with that is no text, and what it is then
KINDS = {
    b"\x1f\x8b": "is compressed by gzip; let its name end in .gz",
    b"PK\x03\x04": "is a ZIP archive, or a spreadsheet; save the sheet as CSV",
}


class _Bounded(io.RawIOBase):
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


class Lines:
    """The lines of a text, which are counted; those that begin with # are left out. To iterate, or to be read
    in parts as pandas does.

    Arguments:
        comments: whether lines that begin with # are kept.
    """

    def __init__(self, stream: IO[str], skipped: int, comments: bool):
        self.stream, self.comments = stream, comments
        self.line = 0  #: that were read
        self.given = 0  #: that were given out
        for _ in range(skipped):
            self.line += bool(stream.readline())

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while line := self.stream.readline():
            self.line += 1
            if self.comments or not line.lstrip(" \t").startswith("#"):
                self.given += 1
                return line
        raise StopIteration

    def read(self, size: int = -1) -> str:
        """At least so many characters, in whole lines; all if negative."""
        parts: list[str] = []
        held = 0
        for line in self:
            parts.append(line)
            held += len(line)
            if 0 <= size <= held:
                break
        return "".join(parts)

    def close(self) -> None:
        """Close the file."""
        self.stream.close()


def open_text(path: Path, skipped: int = 0, comments: bool = False) -> Lines:
    """The lines of a file as text: UTF-8, with or without its mark, or UTF-16 if its first bytes say so.

    Arguments:
        skipped: lines at the beginning that are left out.
        comments: whether lines that begin with # are kept.
    Raises:
        NoTextError: it is something else, by its first bytes.
        Oversized: while reading, a line is too long to be one of a table.
        UnicodeDecodeError: while reading, it is no such text.
    """
    opener = OPENERS.get(path.suffix.lower(), open)
    with cast(IO[bytes], opener(path, "rb")) as start:
        try:
            first = start.read(4)
        except gzip.BadGzipFile:
            raise NoTextError("is not compressed by gzip; let its name end otherwise") from None
    for begin, what in KINDS.items():
        if first.startswith(begin):
            raise NoTextError(what)
    encoding = "utf-16" if first[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    bounded = _Bounded(cast(IO[bytes], opener(path, "rb")))
    return Lines(
        io.TextIOWrapper(io.BufferedReader(bounded, BLOCK), encoding=encoding, newline=""), skipped, comments
    )


class NoTextError(ValueError):
    """A file that is called a text, and is none."""


def suffix_of(path: Path) -> str:
    """What the file is, by its name: the suffix before that of a compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in OPENERS else suffixes[-1] if suffixes else ""
