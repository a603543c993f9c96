"""A stand-in for Windows on Linux, as far as mfpde could notice: what exists on POSIX alone is taken away,
and open files keep their names.

What Windows does to names was taken from its documentation, not tried: a file that somebody has open, under
whatever name, can be neither renamed, nor replaced, nor deleted, since neither Python nor HDF5 opens files
with FILE_SHARE_DELETE."""

import errno
import os
import signal
import sys
from pathlib import Path

MODULES = (
    "fcntl",
    "resource",
    "pwd",
    "grp",
    "termios",
    "tty",
    "pty",
    "syslog",
    "crypt",
    "readline",
    "posix_ipc",
)
SIGNALS = (
    "SIGKILL",
    "SIGUSR1",
    "SIGUSR2",
    "SIGHUP",
    "SIGALRM",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGQUIT",
    "SIGPIPE",
)
FUNCTIONS = (
    *(
        "pread",
        "preadv",
        "pwrite",
        "pwritev",
        "readv",
        "writev",
        "posix_fallocate",
        "posix_fadvise",
        "fdatasync",
        "lockf",
        "sync",
    ),
    *(
        "sysconf",
        "confstr",
        "pathconf",
        "fpathconf",
        "statvfs",
        "fstatvfs",
        "uname",
        "getloadavg",
        "sched_getaffinity",
        "sched_setaffinity",
    ),
    *(
        "fork",
        "forkpty",
        "killpg",
        "wait",
        "wait3",
        "wait4",
        "waitid",
        "WIFSIGNALED",
        "WEXITSTATUS",
        "nice",
        "getpriority",
        "setpriority",
    ),
    *(
        "getuid",
        "geteuid",
        "getgid",
        "getegid",
        "getgroups",
        "getpgid",
        "getppgid",
        "setsid",
        "chown",
        "fchown",
        "lchown",
        "fchmod",
        "chroot",
    ),
    *("mkfifo", "mknod", "openpty", "ttyname", "ctermid", "getxattr", "setxattr", "memfd_create"),
)


def take_away(patch):
    """Without what Windows has not, until `patch` (a pytest.MonkeyPatch) is undone."""
    for name in MODULES:
        patch.setitem(sys.modules, name, None)
    for name in SIGNALS:
        patch.delattr(signal, name, raising=False)
    for name in FUNCTIONS:
        patch.delattr(os, name, raising=False)


def is_open(path):
    """Whether this process has a file open, under whatever name."""
    try:
        facts = os.stat(path)
    except OSError:
        return False
    for handle in os.listdir("/proc/self/fd"):
        try:
            other = os.fstat(int(handle))
        except OSError:
            continue
        if (facts.st_dev, facts.st_ino) == (other.st_dev, other.st_ino):
            return True
    return False


class SharingViolation(PermissionError):
    """What Windows says of a file that is open elsewhere."""

    winerror = 32


def keep_names(patch):
    """Refuse to change names of open files, and to open folders, until `patch` is undone."""

    def guarded(real):
        def change(*paths, **options):
            frame = sys._getframe(1)
            # pathlib may be between
            asking = (
                frame.f_globals["__name__"]
                + " "
                + (frame.f_back.f_globals["__name__"] if frame.f_back else "")
            )
            # pytest clears its folders in a way of its own, and the library of the lock has other ones on
            # Windows
            if "dir_fd" not in options and "filelock" not in asking:
                for path in paths:
                    if is_open(path):
                        raise SharingViolation(
                            errno.EACCES,
                            "The process cannot access the file because it is being used by another process",
                            path,
                        )
            return real(*paths, **options)

        return change

    for name in ("replace", "rename", "unlink", "remove"):
        patch.setattr(os, name, guarded(getattr(os, name)))
    real_open = os.open

    def open_file(path, flags, mode=0o777, **options):
        if not options and Path(os.fsdecode(path)).is_dir():
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real_open(path, flags, mode, **options)

    patch.setattr(os, "open", open_file)
