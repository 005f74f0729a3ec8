"""A function's or layer's code on this machine as the zip that Lambda takes."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from sqsctl.errors import SqsctlError
from sqsctl.operations.packaged.project_root import root_of, within

MAX_BYTES = 250 * 1024 * 1024  # Lambda's own limit, unzipped
_LEFT_OUT = frozenset({".git", ".serverless", ".aws-sam", "cdk.out", "__pycache__", ".DS_Store"})
_TIME = (1980, 1, 1, 0, 0, 0)


def zipped(path: Path) -> bytes:
    """The zip of a zip file, a folder or a single file: the same bytes for the same content.

    Raises SqsctlError where it is larger than Lambda takes, or cannot be read.
    """
    try:
        if path.is_file() and zipfile.is_zipfile(path):
            _bounded(path, path.stat().st_size)
            return path.read_bytes()
        files = [(path.name, path)] if path.is_file() else sorted(_files(path))
        buffer = io.BytesIO()
        total = 0
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, file in files:
                total += file.stat().st_size
                _bounded(path, total)
                info = zipfile.ZipInfo(name, _TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = (file.stat().st_mode & 0o777) << 16
                archive.writestr(info, file.read_bytes())
        return buffer.getvalue()
    except OSError as error:
        raise SqsctlError(f"the code in {path} cannot be read: {error}") from error


def _bounded(path: Path, size: int) -> None:
    if size > MAX_BYTES:
        raise SqsctlError(
            f"the code in {path} is larger than the {MAX_BYTES:,} bytes that Lambda takes",
            code="code_too_large",
        )


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    root = root_of(folder)
    for here, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if each not in _LEFT_OUT]
        for name in files:
            path = Path(here) / name
            if name not in _LEFT_OUT and path.is_file():
                if path.is_symlink():
                    within(root, path)
                yield path.relative_to(folder).as_posix(), path
