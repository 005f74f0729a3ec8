"""What following a consumer keeps: where it is, what it met, what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum

from sqsctl.handlercode.parsing.source_files import Unit
from sqsctl.handlercode.parsing.syntax import Function
from sqsctl.handlercode.scopes import Scope, Use


class What(Enum):
    """What a value is of the event.

    ``BODY`` is anything made from a record, ``BODIES`` a list of such things, ``INNER`` the
    records of another service's event inside a message's body.
    """

    EVENT = 1
    RECORDS = 2
    RECORD = 3
    ID = 4
    BODY = 5
    BODIES = 6
    INNER = 7


LISTS = (What.RECORDS, What.BODIES, What.INNER)


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function and the values around it."""

    unit: Unit
    function: Function
    env: Mapping[str, Value]


@dataclass(frozen=True, slots=True, eq=False)
class Absent:
    """A field that a queue's event, or a record of it, does not have.

    ``sure``: nothing around asks whether it is there, or does without.
    """

    text: str
    path: str
    line: int
    sure: bool


Value = What | Closure | Absent | None


class Fault(StrEnum):
    """What a consumer does with an error or a batch that it should not.

    ``EARLY``: a return ends the loop over the records. ``SILENT``: an error of a record's work
    ends in a log. ``UNWAITED``: the handler is over before the work is. ``STATUS``: an HTTP error
    is returned where nobody speaks HTTP. ``FIRST``, ``NONE``: a single record of the batch is
    handled, or none. ``SHAPE``: a field is read that a queue's event does not have. ``REJECTS``:
    the handler fails, whatever became of the records. ``ORDER``: records are handled after an
    earlier one failed and was reported, which is a fault on a FIFO queue alone. ``DROPPED``: an
    error of a message's content ends in a log.
    """

    EARLY = "early"
    FIRST = "first"
    NONE = "none"
    SILENT = "silent"
    UNWAITED = "unwaited"
    STATUS = "status"
    SHAPE = "shape"
    REJECTS = "rejects"
    DROPPED = "dropped"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A fault, where it stands, and what it is there; ``loop_line`` is the loop's that ends."""

    fault: Fault
    path: str
    line: int
    detail: str
    loop_line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """Something that is done with a record: in which statement, tries and branches.

    ``strong``: its value is not used, so that it is there for what it does. ``notes`` are faults
    of the function that does it, which count where nothing else is done with the record.
    """

    at: int
    tries: tuple[int, ...]
    branches: tuple[tuple[int, int], ...]
    strong: bool
    notes: tuple[Sighting, ...] = ()

    def beside(self, other: Effect) -> bool:
        """Whether the other is done to the same record, too, by another statement."""
        if self.at == other.at:
            return False
        chosen = dict(self.branches)
        return all(chosen.get(key, at) == at for key, at in other.branches)


@dataclass(frozen=True, slots=True)
class Followed:
    """What a function or a loop came to: its faults, and whether it does anything to a record."""

    notes: tuple[Sighting, ...] = ()
    does: bool = False


@dataclass(slots=True)
class Region:
    """A function's body, or that of a loop over the records.

    A catch that is silent counts where it is around all that is done: beside other work it is
    around something optional. ``passed_over`` are those that leave the record, so that what is
    done behind them is not done to it; with them, whether the try reads the record's content.
    """

    effects: list[Effect] = field(default_factory=list)
    tries: list[tuple[int, Sighting]] = field(default_factory=list)
    passed_over: list[tuple[int, Sighting, bool]] = field(default_factory=list)

    def close(self) -> Followed:
        found: dict[Sighting, None] = {}
        strong = [each for each in self.effects if each.strong]
        for number, sighting in self.tries:
            inside = [each for each in self.effects if number in each.tries]
            outside = [each for each in strong if number not in each.tries]
            if any(not any(each.beside(o) for o in outside) for each in inside):
                found[sighting] = None
        for number, sighting, reads in self.passed_over:
            works = any(number in each.tries for each in self.effects)
            behind = any(number not in e.tries and e.at > number for e in self.effects)
            if behind and (works or reads):
                fault = sighting.fault if works else Fault.DROPPED
                found[replace(sighting, fault=fault)] = None
        for each in self.effects:
            if each.notes and not any(each.beside(o) for o in strong):
                found.update(dict.fromkeys(each.notes))
        return Followed(tuple(found), bool(self.effects))


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the walk is: whose names, who gets what is returned, in which tries and loop.

    ``waits``: the handler is an async function, so that what it does not await is lost.
    ``asked``: on a branch that asks whether there are records at all, which a queue's event has.
    ``guarded``: where something asks of which source the event is, or does without a field.
    ``repeats``: in a loop of any kind.
    """

    scope: Scope
    env: dict[str, Value]
    region: Region
    waits: bool = False
    asked: bool = False
    guarded: bool = False
    repeats: bool = False
    record: bool = False
    loop: int = 0
    tries: tuple[int, ...] = ()
    branches: tuple[tuple[int, int], ...] = ()
    depth: int = 0
    at: int = 0

    @property
    def unit(self) -> Unit:
        return self.scope.unit

    @property
    def use(self) -> Use:
        return self.scope.use

    def trying(self, number: int) -> Frame:
        return replace(self, tries=(*self.tries, number))

    def on(self, number: int, branch: int) -> Frame:
        return replace(self, branches=(*self.branches, (number, branch)))

    def of_record(self, region: Region, loop: int) -> Frame:
        return replace(self, region=region, record=True, loop=loop, tries=(), branches=())

    def effect(self, *, strong: bool, notes: tuple[Sighting, ...] = ()) -> None:
        self.region.effects.append(Effect(self.at, self.tries, self.branches, strong, notes))
