"""``aws SERVICE OPERATION --options``, read as the AWS CLI reads it, and carried out by botocore.

Names come from botocore's own models: operations and options in kebab case; values as JSON, in the
shorthand syntax (``Key=value,Key=value``), as ``file://`` and ``fileb://``, or plain. Of the CLI's
own options ``--query`` and ``--output json|text`` are followed; commands that are none of a
service's operations (``s3 cp``, ``configure``) are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.errors import UsageError

_ALIASES = {"s3api": "s3"}
# The CLI's own options, and whether each takes a value.
_OWN = {
    "--query": True,
    "--output": True,
    "--region": True,
    "--endpoint-url": True,
    "--profile": True,
    "--cli-read-timeout": True,
    "--cli-connect-timeout": True,
    "--color": True,
    "--no-cli-pager": False,
    "--no-paginate": False,
    "--debug": False,
}
_BIG = 64 * 1024 * 1024  # bytes of a file that a value may name


@dataclass(frozen=True, slots=True)
class CliCall:
    """One call: boto3's service, the API's operation, its parameters, and what to show of it."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    query: str = ""
    output: str = "json"


def read(words: Sequence[str]) -> CliCall:
    """The call that the words behind ``aws`` mean. Raises UsageError for what is none."""
    rest, own = list(words), dict[str, str]()
    while rest and rest[0] in _OWN:
        _own(rest, own)
    if len(rest) < 2 or rest[0].startswith("-") or rest[1].startswith("-"):
        raise _wrong("name a service and one of its operations, as in: sqs list-queues")
    service, command = _ALIASES.get(rest[0], rest[0]), rest[1]
    operation, shape = _operation(service, command)
    members = dict(shape.members) if shape else {}
    named = {f"--{_kebab(name)}": name for name in members}
    given: dict[str, Any] = {}
    rest = rest[2:]
    while rest:
        if rest[0] in _OWN:
            _own(rest, own)
            continue
        option, _, inline = rest.pop(0).partition("=")
        values = [inline] if inline else []
        while rest and not rest[0].startswith("--"):
            values.append(rest.pop(0))
        positive = option in named
        name = named.get(option) or named.get(option.replace("--no-", "--", 1))
        if name is None and (service, operation, option) == (
            "lambda",
            "CreateFunction",
            "--zip-file",
        ):
            given.setdefault("Code", {})["ZipFile"] = _content(values[0] if values else "", True)
            continue
        if name is None:
            raise _wrong(f"{service} {command} has no option {option}", tuple(named))
        if name in given:
            raise _wrong(f"{option} is given twice")
        given[name] = _value(members[name], values, option, positive=positive)
    output = own.get("--output", "json")
    if output not in {"json", "text"}:
        raise _wrong(f"--output {output} is not known here: json, text")
    return CliCall(service, operation, given, own.get("--query", ""), output)


def carry_out(session: Session, called: CliCall) -> str:
    """Make the call; its answer as the CLI prints it. Raises SqsctlError."""
    import jmespath
    from botocore import xform_name
    from botocore.exceptions import ParamValidationError

    from sqsctl.aws.unsupported import offered

    client = session.client(called.service)
    try:
        with offered(f"{called.service} {called.operation}"):
            answer = getattr(client, xform_name(called.operation))(**called.parameters)
    except ParamValidationError as error:
        raise _wrong(str(error)) from None
    answer.pop("ResponseMetadata", None)
    shown: Any = {key: _plain(value) for key, value in answer.items()}
    if called.query:
        try:
            shown = jmespath.search(called.query, shown)
        except jmespath.exceptions.JMESPathError as error:
            raise _wrong(f"--query {called.query}: {error}") from None
    if called.output == "text":
        return _text(shown)
    return json.dumps(shown, indent=4, ensure_ascii=False) if shown not in ({}, None) else ""


def _own(rest: list[str], own: dict[str, str]) -> None:
    option = rest.pop(0)
    if _OWN[option]:
        if not rest:
            raise _wrong(f"{option} takes a value")
        own[option] = rest.pop(0)


