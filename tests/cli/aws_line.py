"""``aws`` command lines, read as the AWS CLI reads them and checked against botocore's models.

Names of services, operations and options are the CLI's (kebab case of the model's); values are
JSON, the shorthand ``Key=value,Key=value``, or plain. What is not so fails with AssertionError.
"""

from __future__ import annotations

import json
import shlex
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

# Options of the CLI's own for this operation, in place of the model's IpPermissions.
SIMPLIFIED = {
    f"authorize-security-group-{way}": {"--protocol", "--port", "--source-group", "--cidr"}
    for way in ("ingress", "egress")
}
GLOBAL = {"--region": 1, "--endpoint-url": 1, "--query": 1, "--output": 1, "--profile": 1}


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def _service(name: str) -> Any:
    return _session().get_service_model("s3" if name == "s3api" else name)


def called(line: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    """The operation, its parameters by the model's names, and the CLI's own options."""
    words = shlex.split(line)
    assert words.pop(0) == "aws", line
    own: dict[str, str] = {}
    while words[0].startswith("--"):
        assert words[0] in GLOBAL, f"{words[0]} before the service: {line}"
        own[words[0]] = words[1]
        words = words[2:]
    service, command, *rest = words
    model = _service(service)
    operations = {xform_name(each, "-"): each for each in model.operation_names}
    assert command in operations, line
    operation = model.operation_model(operations[command])
    members = operation.input_shape.members if operation.input_shape else {}
    options = {f"--{xform_name(name, '-')}": name for name in members}
    given: dict[str, Any] = {}
    while rest:
        option = rest.pop(0)
        values = []
        while rest and not rest[0].startswith("--"):
            values.append(rest.pop(0))
        if option in SIMPLIFIED.get(command, ()):
            assert len(values) == 1, line
            continue
        if option in GLOBAL:
            (own[option],) = values
            continue
        negated = option.replace("--no-", "--", 1)
        name = options.get(option) or options.get(negated)
        assert name, f"no option {option}: {line}"
        assert name not in given, f"{option} twice: {line}"
        given[name] = _value(members[name], values, positive=option in options)
    report = ParamValidator().validate(given, operation.input_shape)
    assert not report.has_errors(), f"{report.generate_report()}: {line}"
    return f"{service}:{operations[command]}", given, own


def _value(shape: Any, values: list[str], *, positive: bool) -> Any:
    if shape.type_name == "boolean":
        assert not values
        return positive
    assert values, shape.name
    if shape.type_name == "list" and not values[0].startswith("["):
        return [_value(shape.member, [each], positive=True) for each in values]
    (text,) = values
    match shape.type_name:
        case "integer" | "long":
            return int(text)
        case "double" | "float":
            return float(text)
        case "blob":
            assert text.startswith("fileb://"), text
            return b""
        case "structure" | "map":
            return json.loads(text) if text.startswith("{") else _shorthand(shape, text)
        case "list":
            return json.loads(text)
    return text


def _shorthand(shape: Any, text: str) -> dict[str, Any]:
    pairs = dict(each.split("=", 1) for each in text.split(","))
    if shape.type_name == "map":
        return {key: _value(shape.value, [value], positive=True) for key, value in pairs.items()}
    return {key: _value(shape.members[key], [value], positive=True) for key, value in pairs.items()}
