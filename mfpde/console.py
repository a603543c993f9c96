"""Rich's console with letters that its stream can show; tables have the right widths, since letters are
spelled before they are laid out.
"""

from typing import Any

from rich import console
from rich.text import Text

from mfpde.letters import spell


class Console(console.Console):
    """Writes to a stream, as its encoding allows; names between colons are no emoji, and in a notebook it is
    a stream too.

    Arguments:
        letters: the encoding that counts, where the stream does not tell it.
    """

    def __init__(self, letters: str | None = None, **options: Any):
        self.letters = letters
        super().__init__(emoji=False, force_jupyter=False, **options)

    @property
    def encoding(self) -> str:
        """The encoding that counts."""
        return self.letters.lower() if self.letters else super().encoding

    def render_str(self, text: str, **options: Any) -> Text:
        """Text as it can be shown."""
        return super().render_str(spell(text, self.encoding), **options)

    def status(self, status: Any, **options: Any) -> Any:
        """A message while something goes on, with a sign of life that can be shown."""
        return super().status(
            status, **({} if self.encoding.startswith("utf") else {"spinner": "line"}) | options
        )
