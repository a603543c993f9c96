"""The cases that come with mfpde."""

import shutil
import tomllib
from pathlib import Path

from mfpde import resources
from mfpde.errors import InputError


def shipped_files() -> dict[str, Path]:
    """Every shipped case by name, those of the verification suite after the others."""
    folder = resources.cases()
    return {f.stem: f for f in [*sorted(folder.glob("*.toml")), *sorted(folder.glob("verification/*.toml"))]}


def list_cases() -> list[dict[str, str]]:
    """Name, title, file and kind ("example" or "verification") of every shipped case."""
    listed = []
    for name, file in shipped_files().items():
        kind = "verification" if file.parent.name == "verification" else "example"
        title = tomllib.loads(file.read_text(encoding="utf-8")).get("title", "")
        listed.append({"name": name, "title": title, "kind": kind, "file": str(file)})
    return listed


def copy_cases(folder: Path) -> list[Path]:
    """Copy all cases and their data into a folder, which is made if needed; returns the case files.

    Raises:
        InputError: a file of that name exists there already.
    """
    source = resources.cases()
    files = [f for f in sorted(source.rglob("*")) if f.is_file() and "__pycache__" not in f.parts]
    targets = [folder / f.relative_to(source) for f in files]
    try:
        for target in targets:
            if target.exists():
                raise InputError(f"{target}: exists already; nothing was copied")
        for file, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    except OSError as error:
        raise InputError(f"{folder}: the cases cannot be copied there: {error.strerror}") from None
    return [t for t in targets if t.suffix == ".toml"]
