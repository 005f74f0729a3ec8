"""Refused calls: who is refused what, and by whose policy, as AWS words it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sqsctl.checks.support.services import BOTO, SDK_MARK
from sqsctl.model.intents import Principal

By = Literal["", "identity", "resource", "boundary", "session", "organization", "endpoint", "trust"]

NOBODY = Principal()

_WHO = (
    r"(?:User: )?(?P<who>arn:aws[\w\-]{0,20}:(?:iam|sts)::\d{12}:[\w+=,.@\-/]{1,300}"
    r"|[\w\-]{1,40}\.amazonaws\.com)"
)
PERFORM = re.compile(
    rf"(?:{_WHO} is )?not authorized to perform:? "
    r"\[?(?P<action>[A-Za-z0-9\-]{1,40}:[\w*]{1,80})\]?"
    r"(?: on (?:the )?resource: (?:\\?\"|')?(?P<resource>[^\s\"',\\]{1,400}))?"
    r"(?:[^\n]{0,40}?(?:because (?P<why>no [\w\- ]{1,40}? allows)"
    r"|(?P<deny>with an explicit deny(?: in an? [\w\- ]{1,60})?)))?"
)
# The kinds of policies, as the sentence names them.
_POLICIES: tuple[tuple[str, By], ...] = (
    ("identity-based", "identity"),
    ("resource-based", "resource"),
    ("boundary", "boundary"),
    ("session", "session"),
    ("service control", "organization"),
    ("resource control", "organization"),
    ("VPC endpoint", "endpoint"),
)
DENIED = re.compile(
    r"\b(?:AccessDenied(?:Exception)?|AuthorizationError(?:Exception)?|UnauthorizedOperation"
    r"|UnauthorizedAccess(?:Exception)?|NotAuthorizedException|AllAccessDisabled)\b"
)
DENIED_WORDS = re.compile(
    r"Access to the resource \S{1,300} is denied|cannot be assumed by Lambda"
    r"|not authorized to access this resource|is not authorized to perform"
)
BAD_CREDENTIALS = re.compile(
    r"\b(?:InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId"
    r"|ExpiredToken(?:Exception)?"
    r"|InvalidSignatureException(?![^\n]{0,120}Signature expired)|IncompleteSignature"
    r"|MissingAuthenticationToken(?:Exception)?)\b"
    r"|Unable to locate credentials|Could not load credentials from any providers"
    r"|security token included in the request is (?:invalid|expired)|CredentialsProviderError"
    r"|NoCredentialsError|NoCredentialProviders|Missing credentials in config"
)

# What SNS writes of a delivery, and EventBridge beside a dead letter: a service is refused.
_TOPIC = re.compile(r"topicArn\W{1,12}(?P<source>arn:[\w\-]+:sns:[\w\-]*:\d{12}:[\w\-.]{1,256})")
_TO = re.compile(r"destination\W{1,12}(?P<target>arn:[\w\-]+:(?:sqs|lambda):[\w\-:.]{1,300})")
_RULE = re.compile(r"RULE_ARN\b[^\n]{0,60}?(?P<source>arn:[\w\-]+:events:[\w\-:/.]{1,300})")
_TARGET = re.compile(
    r"TARGET_ARN\b[^\n]{0,60}?(?P<target>arn:[\w\-]+:(?:sqs|lambda|sns):[\w\-:.]{1,300})"
)
_REFUSED = re.compile(
    r"AccessDenied|NO_PERMISSIONS|AuthorizationError|is not authorized to perform|\b403\b"
)
_BY_KEY = re.compile(r"KMS\.?AccessDenied|KmsAccessDenied|because KMS access was denied")
_INTO = {"sqs": "sqs:SendMessage", "lambda": "lambda:InvokeFunction", "sns": "sns:Publish"}
_ECR = re.compile(r"[Ll]ambda does not have permission to access the ECR image")
_IMAGE = re.compile(r"\d{12}\.dkr\.ecr\.[\w\-]{1,30}\.amazonaws\.com(?:\.cn)?/[\w./\-]{2,256}")
_GATEWAY = re.compile(
    r"API Gateway does not have permission to assume the provided role"
    r" (?P<role>arn:[\w\-]+:iam::\d{12}:role/[\w+=,.@\-/]{1,200})"
)
# Nobody but the role's own trust policy lets a token's bearer in.
_ASSUMES = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})
_TRUST = re.compile(r"cannot be assumed by Lambda")

# boto3 names the operation, not the service: those whose names belong to one service alone.
_SERVICE_OF = {
    "SendMessage": "sqs", "SendMessageBatch": "sqs", "ReceiveMessage": "sqs",
    "DeleteMessage": "sqs", "ChangeMessageVisibility": "sqs", "GetQueueUrl": "sqs",
    "CreateQueue": "sqs", "DeleteQueue": "sqs", "SetQueueAttributes": "sqs", "ListQueues": "sqs",
    "GetQueueAttributes": "sqs", "PurgeQueue": "sqs", "GetObject": "s3", "PutObject": "s3",
    "HeadObject": "s3", "DeleteObject": "s3", "ListObjectsV2": "s3", "ListObjects": "s3",
    "PutItem": "dynamodb", "GetItem": "dynamodb", "UpdateItem": "dynamodb", "Query": "dynamodb",
    "Scan": "dynamodb", "DeleteItem": "dynamodb", "BatchWriteItem": "dynamodb",
    "BatchGetItem": "dynamodb", "TransactWriteItems": "dynamodb", "Publish": "sns",
    "PublishBatch": "sns", "Invoke": "lambda", "InvokeAsync": "lambda", "GetSecretValue":
    "secretsmanager", "GetParameter": "ssm", "GetParameters": "ssm", "GetParametersByPath": "ssm",
    "PutEvents": "events", "StartExecution": "states", "SendEmail": "ses", "SendRawEmail": "ses",
    "AssumeRole": "sts", "PutRecord": "kinesis", "PutRecords": "kinesis",
    "PutMetricData": "cloudwatch", "Decrypt": "kms", "GenerateDataKey": "kms",
}  # fmt: skip
# Operations that are allowed by another action than their own name.
_ACTION_OF = {
    "SendMessageBatch": "SendMessage", "HeadObject": "GetObject", "ListObjectsV2": "ListBucket",
    "ListObjects": "ListBucket", "Invoke": "InvokeFunction", "PublishBatch": "Publish",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Denial:
    """A refused call, as far as the text tells.

    ``action`` and ``resource`` are IAM's, ``also`` further actions that belong to it. ``by`` is
    whose policy refused: it allows nothing, or, with ``explicit``, denies; ``words`` are AWS's own
    for it. ``source`` is the ARN on whose behalf a service calls. ``credentials``: nobody was
    refused, the keys are no good. ``service`` is whose call it was, where no action is told;
    ``type_alone``: all that is told is the error's type.
    """

    action: str = ""
    resource: str = ""
    by: By = ""
    words: str = ""
    explicit: bool = False
    principal: Principal = NOBODY
    also: tuple[str, ...] = ()
    source: str = ""
    credentials: bool = False
    service: str = ""
    type_alone: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        return (self.action, *self.also) if self.action else ()


def _sentence(text: str) -> re.Match[str] | None:
    """IAM's sentence, also where a tool broke it into lines."""
    match = PERFORM.search(text)
    if match is None or (match.group("who") and match.group("resource")):
        return match
    whole = PERFORM.search(" ".join(text.split()))
    return whole if whole and whole.group("action") == match.group("action") else match


