"""sqsctl demo: the whole story on a lab of its own, unattended.

Each step is a command line as a user would type it, run in this process; a step that
does not do what it says ends the demo with a failure. The lab is named ``demo``, so that
a user's own lab is never touched.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, Output, styled
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

LAB = "demo"
FED = 50
BROKEN = 10
WAIT_S = 60.0
RESULT = "결과"


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
    started: float = field(default_factory=time.monotonic)

    def play(self) -> Answer:
        """All steps. Whatever happens, the lab is down at the end."""
        from sqsctl.lab.settings import require_emulator

        require_emulator()
        ending = ("lab down", "and the lab leaves nothing behind", _down)
        try:
            self._story()
        except BaseException:
            if self.steps:
                with suppress(SqsctlError):  # what went wrong before is what matters
                    self._step(*ending)
            raise
        self._step(*ending)
        seconds = round(time.monotonic() - self.started, 1)

        def human(console: Console) -> None:
            console.print(styled(f"✓ done in {seconds:.0f} s", "bold green"))

        return Answer({"steps": self.steps, "duration_s": seconds}, human)

    def _story(self) -> None:
        self._step("lab up", "a local AWS, with the stack of the tutorial on it", _ok)
        self._step(f"produce --count {FED}", f"{FED} messages through the API", _accepted(FED))
        self._wait("the consumer works them off", queue=0, results=FED)
        self._step("queue inspect", "nothing is left waiting", _empty)
        self._step(
            "lab break import-module-missing", "a deploy goes wrong: a module is missing", _ok
        )
        self._step(f"produce --count {BROKEN}", f"{BROKEN} more messages", _accepted(BROKEN))
        self._wait("three attempts each, then the dead-letter queue", dead=BROKEN)
        self._step(
            "doctor", "what is wrong?", _first_finding("import-module-missing"), Exit.NEGATIVE
        )
        self._step("lab heal", "the fix: deploy the package with its module", _ok)
        self._step("dlq redrive", "the dead letters go back to work", _moved(BROKEN))
        self._wait("and are worked off", queue=0, dead=0, results=FED + BROKEN)
        self._step("doctor", "is all well?", _healthy)

    def _step(
        self,
        words: str,
        story: str,
        expected: Callable[[Mapping[str, Any]], str | None],
        code: Exit = Exit.OK,
    ) -> None:
        """Run a command line; ``expected`` says what is wrong with its data, or None."""
        self._say(f"\n# {story}", "dim")
        self._say(f"$ sqsctl {words}", "bold cyan")
        output = Output("human", color=self.run.output.color, quiet=True)
        inner = Run(output, self.run.program, lab_name=LAB)
        begun = time.monotonic()
        arguments = shlex.split(words)
        if arguments[0] != "lab":
            arguments = ["--lab", *arguments]
        got = self.run.program.execute([*arguments, "--quiet"], inner)
        answer = inner.answer
        entry = {
            "command": f"sqsctl {words}",
            "exit_code": int(got),
            "ok": False,
            "duration_s": round(time.monotonic() - begun, 1),
        }
        self.steps.append(entry)
        if answer is not None and not self.run.output.json and not answer.errors:
            inner.output.show(inner.command, answer, inner.target)
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
        if trouble:
            raise SqsctlError(f"the demo failed at: sqsctl {words}: {trouble}", code="demo_failed")
        entry["ok"] = True

    def _wait(
        self,
        story: str,
        *,
        queue: int | None = None,
        dead: int | None = None,
        results: int | None = None,
    ) -> None:
        """Wait until queue, dead-letter queue and log have these counts."""
        self._say(f"# … {story}", "dim")
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
                    return
                if time.monotonic() > deadline:
                    raise SqsctlError(
                        f"the demo waited in vain: {story} ({seen})", code="demo_failed"
                    )
                time.sleep(0.5)

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
