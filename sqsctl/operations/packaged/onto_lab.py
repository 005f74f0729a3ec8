"""A packaged stack made ready for an emulator: its code uploaded, its template fit for it.

Code and nested templates go into a bucket of the lab's own, under names made of their content,
so that what did not change is not deployed again. The template is what the tool wrote apart
from where code lies, and from what an account only has by ``cdk bootstrap`` or Parameter
Store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqsctl.aws.buckets import Buckets
from sqsctl.errors import UsageError
from sqsctl.operations.packaged.archives import zipped
from sqsctl.operations.packaged.leaving_out import Lacking, lacking, without
from sqsctl.operations.packaged.packaged_stack import (
    CODE_PROPERTIES,
    PackagedStack,
    properties,
)
from sqsctl.operations.packaged.parameters import FROM_STORE
from sqsctl.operations.packaged.plain_template import uses_sam
from sqsctl.operations.packaged.sam_transform import transformed

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

BUCKET = "sqsctl-lab-packages"
_BOOTSTRAP = "BootstrapVersion"


@dataclass(frozen=True, slots=True)
class Ready:
    """A template as text, and what of the project is not in it."""

    stack: PackagedStack
    lacking: tuple[Lacking, ...]


def prepared(stack: PackagedStack, known: Collection[str], region: str) -> Ready:
    """Transform what has to be, and find what the emulator lacks. Nothing is uploaded yet.

    Raises SqsctlError where SAM's translator is needed and not installed.
    """
    ready = transformed_stack(stack, region)
    return Ready(ready, lacking(ready, known))


def transformed_stack(stack: PackagedStack, region: str) -> PackagedStack:
    """The stack without SAM's types, its code by the logical ids that are left."""
    if not uses_sam(stack.template):
        return stack
    pieces = _with_code(stack, {key: f"s3://{BUCKET}/{key}" for key in stack.code})
    plain = replace(stack, template=transformed(pieces, region))
    return replace(plain, code=_code_of(plain, stack))


def upload(
    session: Session, ready: Ready, known: Collection[str], given: Mapping[str, str]
) -> tuple[str, str]:
    """Upload the code and the template without what is lacking: its text, and where it lies.

    ``given`` are the parameters that a person named. Raises UsageError where a parameter has
    no value that this machine could know.
    """
    buckets = Buckets(session)
    buckets.ensure(BUCKET)
    return _stored(buckets, _uploaded(buckets, ready, known, given))


def _stored(buckets: Buckets, template: Mapping[str, Any]) -> tuple[str, str]:
    text = json.dumps(template, separators=(",", ":"))
    name = f"{hashlib.sha256(text.encode()).hexdigest()}.template.json"
    buckets.put(BUCKET, name, text.encode())
    return text, buckets.url(BUCKET, name)


def _uploaded(
    buckets: Buckets, ready: Ready, known: Collection[str], given: Mapping[str, str]
) -> dict[str, Any]:
    stack = ready.stack
    gone = {each.logical_id for each in ready.lacking}
    places = {}
    for key, path in stack.code.items():
        if key not in gone:
            data = zipped(path)
            name = f"{hashlib.sha256(data).hexdigest()}.zip"
            buckets.put(BUCKET, name, data)
            places[key] = f"s3://{BUCKET}/{name}"
    template = without(_with_code(stack, places), gone)
    for key, inner in stack.nested.items():
        if key in gone:
            continue
        region = buckets.region
        below = prepared(inner, known, region)
        _, url = _stored(buckets, _uploaded(buckets, below, known, given))
        resource = template["Resources"][key]
        said = {**properties(resource), "TemplateURL": url}
        template["Resources"][key] = {**resource, "Properties": said}
    return _with_parameters(template, given)


def _with_code(stack: PackagedStack, places: Mapping[str, str]) -> dict[str, Any]:
    """The template with each function's and layer's code at its place in a bucket."""
    resources = dict(stack.resources)
    for key, place in places.items():
        if key not in resources:
            continue
        kind = str(resources[key]["Type"])
        bucket, _, name = place.removeprefix("s3://").partition("/")
        said: Any = {"S3Bucket": bucket, "S3Key": name}
        if kind.startswith("AWS::Serverless::"):
            said = place
        inner = {**properties(resources[key]), CODE_PROPERTIES[kind]: said}
        resources[key] = {**resources[key], "Properties": inner}
    return {**stack.template, "Resources": resources}


def _code_of(plain: PackagedStack, before: PackagedStack) -> dict[str, Any]:
    """The code by the logical ids after the transform, which names layers anew."""
    found = {}
    for key, resource in plain.resources.items():
        said = properties(resource).get(CODE_PROPERTIES.get(str(resource.get("Type")), ""))
        if isinstance(said, Mapping) and said.get("S3Bucket") == BUCKET:
            name = str(said.get("S3Key"))
            if name in before.code:
                found[key] = before.code[name]
    return found


def _with_parameters(template: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Parameters that are read from Parameter Store as ones that are told, or not there."""
    declared = template.get("Parameters") or {}
    kept: dict[str, Any] = {}
    for key, each in declared.items():
        kind = str(each.get("Type", "String"))
        if key == _BOOTSTRAP and kind.startswith(FROM_STORE):
            continue  # nothing but the rule below asks for it
        if kind.startswith(FROM_STORE):
            if key not in given:
                raise UsageError(
                    f"the parameter {key} is read from Parameter Store, and there is none here",
                    hint=f"`again --parameter {key}=VALUE`",
                    code="parameter_missing",
                )
            kept[key] = {"Type": "String"}
        else:
            kept[key] = each
    made = {**template, "Parameters": kept}
    rules = {
        key: each
        for key, each in (template.get("Rules") or {}).items()
        if key != "CheckBootstrapVersion"
    }
    if "Rules" in template:
        made["Rules"] = rules
    return {key: each for key, each in made.items() if each or key == "Resources"}
