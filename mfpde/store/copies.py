"""A file that others only ever see whole: two copies, of which one bears its name while the other is written.

HDF5 changes a file in many places at each flush; whoever is killed, or fills the disk, between two of them
leaves a file that nothing opens. So HDF5 writes to a copy without a name. `publish` gives that copy the name,
in one step, and brings the other up to date by what was written since, to be written next. The price is the
size of the file, once more, while it is written.

On Windows a file keeps its names while anybody has it open. There both copies are closed for the step and
opened again after it, which HDF5 does not notice, and the step waits for readers that have the file open
(`names`).
"""

import errno
import io
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mfpde.errors import InputError
from mfpde.store.handles import open_handle, read_at, read_into, write_at
from mfpde.store.names import is_held, remove, replace, sync_folder

BLOCK = 1 << 23  #: bytes copied at once
#: what systems say of a file system without hard links, besides that they are not permitted
NO_LINKS = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


class Copies(io.RawIOBase):
    """What HDF5 takes for its file.

    An error of the file system is kept for `publish` rather than shown to HDF5, which could not even close
    the file after one. From then on nothing is written, and the copy that is lost is the one without a name.

    Arguments:
        path: the name that others know; whatever bears it stays until the first `publish`.
        folder: holds the copies, on the same file system; made by whoever calls.
        resume: whether to go on from the file at `path`, instead of from an empty one.
        aside: a second name that whatever bears `path` gets at the first `publish`, to be kept.
    Raises:
        InputError: the folder cannot be written to, or its file system has no hard links.
    """

    def __init__(self, path: Path, folder: Path, resume: bool = False, aside: Path | None = None):
        super().__init__()
        self.path, self.names, self.link = path, [folder / f"copy-{k}.h5" for k in (1, 2)], folder / "link"
        self.failure: OSError | None = None
        self.aside = aside
        self.written: list[tuple[int, int]] = []  #: start and length of what the other copy has not
        self.position = 0
        self.files: list[int] = []
        self.alone = False  #: whether names of a file change only while nobody has it open
        try:
            self._remove_older(folder)
            for name in self.names:
                if resume:  # whoever has the file open keeps it as it is
                    shutil.copyfile(path, name)
                else:
                    os.close(open_handle(name, os.O_CREAT))
            self._try_links()
        except OSError as error:
            self.discard()
            raise InputError(f"{path}: cannot be written: {error.strerror} ({folder.name})") from None

    def _remove_older(self, folder: Path) -> None:
        """Remove the copies of a run that was killed.

        One that a reader still has open keeps its name, and ours get others.
        """
        held = [name for name in folder.glob("copy-*.h5") if not remove(name)]
        free = (name for k in itertools.count(1) if (name := folder / f"copy-{k}.h5") not in held)
        self.names = list(itertools.islice(free, 2))
        remove(self.link)

    def _try_links(self) -> None:
        """Find out whether there are hard links, and whether those of an open file can be renamed.

        The copies are open then.
        """
        try:
            os.link(self.names[0], self.link)
        except OSError as error:
            if not isinstance(error, PermissionError) and error.errno not in NO_LINKS:
                raise
            self.discard()
            raise InputError(
                f"{self.path}: its file system has no hard links, by which an output appears whole; choose a"
                " folder on another one with -o"
            ) from None
        self.files = [open_handle(name) for name in self.names]
        trial = self.link.with_name("trial")
        try:
            os.replace(self.link, trial)
        except PermissionError as error:
            if not is_held(error):
                raise
            self.alone = True  # and the link goes when they are closed next
        else:
            trial.unlink()

    # --- what HDF5 calls ---

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position."""
        end = os.fstat(self.files[0]).st_size if whence == os.SEEK_END and self.files else 0
        start = (0, self.position, end)[whence]
        self.position = start + offset
        return self.position

    def tell(self) -> int:
        """The position."""
        return self.position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; beyond the end with zeros, as HDF5 expects of space it has not written yet."""
        view = memoryview(buffer).cast("B")
        # none after a failure, when all reads are in vain
        count = read_into(self.files[0], view, self.position) if self.files else 0
        view[count:] = bytes(len(view) - count)
        self.position += len(view)
        return len(view)

    def write(self, buffer: Any) -> int:
        """Write all of a buffer."""
        view = memoryview(buffer).cast("B")
        done = 0
        try:
            while done < len(view) and self.failure is None:
                done += write_at(self.files[0], view[done:], self.position + done)
        except OSError as error:
            self.failure = error
        self.written.append((self.position, len(view)))
        self.position += len(view)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend."""
        size = self.position if size is None else size
        try:
            if self.failure is None:
                os.ftruncate(self.files[0], size)
        except OSError as error:
            self.failure = error
        return size

    # --- what the writer calls ---

    def durability(self) -> Callable[[], None]:
        """What waits until all that is published now is on the disk, where a loss of power does not reach it;
        may be called from any thread.

        It raises OSError if the disk failed.
        """
        folder = self.path.parent
        # one more handle would keep the file from its next name: it is opened when its time has come, and
        # holds as many frames or more then
        published = None if self.alone else os.dup(self.files[1])

        def wait() -> None:
            handle = open_handle(self.path) if published is None else published
            try:
                os.fsync(handle)
                sync_folder(folder)
            finally:
                os.close(handle)

        return wait

    def publish(self) -> None:
        """Let everybody see what was written so far; HDF5 must have flushed.

        Raises:
            HeldOpen: somebody has the file at `path` open, and that keeps it from being replaced.
            OSError: something could not be written, now or since the last time. What is at `path` is what was
                published before.
        """
        if self.failure is not None:
            raise self.failure
        try:
            self._give_name()
            self._bring_up_to_date(source=self.files[0], target=self.files[1])
        except OSError as error:
            self.failure = error
            raise
        self.files.reverse()
        self.names.reverse()

    def _give_name(self) -> None:
        """Let the copy that was written appear at `path`, in one step."""
        if self.alone:
            self._close()
        try:
            remove(self.link)
            os.link(self.names[0], self.link)
            if self.aside is not None:
                os.link(self.path, self.aside)
                self.aside = None
            replace(self.link, self.path)
        finally:
            if self.alone:
                self.files = [open_handle(name) for name in self.names]

    def _bring_up_to_date(self, source: int, target: int) -> None:
        end = os.fstat(source).st_size
        for start, length in self.written:
            stop = min(start + length, end)
            while start < stop:
                block = read_at(source, min(BLOCK, stop - start), start)
                if not block:
                    break
                while block:
                    done = write_at(target, block, start)
                    start, block = start + done, block[done:]
        os.ftruncate(target, end)
        self.written.clear()

    def discard(self) -> None:
        """Drop the copies; what was published stays at `path`.

        A reader may keep one of them until the next run.
        """
        self._close()
        for name in (*self.names, self.link):
            remove(name)

    def _close(self) -> None:
        while self.files:
            os.close(self.files.pop())
