"""Files are the owner's, whole or not there, and never written through a link."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from sqsctl import private_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_a_file_is_the_owners_whatever_the_umask_is(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        private_files.write(folder / "a", "text")
    finally:
        os.umask(before)
    assert (folder / "a").read_text() == "text"
    assert (folder / "a").stat().st_mode & 0o777 == 0o600
    assert names(folder) == {"a"}


def test_a_link_in_its_place_is_replaced_and_not_followed(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (folder / "a").symlink_to(precious)
    private_files.write(folder / "a", "new")
    assert precious.read_text() == "mine"
    assert not (folder / "a").is_symlink()
    assert (folder / "a").read_text() == "new"


@pytest.mark.parametrize("dangling", [False, True])
def test_nothing_is_overwritten_unasked_not_even_through_a_link(
    folder: Path, tmp_path: Path, dangling: bool
) -> None:
    victim = tmp_path / "victim"
    if not dangling:
        victim.write_text("mine")
    (folder / "a").symlink_to(victim)
    with pytest.raises(FileExistsError):
        private_files.write(folder / "a", "new", overwrite=False)
    assert victim.exists() is not dangling
    assert names(folder) == {"a"}


def test_nothing_is_overwritten_where_there_are_no_hard_links(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    private_files.write(folder / "a", "first", overwrite=False)
    with pytest.raises(FileExistsError):
        private_files.write(folder / "a", "second", overwrite=False)
    assert (folder / "a").read_text() == "first"
    assert names(folder) == {"a"}


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_full_disk_leaves_what_was_there(folder: Path, full_disk: None, overwrite: bool) -> None:
    if overwrite:
        private_files.write(folder / "a", "before")
    with pytest.raises(OSError, match="large"):
        private_files.write(folder / "a", b"x" * 100_000, overwrite=overwrite)
    assert names(folder) == ({"a"} if overwrite else set())
    if overwrite:
        assert (folder / "a").read_text() == "before"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_whatever_fails_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        private_files.write(folder / "a", "text")
    assert names(folder) == set()


def test_an_interruption_leaves_nothing_behind(folder: Path) -> None:
    def write() -> None:
        with private_files.writing(folder / "a") as file:
            file.write(b"half")
            assert len(names(folder)) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert names(folder) == set()


def test_the_name_beside_cannot_be_guessed(folder: Path) -> None:
    seen = set()
    for _ in range(20):
        with private_files.writing(folder / "a"):
            seen |= names(folder) - {"a"}
    assert len(seen) == 20


def test_create_takes_no_file_that_is_there(folder: Path) -> None:
    (folder / "a").write_text("mine")
    (folder / "b").symlink_to(folder / "c")
    for name in ("a", "b"):
        with pytest.raises(FileExistsError):
            private_files.create(folder / name)
    assert names(folder) == {"a", "b"}


def test_writing_out_replaces_a_link_and_follows_none(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for target in (precious, tmp_path / "nowhere"):
        link = folder / "a"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        private_files.write_out(link, "new")
        assert link.read_text() == "new"
        assert not link.is_symlink()
    assert precious.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_writing_out_takes_nothing_from_who_was_there_before(folder: Path) -> None:
    open_to_all = folder / "a"
    open_to_all.touch()
    open_to_all.chmod(0o666)
    private_files.write_out(open_to_all, "new")
    assert open_to_all.stat().st_mode & 0o777 == 0o600


def test_a_pipe_of_ones_own_is_written_to_and_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    private_files.write_out(pipe, "text")
    reader.join(10)
    assert read == ["text"]
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(PermissionError):
        private_files.write_out(pipe, "text")
    private_files.write_out(Path(os.devnull), "text")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
