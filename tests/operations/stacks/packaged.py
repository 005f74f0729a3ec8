"""Stacks as other tools package them (the folders of tests/operations/stacks), and their deploy.

A deploy does what the tool itself does: a bucket first, the code into it, then the template as
it is. Where the emulator does less than CloudFormation, the rest is made here.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.operations.stacks import deploy

FOLDER = Path(__file__).parent

# Service and stage, or provider.stackName: what osls prints.
_SERVERLESS = {
    "consumer-only": "reader-qa",
    "lift-kms": "sealed-dev",
    "lift-many": "shop-stack-dev",
    "lift-python": "parcels-prod",
    "lift-tutorial": "tutorial-step-2-dev",
    "plugins": "plugged-dev",
    "provisioned": "steady-dev",
    "queue-only": "shared-queues-dev",
    "sqs-events": "orders-dev",
}
# Deploys go through it; nothing of the stack hangs on it.
_UNKNOWN_TO_THE_EMULATOR = ("AWS::CodeDeploy::",)


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
        for path in sorted((FOLDER / "cdk").glob("*Stack.template.json"))
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
    """Deploy one, and leave it."""
    if packaged.tool == "serverless":
        _deploy(session, packaged.stack, (FOLDER / "serverless" / "create-stack.json").read_text())
    if packaged.tool == "cdk":
        _client(session, "ssm").put_parameter(  # what cdk bootstrap leaves in an account
            Name="/cdk-bootstrap/hnb659fds/version", Value="21", Type="String", Overwrite=True
        )
    if packaged.case == "provisioned":
        _client(session, "lambda").publish_layer_version(
            LayerName="shared", Content={"ZipFile": _zipped({"python/shared.py": "ANSWER = 42\n"})}
        )
    for bucket, key in _packages(session, packaged):
        _put(session, bucket, key, _code())
    document = dict(packaged.template)
    document["Resources"] = {
        key: _with_nested_template(session, each)
        for key, each in packaged.resources.items()
        if not each["Type"].startswith(_UNKNOWN_TO_THE_EMULATOR)
    }
    _deploy(session, packaged.stack, json.dumps(document, separators=(",", ":")))
    _routes_of_bodies(session, packaged)


def _deploy(session: Session, name: str, body: str) -> None:
    for _ in deploy.deploy(session, name, body):
        pass


# -- code -------------------------------------------------------------------------------------


def _packages(session: Session, packaged: Packaged) -> set[tuple[str, str]]:
    """Bucket and key of every function's package, those of nested stacks included."""
    resources = list(packaged.resources.values())
    for nested in packaged.project.glob(f"{packaged.case}*.nested.template.json"):
        resources += json.loads(nested.read_text())["Resources"].values()
    found: set[tuple[str, str]] = set()
    for resource in resources:
        code = resource.get("Properties", {}).get("Code") or {}
        if "S3Key" in code:
            found.add((_bucket(session, packaged, code["S3Bucket"]), code["S3Key"]))
    return found


def _bucket(session: Session, packaged: Packaged, said: Any) -> str:
    if isinstance(said, str):
        return said
    if "Fn::Sub" in said:
        return _assets(session)
    answer = session.cloudformation().describe_stack_resource(
        StackName=packaged.stack, LogicalResourceId=said["Ref"]
    )
    return str(answer["StackResourceDetail"]["PhysicalResourceId"])


def _assets(session: Session) -> str:
    return f"cdk-hnb659fds-assets-{session.target.account}-{session.target.region}"


@cache
def _code() -> bytes:
    return _zipped(
        {
            each.name: each.read_text()
            for each in sorted((FOLDER / "code").iterdir())
            if each.is_file()
        }
    )


def _zipped(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _put(session: Session, bucket: str, key: str, body: bytes) -> None:
    client = _client(session, "s3")
    if bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
        place = {"LocationConstraint": session.target.region}
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    client.put_object(Bucket=bucket, Key=key, Body=body)


def _client(session: Session, service: str) -> Any:
    """For what the program itself has no use for."""
    import boto3
    from botocore.config import Config

    assert session.credentials
    make: Any = boto3.client  # typed per service: too many for a variable
    return make(
        service,
        endpoint_url=session.target.endpoint,
        region_name=session.target.region,
        aws_access_key_id=session.credentials.access_key_id,
        aws_secret_access_key=session.credentials.secret_access_key,
        config=Config(s3={"addressing_style": "path"}),
    )


# -- what the emulator leaves out -------------------------------------------------------------


def _with_nested_template(session: Session, resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """A nested template is fetched from S3's own host: here it lies on the endpoint."""
    if resource["Type"] != "AWS::CloudFormation::Stack":
        return resource
    (nested,) = (FOLDER / "cdk").glob("*.nested.template.json")
    _put(session, _assets(session), nested.name, nested.read_bytes())
    url = f"{session.target.endpoint}/{_assets(session)}/{nested.name}"
    return {**resource, "Properties": {**resource["Properties"], "TemplateURL": url}}


def _routes_of_bodies(session: Session, packaged: Packaged) -> None:
    """AWS makes routes and integrations of an HTTP API's OpenAPI body; the emulator does not."""
    for key, resource in packaged.resources.items():
        if resource["Type"] != "AWS::ApiGatewayV2::Api" or "Body" not in resource["Properties"]:
            continue
        ids = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in session.cloudformation().list_stack_resources(StackName=packaged.stack)[
                "StackResourceSummaries"
            ]
        }
        client = session.http_apis()
        for path, methods in resource["Properties"]["Body"]["paths"].items():
            for method, operation in methods.items():
                uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                for logical_id, physical_id in ids.items():
                    arn = (
                        f"arn:aws:lambda:{session.target.region}:{session.target.account}"
                        f":function:{physical_id}"
                    )
                    uri = uri.replace(f"${{{logical_id}.Arn}}", arn)
                uri = uri.replace("${AWS::Partition}", "aws")
                uri = uri.replace("${AWS::Region}", session.target.region)
                integration = client.create_integration(
                    ApiId=ids[key],
                    IntegrationType="AWS_PROXY",
                    IntegrationUri=uri,
                    PayloadFormatVersion="2.0",
                )["IntegrationId"]
                client.create_route(
                    ApiId=ids[key],
                    RouteKey=f"{method.upper()} {path}",
                    Target=f"integrations/{integration}",
                )
