"""From a TOML file and overrides to a checked case."""

import copy
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mfpde.case.nested import MAX_DEPTH, check_depth, set_key
from mfpde.case.schema import Case, case_from_tables
from mfpde.case.shipped import shipped_files
from mfpde.case.variants import check_variants, variant_tables
from mfpde.errors import InputError, nearest, within_reach
from mfpde.foreign import what_is

MAX_BYTES = 1_000_000
#: a key of so many parts, which takes the reader of TOML longer the more it has
_LONG_KEY = re.compile(rf"(?<![^\s.,=\[\]])(?:[^\s.,=\[\]]++\s*+\.\s*+){{{MAX_DEPTH},}}+")


def find_case_file(name: str | Path) -> Path:
    """The file `name`, or the shipped case of that name.

    Raises:
        InputError: there is neither.
    """
    path = Path(name)
    if not str(name):
        raise InputError("the name of the case file is empty")
    try:
        with within_reach(name):
            is_there = path.is_file()
        if is_there:
            return path
    except (OSError, ValueError):
        raise InputError(f"{str(name)[:40]}...: is not the name of a file") from None
    shipped = shipped_files()
    if str(name) in shipped:
        return shipped[str(name)]
    if (found := what_is(path)) != "does not exist":
        raise InputError(f"{name}: {found}; expected a case file ending in .toml")
    raise InputError(
        f"{name}: no such case file, nor a shipped case of that name{nearest(path.stem, shipped)}"
    )


def load_case(name: str | Path, overrides: Sequence[str] = (), variant: str | None = None) -> Case:
    """Read a case file, or a shipped case by name, and apply ``key=value`` overrides.

    Arguments:
        variant: which of the file's variants, if it has any.
    Raises:
        InputError: anything wrong with the file, a key or a value; the message is one sentence.
    """
    found = load_variants(name, overrides, [] if variant is None else [variant])
    if len(found) > 1:
        raise InputError(f"{find_case_file(name)}: has the variants {', '.join(found)}; choose one")
    return next(iter(found.values()))


def load_variants(
    name: str | Path, overrides: Sequence[str] = (), only: Sequence[str] = ()
) -> dict[str, Case]:
    """The variants of a case file by name; of a file without variants the case itself, under the name "".

    Arguments:
        only: names of the variants that are wanted; all if empty.
    Raises:
        InputError: as `load_case`, or an unknown variant.
    """
    path, text, tables = _read(name)
    variants = tables.pop("variants", {})
    if not isinstance(variants, dict):
        raise InputError(f"{path}: variants: expected tables [variants.NAME]")
    check_variants(variants, str(path))
    for wanted in only:
        if wanted not in variants:
            raise InputError(
                f"{path}: has no variant '{wanted}'{nearest(wanted, variants) if variants else ''}"
            )
    if not variants:
        return {"": _override(tables, overrides, path, text)}
    cases = {}
    for key, changes in variants.items():
        if not only or key in only:
            try:
                cases[key] = _override(variant_tables(tables, changes), overrides, path, text)
            except InputError as error:
                said = str(error)
                raise InputError(
                    said
                    if said.startswith("--")
                    else f"{path}: variants.{key}: {said.removeprefix(f'{path}: ')}"
                ) from None
            cases[key]._variant = key
    return cases


def _read(name: str | Path) -> tuple[Path, str, dict[str, Any]]:
    """Path, text and tables of a case file."""
    path = find_case_file(name)
    found = what_is(path)
    if found in ("is an HDF5 file", "is a ZIP archive, as NPZ files are", "is empty"):
        run = (
            f"; of an output: mfpde inspect {path}, mfpde resume {path}" if found == "is an HDF5 file" else ""
        )
        raise InputError(f"{path}: {found}; expected a case file (TOML){run}")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            f"{path}: a case file has at most {MAX_BYTES} bytes; this one has {path.stat().st_size}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        if _LONG_KEY.search(text):
            raise InputError(f"{path}: is nested too deep: a key has more than {MAX_DEPTH} parts")
        tables = tomllib.loads(text)
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; expected a TOML case file") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        raise InputError(
            f"{path}: is not valid TOML: {str(error)[:200] or 'nested too deep'}; expected a case file"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    check_depth(tables, str(path))
    return path, text, tables


def _override(tables: dict[str, Any], overrides: Sequence[str], path: Path, text: str) -> Case:
    """The case of these tables with ``key=value`` overrides applied."""
    tables = copy.deepcopy(tables)  # variants share what they do not change
    typed: dict[str, str] = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--set {override}: expected key=value, for example --set eulerian.scheme=mc")
        found = _value(value.strip())
        check_depth({key: found}, f"--set {override}")
        set_key(tables, key.strip(), found, f"--set {override}")
        typed[key.strip()] = f"--set {override}"
    case = case_from_tables(tables, path, text, typed)
    for key, interval in case.longer_than_run.items():
        if "time" not in typed:  # who shortens a case on the command line is told by the run itself
            raise InputError(
                f"{typed.get(key, path)}: {key} = {interval:g} is longer than the run; expected at most time"
                f" = {case.time:g}"
            )
    return case


def _value(text: str) -> Any:
    """A TOML value; a bare word is text, as in a shell one would write it."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text
