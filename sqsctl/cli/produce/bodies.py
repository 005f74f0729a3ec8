"""What ``produce`` sends, from its options: a template or a file, and the bad ones among them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqsctl.cli.run.context import Run
from sqsctl.errors import UsageError

if TYPE_CHECKING:
    from typing import BinaryIO

    from sqsctl.model.message import MessageAttribute
    from sqsctl.operations.sending.bodies import Make

_SHARE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*%")


@dataclass(frozen=True)
class Bodies:
    """The options that say what is sent. ``name`` is the file of --from, - for stdin.

    ``count`` is how many are wanted, None as many as there are; ``endless``: a time decides.
    """

    text: str
    name: str | None = None
    any_text: bool = False
    count: int | None = None
    endless: bool = False
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    group: str | None = None
    groups: int | None = None
    delay: int | None = None
    fifo: bool = False


@contextmanager
def made(run: Run, wanted: Bodies) -> Iterator[Make]:
    """What makes the messages; the file stays open meanwhile.

    A file is read through first, so that nothing is sent where one of its lines is bad.
    """
    from sqsctl.operations.sending.bodies import check_lines, from_lines, grouped, template

    group = wanted.group or ("g" if wanted.groups else None)
    if wanted.name is None:
        make = template(
            wanted.text,
            attributes=wanted.attributes,
            group_id=group,
            delay_s=wanted.delay,
            fifo=wanted.fifo,
        )
        yield grouped(make, wanted.groups) if wanted.groups else make
        return
    with _opened(wanted.name) as stream:
        named = "stdin" if wanted.name == "-" else wanted.name
        rewinds = wanted.name != "-" and stream.seekable()
        if rewinds:
            limit = None if wanted.endless else wanted.count
            with run.progress(f"checking {named}"):
                check_lines(stream, named, any_text=wanted.any_text, limit=limit)
        make = from_lines(
            stream,
            named,
            again=rewinds and (wanted.endless or wanted.count is not None),
            any_text=wanted.any_text,
            attributes=wanted.attributes,
            group_id=group,
            delay_s=wanted.delay,
            fifo=wanted.fifo,
        )
        yield grouped(make, wanted.groups) if wanted.groups else make


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
    with stream:
        yield stream


def poison(share: str | None, body: str | None, seed: int | None) -> tuple[float, int, str] | None:
    """Share (0 to 1), seed and body; None without --poison."""
    import random

    from sqsctl.operations.sending.bodies import POISON

    if share is None:
        if body is not None or seed is not None:
            raise UsageError(
                "--poison-body and --seed go with --poison", hint="`again --poison 10%`"
            )
        return None
    match = _SHARE.fullmatch(share.strip())
    if not match or float(match["number"]) > 100:
        raise UsageError(f"--poison {share!r} is not a share", hint="for example 10%")
    own = random.randrange(2**32) if seed is None else seed  # noqa: S311 - nothing secret
    return float(match["number"]) / 100, own, POISON if body is None else body
