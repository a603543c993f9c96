"""A file that others only ever see whole: two copies, of which one bears its name while the other is written.

HDF5 changes a file in many places at each flush; whoever is killed, or fills the disk, between two of them leaves a file that nothing
opens. So HDF5 writes to a copy without a name. `publish` gives that copy the name, in one step, and brings the other up to date by what was
written since, to be written next. The price is the size of the file, once more, while it is written.
"""

import errno
import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mfpde.errors import InputError

BLOCK = 1 << 23  #: bytes copied at once


class Copies(io.RawIOBase):
    """What HDF5 takes for its file.

    An error of the file system is kept for `publish` rather than shown to HDF5, which could not even close the file after one. From then on
    nothing is written, and the copy that is lost is the one without a name.

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
        self.path, self.names = path, [folder / f"copy-{k}.h5" for k in (1, 2)]
        self.failure: OSError | None = None
        self.aside = aside
        self.written: list[tuple[int, int]] = []  #: start and length of what the other copy has not
        self.position = 0
        self.files: list[int] = []
        try:
            self.remove()
            for name in self.names:
                if resume:  # whoever has the file open keeps it as it is
                    shutil.copyfile(path, name)
                self.files.append(os.open(name, os.O_RDWR | os.O_CREAT, 0o666))
            self._check_links(folder)
        except OSError as error:
            self.discard()
            raise InputError(f"{path}: cannot be written: {error.strerror} ({folder.name})") from None

    def _check_links(self, folder: Path) -> None:
        trial = folder / "link"
        try:
            os.link(self.names[0], trial)
        except PermissionError:
            self.discard()
            raise InputError(
                f"{self.path}: its file system has no hard links, by which an output appears whole; choose a folder on another one with -o"
            ) from None
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
        start = (0, self.position, os.fstat(self.files[0]).st_size)[whence]
        self.position = start + offset
        return self.position

    def tell(self) -> int:
        """The position."""
        return self.position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; beyond the end with zeros, as HDF5 expects of space it has not written yet."""
        view = memoryview(buffer).cast("B")
        count = os.preadv(self.files[0], [view], self.position)
        view[count:] = bytes(len(view) - count)
        self.position += len(view)
        return len(view)

    def write(self, buffer: Any) -> int:
        """Write all of a buffer."""
        view = memoryview(buffer).cast("B")
        done = 0
        try:
            while done < len(view) and self.failure is None:
                done += os.pwrite(self.files[0], view[done:], self.position + done)
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
        """What waits until all that is published now is on the disk, where a loss of power does not reach it; may be called from any thread.

        It raises OSError if the disk failed.
        """
        handle, folder = os.dup(self.files[1]), self.path.parent

        def wait() -> None:
            try:
                os.fsync(handle)
                sync_folder(folder)
            finally:
                os.close(handle)

        return wait

    def publish(self) -> None:
        """Let everybody see what was written so far; HDF5 must have flushed.

        Raises:
            OSError: something could not be written, now or since the last time. What is at `path` is what was published before.
        """
        if self.failure is not None:
            raise self.failure
        try:
            link = self.names[0].with_name("link")
            link.unlink(missing_ok=True)
            os.link(self.names[0], link)
            if self.aside is not None:
                os.link(self.path, self.aside)
                self.aside = None
            os.replace(link, self.path)
            self._bring_up_to_date(source=self.files[0], target=self.files[1])
        except OSError as error:
            self.failure = error
            raise
        self.files.reverse()
        self.names.reverse()

    def _bring_up_to_date(self, source: int, target: int) -> None:
        end = os.fstat(source).st_size
        for start, length in self.written:
            stop = min(start + length, end)
            while start < stop:
                block = os.pread(source, min(BLOCK, stop - start), start)
                if not block:
                    break
                while block:
                    done = os.pwrite(target, block, start)
                    start, block = start + done, block[done:]
        os.ftruncate(target, end)
        self.written.clear()

    def discard(self) -> None:
        """Drop the copies; what was published stays at `path`."""
        while self.files:
            os.close(self.files.pop())
        self.remove()

    def remove(self) -> None:
        """Remove what copies there are, of this run or of one that was killed."""
        for name in (*self.names, self.names[0].with_name("link")):
            name.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems do not sync folders
            raise
    finally:
        os.close(handle)
