"""What a program printed that only looks like the platform's word.

A program that prints other functions' logs prints their STARTs, timeouts and errors, too. One
environment writes one stream and runs one invocation at a time: between an invocation's START and
its END nothing of another request's is the platform's. And an invocation ends with one error: what
looks like one and is followed by more of the same invocation's code did not end it.

Only a stream that is named says so, and a copy in which an invocation stands in one piece. A copy
without names may mix streams: there only a record of the platform in the other format, JSON amid
text or text amid JSON, is no word of its own.

And an invocation of which REPORT says that it ended well ended with no error, whatever was printed
in it. In JSON it always says so; in text it says nothing at all, which counts where the same log's
REPORT tells the errors of other invocations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqsctl.logtext.entries import Entry, Mark
from sqsctl.logtext.entry import timed_out_after

_ABOUT_ONE = frozenset({Mark.START, Mark.END, Mark.REPORT, Mark.FATAL})
_GOOD = frozenset({"success", "ok"})
_NEAR = 8  # entries behind END among which its REPORT is


def without_forged(entries: Iterable[Entry], *, named: bool, tells: bool = False) -> list[Entry]:
    """One stream's entries, or those of a copy that names none, with such lines as mere lines.

    ``tells``: earlier REPORTs of the stream told errors of the code.
    """
    found = list(entries)
    stops = _stops(found)
    spans: list[tuple[int, int]] = []
    for start in sorted(stops):
        if start >= (spans[-1][1] if spans else 0):
            spans.append((start, stops[start]))
    for start, stop in spans:
        _clear(found, start, stop, named=named or _in_one_piece(found, start, stop))
    tells = tells or any(tells_errors(each) for each in found)
    for start, stop in spans:
        _believe_the_report(found, start, stop, silence_is_good=tells)
    return found


def tells_errors(entry: Entry) -> bool:
    """A REPORT that names the code's own error: such a platform tells every one of them."""
    kind = entry.error_type or ""
    platforms = kind.startswith(("Runtime.", "Sandbox.", "Extension.", "Function."))
    return entry.mark is Mark.REPORT and entry.status == "error" and bool(kind) and not platforms


def _in_one_piece(entries: list[Entry], start: int, stop: int) -> bool:
    """Whether nothing of another invocation stands in between."""
    own = entries[start].request_id
    return all(
        entry.request_id in {None, own} for entry in entries[start:stop] if entry.mark in _ABOUT_ONE
    )


def _believe_the_report(
    entries: list[Entry], start: int, stop: int, *, silence_is_good: bool
) -> None:
    """Errors in an invocation that ended well are what the program logged."""
    own = entries[start].request_id
    reports = [
        each
        for each in entries[stop : stop + _NEAR]
        if each.mark in {Mark.REPORT, Mark.END} and each.request_id == own
    ]
    report = next((each for each in reports if each.mark is Mark.REPORT), None)
    told = [each.status.lower() for each in reports if each.status]
    good = bool(told) and all(each in _GOOD for each in told)
    if not good and not (silence_is_good and report is not None and not told):
        return
    for index in range(start + 1, stop):
        entry = entries[index]
        if entry.mark is Mark.FATAL and entry.request_id in {None, own}:
            entries[index] = replace(entry, mark=Mark.ERROR, runtime_form=False)


def _stops(entries: list[Entry]) -> dict[int, int]:
    """Where the invocations that start here end, by where they start; those are absent whose end
    is not seen, or whose STARTs come again: the environment went on without their end."""
    found: dict[int, int] = {}
    # Request id to its last END, or REPORT where there is none, until it starts again. What looks
    # like those and stands above them is no word of the platform's.
    following: dict[str, int] = {}
    for index in range(len(entries) - 1, -1, -1):
        entry = entries[index]
        if entry.request_id is None:
            continue
        known = following.get(entry.request_id)
        last = known is None or (entry.mark is Mark.END and entries[known].mark is Mark.REPORT)
        if entry.mark in {Mark.END, Mark.REPORT} and last:
            following[entry.request_id] = index
        elif entry.mark is Mark.START:
            stop = following.pop(entry.request_id, None)
            if stop is not None:
                found[index] = stop
    return found


def _clear(entries: list[Entry], start: int, stop: int, *, named: bool) -> None:
    own = entries[start].request_id
    # A function logs in one format: a record of the platform in the other is none.
    in_json = _is_json(entries[start])
    took = _duration_ms(entries, stop, own)
    went_on = False
    # From behind: what stands below tells whether the code went on.
    for index in range(stop - 1, start, -1):
        entry = entries[index]
        if not named:
            other = entry.mark in _ABOUT_ONE and _is_json(entry) != in_json
            if other and entry.request_id not in {None, own}:
                entries[index] = _line(entry)
            continue
        forged = entry.mark in _ABOUT_ONE and (
            (entry.request_id not in {None, own} and not (in_json and _is_json(entry)))
            or (entry.mark in {Mark.END, Mark.REPORT} and entry.request_id == own)
            or (
                entry.mark is Mark.FATAL
                and went_on
                and (entry.request_id is None or _longer_than(entry, took))
            )
        )
        # Directly behind START an environment may have started anew.
        if forged or (entry.mark is Mark.INIT_START and index > start + 1):
            entries[index] = _line(entry)
            went_on = went_on or forged
        elif entry.mark in {Mark.LINE, Mark.ERROR} and entry.request_id == own:
            went_on = True


def _is_json(entry: Entry) -> bool:
    return entry.text.lstrip().startswith("{")


def _duration_ms(entries: list[Entry], stop: int, own: str | None) -> float | None:
    """How long the invocation took, as its REPORT says."""
    for entry in entries[stop : stop + _NEAR]:
        if entry.mark is Mark.REPORT and entry.request_id == own:
            return entry.duration_ms
    return None


def _longer_than(entry: Entry, took: float | None) -> bool:
    """Whether it tells of a timeout that the invocation's duration did not come near."""
    if took is None or entry.error is None or entry.error.type != "Sandbox.Timedout":
        return False
    told = timed_out_after(entry.error)
    return told is not None and told * 1000 > 2 * took + 1000


def _line(entry: Entry) -> Entry:
    """The same as a line of the program's own, which ended nothing."""
    return Entry(Mark.LINE, entry.events, entry.text, entry.at)