def _operation(service: str, command: str) -> tuple[str, Any]:
    """The operation's name and the shape of its input, by botocore's model."""
    import botocore.session
    from botocore.exceptions import UnknownServiceError

    made = botocore.session.Session()
    try:
        model = made.get_service_model(service)
    except UnknownServiceError:
        raise _wrong(f"there is no service {service}", made.get_available_services()) from None
    names = {_kebab(each): each for each in model.operation_names}
    if command not in names:
        raise _wrong(f"{service} has no operation {command}", tuple(names))
    return names[command], model.operation_model(names[command]).input_shape


def _kebab(name: str) -> str:
    from botocore import xform_name

    return str(xform_name(name, "-"))


def _value(shape: Any, values: list[str], option: str, *, positive: bool = True) -> Any:
    if shape.type_name == "boolean" and not values:
        return positive
    if not values:
        raise _wrong(f"{option} takes a value")
    if shape.type_name == "list" and not _from_file(values[0]).lstrip().startswith("["):
        return [_value(shape.member, [each], option) for each in values]
    if len(values) > 1:
        raise _wrong(f"{option} takes one value: quote it")
    if shape.type_name == "blob":
        return _content(values[0], values[0].startswith("fileb://"))
    return _read(shape, _from_file(values[0]), option)


def _read(shape: Any, text: str, option: str) -> Any:
    try:
        match shape.type_name:
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "integer" | "long":
                return int(text)
            case "double" | "float":
                return float(text)
            case "structure" | "map" if not text.lstrip().startswith("{"):
                return _shorthand(shape, text, option)
            case "structure" | "map" | "list":
                return json.loads(text)
            case _:
                return text
    except (ValueError, KeyError, RecursionError):
        raise _wrong(f"{option}: {text[:80]!r} is no {shape.type_name}") from None


def _shorthand(shape: Any, text: str, option: str) -> dict[str, Any]:
    """``Key=value,Key=[a,b]``: no deeper than one level."""
    given: dict[str, Any] = {}
    for pair in _split(text):
        key, equals, value = pair.partition("=")
        member = shape.value if shape.type_name == "map" else shape.members.get(key)
        if not equals or member is None:
            raise _wrong(f"{option}: {pair[:80]!r} is no Key=value of it")
        if member.type_name == "list":
            inner = value.strip("[]").split(",") if value.startswith("[") else [value]
            given[key] = [_read(member.member, each, option) for each in inner]
        else:
            given[key] = _read(member, value, option)
    return given


def _split(text: str) -> list[str]:
    """At commas that stand in no brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "[{") - (char in "]}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _from_file(text: str) -> str:
    return str(_content(text, False)) if text.startswith("file://") else text


def _content(text: str, binary: bool) -> bytes | str:
    """What a ``file://`` or ``fileb://`` value names; any other text is itself."""
    scheme, found, place = text.partition("://")
    if not found or scheme not in {"file", "fileb"}:
        return text.encode() if binary else text
    path = Path(place).expanduser()
    try:
        if path.stat().st_size > _BIG:
            raise _wrong(f"{place} is larger than {_BIG} bytes")
        return path.read_bytes() if scheme == "fileb" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{place} cannot be read: {error}") from None


def _plain(value: Any) -> Any:
    """An answer's value as JSON can hold it; streams are read."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "read"):
        return value.read().decode("utf-8", "replace")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "\t".join(_text(each) for each in value.values())
    if isinstance(value, list):
        flat = all(not isinstance(each, Mapping | list) for each in value)
        return ("\t" if flat else "\n").join(_text(each) for each in value)
    return "None" if value is None else str(value)


def _wrong(message: str, names: Sequence[str] = ()) -> UsageError:
    from difflib import get_close_matches

    wanted = message.rpartition(" ")[2]
    near = get_close_matches(wanted, names, 1)
    hint = f"did you mean {near[0]}?" if near else "aws help tells what the AWS CLI takes"
    return UsageError(message, hint=hint, code="aws_line")
