"""Hostile inputs for the four readers: seeds that are genuine, and mutations of them by grammar and by bytes.
The same for the same random state.
"""

import contextlib
import json
import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from validation import fuzz_files
from validation.fuzz_text import FORMULAS, FUNCTIONS, HOSTILE, NUMBERS, formula_text, mutate_tree, to_toml

ROOT = Path(__file__).parents[1]


class Input(NamedTuple):
    """A file by its ending and its content."""

    suffix: str
    content: bytes


# --- bytes --------------------------------------------------------------------------------------------------

_EDGES = [
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0xFFFFFFFF,
    1 << 40,
    (1 << 63) - 1,
    (1 << 64) - 1,
]


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


def _formula(random: Random) -> Input:
    kind = random.random()
    text = formula_text(random) if kind < 0.6 else random.choice(FORMULAS)
    if kind > 0.9:  # long and regular
        piece = random.choice(
            ("sin(", "(", "-", "t*", "t^2^", "max(t,", "(t+1)^64*", "1/", "(1+t)/", "exp(t)*")
        )
        count = random.choice((10, 40, 200, 1000))
        text = piece * count + "t" + ")" * (count if "(" in piece else 0)
    if kind > 0.55:
        tokens = re.findall(r"\w+|\W", text)
        for _ in range(random.choice((0, 1, 3))):
            place = random.randrange(len(tokens) + 1)
            tokens[place : place + random.randrange(2)] = [
                random.choice([*HOSTILE, *NUMBERS, *FUNCTIONS, *"+-*/^(),t"])
            ]
        text = "".join(tokens)
    content = text.encode(errors="surrogatepass")
    return Input(".txt", mutate_bytes(random, content) if random.random() < 0.2 else content)


@cache
def _cases() -> list[tuple[str, dict[str, Any]]]:
    files = [*sorted((ROOT / "cases").rglob("*.toml"))]
    texts = [file.read_text(encoding="utf-8") for file in files] + [_FROM_TABLE, _POTENTIAL]
    return [(text, tomllib.loads(text)) for text in texts]


_FROM_TABLE = """
time = 1.0
model = { activation = "tanh", bias = false }
data = { file = "table.csv", x = ["x0", "x1"], y = "y", standardize = true }
parameters.a = { domain = [-4, 4], cells = 9, initial = { law = "normal", within = [-3, 3] } }
parameters.w = { domain = [-4, 4], cells = 8, initial = { law = "uniform" } }
lagrangian = { units = [4], replicates = 2 }
"""
_POTENTIAL = """
time = 0.5
model = { kind = "potential", external = "x^2/2 + cos(s)", interaction = "x^2/4" }
parameters.x = { domain = [-3, 3], cells = 12, initial = { law = "normal", std = 0.5 } }
parameters.s.initial = { law = "wrapped_cauchy" }
parameters.s.domain = [0, 6.283185307179586]
parameters.s.periodic = true
parameters.s.cells = 12
"""
_SETS = [
    *(
        "time=0",
        "time=1e-300",
        "a.b=1",
        "=",
        "x",
        "eulerian.scheme=mc",
        "parameters.a.cells=[",
        "model=1",
        ".=1",
    ),
    *("title='", "output.every=1e-9", "lagrangian.units=[4]"),
    "data.teacher=x0\nx",
]


def _case(random: Random) -> Input:
    text, tables = random.choice(_cases())
    kind = random.random()
    if kind < 0.75:
        with contextlib.suppress(RecursionError):  # buried deeper than this way of writing goes
            text = "\n".join(
                f"{json.dumps(key)} = {to_toml(value)}"
                for key, value in mutate_tree(random, tables).items()
                if value is not None
            )
    elif kind < 0.8:
        count = random.choice((50, 500, 5000))
        text += "\nz = " + random.choice(
            (
                "[" * count,
                "[" * count + "]" * count,
                "{a=" * count + "1" + "}" * count,
                "9" * count,
                "0x" + "f" * count,
            )
        )
    if random.random() < 0.2:
        text += "".join(
            f"\n#set {random.choice((*_SETS, 'data.teacher=' + formula_text(random)))}"
            for _ in range(random.randrange(1, 3))
        )
    content = text.encode(errors="surrogatepass")
    return Input(".toml", mutate_bytes(random, content) if kind > 0.8 or random.random() < 0.1 else content)


def _table(random: Random) -> Input:
    suffix, content, places = fuzz_files.table(random)
    return Input(suffix, mutate_bytes(random, content, places) if random.random() < 0.5 else content)


def _hdf5(random: Random) -> Input:
    if random.random() < 0.35:
        return Input(".h5", fuzz_files.edited_output(random, mutate_tree))
    content, places = fuzz_files.output(random)
    return Input(".h5", mutate_bytes(random, content, places if random.random() < 0.8 else None))


#: entry point -> an input for it
GENERATORS: dict[str, Callable[[Random], Input]] = {
    "case": _case,
    "formula": _formula,
    "table": _table,
    "hdf5": _hdf5,
}


def make_input(entry: str, seed: int, number: int) -> Input:
    """Input `number` of the campaign with this seed."""
    return GENERATORS[entry](Random(f"{entry} {seed} {number}"))
