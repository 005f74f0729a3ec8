"""The CDK, whatever language the app is written in. Names are those of its API reference."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence

from sqsctl.model.intents import REMOVED, Grant
from sqsctl.model.remedy import Step
from sqsctl.remedies.context import Context
from sqsctl.remedies.notation import Reference
from sqsctl.remedies.renderers.base import Renderer, typed
from sqsctl.remedies.renderers.property_names import CDK, CDK_CLASS, CDK_HASH
from sqsctl.remedies.settings import Setting, with_dead_letters

DAY_S = 86_400


class Cdk(Renderer):
    name = "the CDK"
    file = "the CDK app"
    comment = "//"

    def properties(self, found: Sequence[Setting], context: Context) -> Sequence[str]:
        del context
        lines: list[str] = []
        for each in found:
            told = [
                f"{self.comment} remove: {self.key(name)}"
                if value is REMOVED
                else self.property(name, self.value(how, value))
                for key, value in with_dead_letters(each).items()
                if (words := CDK.get((each.kind, key)))
                for name, how in (words,)
            ]
            held = each.logical_id if each.kind == "queue" else each.function
            if told and held:
                named = f"{self.comment} {CDK_CLASS[each.kind]} {CDK_HASH.sub('', held)}"
                lines += [named, *told]
        return lines

    def deploy(self, context: Context) -> tuple[Step, ...]:
        name = context.stack.stack_name
        return (typed("cdk", "deploy", *((name,) if name else ())),)

    @abstractmethod
    def key(self, name: str) -> str:
        """A property's name, as this language writes it; given as TypeScript's."""

    @abstractmethod
    def property(self, name: str, value: str) -> str:
        """A property and its value, as it stands among others."""

    @abstractmethod
    def record(self, given: Mapping[str, str]) -> str:
        """Named values, as properties of a construct are given."""

    @abstractmethod
    def truth(self, value: object) -> str:
        """True or false."""

    def plain(self, value: object) -> str:
        if isinstance(value, bool):
            return self.truth(value)
        return json.dumps(value, ensure_ascii=False)

    def value(self, how: str, value: object) -> str:
        """A value of a property; ``how`` is its kind in the table of names."""
        match how:
            case "duration":
                seconds = int(str(value))
                days = seconds and seconds % DAY_S == 0
                return f"Duration.{f'days({seconds // DAY_S})' if days else f'seconds({seconds})'}"
            case "runtime":
                return f"{self.lambdas}Runtime.{_runtime(value)}"
            case "truth":
                return self.truth(value)
            case "variables":
                return self._variables(value)
            case "redrive":
                return self._redrive(value)
            case "allow":
                return self._allow(value)
            case "principal":
                service = self.new("iam.ServicePrincipal", self.plain(value))
                return self.new("iam.AnyPrincipal", "") if value == "*" else service
            case "source":
                return self.plain(value) if isinstance(value, str) else self.api_arn
            case "auth":
                return f"{self.lambdas}FunctionUrlAuthType.{value}"
            case "maximum":
                return str(_within(value, "MaximumConcurrency"))
            case _:
                return self.plain(value)

    lambdas = ""
    api_arn = "api.arnForExecuteApi()"

    def new(self, name: str, inside: str) -> str:
        return f"new {name}({inside})"

    def grant(self, grant: Grant, context: Context) -> Sequence[str]:
        function = context.stack.function(context.function)
        named = CDK_HASH.sub("", (function.logical_id if function else None) or "")
        given = {
            "actions": self.plain(list(grant.actions)),
            "resources": self.plain([grant.resource or "RESOURCE_ARN"]),
        }
        statement = self.new("iam.PolicyStatement", self.record(given))
        return (
            f"{self.comment} {CDK_CLASS['function']} {named}".rstrip(),
            f"{self.variable(named or 'fn')}.{self.key('addToRolePolicy')}({statement})",
        )

    def variable(self, logical_id: str) -> str:
        """What the app may call a construct."""
        name = CDK_HASH.sub("", logical_id)
        return f"{name[:1].lower()}{name[1:]}"

    def _variables(self, value: object) -> str:
        found = _within(value, "Variables")
        named = found.items() if isinstance(found, Mapping) else ()
        return self.mapping({str(name): self._text(each) for name, each in named})

    def mapping(self, given: Mapping[str, str]) -> str:
        """Names and values that are data."""
        return self.record(given)

    def _text(self, value: object) -> str:
        """A text, or the URL of a queue that the app makes."""
        if not isinstance(value, Reference):
            return self.plain(value)
        return f"{self.variable(value.logical_id)}.{self.key('queueUrl')}"

    def _redrive(self, value: object) -> str:
        made = _within(value, "made")
        given = {"retentionPeriod": "Duration.days(14)"}
        if _within(value, "fifo"):
            given["fifo"] = self.truth(True)
        queue = self.construct("sqs.Queue", str(made), given) if made else "deadLetters"
        count = str(_within(value, "maxReceiveCount"))
        return self.dead_letter_queue({"queue": queue, "maxReceiveCount": count})

    @abstractmethod
    def construct(self, name: str, identifier: str, given: Mapping[str, str]) -> str:
        """A new construct of the app."""

    def dead_letter_queue(self, given: Mapping[str, str]) -> str:
        return self.record(given)

    def _allow(self, value: object) -> str:
        found = _within(value, "sourceQueueArns")
        names = [str(arn).rpartition(":")[2] for arn in found] if isinstance(found, list) else []
        return self.allow_policy(names)

    @abstractmethod
    def allow_policy(self, names: Sequence[str]) -> str:
        """A redrive allow policy for the queues of these names."""


def _runtime(value: object) -> str:
    """``python3.13`` is PYTHON_3_13, ``nodejs22.x`` NODEJS_22_X."""
    name = re.sub(r"(?<=[A-Z])(?=\d)", "_", str(value).upper())
    return name.replace(".", "_")


def _within(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None
