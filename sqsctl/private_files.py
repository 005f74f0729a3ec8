"""Files that sqsctl makes: the owner's only, whole or not there, and never through a link.

A new file is created exclusively under a name that nobody can guess, beside its place,
written, synced and only then moved there. Whatever fails on the way (a full disk, Ctrl-C)
removes it again. ``os.replace`` replaces a symbolic link and does not follow it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

OWNER_ONLY = 0o600
_EXCLUSIVE = (
    os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def create(path: Path, flags: int = os.O_WRONLY, mode: int = OWNER_ONLY) -> int:
    """A descriptor of a file that was not there before. Raises OSError, FileExistsError too."""
    return os.open(path, flags | _EXCLUSIVE, mode)


def shared(path: Path, *, made: bool = True, more: int = 0) -> int:
    """A descriptor of a file that several runs lock or add to, never through a link.

    ``made``: where it is not there yet, it is made. Raises OSError.
    """
    own = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, os.O_RDWR | own | more | (os.O_CREAT if made else 0), OWNER_ONLY)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that only its owner can enter; it goes with everything in it. Raises OSError."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="sqsctl-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def unnamed() -> IO[bytes]:
    """A file without a name: nothing is left behind, whatever happens. Raises OSError."""
    import tempfile

    return tempfile.TemporaryFile()


@contextlib.contextmanager
def writing(
    path: Path, *, mode: int = OWNER_ONLY, overwrite: bool = True, sync: bool = True
) -> Iterator[IO[bytes]]:
    """A file to write to, which is at ``path`` once the block ends well, and nowhere otherwise.

    ``overwrite=False``: what lies there by then stays, and FileExistsError is raised.
    ``sync=False`` is for what may be lost with the power, such as a cache. Raises OSError.
    """
    beside = path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.tmp")
    file = os.fdopen(create(beside, mode=mode), "wb")
    try:
        with file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        if overwrite:
            beside.replace(path)
        else:
            _place_new(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def write(
    path: Path,
    data: str | bytes,
    *,
    mode: int = OWNER_ONLY,
    overwrite: bool = True,
    sync: bool = True,
) -> None:
    """Write a whole file. Raises OSError; what was there before is then still there."""
    raw = data.encode() if isinstance(data, str) else data
    with writing(path, mode=mode, overwrite=overwrite, sync=sync) as file:
        file.write(raw)


def write_out(path: Path, text: str) -> None:
    """Write a file that a person named, in place of one that is there. Raises OSError.

    A terminal, or a pipe of one's own such as /dev/stdout, is written to; nobody else's is.
    """
    try:
        status = path.stat()
    except OSError:
        status = None
    if status is None or stat.S_ISREG(status.st_mode):
        write(path, text)
        return
    if not stat.S_ISCHR(status.st_mode) and not _by_me(status):
        raise PermissionError(errno.EPERM, "it is no file, and another user's", str(path))
    with path.open("wb") as stream:
        stream.write(text.encode())


def _by_me(status: os.stat_result) -> bool:
    return sys.platform == "win32" or status.st_uid == os.geteuid()


def own_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter, or make it one. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if sys.platform != "win32":
        folder.chmod(0o700)  # it may have been there before, with wider modes


def read_own(path: Path, most_bytes: int) -> bytes:
    """A small file that is to be believed: this user's alone, as is the folder it lies in.

    Never through a link, never waiting for the other end of a pipe. Raises OSError; one
    without an errno says why the file is not believed.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        why = _not_mine(path, os.fstat(descriptor))
        if why:
            raise PermissionError(why)
        return file.read(most_bytes)


def _not_mine(path: Path, found: os.stat_result) -> str:
    if sys.platform == "win32":
        return ""  # the user's own folder is nobody else's there
    for place, status in ((path.parent, path.parent.stat()), (path, found)):
        if not _by_me(status):
            return f"{place} belongs to another user"
        if stat.S_IMODE(status.st_mode) & 0o077:
            return f"others may read or change {place} (mode {stat.S_IMODE(status.st_mode):o})"
    return "" if stat.S_ISREG(found.st_mode) else f"{path} is no file"


def sync_folder(folder: Path) -> None:
    """So that a new file's name survives a power loss too."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # a folder that may be written to, not read, or a system without such handles
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some file systems know no sync of folders
    finally:
        os.close(descriptor)


def _place_new(beside: Path, path: Path) -> None:
    try:
        os.link(beside, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here: an empty file reserves the name, and is replaced.
        os.close(create(path))
        beside.replace(path)
        return
    beside.unlink()
