"""Lambda functions: configuration, versions, limits and who may invoke them.

Names and ARNs are both accepted, with or without an alias or version. Environment values
leave this module only where they name AWS resources; every other value is None.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import NotFoundError, SqsctlError
from sqsctl.model.functions import Function, PublishedVersion
from sqsctl.model.queues import names_a_queue
from sqsctl.model.stack import (
    Concurrency,
    RecursiveLoop,
    ResourcePolicy,
)

MAX_LISTED = 5_000
MAX_VERSIONS = 200
MAX_ALIASES = 20

_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:[^\s]+")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
_QUEUE_URL = re.compile(
    r"https?://(?:(?:sqs(?:-fips)?\.[a-z0-9-]+|(?:[a-z0-9-]+\.)?queue)\.amazonaws\.com(?:\.cn)?"
    r"|[\w.-]+(?::\d{1,5})?)/(?:\d{12}/|queue/[\w-]+/\d{12}/)?[A-Za-z0-9_-]{1,80}(?:\.fifo)?"
)
_AWS_QUEUE_HOST = re.compile(
    r"https?://(?:sqs[.-]|[\w-]+\.queue\.|queue\.|[^/]*/\d{12}/|[^/]*/queue/)"
)
# Placeholders that deployment tools leave behind: they are the fault itself, no secret.
_NOTHING = frozenset({"", "undefined", "null", "None", "nil"})
_QUALIFIED = re.compile(
    r"arn:[\w-]+:lambda:[\w-]*:\d*:function:(?P<name>[\w-]+)(?::(?P<qualifier>[\w$.-]+))?"
)


@dataclass(frozen=True, slots=True)
class CodeLocation:
    """Where a function's package can be fetched for a few minutes.

    ``url`` is signed, which makes it a secret: it is never printed or kept.
    """

    url: str = field(repr=False)
    size_bytes: int
    repository: str = "S3"
    image_uri: str = ""


class FunctionClient:
    """The functions of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def _client(self) -> Any:
        return self.session.functions()

    def get(self, reference: str) -> Function:
        """A function's configuration. Raises NotFoundError."""
        shape = self._call(
            reference,
            lambda: _named(self._client.get_function_configuration(FunctionName=reference)),
        )
        return function(shape)

    def every(
        self, limit: int = MAX_LISTED, *, queue_names: Collection[str] = ()
    ) -> Iterator[Function]:
        """All functions, page by page. Environment values that are one of these names are kept."""
        marker: str | None = None
        seen = 0
        while True:
            with offered("functions"):
                page = self._client.list_functions(**({"Marker": marker} if marker else {}))
            for shape in page.get("Functions") or ():
                yield function(shape, queue_names)
                seen += 1
                if seen >= limit:
                    return
            marker = page.get("NextMarker")
            if not marker:
                return

    def versions(self, reference: str) -> tuple[str, ...]:
        """The published versions, ``$LATEST`` apart, oldest first; at most MAX_VERSIONS."""
        found: list[str] = []
        marker: str | None = None
        while True:
            request = {"FunctionName": reference, **({"Marker": marker} if marker else {})}
            page = self._call(
                reference, lambda asked=request: self._client.list_versions_by_function(**asked)
            )
            found += [
                each["Version"]
                for each in page.get("Versions") or ()
                if each["Version"] != "$LATEST"
            ]
            marker = page.get("NextMarker")
            if not marker or len(found) >= MAX_VERSIONS:
                return tuple(found[:MAX_VERSIONS])

    def aliases(self, name: str) -> tuple[str, ...]:
        """The names of a function's aliases, the first MAX_ALIASES."""
        page = self._call(
            name, lambda: self._client.list_aliases(FunctionName=name, MaxItems=MAX_ALIASES)
        )
        return tuple(each["Name"] for each in page.get("Aliases") or ())

    def published(self, name: str, qualifier: str) -> PublishedVersion:
        """What an alias or a version number stands for at this moment."""
        shape = self._call(
            f"{name}:{qualifier}",
            lambda: self._client.get_function_configuration(FunctionName=name, Qualifier=qualifier),
        )
        return PublishedVersion(
            qualifier=qualifier,
            version=shape.get("Version", ""),
            code_sha256=shape.get("CodeSha256"),
            last_modified=_moment(shape.get("LastModified")),
        )

    def code(self, reference: str) -> CodeLocation:
        """Where its package is. Raises NotFoundError."""
        shape = self._call(reference, lambda: self._client.get_function(FunctionName=reference))
        code = shape.get("Code") or {}
        return CodeLocation(
            url=code.get("Location") or "",
            size_bytes=int((shape.get("Configuration") or {}).get("CodeSize") or 0),
            repository=code.get("RepositoryType") or "S3",
            image_uri=code.get("ImageUri") or "",
        )

    def layer(self, arn: str) -> CodeLocation:
        """Where a layer version's package is."""
        shape = self._call(arn, lambda: self._client.get_layer_version_by_arn(Arn=arn), "layer")
        content = shape.get("Content") or {}
        return CodeLocation(
            url=content.get("Location") or "", size_bytes=int(content.get("CodeSize") or 0)
        )

    def reserved(self, name: str) -> Concurrency:
        """A function's reserved concurrency; ``limit`` None where none is set."""
        shape = self._call(name, lambda: self._client.get_function_concurrency(FunctionName=name))
        return Concurrency(name, shape.get("ReservedConcurrentExecutions"))

    def recursion(self, name: str) -> RecursiveLoop:
        """Whether Lambda stops a loop that the function is part of, as it does by default."""
        shape = self._call(
            name, lambda: self._client.get_function_recursion_config(FunctionName=name)
        )
        return RecursiveLoop(name, "Allow" if shape["RecursiveLoop"] == "Allow" else "Terminate")

    def account(self) -> Concurrency:
        """The account's regional concurrency."""
        with offered("account settings"):
            shape = self._client.get_account_settings()
        limit = shape.get("AccountLimit") or {}
        # Always there on AWS: an answer without it tells nothing.
        return Concurrency(
            None, limit["ConcurrentExecutions"], limit.get("UnreservedConcurrentExecutions")
        )

    def policy(self, name: str, qualifier: str | None = None) -> ResourcePolicy:
        """Who may invoke the function; ``document`` None where it has no policy."""
        request: dict[str, Any] = {"FunctionName": name}
        if qualifier:
            request["Qualifier"] = qualifier
        try:
            with offered(f"function {name}"):
                shape = self._client.get_policy(**request)
        except SqsctlError as error:
            if error.code != "not_found":
                raise
            return ResourcePolicy(name, None, qualifier)
        return ResourcePolicy(name, shape.get("Policy"), qualifier)

    def _call(self, reference: str, call: Any, kind: str = "function") -> Mapping[str, Any]:
        try:
            with offered(f"{kind} {reference}"):
                return cast("Mapping[str, Any]", call())
        except SqsctlError as error:
            if error.code != "not_found":
                raise
            raise NotFoundError(
                f"there is no {kind} {reference} in {self.session.target.region}",
                hint="is it the right --region and --profile?",
                code=f"{kind}_not_found",
            ) from error


