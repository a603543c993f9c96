"""Open files of the system: read and write at a place, also where systems have no call for that."""

import os
from pathlib import Path
from typing import Any

#: how a copy is opened: as bytes, which Windows would else take for text
FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0)


def open_handle(name: Path, more: int = 0) -> int:
    """Open a file to read and write; `more` are further flags of the system."""
    return os.open(name, FLAGS | more, 0o666)


def read_at(handle: int, count: int, place: int) -> bytes:
    """Up to so many bytes from a place of a file; nothing at its end."""
    if hasattr(os, "pread"):
        return os.pread(handle, count, place)
    os.lseek(handle, place, os.SEEK_SET)
    return os.read(handle, count)


def read_into(handle: int, view: memoryview, place: int) -> int:
    """Fill a buffer from a place of a file, as far as the file goes; how many bytes that were."""
    if hasattr(os, "preadv"):
        return os.preadv(handle, [view], place)
    done = 0
    while done < len(view) and (block := read_at(handle, len(view) - done, place + done)):
        view[done : done + len(block)] = block
        done += len(block)
    return done


def write_at(handle: int, block: Any, place: int) -> int:
    """Write at a place of a file; how many bytes were written, which may be fewer than there are."""
    if hasattr(os, "pwrite"):
        return os.pwrite(handle, block, place)
    os.lseek(handle, place, os.SEEK_SET)
    return os.write(handle, block)
