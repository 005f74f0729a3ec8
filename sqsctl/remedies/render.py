"""A remedy in the words of a case: ways, their steps, how to see that it worked, what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqsctl.model.intents import (
    Bundle,
    ChangeCode,
    ChangeRuntime,
    Deploy,
    Grant,
    Intent,
    Look,
    Option,
    Package,
    Remedy,
    SetVariable,
    TakeDenyAway,
    Tell,
    Wait,
)
from sqsctl.model.remedy import Call, Command, Fix, Sentence, Step, Way
from sqsctl.remedies import renderers
from sqsctl.remedies.calls import calls_of, undo_of
from sqsctl.remedies.cli import aws, look, sqsctl
from sqsctl.remedies.context import Context
from sqsctl.remedies.environment import variable_steps
from sqsctl.remedies.grants import deny_steps, grant_calls, grant_steps, grant_undo
from sqsctl.remedies.packaging import local_steps, upload
from sqsctl.remedies.renderers.base import Renderer

_BUILDS = (Package, Bundle, ChangeCode)
BY_HAND = "with the AWS CLI"


def render(remedy: Remedy, context: Context) -> Fix:
    """The fix that a remedy is, here. Pure; nothing is looked up."""
    ways = tuple(
        way for each in remedy.options for way in sorted(_ways(each, context), key=_only_told)
    )
    calls = _calls(remedy, context)
    disposition = remedy.disposition
    if disposition == "safe" and not calls:
        disposition = "manual"
    fix = Fix(
        remedy.summary,
        disposition,
        calls=calls,
        ways=ways,
        verify=_verify(remedy, context),
        afterwards=tuple(_afterwards(remedy, context)),
        undo=tuple(_undo(remedy, context)),
    )
    return in_old_words(fix)


def in_old_words(fix: Fix) -> Fix:
    """The fix with the fields of older versions, filled from its first way."""
    first = fix.ways[0] if fix.ways else Way("", ())
    lines: dict[str, tuple[str, ...]] = {}
    for each in first.edits:
        lines[each.file] = (*lines.get(each.file, ()), *each.lines)
    known = renderers.files() - {"serverless.yml"}
    other = next((each for each in lines if each in known), "")
    return replace(
        fix,
        commands=tuple(each.line for each in first.commands),
        serverless_yml=lines.get("serverless.yml", ()),
        template=lines.get(other, ()),
        template_of=other,
    )


def _only_told(way: Way) -> bool:
    """Whether no step of a way changes anything: one that does stands before it."""
    return not way.edits and not any(each.changes for each in way.commands)


def _ways(option: Option, context: Context) -> Iterator[Way]:
    tool = renderers.of(context.tool)
    at_deploy = context.phase == "deploy"
    if at_deploy and tool is None and _has_lines(option.intents, context):
        tool = renderers.of("cloudformation")
    if any(isinstance(each, (*_BUILDS, Deploy)) for each in option.intents):
        if tool is not None:
            yield _by_tool(option, tool, context)
        if not at_deploy and (by_hand := _by_hand(option, context, tool)):
            yield by_hand
        return
    lines = tool.edits(option.intents, context) if tool else ()
    direct = () if at_deploy and lines else _direct(option.intents, context)
    if direct:
        changes = any(isinstance(each, Command) and each.changes for each in direct)
        keep = (*lines, *(tool.kept(context) if tool else ())) if changes else ()
        yield Way(_when(option, BY_HAND if keep else ""), (*direct, *keep))
    if tool and lines:
        yield _by_tool(option, tool, context)


def _has_lines(intents: Sequence[Intent], context: Context) -> bool:
    plain = renderers.of("cloudformation")
    return plain is not None and bool(plain.edits(intents, context))


def _when(option: Option, means: str) -> str:
    return ", ".join(filter(None, (option.when, means)))


def _by_tool(option: Option, tool: Renderer, context: Context) -> Way:
    """Through the project: what is done there, the lines of its file, and a deploy."""
    steps: list[Step] = [
        each for intent in option.intents for each in _in_the_project(intent, context)
    ]
    return Way(
        _when(option, f"with {tool.name}"),
        (*steps, *tool.edits(option.intents, context), *tool.deploy(context)),
    )


def _in_the_project(intent: Intent, context: Context) -> tuple[Step, ...]:
    match intent:
        case Package() | Bundle() | ChangeCode():
            return local_steps(intent, context)
        case Tell(text=text):
            return (Sentence(text),)
        case Wait(until=until):
            return (Sentence(f"wait until {until}"),)
        case Look():
            return (look(intent, context),)
        case ChangeRuntime():
            return _before_a_runtime(intent, context)
        case _:
            return ()


def _by_hand(option: Option, context: Context, tool: Renderer | None) -> Way | None:
    """Without a deploy tool: build, upload, and change what else there is by calls."""
    if not any(isinstance(each, _BUILDS) for each in option.intents):
        if tool is not None:
            return None
        told = "deploy the project again, with the tool that deploys it"
        steps = (*_direct(option.intents, context), Sentence(told))
        return Way(_when(option, ""), steps)
    steps = tuple(each for intent in option.intents for each in _carried_out(intent, context))
    built = (each for each in upload(option.intents, context) if each not in steps)
    return Way(_when(option, BY_HAND), (*steps, *built))


def _direct(intents: Sequence[Intent], context: Context) -> tuple[Step, ...]:
    return tuple(each for intent in intents for each in _carried_out(intent, context))


def _carried_out(intent: Intent, context: Context) -> tuple[Step, ...]:
    match intent:
        case Grant():
            return grant_steps(intent, context)
        case TakeDenyAway():
            return deny_steps(intent, context)
        case SetVariable():
            return variable_steps(intent, context)
        case Package() | Bundle() | ChangeCode() | Tell() | Wait() | Look():
            return _in_the_project(intent, context)
        case ChangeRuntime():
            made = tuple(aws(each, context) for each in calls_of(intent))
            return (*_before_a_runtime(intent, context), *made)
        case _:
            return tuple(aws(each, context) for each in calls_of(intent))


def _before_a_runtime(change: ChangeRuntime, context: Context) -> tuple[Step, ...]:
    from sqsctl.remedies.runtimes import needs

    return tuple(Sentence(each) for each in needs(change, context))


def _calls(remedy: Remedy, context: Context) -> tuple[Call, ...]:
    """The first option as calls, where calls are all that it takes."""
    if not remedy.options or remedy.disposition == "manual":
        return ()
    made: list[Call] = []
    for intent in remedy.options[0].intents:
        calls = grant_calls(intent, context) if isinstance(intent, Grant) else calls_of(intent)
        if not calls and not isinstance(intent, Tell | Look | Wait):
            return ()
        made += calls
    return tuple(made)


def _undo(remedy: Remedy, context: Context) -> Iterator[Step]:
    if remedy.disposition == "manual" or not remedy.options:
        return
    for intent in reversed(remedy.options[0].intents):
        calls = grant_undo(intent, context) if isinstance(intent, Grant) else undo_of(intent)
        yield from (aws(each, context) for each in calls)


def _verify(remedy: Remedy, context: Context) -> tuple[Step, ...]:
    if remedy.verify:
        return tuple(
            look(each, context) if isinstance(each, Look) else Sentence(each.text)
            for each in remedy.verify
        )
    if context.text_alone:
        if context.phase == "deploy":
            return (Sentence("the same deploy goes through"),)
        return (
            Sentence(
                "call the function (or send one message) again: its next log lines no longer "
                "show this, which sqsctl logs explain says of them"
            ),
        )
    if not context.check:
        return ()
    words = ("doctor", "--only", context.check)
    return (sqsctl(context, *words, *_aim(context), changes=False),)


def _aim(context: Context) -> tuple[str, ...]:
    """What doctor is to look at, where no stack holds it."""
    stack = context.stack
    if stack.stack_name:
        return ()
    queues = [each.name for each in stack.queues]
    if context.subject in queues:
        return ("--queue", context.subject)
    if context.function:
        return ("--function", context.function)
    return ("--queue", queues[0]) if queues else ()


def _afterwards(remedy: Remedy, context: Context) -> Iterator[Step]:
    """Dead letters are moved back after the cause is mended, and only where there are some."""
    asked = remedy.afterwards
    if asked is None:
        return
    for queue in (asked.queue,) if asked.queue else context.dead_letters:
        words = ("--edit",) if asked.edit else ("--canary", "1")
        yield sqsctl(context, "dlq", "redrive", *words, queue=queue)
