"""The look of tables on a terminal."""

from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Column
from rich.table import Table as RichTable

from mfpde.errors import one_line


def plain(text: str) -> str:
    """Text of a file's, shown as it is: neither markup nor codes for the terminal."""
    return escape(one_line(text))


def number(value: float | None, form: str) -> str:
    """A number in a format; a dash where it is unknown, or is none (of a run that diverged)."""
    return "-" if value is None else format(value, form)


class Table(RichTable):
    """A plain table with its title at the left. What is in its cells is shown as it is."""

    def __init__(self, *headers: str, title: str, **options: Any):
        # a name that is cut off tells nothing
        columns = [Column(plain(header), overflow="fold") for header in headers]
        super().__init__(
            *columns,
            title=plain(title),
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD,
            **options,
        )

    def add_row(self, *cells: str, **options: Any) -> None:  # type: ignore[override]
        """Add a row of text."""
        super().add_row(*map(plain, cells), **options)
