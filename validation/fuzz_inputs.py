"""Hostile inputs for the four readers: genuine seeds, and mutations of them by grammar and by bytes.

The same for the same random state.
"""

import contextlib
import json
import os
import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from validation.fuzz_bytes import mutate_bytes
from validation.fuzz_edits import TRAP
from validation.fuzz_outputs import edited_output, output
from validation.fuzz_tables import table
from validation.fuzz_text import FORMULAS, FUNCTIONS, HOSTILE, NUMBERS, formula_text, mutate_tree, to_toml

ROOT = Path(__file__).parents[1]
TABLE = "y,x,x0,x1\n" + "".join(f"{k % 3},{k},{k * k % 5},{k % 4}\n" for k in range(12))


class Input(NamedTuple):
    """A file by its ending and its content."""

    suffix: str
    content: bytes


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
    "time=0", "time=1e-300", "a.b=1", "=", "x", "eulerian.scheme=mc", "parameters.a.cells=[", "model=1",
    ".=1", "title='", "output.every=1e-9", "lagrangian.units=[4]", "data.teacher=x0\nx",
]  # fmt: skip


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
    suffix, content, places = table(random)
    return Input(suffix, mutate_bytes(random, content, places) if random.random() < 0.5 else content)


def _hdf5(random: Random) -> Input:
    if random.random() < 0.35:
        return Input(".h5", edited_output(random, mutate_tree))
    content, places = output(random)
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


def prepare(folder: Path) -> None:
    """What may stand beside an input: a table, and a named pipe that stops whoever opens it."""
    (folder / "table.csv").write_text(TABLE)
    os.mkfifo(folder / TRAP)
