"""Checkpoints of a run, in a folder beside its output: OUT.h5.checkpoints.

It holds the state at the start (number 0: the case, its data and nothing else), the last two checkpoints, a
lock, and while a run goes the two copies of the output (`copies`). docs/long_runs.md lists what a checkpoint
holds.
"""

import re
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from mfpde.errors import InputError, OutOfReachError, within_reach
from mfpde.store.archive import Damaged, load_archive, load_tree, save_archive
from mfpde.store.names import remove

#: of the content of a checkpoint: one that a resumed run could not understand gets a new number
CHECKPOINT_SCHEMA = 1
KEPT = 2
LOCK = "lock"
ENDING = ".checkpoints"  #: of the name of a folder of them
NAME = re.compile(r"checkpoint-(\d{6,})\.npz")


def folder_of(output: Path) -> Path:
    """Where the checkpoints of an output are."""
    return output.with_name(f"{output.name}{ENDING}")


def kept_in(folder: Path) -> list[Path]:
    """Checkpoints in a folder, oldest first; number 0 is the start."""
    with within_reach(folder):
        found = (
            [(_number(path), path) for path in folder.iterdir() if NAME.fullmatch(path.name)]
            if folder.is_dir()
            else []
        )
    return [path for _, path in sorted(found)]


def are_left_behind(output: Path) -> bool:
    """Whether checkpoints with a state are here, but not their output, which may have another name now."""
    output = behind_links(output)
    return not output.exists() and any(_number(path) for path in kept_in(folder_of(output)))


def run_of(folder: Path) -> str:
    """The run whose checkpoints are in a folder; empty if none of them tells."""
    for path in reversed(kept_in(folder)):
        with suppress(Damaged, OutOfReachError):
            return str(load_tree(path).get("run", ""))
    return ""


def behind_links(output: Path) -> Path:
    """The file that a name stands for; a file renamed to a symbolic link would replace the link."""
    return output.resolve() if output.is_symlink() else output


class Checkpoints:
    """The folder of one run; whoever holds it has it alone.

    Raises:
        InputError: the folder cannot be made or written to, or another run holds it.
    """

    def __init__(self, output: Path):
        self.output, self.folder = output, folder_of(output)
        # the system lets go of it when a run is killed; any thread may close what another has opened
        self.lock = FileLock(self.folder / LOCK, thread_local=False)
        try:
            self.folder.mkdir(exist_ok=True)
            self.lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"{output}: another run is writing it at this moment; wait for it, stop it, or choose another"
                " name with -o"
            ) from None
        except OSError as error:
            raise InputError(
                f"{output}: the folder {self.folder.name} beside it cannot be written to:"
                f" {error.strerror or error}"
            ) from None
        self.thread = ThreadPoolExecutor(1, "checkpoints")
        self.pending: Future[float] | None = None
        self.seconds = 0.0  #: that the last one took to be written

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let others have the folder; one with nothing in it leaves no trace."""
        self.thread.shutdown()
        empty = {path.name for path in self.folder.iterdir()} == {LOCK}
        if empty and remove(self.folder / LOCK):
            self.folder.rmdir()
            empty = False
        self.lock.release()
        # where a lock that is held cannot be removed, this does nothing if another run has taken it
        if empty:
            with suppress(OSError):
                (self.folder / LOCK).unlink(missing_ok=True)
                self.folder.rmdir()

    def paths(self) -> list[Path]:
        """What is there, oldest first; number 0 is the start."""
        return kept_in(self.folder)

    def announce(self, start: dict[str, Any]) -> None:
        """Note how a new run will start, once it is built; until then the older one is still there.

        Raises:
            OSError: it could not be written.
        """
        _write(self.announced, start)

    def withdraw(self) -> None:
        """Forget what was announced."""
        self.announced.unlink(missing_ok=True)

    def begin(self, start: dict[str, Any]) -> None:
        """Make this the folder of the announced run: forget the older one.

        Raises:
            OSError: it could not be written.
        """
        for path in self.paths():
            path.unlink()
        self._save(0, start)
        self.withdraw()

    @property
    def announced(self) -> Path:
        """How a run starts that is being built."""
        return self.folder / "announced.npz"

    def save(self, content: dict[str, Any], first: Callable[[], None]) -> None:
        """Add a checkpoint, and keep the last two; it is written while the run goes on, and nothing in it may
        change.

        Arguments:
            first: what to wait for before it is written: that the frames it builds on are on the disk.
        Raises:
            OSError: the one before could not be written; those before that stay.
        """
        self.settle()
        self.pending = self.thread.submit(self._add, content, first)

    def settle(self) -> None:
        """Wait for the checkpoint that is being written.

        Raises:
            OSError: it could not be written; those before it stay.
        """
        pending, self.pending = self.pending, None
        if pending is not None:
            self.seconds = pending.result()

    def _add(self, content: dict[str, Any], first: Callable[[], None]) -> float:
        """Write a checkpoint; the seconds that it took."""
        begun = time.monotonic()
        first()
        older = self.paths()
        self._save(_number(older[-1]) + 1 if older else 1, content)
        for path in older[: -(KEPT - 1)]:
            if _number(path):
                remove(path)  # or the next time, if somebody has it open
        return time.monotonic() - begun

    def _save(self, number: int, content: dict[str, Any]) -> None:
        _write(self.folder / f"checkpoint-{number:06d}.npz", content)

    def good(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Whole checkpoints, newest first (the start of a run that was announced before those of an older
        one), and what is wrong with the others.

        Raises:
            InputError: a checkpoint was written by a newer mfpde.
        """
        found, problems = [], []
        for path in [*([self.announced] if self.announced.exists() else []), *reversed(self.paths())]:
            try:
                content = load_archive(path)
            except (Damaged, FileNotFoundError) as error:
                problems.append(str(error))
                continue
            schema = content.get("checkpoint_schema")
            if schema != CHECKPOINT_SCHEMA:
                raise InputError(
                    f"{self.output}: {path.name} has checkpoint schema {schema}, this mfpde resumes schema"
                    f" {CHECKPOINT_SCHEMA}; resume with mfpde"
                    f" {content.get('mfpde_version', 'of that schema')}"
                )
            found.append(content)
        return found, problems


def _write(path: Path, content: dict[str, Any]) -> None:
    save_archive(path, {"checkpoint_schema": CHECKPOINT_SCHEMA} | content)


def _number(path: Path) -> int:
    match = NAME.fullmatch(path.name)
    return int(match[1]) if match else 0
