"""The look of tables on a terminal."""

from typing import Any

from rich import box
from rich.table import Table as RichTable


class Table(RichTable):
    """A plain table with its title at the left."""

    def __init__(self, *headers: str, title: str, **options: Any):
        super().__init__(*headers, title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, **options)
