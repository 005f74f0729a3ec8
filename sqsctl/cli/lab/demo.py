"""sqsctl demo: the whole story on a lab of its own.

Each step is a command line as a user would type it, run in this process; a step that
does not do what it says ends the demo with a failure. The lab is named ``demo``, so that
a user's own lab is never touched. Where a person reads, there is a pause behind each screen;
nobody has to be there.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from sqsctl.cli.lab.demo_screens import Left, Screens
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, Output, hanging, styled
from sqsctl.cli.screen.views import duration
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

LAB = "demo"
FED = 50
BROKEN = 10
WAIT_S = 60.0
RESULT = "결과"
SCREENS = 6


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "demo", target=False, epilog=examples("sqsctl demo", "sqsctl demo -o json"))
    def demo(run: Run) -> Answer:
        """Play the whole story on the lab, in a minute."""
        return Demo(run).play()


@dataclass
class Demo:
    """The story, step by step."""

    run: Run
    steps: list[dict[str, Any]] = field(default_factory=list)
    cause: Mapping[str, Any] = field(default_factory=dict)  # what doctor found first
    screens: Screens = field(init=False)

    def __post_init__(self) -> None:
        self.screens = Screens(self.run.output, SCREENS)

    def play(self) -> Answer:
        """All steps. Whatever happens, the lab is down at the end."""
        from sqsctl.lab.settings import require_emulator

        require_emulator()
        ending = ("lab down", "the lab leaves nothing behind", _down)
        left = False
        try:
            self._story()
        except Left:
            left = True
        except BaseException:
            if self.steps:
                with suppress(SqsctlError):  # what went wrong before is what matters
                    self._step(*ending)
            raise
        self._step(*ending)
        seconds = round(self.screens.played_s, 1)

        def human(console: Console) -> None:
            if left:
                where = f"screen {self.screens.number} of {SCREENS}"
                console.print(styled(f"left after {where}; the lab is down", "dim"))
                return
            self._summary(console)
            console.print(styled(f"✓ done in {seconds:.0f} s", "bold green"))

        return Answer({"steps": self.steps, "duration_s": seconds}, human)

    def _story(self) -> None:
        show = self.screens.begin
        show("a stack on your machine")
        self._step("lab up", "a local AWS, with the stack of the tutorial on it", _ok, _deployed)
        show("messages go through")
        self._step(
            f"produce --count {FED}",
            f"{FED} messages through the API",
            _accepted(FED),
            _sent,
        )
        self._wait("the consumer processes them", queue=0, results=FED)
        self._step("queue inspect", "nothing is left waiting", _empty, _counts)
        show("a deploy goes wrong")
        self._step(
            "lab break import-module-missing",
            "the consumer's new version lacks a module",
            _ok,
            lambda _: "✓ the new version is deployed",
        )
        self._step(f"produce --count {BROKEN}", f"{BROKEN} more messages", _accepted(BROKEN), _sent)
        self._wait("three attempts each, then the dead-letter queue", dead=BROKEN)
        show("the diagnosis")
        self.cause = self._step(
            "doctor", "what is wrong?", _first_finding("import-module-missing"), code=Exit.NEGATIVE
        )["findings"][0]
        show("mended")
        self._step("lab heal", "the fix: deploy the package with its module", _ok)
        self._step("dlq redrive", "the dead letters go back to their queue", _moved(BROKEN))
        self._wait("the consumer processes them", queue=0, dead=0, results=FED + BROKEN)
        self._step("doctor", "is all well?", _healthy, _verdict)
        show("what you saw")

    def _summary(self, console: Console) -> None:
        """What broke, how it was found, what brought it back, and where to go from here."""
        told = (
            ("broke", self.cause["title"]),
            ("found", f"sqsctl doctor: {self.cause['id']}, from the configuration and the logs"),
            ("back", f"a fixed deploy, then sqsctl dlq redrive: all {FED + BROKEN} were processed"),
            ("next", "the same by hand: sqsctl lab up, then docs/tutorial"),
            ("yours", "sqsctl lab deploy in your service's folder; on AWS: sqsctl doctor"),
        )
        console.print()
        for label, text in told:
            line = styled(f"{label:<8}", "bold") + styled(text)
            hanging(console, line, indent=8)

    def _step(
        self,
        words: str,
        story: str,
        expected: Callable[[Mapping[str, Any]], str | None],
        short: Callable[[Mapping[str, Any]], str] | None = None,
        *,
        code: Exit = Exit.OK,
    ) -> Mapping[str, Any]:
        """Run a command line, show its answer (or ``short``, a line of it), and return its data.

        ``expected`` says what is wrong with the data, or None.
        """
        self._say(f"\n# {story}", "dim")
        self._say(f"$ sqsctl {words}", "bold cyan")
        output = Output("human", color=self.run.output.color, quiet=True)
        inner = Run(output, self.run.program, lab_name=LAB)
        begun = time.monotonic()
        arguments = shlex.split(words)
        if arguments[0] != "lab":
            arguments = ["--lab", *arguments]
        with self.run.progress(story):
            got = self.run.program.execute([*arguments, "--quiet"], inner)
        answer = inner.answer
        entry = {
            "command": f"sqsctl {words}",
            "exit_code": int(got),
            "ok": False,
            "duration_s": round(time.monotonic() - begun, 1),
        }
        self.steps.append(entry)
        if got in {Exit.INTERRUPTED, Exit.TERMINATED}:
            raise SqsctlError(got.meaning, exit=got, code=got.name.lower())
        trouble = None
        if got is not code:
            errors = "; ".join(error.message for error in answer.errors) if answer else ""
            trouble = f"exit code {int(got)} instead of {int(code)}" + (
                f": {errors}" * bool(errors)
            )
        elif answer is not None:
            trouble = expected(answer.data)
        if answer is not None and not self.run.output.json and not answer.errors:
            if short is None or trouble:
                inner.output.show(inner.command, answer, inner.target)
            else:
                self._say(short(answer.data), "green")
        if trouble:
            raise SqsctlError(f"the demo failed at: sqsctl {words}: {trouble}", code="demo_failed")
        entry["ok"] = True
        return answer.data if answer is not None else {}

    def _wait(
        self,
        story: str,
        *,
        queue: int | None = None,
        dead: int | None = None,
        results: int | None = None,
    ) -> None:
        """Wait until queue, dead-letter queue and log have these counts."""
        self._say(f"… {story}", "dim")
        deadline = time.monotonic() + WAIT_S
        inner = Run(Output("human", quiet=True), self.run.program, lab_name=LAB)
        from sqsctl.cli.run.globals import Globals

        inner.adopt(Globals(lab=True, quiet=True))
        with self.run.progress(story) as bar:
            while True:
                seen = _figures(inner, results=results is not None)
                bar.update(note=", ".join(f"{key} {value}" for key, value in seen.items()))
                done = (
                    (queue is None or seen["waiting"] == queue)
                    and (dead is None or seen["dead"] == dead)
                    and (results is None or seen.get("results", 0) >= results)
                )
                if done:
                    break
                if time.monotonic() > deadline:
                    raise SqsctlError(
                        f"the demo waited in vain: {story} ({seen})", code="demo_failed"
                    )
                time.sleep(0.5)
        self._say("✓ " + ", ".join(f"{count} {name}" for name, count in seen.items()), "green")

    def _say(self, text: str, style: str) -> None:
        if not self.run.output.json:
            self.run.output.stdout.print(styled(text, style), soft_wrap=True)


def _figures(run: Run, *, results: bool) -> dict[str, int]:
    """What waits, what is dead, and how many results the consumer logged."""
    from sqsctl.cli.common.queue_figures import counts, logged

    seen = counts(run)
    if results:
        seen["results"] = logged(run, RESULT)
    return seen


def _ok(_data: Mapping[str, Any]) -> str | None:
    return None


def _deployed(data: Mapping[str, Any]) -> str:
    return f"✓ {data['stack']} is deployed on the lab, {data['endpoint']}"


def _sent(data: Mapping[str, Any]) -> str:
    return f"✓ {data['accepted']} accepted in {duration(data['duration_s'])}"


def _counts(data: Mapping[str, Any]) -> str:
    queue = data["queue"]
    return f"✓ {queue['name']}: {queue['visible']} waiting, {queue['in_flight']} in flight"


def _verdict(data: Mapping[str, Any]) -> str:
    return f"✓ {data['verdict']}"


def _down(data: Mapping[str, Any]) -> str | None:
    return None if data.get("stopped") else "the lab was not running"


def _accepted(count: int) -> Callable[[Mapping[str, Any]], str | None]:
    def check(data: Mapping[str, Any]) -> str | None:
        return None if data["accepted"] == count else f"{data['accepted']} of {count} accepted"

    return check


def _moved(count: int) -> Callable[[Mapping[str, Any]], str | None]:
    def check(data: Mapping[str, Any]) -> str | None:
        return None if data["moved"] == count else f"{data['moved']} of {count} moved"

    return check


def _empty(data: Mapping[str, Any]) -> str | None:
    waiting = data["queue"]["visible"] + data["queue"]["in_flight"]
    return f"still there: {counted(waiting, 'message')}" if waiting else None


def _first_finding(identifier: str) -> Callable[[Mapping[str, Any]], str | None]:
    def check(data: Mapping[str, Any]) -> str | None:
        first = data["findings"][0]["id"] if data["findings"] else "nothing"
        return None if first == identifier else f"doctor says {first} first"

    return check


def _healthy(data: Mapping[str, Any]) -> str | None:
    return None if data["verdict"] == "healthy" else f"doctor says {data['verdict']}"
