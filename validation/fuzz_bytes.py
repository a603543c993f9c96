"""Changes of bytes, and where the structures of binary files begin, near which they do most harm."""

import re
from random import Random

#: where structures of HDF5, ZIP and NPY files begin
_MARKS = re.compile(
    rb"OHDR|OCHK|TREE|SNOD|HEAP|GCOL|FRHP|FHDB|BTHD|BTLF|FADB|FAHD|EAHD|\x89HDF|"
    rb"PK\x01\x02|PK\x03\x04|PK\x05\x06|\x93NUMPY"
)


def marks(content: bytes) -> list[int]:
    """Where structures begin."""
    return [found.start() for found in _MARKS.finditer(content)]


_EDGES = [
    0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1,
]  # fmt: skip


def mutate_bytes(random: Random, content: bytes, at: list[int] | None = None) -> bytes:
    """One to four changes of bytes: flipped, replaced by a number at an edge, cut out, doubled, cut off.

    Arguments:
        at: positions near which to change; anywhere if None.
    """
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4))):
        if not data:
            break
        start = (
            random.randrange(len(data))
            if not at
            else min(random.choice(at) + random.randrange(64), len(data) - 1)
        )
        length = random.choice((1, 1, 2, 4, 8, 32))
        match random.randrange(8):
            case 0 | 1:
                data[start] ^= 1 << random.randrange(8)
            case 2 | 3:
                width = random.choice((1, 2, 4, 8))
                data[start : start + width] = (random.choice(_EDGES) & ((1 << 8 * width) - 1)).to_bytes(
                    width, "little"
                )
            case 4:
                data[start : start + length] = random.randbytes(length)
            case 5:
                del data[start : start + length]
            case 6:
                data[start:start] = data[start : start + length]
            case 7 if random.random() < 0.3:
                del data[start:]
    return bytes(data)
