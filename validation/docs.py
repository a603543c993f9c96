"""Parts of the documentation that are made from what the code declares: `python -m validation.docs` writes
them.

A page holds such a part between two marks, `<!-- begin NAME: ... -->` and `<!-- end NAME -->`; `LISTS` says
how it is made. To add a list, add a function here, and the marks to a page.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mfpde.kinds import (
    BIRTHS,
    EXACT,
    FEATURES,
    FIGURES,
    LAWS,
    LIMITERS,
    LOSSES,
    OPTIMISERS,
    PENALTIES,
    figures_of,
)
from mfpde.metrics import variables
from mfpde.metrics.declaration import GROWING, NAME, UNITS, Variable
from mfpde.registry import Registry

COMMAND = "python -m validation.docs"
ROOT = Path(__file__).parents[1]
PART = re.compile(r"<!-- begin ([\w-]+)[^\n]*-->\n.*?<!-- end \1 -->", re.DOTALL)
SPECIAL, ESCAPED = re.compile(r"([|*<])"), r"\\\1"
#: groups of an output: their heads
GROUPS = {
    "": "At the root: dimensions, and what is written once.",
    "eulerian": "The density.",
    "lagrangian/N": "Networks of N units.",
    "comparison/N": "Networks of N units beside the mean field.",
    "characteristics": "The mean field carried by nodes.",
    "fluctuations": "Predicted fluctuations.",
    "descent": "Networks that descend by finite steps.",
}


def row(cells: Iterable[str]) -> str:
    """A row of a table, its text shown as it is."""
    return f"| {' | '.join(SPECIAL.sub(ESCAPED, cell) for cell in cells)} |"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    heads = list(heads)
    return "\n".join([row(heads), "|" + "---|" * len(heads), *map(row, rows)])


def datasets() -> str:
    """All that outputs hold, by group."""
    found: dict[str, list[Variable]] = {group: [] for group in GROUPS}
    for variable in variables():
        found.setdefault(_shown(variable.path).rpartition("/")[0], []).append(variable)
    return "\n\n".join(_group(group, listed) for group, listed in found.items())


def _group(group: str, listed: list[Variable]) -> str:
    rows = []
    if not group:
        rows = [
            (f"`/{name}`", name, f"times at which {what}", "")
            for name, what in zip(GROWING, ("something is stored", "fields are stored"), strict=True)
        ]
    for v in listed:
        dims = ", ".join(map(_shown, v.dims))
        rows.append((f"`/{_shown(v.path)}`", dims, _shown(v.long_name), v.only))
    where = any(row[-1] for row in rows)
    heads = ("path", "dimensions", "what", *(["which runs have it"] if where else []))
    return (
        f"{GROUPS.get(group, f'`/{group}`.')}\n\n{table(heads, (row if where else row[:-1] for row in rows))}"
    )


def _shown(text: str) -> str:
    return text.replace(UNITS, "N").replace(NAME, "PARAMETER")


def choices(registry: Registry[Any]) -> str:
    """The entries of a kind, with what their files say of them."""
    return table(("name", "what it is"), ((f"`{name}`", registry.summary(name)) for name in registry))


def choices_with_keys(registry: Registry[Any], tag: str) -> str:
    """The same of entries that are tables of a case, with the keys that not all of them have."""
    fields = {name: registry[name].model_fields for name in registry}
    common = set.intersection(*map(set, fields.values())) | {tag}
    rows = []
    for name, its in fields.items():
        keys = ", ".join(_key(key, field.default) for key, field in its.items() if key not in common)
        rows.append((f"`{name}`", registry.summary(name), keys))
    return table((f"`{tag}`", "what it is", "keys"), rows)


def _key(name: str, default: Any) -> str:
    return f"`{name}`" if default is None else f"`{name} = {default:g}`"


def figures() -> str:
    """All figures, with how many runs they are of and what they need."""
    shown = ((f"`{name}`", FIGURES.summary(name), FIGURES.constant(name, "NEEDS")) for name in FIGURES)
    several = figures_of("several")
    rows = ((*row[:2], "several" if row[0].strip("`") in several else "one", row[2]) for row in shown)
    return table(("figure", "what it shows", "runs", "needs"), rows)


LISTS: dict[str, Callable[[], str]] = {
    "datasets": datasets,
    "limiters": lambda: choices(LIMITERS),
    "laws": lambda: choices_with_keys(LAWS, "law"),
    "losses": lambda: choices(LOSSES),
    "penalties": lambda: choices(PENALTIES),
    "features": lambda: choices(FEATURES),
    "births": lambda: choices(BIRTHS),
    "solutions": lambda: choices(EXACT),
    "optimisers": lambda: choices_with_keys(OPTIMISERS, "optimiser"),
    "figures": figures,
}


def pages() -> Iterator[Path]:
    """Pages that may hold such parts."""
    yield from sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def renewed(text: str) -> str:
    """A page with its parts as they should be.

    Raises:
        KeyError: nothing makes a part of this name.
    """
    return PART.sub(
        lambda part: (
            f"<!-- begin {part[1]}: made by {COMMAND} -->\n\n{LISTS[part[1]]()}\n\n<!-- end {part[1]} -->"
        ),
        text,
    )


def stale() -> list[Path]:
    """Pages that are not as they should be."""
    return [page for page in pages() if renewed(page.read_text()) != page.read_text()]


def main() -> None:
    """Renew all pages."""
    for page in stale():
        page.write_text(renewed(page.read_text()))
        print(f"{page.relative_to(ROOT)} renewed")


if __name__ == "__main__":
    main()
