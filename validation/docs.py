"""Parts of the documentation that are made from what the code declares: `python -m validation.docs` writes
them.

A page holds such a part between two marks, `<!-- begin NAME: ... -->` and `<!-- end NAME -->`; `LISTS` says
how it is made. To add a list, add a function here, and the marks to a page."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mfpde import kinds
from mfpde.metrics import variables
from mfpde.metrics.declaration import GROWING, NAME, UNITS, Variable

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


#: kinds of entries, as a case or a command calls them
CHOICES = {
    "Slopes (`eulerian.scheme`)": kinds.LIMITERS,
    "Initial laws (`parameters.NAME.initial`)": kinds.LAWS,
    "Losses (`model.loss`)": kinds.LOSSES,
    "Penalties (`model.penalty.kind`)": kinds.PENALTIES,
    "Feature maps (`model.features`)": kinds.FEATURES,
    "Exact solutions (`exact.solution`)": kinds.EXACT,
    "Optimisers (`descent.optimiser`)": kinds.OPTIMISERS,
    "Figures (`mfpde plot --only`)": kinds.FIGURES,
}


def choices() -> str:
    """All entries of all registries, with what their files say of them."""
    found = []
    for head, registry in CHOICES.items():
        rows = [(f"`{name}`", registry.summary(name)) for name in registry]
        found.append(f"### {head}\n\n{table(('name', 'what it is'), rows)}")
    return "\n\n".join(found)


LISTS: dict[str, Callable[[], str]] = {"datasets": datasets, "choices": choices}


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
