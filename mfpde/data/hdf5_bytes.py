"""HDF5 files before HDF5 reads them: what makes version 2.0 of its library go round for ever, or crash, is
found in the bytes.

https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html: global heaps are III.E there, object
headers IV.A.
"""

from collections.abc import Iterator
from typing import NamedTuple

#: bytes at the beginning of a file that are searched for damaged heaps
MAX_SEARCHED = 1 << 28
#: of one object header; a dataset of an output has about twenty
MAX_MESSAGES = 2000
LAYOUT, CONTINUATION, VIRTUAL = 0x08, 0x10, 3


class Bytes(NamedTuple):
    """The content of a file, and how it writes addresses and sizes."""

    content: bytes  #: or what can be sliced and searched like it
    base: int  #: where addresses count from
    address: int  #: bytes of an address
    size: int  #: bytes of a size

    def number(self, at: int, width: int) -> int:
        """A number at a position; 0 beyond the end."""
        return int.from_bytes(self.content[at : at + width], "little")


def heaps_end(file: Bytes) -> bool:
    """Whether every global heap is a chain of objects, each of some bytes, up to its end; HDF5 does not look
    and goes round for ever.

    A heap is GCOL, a version, its size, and objects: an index (0 for free space, whose size has the header in
    it), references, and a size.
    """
    header = -(-(8 + file.size) // 8) * 8
    start = -1
    while (start := file.content.find(b"GCOL\x01", start + 1, MAX_SEARCHED)) >= 0:
        at, end = start + header, start + file.number(start + 8, file.size)
        if end > len(file.content):
            continue  # which HDF5 finds out
        while at + header <= end:
            index, size = file.number(at, 2), file.number(at + 8, file.size)
            step = header + -(-size // 8) * 8 if index else size
            if step == 0 or at + step > end:
                return False
            at += step
    return True


def is_virtual(file: Bytes, address: int) -> bool:
    """Whether the object at an address is a virtual dataset: HDF5 crashes on damaged ones."""
    return any(
        kind == LAYOUT and file.number(at, 1) >= 3 and file.number(at + 1, 1) == VIRTUAL
        for kind, at, _ in _messages(file, file.base + address)
    )


def _messages(file: Bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Kind, position and size of every message of an object header, of version 1 or 2, as far as it can be
    followed.

    Blocks that continue each other in a circle end with the count.
    """
    second = file.content[start : start + 4] == b"OHDR"
    if second:
        flags = file.number(start + 5, 1)
        before = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        begin = start + before + width
        blocks = [(begin, begin + file.number(start + before, width))]
        head = 6 if flags & 4 else 4
    else:
        blocks, head = [(start + 16, start + 16 + file.number(start + 8, 4))], 8
    count = 0
    while blocks:
        at, end = blocks.pop()
        while at + head <= min(end, len(file.content)) and count < MAX_MESSAGES:
            count += 1
            kind = file.number(at, 1 if second else 2)
            size = file.number(at + (1 if second else 2), 2)
            yield kind, at + head, size
            if kind == CONTINUATION:
                block = file.base + file.number(at + head, file.address)
                length = file.number(at + head + file.address, file.size)
                # OCHK before, a checksum after
                blocks.append((block + 4, block + length - 4) if second else (block, block + length))
            at += head + size
