"""Look into a zip file over HTTP without fetching or unpacking all of it.

The listing stands at a zip's end; single members are read by range. Nothing is ever
written to disk. Caps hold whatever the file claims: bytes fetched, entries, a member's
size, its compression ratio.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from sqsctl.errors import SqsctlError
from sqsctl.model.stack import PackageMember

MAX_ZIP_BYTES = 250 * 1024 * 1024
MAX_ENTRIES = 10_000
MAX_RATIO = 100
MAX_MEMBER_BYTES = 2 * 1024 * 1024  # a handler bundled with its SDK
MAX_FETCHED_BYTES = 24 * 1024 * 1024
MAX_DIRECTORY_BYTES = 4 * 1024 * 1024  # some 40,000 files: a large node_modules
# What Lambda takes; the decoders of others are not for a stranger's bytes.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# Whatever zipfile and the decoders below it make of bytes that are none.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    ValueError,
    EOFError,
    RuntimeError,  # NotImplementedError, too
    ArithmeticError,
    LookupError,
    MemoryError,
)
_BLOCK = 256 * 1024

Fetch = Callable[[int, int], tuple[bytes, int]]
"""(first byte, last byte) -> bytes from ``first`` on, and the whole file's size."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a zip holds; ``truncated`` where it has more entries than were listed."""

    members: tuple[PackageMember, ...]
    truncated: bool = False


class RemoteZip:
    """A zip file behind ``fetch``. Raises SqsctlError for what is no zip, or a bomb."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        if size > MAX_ZIP_BYTES:
            raise refused(f"it has {size:,} bytes, more than the {MAX_ZIP_BYTES:,} looked at")
        file = _Ranges(fetch, size)
        try:
            # zipfile reads the directory in one piece, and makes objects of all of it.
            file.longest = MAX_DIRECTORY_BYTES
            self._zip = zipfile.ZipFile(file)
            file.longest = MAX_FETCHED_BYTES
        except _UNREADABLE as error:
            raise refused(f"it is no zip file: {error}") from error

    def listing(self) -> Listing:
        """The members, folders apart, as the zip's directory has them."""
        entries = self._zip.infolist()
        members = tuple(
            PackageMember(each.filename, each.file_size, each.compress_size)
            for each in entries[:MAX_ENTRIES]
            if not each.filename.endswith("/")  # is_dir() falls over an empty name
        )
        return Listing(members, truncated=len(entries) > MAX_ENTRIES)

    def text(self, path: str) -> str | None:
        """A member's text; None where it is too large, too tightly packed or unreadable."""
        try:
            info = self._zip.getinfo(path)
        except KeyError:
            return None
        if info.file_size > MAX_MEMBER_BYTES or info.flag_bits & 1:
            return None
        if info.compress_type not in _METHODS:
            return None
        if info.compress_size and info.file_size / info.compress_size > MAX_RATIO:
            return None
        try:
            with self._zip.open(info) as member:
                # The directory's sizes are only claims.
                raw = member.read(MAX_MEMBER_BYTES + 1)
        except _UNREADABLE:
            return None
        return None if len(raw) > MAX_MEMBER_BYTES else raw.decode("utf-8", errors="replace")


class _Ranges(io.RawIOBase):
    """A file whose blocks are fetched as they are read, each once, up to a budget."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._at = 0
        self._fetched = 0
        self.longest = MAX_FETCHED_BYTES  # of one read
        self._blocks: dict[int, bytes] = {}
        if size and size <= _BLOCK:
            self._load(0, 0)
        elif size:
            last = (size - 1) // _BLOCK
            self._load(max(0, last - 1), last)  # where the directory usually is

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._at + size)
        if end <= self._at:
            return b""
        if end - self._at > self.longest:
            raise OSError("its directory is larger than any honest one")
        first, last = self._at // _BLOCK, (end - 1) // _BLOCK
        missing = [each for each in range(first, last + 1) if each not in self._blocks]
        if missing:
            self._load(missing[0], missing[-1])
        whole = b"".join(self._blocks.get(each, b"") for each in range(first, last + 1))
        data = whole[self._at - first * _BLOCK : end - first * _BLOCK]
        self._at += len(data)
        return data

    def readinto(self, buffer: object) -> int:  # what RawIOBase builds on
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _load(self, first: int, last: int) -> None:
        start = first * _BLOCK
        end = min(self._size, (last + 1) * _BLOCK) - 1
        self._fetched += end - start + 1
        if self._fetched > MAX_FETCHED_BYTES:
            raise OSError("more of it would have to be fetched than is looked at")
        data, size = self._fetch(start, end)
        if size != self._size:
            raise OSError("it changed while it was read")
        for place in range(first, last + 1):
            self._blocks[place] = data[(place - first) * _BLOCK : (place - first + 1) * _BLOCK]


def refused(why: str) -> SqsctlError:
    """The error for a package that is not looked into."""
    return SqsctlError(f"the package was not read: {why}", code="package_refused")
