"""The CDK, whatever language the app is written in. Names are those of its API reference.

One table (``property_names.CDK``) says what a property is called and of which kind its value is;
a language says how it writes names, values and constructs. A renderer words one option of one
remedy: it keeps what the lines use, to name it at their end.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from sqsctl.model.intents import REMOVED, Grant, Intent
from sqsctl.model.remedy import Call, Edit, Step
from sqsctl.remedies.alarm_lines import alarms, dimensions, logical_id
from sqsctl.remedies.context import Context
from sqsctl.remedies.notation import Reference, removed_within
from sqsctl.remedies.renderers.base import Renderer, typed
from sqsctl.remedies.renderers.property_names import CDK, CDK_CLASS, CDK_HASH
from sqsctl.remedies.settings import Setting, with_dead_letters

DAY_S = 86_400
# A class of aws-cdk-lib: its module (``sqs``, ``lambda``, ``iam``; empty: the core), and its name.
Name = tuple[str, str]


class Cdk(Renderer):
    name = "the CDK"
    file = "the CDK app"
    comment: ClassVar[str] = "//"
    end: ClassVar[str] = ""  # of a statement
    api_arn: ClassVar[str] = "api.arnForExecuteApi()"

    def __init__(self) -> None:
        self.used: set[Name] = set()

    def edits(self, intents: Sequence[Intent], context: Context) -> tuple[Edit, ...]:
        self.used.clear()
        return tuple(
            replace(each, lines=(*each.lines, *self._with_imports(each.lines)))
            if each.file == self.file
            else each
            for each in super().edits(intents, context)
        )

    def _with_imports(self, lines: Sequence[str]) -> Iterable[str]:
        if all(each.startswith(self.comment) for each in lines):
            return ()
        made = self.imports(sorted(self.used))
        return (
            (f"{self.comment} at the top of the file, if it is not there:", *made) if made else ()
        )

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        lines: list[str] = []
        for each in found:
            told = [
                self._line(name, how, value, context)
                for key, value in _flat(with_dead_letters(each)).items()
                if (words := CDK.get((each.kind, key)))
                for name, how in (words,)
            ]
            held = (each.logical_id if each.kind == "queue" else each.function) or (
                each.logical_id if context.text_alone else ""
            )
            if not held and not context.stack.stack_name:
                held = each.name  # no stack holds it: the app may
            if told and held:
                called = "" if each.unnamed else CDK_HASH.sub("", held)
                named = f"{self.comment} {CDK_CLASS[each.kind]} {called}".rstrip()
                lines += [named.removesuffix(" of"), *told]
        return lines

    def _line(self, name: str, how: str, value: object, context: Context) -> str:
        if value is REMOVED:
            return f"{self.comment} remove: {self.key(name)}"
        if removed := removed_within(value):
            return f"{self.comment} remove from {self.key(name)}: {', '.join(removed)}"
        return self.property(name, self.value(how, value, context))

    def deploy(self, context: Context) -> tuple[Step, ...]:
        name = context.stack.stack_name
        return (typed("cdk", "deploy", *((name,) if name else ())),)

    # -- how a language writes it ---------------------------------------------------------

    @abstractmethod
    def imports(self, used: Sequence[Name]) -> Sequence[str]:
        """The lines that make these classes known."""

    @abstractmethod
    def key(self, name: str) -> str:
        """The name of a property or method, as this language writes it; given as TypeScript's."""

    @abstractmethod
    def property(self, name: str, value: str) -> str:
        """A property and its value, as it stands among others."""

    @abstractmethod
    def called(self, name: Name) -> str:
        """A class, as the code calls it."""

    @abstractmethod
    def struct(self, name: Name, given: Mapping[str, str]) -> str:
        """Named values, as properties of a construct are given."""

    @abstractmethod
    def construct(self, name: Name, identifier: str, given: Mapping[str, str]) -> str:
        """A new construct of the app."""

    @abstractmethod
    def mapping(self, given: Mapping[str, str]) -> str:
        """Names and values that are data."""

    @abstractmethod
    def listed(self, each: Name | None, items: Sequence[str]) -> str:
        """A list of texts (None), or of objects of a class."""

    def truth(self, value: object) -> str:
        return "true" if value else "false"

    def text(self, value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    def number(self, value: int) -> str:
        return str(value)

    def amount(self, name: Name, unit: str, value: int) -> str:
        """A duration or a size."""
        return f"{self.class_(name)}.{self.key(unit)}({self.number(value)})"

    def constant(self, name: Name, value: str) -> str:
        """A value that a class holds."""
        return f"{self.class_(name)}.{value}"

    def option(self, name: Name, value: str) -> str:
        """A value of an enumeration."""
        return self.constant(name, value)

    def new(self, name: Name, *arguments: str) -> str:
        return f"new {self.class_(name)}({', '.join(arguments)})"

    def principal(self, host: str) -> str:
        return self.new(("iam", "ServicePrincipal"), self.text(host))

    def built(self, name: Name, given: Mapping[str, str]) -> str:
        """An object that is no construct of the app."""
        return self.new(name, self.struct((name[0], ""), given))

    def attribute(self, owner: str, name: str) -> str:
        return f"{owner}.{self.key(name)}"

    # -- values ----------------------------------------------------------------------------

    def class_(self, name: Name) -> str:
        self.used.add(name)
        return self.called(name)

    def plain(self, value: object) -> str:
        match value:
            case bool():
                return self.truth(value)
            case int():
                return self.number(value)
            case list() | tuple():
                return self.listed(None, [self.plain(each) for each in value])
            case str():
                return self.text(value)
            case _:
                return json.dumps(value, ensure_ascii=False)

    def value(self, how: str, value: object, context: Context) -> str:
        """A value of a property; ``how`` is its kind in the table of names."""
        ways: Mapping[str, Callable[[], str]] = {
            "duration": lambda: self._duration(int(str(value))),
            "mebibytes": lambda: self.amount(
                ("", "Size"), "mebibytes", int(str(_within(value, "Size")))
            ),
            "runtime": lambda: self.constant(("lambda", "Runtime"), _runtime(value)),
            "truth": lambda: self.truth(value),
            "variables": lambda: self._variables(value),
            "redrive": lambda: self._redrive(value),
            "allow": lambda: self._allow(value, context),
            "principal": lambda: (
                self.new(("iam", "AnyPrincipal")) if value == "*" else self.principal(str(value))
            ),
            "queue-arn": lambda: self.got("queue", "queueArn"),
            "source": lambda: self.plain(value) if isinstance(value, str) else self.api_arn,
            "auth": lambda: self.option(("lambda", "FunctionUrlAuthType"), str(value)),
            "loop": lambda: self.option(("lambda", "RecursiveLoop"), str(value).upper()),
            "metrics": lambda: self.struct(
                ("lambda", "MetricsConfig"),
                {
                    "metrics": self.listed(
                        ("lambda", "MetricType"),
                        [self.option(("lambda", "MetricType"), "EVENT_COUNT")],
                    )
                },
            ),
            "maximum": lambda: self.plain(_within(value, "MaximumConcurrency")),
            "format": lambda: self.option(("lambda", "LoggingFormat"), str(value).upper()),
            "level": lambda: self.option(("lambda", "ApplicationLogLevel"), str(value)),
            "system-level": lambda: self.option(("lambda", "SystemLogLevel"), str(value)),
        }
        return ways[how]() if how in ways else self.plain(value)

    def _duration(self, seconds: int) -> str:
        days = seconds and seconds % DAY_S == 0
        unit, amount = ("days", seconds // DAY_S) if days else ("seconds", seconds)
        return self.amount(("", "Duration"), unit, amount)

    def grant(self, grant: Grant, context: Context) -> Sequence[str]:
        function = context.stack.function(context.function)
        named = CDK_HASH.sub("", (function.logical_id if function else None) or "")
        given = {
            "actions": self.plain(list(grant.actions)),
            "resources": self.plain([grant.resource or "RESOURCE_ARN"]),
        }
        statement = self.built(("iam", "PolicyStatement"), given)
        add = self.attribute(self.variable(named or "fn"), "addToRolePolicy")
        return (
            f"{self.comment} {CDK_CLASS['function']} {named}".rstrip(),
            f"{add}({statement}){self.end}",
        )

    def alarms(self, calls: Sequence[Call]) -> Sequence[str]:
        lines: list[str] = []
        for name, given, topic in alarms(calls):
            metric = {
                "namespace": self.plain(given["Namespace"]),
                "metricName": self.plain(given["MetricName"]),
                "dimensionsMap": self.mapping(
                    {key: self.text(value) for key, value in dimensions(given)}
                ),
                "statistic": self.plain(given["Statistic"]),
                "period": self._duration(int(str(given["Period"]))),
            }
            told = {
                "alarmName": self.text(name),
                "metric": self.built(("cloudwatch", "Metric"), metric),
                "threshold": self.plain(given["Threshold"]),
                "evaluationPeriods": self.plain(given["EvaluationPeriods"]),
                **{
                    f"{key[0].lower()}{key[1:]}": self.option(
                        ("cloudwatch", key), _constant(str(given[key]))
                    )
                    for key in ("ComparisonOperator", "TreatMissingData")
                },
            }
            made = {"topicName": self.text(topic)}
            known = str(next(iter(_items(given["AlarmActions"])), "topic")).rpartition(":")[2]
            heard = (
                self.construct(("sns", "Topic"), logical_id(topic), made)
                if topic
                else self.variable(known)
            )
            alarm = self.construct(("cloudwatch", "Alarm"), logical_id(name), told)
            action = self.new(("cloudwatch_actions", "SnsAction"), heard)
            lines.append(f"{self.attribute(alarm, 'addAlarmAction')}({action}){self.end}")
        return lines

    def variable(self, logical_id: str) -> str:
        """What the app may call a construct."""
        name = re.sub(r"\W+(\w)", lambda found: found[1].upper(), CDK_HASH.sub("", logical_id))
        return f"{name[:1].lower()}{name[1:]}"

    def _variables(self, value: object) -> str:
        found = _within(value, "Variables")
        named = found.items() if isinstance(found, Mapping) else ()
        return self.mapping({str(name): self._text(each) for name, each in named})

    def _text(self, value: object) -> str:
        """A text, or the URL of a queue that the app makes."""
        if not isinstance(value, Reference):
            return self.text(str(value))
        return self.got(self.variable(value.logical_id), "queueUrl")

    def got(self, owner: str, name: str) -> str:
        """An attribute of a construct that the app makes."""
        return self.attribute(owner, name)

    def _redrive(self, value: object) -> str:
        made = _within(value, "made")
        given = {"retentionPeriod": self._duration(14 * DAY_S)}
        if _within(value, "fifo"):
            given["fifo"] = self.truth(True)
        queue = (
            self.construct(("sqs", "Queue"), str(made), given)
            if made
            else self.variable("deadLetters")
        )
        count = self.plain(_within(value, "maxReceiveCount"))
        return self.struct(("sqs", "DeadLetterQueue"), {"queue": queue, "maxReceiveCount": count})

    def _allow(self, value: object, context: Context) -> str:
        """A redrive allow policy for the queues that it names, by what the app may call them."""
        found = _within(value, "sourceQueueArns")
        arns = [str(each) for each in found] if isinstance(found, list) else []
        held = {each.arn: each.logical_id for each in context.stack.queues}
        names = [self.variable(held.get(each) or each.rpartition(":")[2]) for each in arns]
        given = {
            "redrivePermission": self.option(("sqs", "RedrivePermission"), "BY_QUEUE"),
            "sourceQueues": self.listed(("sqs", "IQueue"), names),
        }
        return self.struct(("sqs", "RedriveAllowPolicy"), given)


def _flat(given: Mapping[str, object]) -> dict[str, object]:
    """Properties that the CDK has a name of its own for, part by part."""
    found: dict[str, object] = {}
    for key, value in given.items():
        if key == "LoggingConfig" and isinstance(value, Mapping):
            found |= {f"{key}.{name}": each for name, each in value.items()}
        else:
            found[key] = value
    return found


def _constant(value: str) -> str:
    """``GreaterThanThreshold`` is GREATER_THAN_THRESHOLD."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value).upper()


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _runtime(value: object) -> str:
    """``python3.13`` is PYTHON_3_13, ``nodejs22.x`` NODEJS_22_X."""
    name = re.sub(r"(?<=[A-Z])(?=\d)", "_", str(value).upper())
    return name.replace(".", "_")


def _within(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None
