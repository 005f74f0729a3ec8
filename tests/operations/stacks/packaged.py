"""Stacks as other tools package them (the folders of tests/operations/stacks), and their deploy.

A deploy goes the way of ``lab deploy``, from the folder that the tool leaves (``projects``).
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.operations.packaged import find, onto_lab
from sqsctl.operations.stacks import deploy

FOLDER = Path(__file__).parent

# Service and stage, or provider.stackName: what osls prints.
_SERVERLESS = {
    "consumer-only": "reader-qa",
    "fan-out": "fan-out-dev",
    "lift-kms": "sealed-dev",
    "lift-many": "shop-stack-dev",
    "lift-python": "parcels-prod",
    "lift-tutorial": "tutorial-step-2-dev",
    "plugins": "plugged-dev",
    "provisioned": "steady-dev",
    "queue-only": "shared-queues-dev",
    "sqs-events": "orders-dev",
}


@dataclass(frozen=True)
class Packaged:
    """One stack: its name and the file with its template."""

    tool: str
    case: str
    stack: str
    file: Path

    @property
    def id(self) -> str:
        return f"{self.tool}-{self.case}"

    @property
    def template(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.file.read_text())
        return found

    @property
    def project(self) -> Path:
        """The folder with the files that a developer has before them."""
        return self.file.parent

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.template["Resources"]
        return found


@cache
def every() -> tuple[Packaged, ...]:
    """All of them, in the order of their names."""
    serverless = [
        Packaged("serverless", path.parent.name, _SERVERLESS[path.parent.name], path)
        for path in sorted((FOLDER / "serverless").glob("*/deployed.json"))
    ]
    sam = [
        Packaged("sam", path.parent.name, f"sam-{path.parent.name}", path)
        for path in sorted((FOLDER / "sam").glob("*/deployed.json"))
    ]
    cdk = [
        Packaged("cdk", name := path.name.partition(".")[0], name, path)
        for folder in ("cdk", "cdk_python")
        for path in sorted((FOLDER / folder).glob("*Stack.template.json"))
    ]
    return (*serverless, *sam, *cdk)


def named(identity: str) -> Packaged:
    """The one with this id: ``serverless-lift-many``, ``sam-alias``, ``cdk-UrlStack``."""
    return next(each for each in every() if each.id == identity)


@contextmanager
def deployed(session: Session, *identities: str) -> Iterator[None]:
    """These stacks on an endpoint, in this order; deleted at the end."""
    started: list[str] = []
    try:
        for each in map(named, identities):
            started.append(each.stack)
            put_up(session, each)
        yield
    finally:
        for name in reversed(started):
            deploy.delete(session, name, yes=True)


def put_up(session: Session, packaged: Packaged) -> None:
    """Deploy one as ``lab deploy`` does, and leave it."""
    from tests.operations.stacks.projects import project

    if packaged.case == "provisioned":  # it names a layer of the account's
        session.functions().publish_layer_version(LayerName="shared", Content={"ZipFile": _layer()})
    with tempfile.TemporaryDirectory() as folder:
        (stack,) = find.packaged_stacks(project(packaged, Path(folder) / packaged.case))
        assert stack.name == packaged.stack
        ready = onto_lab.prepared(stack, known_types(), session.target.region)
        left = {each.type for each in ready.lacking}
        assert all(each.startswith("AWS::CodeDeploy::") for each in left), ready.lacking
        text, url = onto_lab.upload(session, ready, known_types(), {})
        for _ in deploy.deploy(session, stack.name, text, template_url=url):
            pass


@cache
def known_types() -> frozenset[str]:
    """The types that the lab says it can deploy."""
    from ministack.services.cloudformation import provisioners

    return frozenset(provisioners._RESOURCE_HANDLERS)


def _layer() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("python/shared.py", "ANSWER = 42\n")
    return buffer.getvalue()
