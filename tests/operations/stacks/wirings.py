"""How the packaged stacks hang together: written by hand, from the projects' files.

Queues and functions go by their logical ids without what the tools add (``jobsQueueCEDBAE3E``
is jobsQueue, ``ProducerLambdaFunction`` is Producer).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HASH = re.compile(r"(?:LambdaFunction|[0-9A-F]{8})$")


@dataclass(frozen=True)
class Wiring:
    """``queues``: main queue to dead-letter queue. ``consumers``: queue, function, alias.

    ``routes``: method, path, function or queue, alias. ``senders``: function to main queues.
    ``fed_by``: queue to the service that sends to it. ``true``: the findings of severity warning
    and up that the stack deserves.
    """

    queues: dict[str, str]
    consumers: set[tuple[str, str, str | None]]
    routes: set[tuple[str, str, str, str | None]] = field(default_factory=set)
    kind: str | None = None
    senders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    true: frozenset[str] = frozenset()
    fed_by: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()  # stacks that have to be there


def plain(logical_id: str) -> str:
    """A logical id without what the tool added."""
    return _HASH.sub("", logical_id)


WIRINGS = {
    "serverless-lift-tutorial": Wiring(
        {"jobsQueue": "jobsDlq"},
        {("jobsQueue", "JobsWorker", None)},
        {("POST", "/produce", "Producer", None)},
        "http",
        {"Producer": ("jobsQueue",)},
    ),
    "serverless-lift-python": Wiring(
        {"parcelsQueue": "parcelsDlq"},
        {("parcelsQueue", "ParcelsWorker", None)},
        {("POST", "/parcels", "Accept", None), ("GET", "/health", "Accept", None)},
        "http",
        {"Accept": ("parcelsQueue",)},
    ),
    "serverless-lift-many": Wiring(
        {
            "jobsQueue": "jobsDlq",
            "mailsQueue": "mailsDlq",
            "eventsQueue": "eventsDlq",
            "auditQueue": "auditDlq",
        },
        {
            ("jobsQueue", "JobsWorker", None),
            ("mailsQueue", "Mailer", None),
            ("eventsQueue", "EventsWorker", None),
            ("auditQueue", "AuditWorker", None),
        },
        {("POST", "/orders", "Order", None)},
        "http",
        {"Order": ("jobsQueue", "mailsQueue", "eventsQueue", "auditQueue")},
    ),
    "serverless-lift-kms": Wiring(
        {"secretsQueue": "secretsDlq"},
        {("secretsQueue", "SecretsWorker", None)},
        {("ANY", "/", "Front", None)},
        "url",
        {"Front": ("secretsQueue",)},
        # Lift makes the key, and grants it to nobody.
        frozenset({"kms-access-denied"}),
    ),
    "serverless-sqs-events": Wiring(
        {"Orders": "Buried", "Refunds": "Buried"},
        {("Orders", "Book", None), ("Refunds", "Book", None)},
        {("POST", "/orders", "Api", None), ("GET", "/orders/{id}", "Api", None)},
        "rest",
        {"Api": ("Orders", "Refunds")},
    ),
    "serverless-provisioned": Wiring(
        {"Work": "WorkFailed"},
        {("Work", "Worker", "provisioned")},
        {("POST", "/work", "Front", "provisioned")},
        "http",
        {"Front": ("Work",)},
    ),
    "serverless-plugins": Wiring(
        {"Work": "WorkDead"},
        {("Work", "Worker", "Live")},
        {("POST", "/work", "Front", "Live")},
        "http",
        {"Front": ("Work",)},
    ),
    "serverless-queue-only": Wiring({"Elsewhere": "Lost"}, set()),
    "serverless-consumer-only": Wiring(
        {"elsewhere": "lost-property"},
        {("elsewhere", "Reader", None)},
        before=("serverless-queue-only",),
    ),
    "sam-httpapi": Wiring(
        {"Jobs": "JobsFailed"},
        {("Jobs", "Worker", None)},
        {("POST", "/produce", "Producer", None)},
        "http",
        {"Producer": ("Jobs",)},
    ),
    "sam-alias": Wiring(
        {"Orders": "OrdersFailed"},
        {("Orders", "Book", "live")},
        {("POST", "/orders", "Front", "live")},
        "rest",
        {"Front": ("Orders",)},
    ),
    "sam-connectors": Wiring(
        {"Fast": "Failed", "Slow": "Failed"},
        {("Fast", "Worker", None), ("Slow", "Worker", None)},
        {("ANY", "/", "Front", None)},
        "url",
        {"Front": ("Fast", "Slow")},
    ),
    "cdk-HttpApiStack": Wiring(
        {"Jobs": "JobsDLQ"},
        {("Jobs", "Worker", None)},
        {("POST", "/produce", "Producer", None)},
        "http",
        {"Producer": ("Jobs",)},
    ),
    "cdk-AliasStack": Wiring(
        {"Orders": "OrdersDLQ"},
        {("Orders", "Book", "live")},
        {("POST", "/orders", "Front", "live")},
        "rest",
        {"Front": ("Orders",)},
    ),
    "cdk-UrlStack": Wiring(
        {"Mixed": "MixedDLQ"},
        {("Mixed", "Dorefund", None), ("Mixed", "Doinvoice", None)},
        {("ANY", "/", "Front", None)},
        "url",
        {"Front": ("Mixed",)},
        # A message that the filter of one mapping rejects is deleted, not left for the other.
        frozenset({"batch-silent-loss", "consumers-compete"}),
    ),
    "cdk-DirectStack": Wiring(
        {"Inbox": "InboxDLQ"},
        {("Inbox", "Worker", None)},
        {("POST", "/inbox", "Inbox", None)},
        "rest",
    ),
    "cdk-ImportedStack": Wiring(
        {"Own": "OwnDLQ", "elsewhere": "lost-property"},
        {("Own", "Reader", None), ("elsewhere", "Reader", None)},
        before=("serverless-queue-only",),
    ),
    "cdk-NestedStack": Wiring(
        {"Jobs": "JobsDLQ"},
        {("Jobs", "Worker", None)},
        {("ANY", "/{proxy+}", "Producer", None)},
        "http",
        {"Producer": ("Jobs",)},
    ),
    "cdk-BucketStack": Wiring(
        {"Uploads": "UploadsDLQ"}, {("Uploads", "Resize", None)}, fed_by={"Uploads": "s3"}
    ),
    "cdk-TopicStack": Wiring(
        {"Audit": "AuditDLQ", "Refunds": "RefundsDLQ"},
        {("Audit", "Auditor", None), ("Refunds", "Refunder", None)},
        {("POST", "/orders", "Front", None)},
        "http",
        fed_by={"Audit": "sns", "Refunds": "sns"},
    ),
    "sam-thumbnails": Wiring(
        {"Uploads": "UploadsFailed"}, {("Uploads", "Resize", None)}, fed_by={"Uploads": "s3"}
    ),
    "serverless-fan-out": Wiring(
        {"Audit": "Buried", "Refunds": "Buried"},
        {("Audit", "Audit", None), ("Refunds", "Refund", None)},
        {("POST", "/orders", "Front", None)},
        "http",
        fed_by={"Audit": "sns", "Refunds": "sns"},
    ),
}