def _named(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """A configuration that says whose it is: any other answer is none of Lambda's."""
    if not shape.get("FunctionName"):
        raise KeyError("FunctionName")
    return shape


def function(shape: Mapping[str, Any], queue_names: Collection[str] = ()) -> Function:
    """A FunctionConfiguration as the model has it. A missing field keeps AWS's default."""
    name = shape.get("FunctionName", "")
    logging = shape.get("LoggingConfig") or {}
    network = shape.get("VpcConfig") or {}
    kind: Literal["Zip", "Image"] = "Image" if shape.get("PackageType") == "Image" else "Zip"
    command = ((shape.get("ImageConfigResponse") or {}).get("ImageConfig") or {}).get("Command")
    return Function(
        name=name,
        arn=shape.get("FunctionArn", ""),
        runtime=shape.get("Runtime") or None,
        handler=shape.get("Handler") or (command[0] if command else None),
        timeout_s=int(shape.get("Timeout") or 3),
        memory_mb=int(shape.get("MemorySize") or 128),
        architectures=tuple(shape.get("Architectures") or ("x86_64",)),
        package_type=kind,
        environment=environment(
            (shape.get("Environment") or {}).get("Variables") or {}, queue_names
        ),
        role_arn=shape.get("Role") or None,
        layers=tuple(
            each["Arn"] if isinstance(each, Mapping) else str(each)
            for each in shape.get("Layers") or ()
        ),
        vpc_id=network.get("VpcId") or None,
        vpc_subnets=tuple(network.get("SubnetIds") or ()),
        vpc_security_groups=tuple(network.get("SecurityGroupIds") or ()),
        vpc_ipv6=bool(network.get("Ipv6AllowedForDualStack")),
        kms_key_arn=shape.get("KMSKeyArn") or None,
        state=shape.get("State") or None,
        state_reason=shape.get("StateReason") or None,
        last_update_status=shape.get("LastUpdateStatus") or None,
        last_update_reason=shape.get("LastUpdateStatusReason") or None,
        last_modified=_moment(shape.get("LastModified")),
        version=shape.get("Version") or "$LATEST",
        code_sha256=shape.get("CodeSha256") or None,
        code_size_bytes=shape.get("CodeSize"),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{name}",
        log_format="JSON" if logging.get("LogFormat") == "JSON" else "Text",
        application_log_level=logging.get("ApplicationLogLevel") or None,
        system_log_level=logging.get("SystemLogLevel") or None,
        dead_letter_target_arn=(shape.get("DeadLetterConfig") or {}).get("TargetArn") or None,
    )


def environment(
    variables: Mapping[str, str], queue_names: Collection[str] = ()
) -> dict[str, str | None]:
    """Names with values only where these name AWS resources, or say nothing at all."""
    return {
        name: value if value in queue_names or names_a_queue(name, value) else _shown(value)
        for name, value in variables.items()
    }


def _shown(value: object) -> str | None:
    text = str(value)
    if text.strip() in _NOTHING or _REGION.fullmatch(text) or _ARN.fullmatch(text):
        return text
    return text if is_queue_url(text) else None


def is_queue_url(text: str) -> bool:
    """Whether a text is the URL of an SQS queue, on AWS or an emulator; no user, no query."""
    return bool(_QUEUE_URL.fullmatch(text) and _AWS_QUEUE_HOST.match(text))


def split_arn(arn: str) -> tuple[str, str | None]:
    """A function's name and, behind it, its alias or version."""
    match = _QUALIFIED.match(arn)
    return (match["name"], match["qualifier"]) if match else (arn, None)


def _moment(text: object) -> datetime | None:
    """LastModified is text of its own kind: 2026-11-23T05:00:00.000+0000."""
    if isinstance(text, datetime):
        return text
    if not text:
        return None
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None
