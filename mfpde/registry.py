"""Registries: the entries of one kind (limiters, laws, figures, ...) are the modules of one package.

An entry is a module that defines a certain name at its top level, such as ``LIMITER``; the file's name is the
entry's. Which entries there are, and what their files say of them, is known without importing any, so that a
schema or a help text can list them. To add an entry, add its file; modules without that name are helpers.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from mfpde.errors import InputError, nearest

Entry = TypeVar("Entry")

#: the folder of mfpde
ROOT = Path(__file__).parent


class Registry(Generic[Entry]):
    """The entries of one kind, by name.

    Arguments:
        package: the package whose modules are looked through, such as "mfpde.eulerian.limiters".
        defines: the name at the top level that makes a module an entry; its value is what `[]` returns.
        kind: what one entry is called in messages.
        first: the usual entry, which is named first.
    """

    def __init__(self, package: str, defines: str, kind: str, first: str = ""):
        self.package, self.defines, self.kind, self.first = package, defines, kind, first

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All entries, the usual one first, the others in the order of the alphabet."""
        wanted = re.compile(rf"^(?:{self.defines}\b *[:=]|(?:def|class) +{self.defines}\b)", re.MULTILINE)
        found = [f.stem for f in self._folder.glob("*.py") if wanted.search(self._text(f.stem))]
        return tuple(sorted(found, key=lambda name: (name != self.first, name)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> Entry:
        """What the module of an entry defines; imports it.

        Raises:
            InputError: there is no such entry; the message names the nearest.
        """
        return getattr(self.module(name), self.defines)

    def module(self, name: str) -> Any:
        """The module of an entry, imported.

        Raises:
            InputError: there is no such entry; the message names the nearest.
        """
        self.check(name)
        return importlib.import_module(f"{self.package}.{name}")

    def check(self, name: str) -> str:
        """The name, if there is such an entry.

        Raises:
            InputError: there is none; the message names the nearest.
        """
        if name not in self.names:
            raise InputError(f"'{name}' is no {self.kind}{nearest(name, self.names)}")
        return name

    def summary(self, name: str) -> str:
        """The first sentence of an entry's docstring, without its full stop; imports nothing."""
        text = " ".join(
            (ast.get_docstring(ast.parse(self._text(self.check(name)))) or "").partition("\n\n")[0].split()
        )
        return re.split(r"\.(?= [A-Z]|$)", text, maxsplit=1)[0]

    def constant(self, name: str, constant: str) -> Any:
        """The value of a literal that an entry's file assigns on one line of its top level, or None; imports
        nothing.
        """
        found = re.search(rf"^{constant} = (.+)$", self._text(self.check(name)), re.MULTILINE)
        return found and ast.literal_eval(found[1])

    def _text(self, name: str) -> str:
        return (self._folder / f"{name}.py").read_text(encoding="utf-8")

    @property
    def _folder(self) -> Path:
        return ROOT.joinpath(*self.package.split(".")[1:])