def denial(text: str) -> Denial | None:
    """The refusal that the text tells of; None where it is no answer of AWS."""
    if found := _of_a_service(text):
        return found
    if match := _sentence(text):
        return _performed(match)
    if _ECR.search(text):
        image = _IMAGE.search(text)
        return Denial(
            "ecr:BatchGetImage",
            image.group() if image else "",
            "resource",
            principal=Principal("service", "lambda.amazonaws.com"),
            also=("ecr:GetDownloadUrlForLayer",),
        )
    if _TRUST.search(text):
        lambda_ = Principal("service", "lambda.amazonaws.com")
        return Denial("sts:AssumeRole", "", "trust", principal=lambda_)
    if match := _GATEWAY.search(text):
        gateway = Principal("service", "apigateway.amazonaws.com")
        return Denial("sts:AssumeRole", match.group("role"), "trust", principal=gateway)
    boto = BOTO.search(text)
    if boto and boto.group("op") in _ASSUMES and DENIED.fullmatch(boto.group("code")):
        return Denial(f"sts:{boto.group('op')}", by="trust")
    if boto and (
        DENIED.fullmatch(boto.group("code")) or boto.group("code") in {"403", "Forbidden"}
    ):
        return Denial(action_of(boto.group("op")))
    if BAD_CREDENTIALS.search(text):
        return Denial(action_of(boto.group("op")) if boto else "", credentials=True)
    if DENIED_WORDS.search(text) or (DENIED.search(text) and SDK_MARK.search(text)):
        return _by_the_call(text)
    return None


