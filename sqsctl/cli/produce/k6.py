"""``produce --export-k6``: the load as a script for k6, written to a file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqsctl import private_files
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Answer, lines
from sqsctl.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from sqsctl.cli.common.routes import Way
    from sqsctl.operations.sending.k6 import Load


def target(run: Run, way: Way) -> tuple[str, str | None]:
    """Where k6 has to post to, and the Host header where that is not the API's own host."""
    if way.api is None:
        raise UsageError("k6 speaks HTTP: there is no script for a run over SQS")
    endpoint = run.resolved().target.endpoint
    parts = urlsplit(way.api.url)
    if endpoint and urlsplit(endpoint).netloc != parts.netloc:
        return f"{endpoint.rstrip('/')}{parts.path or '/'}", parts.netloc
    return way.api.url, None


def bodies(name: str | None) -> str | None:
    """The path under which k6 finds the file with the bodies."""
    if name == "-":
        raise UsageError("k6 reads bodies from a file, not from stdin", hint="`again --from FILE`")
    return None if name is None else str(Path(name).resolve())


def export(run: Run, file: Path, load: Load, *, dry_run: bool) -> Answer:
    """Write the script; an existing file only with --yes."""
    from sqsctl.operations.sending.k6 import script

    text = script(load)
    if not dry_run:
        if file.exists() and not run.yes:
            raise RefusedError(
                f"{file} is there already", hint="`again --yes` overwrites it", code="file_exists"
            )
        try:
            private_files.write_out(file, text)
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror}") from error
    said = f"{'would write' if dry_run else 'wrote'} {file}; run it: k6 run {file}"
    return Answer(
        {"file": str(file), "dry_run": dry_run, "via": "http", "bytes": len(text.encode())},
        lambda console: lines(console, [said]),
    )
