"""doctor's findings as a Markdown file, to hand to a colleague."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqsctl import private_files
from sqsctl.cli.screen.output import iso, safe
from sqsctl.errors import UsageError
from sqsctl.model.remedy import Command, Edit, Sentence, Step

if TYPE_CHECKING:
    from sqsctl.model.finding import Finding
    from sqsctl.model.target import Target
    from sqsctl.operations.diagnosis.doctor import Checkup
    from sqsctl.operations.diagnosis.ignores import Ignore

    Ignored = tuple[Finding, Ignore]


def refuse_path(path: Path) -> None:
    """Say that a report cannot be written there before anything else is done."""
    if str(path) == "-":
        raise UsageError("--report writes a file: name one", hint="`again --report findings.md`")
    if path.is_dir() or not path.parent.is_dir():
        why = "it is a folder" if path.is_dir() else "its folder does not exist"
        raise UsageError(f"cannot write {path}: {why}")


def write_report(
    path: Path, seen: Checkup, target: Target | None, ignored: Sequence[Ignored] = ()
) -> None:
    """Write the report. Raises UsageError where the file cannot be written."""
    try:
        private_files.write_out(path, report(seen, target, ignored))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def report(seen: Checkup, target: Target | None, ignored: Sequence[Ignored] = ()) -> str:
    """The whole diagnosis as Markdown; foreign text only inside code.

    ``ignored`` are findings that the team lives with, and why.
    """
    from sqsctl.cli.screen.output import target_line
    from sqsctl.cli.screen.picture import picture
    from sqsctl.operations.diagnosis.health import hops

    diagnosis = seen.diagnosis
    place = f", on {target_line(target)}" if target else ""
    parts = [
        f"# {_inline(diagnosis.stack)}: {diagnosis.verdict}",
        f"Looked at {iso(seen.stack.observed_at) or 'an unknown time'}{safe(place)}.",
    ]
    drawn = picture(seen.stack, hops(seen.stack, diagnosis.findings))
    parts.append(_block("\n".join(each.plain for each in drawn)))
    for finding in diagnosis.findings:
        parts += _finding(finding)
    if ignored:
        rows = "\n".join(
            f"- {finding.id}{_inline(f' ({finding.subject})' if finding.subject else '')}, until "
            f"{why.until}: {_inline(why.reason or 'no reason given')}"
            for finding, why in ignored
        )
        parts.append(f"## Decided to live with\n\n{rows}")
    if diagnosis.unseen:
        rows = "\n".join(
            f"- {_inline(each.what)}: {_inline(each.why)}; {_inline(each.remedy)}"
            for each in diagnosis.unseen
        )
        parts.append(f"## Not seen, though it could hide a failure\n\n{rows}")
    skipped = [each for each in diagnosis.checks if each.outcome.value == "skipped"]
    fine = [each.id for each in diagnosis.checks if each.outcome.value == "ok"]
    parts.append(f"## Checks that found nothing\n\n{', '.join(fine) or 'none'}")
    if skipped:
        rows = "\n".join(f"- {each.id}: {_inline(each.reason)}" for each in skipped)
        parts.append(f"## Checks that could not look\n\n{rows}")
    if seen.missing_actions:
        rows = "\n".join(f"- `{each}`" for each in seen.missing_actions)
        parts.append(f"## Permissions that would have told more\n\n{rows}")
    return "\n\n".join(parts) + "\n"


def _finding(finding: Finding) -> Sequence[str]:
    head = f"## {finding.severity.label}: {_inline(finding.title)}"
    if finding.explained_by:
        head = f"### explained by {finding.explained_by}: {_inline(finding.title)}"
    parts = [
        head,
        f"`{finding.id}`, {finding.kind}, {finding.confidence.label} confidence.",
    ]
    for each in finding.evidence:
        at = f", {iso(each.at)}" if each.at else ""
        parts.append(f"{_inline(each.source)}{at}: {_inline(each.fact)}\n\n{_block(each.value)}")
    parts.append(f"**Fix:** {_inline(finding.fix.summary)}")
    for number, way in enumerate(finding.fix.ways):
        if number or way.when:
            parts.append(_inline(f"{'Or' if number else 'Either'}: {way.when}".rstrip(": ")))
        parts += _steps(way.steps)
    for title, steps in (
        ("To see that it worked:", finding.fix.verify),
        ("Afterwards:", finding.fix.afterwards),
        ("To take it back:", finding.fix.undo),
    ):
        if steps:
            parts += [title, *_steps(steps)]
    if finding.reference:
        parts.append(f"<{finding.reference}>")
    return parts


def _steps(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        match step:
            case Command():
                if step.where:
                    yield f"In {_inline(step.where)}:"
                yield _block(step.line, "sh")
            case Edit():
                yield f"In {_inline(step.file)}:"
                yield _block("\n".join(step.lines), step.language)
            case Sentence():
                yield _inline(step.text)


def _inline(text: str) -> str:
    """Foreign text on one line that Markdown cannot read as anything but text."""
    line = safe(text).replace("\n", " ")
    return "".join(f"\\{each}" if each in r"\`*_{}[]<>#|!" else each for each in line)


def _block(text: str, language: str = "text") -> str:
    """Foreign text as a code block that it cannot close."""
    shown = safe(text)
    fence = "```"
    while fence in shown:
        fence += "`"
    return f"{fence}{language}\n{shown}\n{fence}"