def of_type(kind: str) -> Denial | None:
    """The refusal that an error's type names, where nothing else is left of the error."""
    plain = kind.rpartition(".")[2].rpartition(":")[2]
    return Denial(type_alone=True) if DENIED.fullmatch(plain) else None


# Operations as the SDKs' own frames and sentences name them; single words may be anybody's.
_OPERATIONS = "|".join(sorted((n for n in _SERVICE_OF if not n.istitle()), key=len, reverse=True))
_CALLED = re.compile(
    r"(?:\bexecute|\bde_|operation error \w{1,40}: |Error executing \W{1,3}|[Cc]lient\.|Client#)"
    rf"(?P<op>{_OPERATIONS})(?:Command\w{{0,20}}|Async)?\b",
    re.IGNORECASE,
)
_HOST = re.compile(r"https?:[\\/]{2,4}(?P<service>[a-z0-9\-]{2,30})\.[\w\-]{2,30}\.amazonaws\.com")
_BY_LOWER_CASE = {name.lower(): name for name in _SERVICE_OF}


def _by_the_call(text: str) -> Denial:
    """A refusal without IAM's sentence: the call, as far as an SDK's words name it."""
    if match := _CALLED.search(text):
        return Denial(action_of(_BY_LOWER_CASE[match.group("op").lower()]))
    host = _HOST.search(text)
    return Denial(service=host.group("service") if host else "")


def _performed(match: re.Match[str]) -> Denial:
    words = match.group("why") or match.group("deny") or ""
    action = _proper(match.group("action"))
    by: By = next((by for said, by in _POLICIES if said in words), "")
    if not by and action == "sts:AssumeRole":
        by = "trust"
    if not by and action == "lambda:GetLayerVersion":
        by = "resource"
    return Denial(
        action,
        (match.group("resource") or "").rstrip(".,;)\"'"),
        by,
        words,
        explicit=match.group("deny") is not None,
        principal=principal_of(match.group("who") or ""),
    )


def principal_of(arn: str) -> Principal:
    """Who an ARN, or a service's host name, is."""
    if arn.endswith(".amazonaws.com"):
        return Principal("service", arn)
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return Principal()
    partition, account, kind, *names = parts[1], parts[4], *parts[5].split("/")
    if kind == "assumed-role" and names:
        return Principal("role", names[0], account, partition)
    if kind in {"role", "user"} and names:
        return Principal("role" if kind == "role" else "user", names[-1], account, partition)
    return Principal("account", "", account, partition) if kind == "root" else Principal()


def _of_a_service(text: str) -> Denial | None:
    """SNS or EventBridge, which may not deliver to a queue, a function or a topic."""
    if not _REFUSED.search(text) and not _BY_KEY.search(text):
        return None
    for service, source, target in (
        ("sns.amazonaws.com", _TOPIC.search(text), _TO.search(text)),
        ("events.amazonaws.com", _RULE.search(text), _TARGET.search(text)),
    ):
        if source is None or target is None:
            continue
        principal, of = Principal("service", service), source.group("source")
        if _BY_KEY.search(text):
            key = ("kms:Decrypt",)
            return Denial("kms:GenerateDataKey", "", "resource", "", False, principal, key, of)
        arn = target.group("target")
        return Denial(_INTO[arn.split(":")[2]], arn, "resource", principal=principal, source=of)
    return None


def action_of(operation: str) -> str:
    """The IAM action of an API operation, with its service where the name tells it."""
    service = _SERVICE_OF.get(operation)
    name = _ACTION_OF.get(operation, operation)
    return f"{service}:{name}" if service else name


_PROPER = {
    f"{service}:{_ACTION_OF.get(name, name)}".lower(): f"{service}:{_ACTION_OF.get(name, name)}"
    for name, service in _SERVICE_OF.items()
}


def _proper(action: str) -> str:
    """SQS writes its actions in lower case; policies and people do not."""
    return _PROPER.get(action.lower(), action)
