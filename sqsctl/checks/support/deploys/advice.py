"""What mends what AWS refused while a stack was deployed.

It is mended in the template or in the package, and deployed again: nothing ran, so there are no
dead letters. ``named`` holds what AWS's sentence names, by the words of ``kind``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqsctl.checks.support.deploys import templates, values, wiring
from sqsctl.checks.support.deploys.values import Advice, Named, mend
from sqsctl.model.arns import arn_of
from sqsctl.model.intents import (
    REMOVED,
    Create,
    Deploy,
    Do,
    Intent,
    Look,
    Option,
    QueueArn,
    Set,
    Tell,
    Wait,
    call,
)

_MIB = 1_048_576
_URL = re.compile(
    r"https://sqs\.(?P<region>[\w-]{4,30})\.amazonaws\.com(?:\.cn)?/(?P<account>\d{12})/(?P<name>[\w.-]+)"
)


def advice(kind: str, named: Named, said: str) -> Advice:
    """What was refused, for a title, and what mends it; ``said`` is AWS's own sentence."""
    made = _ADVICE.get(kind)
    if made is not None:
        return made(named)
    return (
        f"the deploy was refused: {said}",
        mend(
            "change what the sentence names in the template, and deploy again",
            Tell("change the property that AWS's sentence names, in the template"),
        ),
    )


def _package_size(named: Named) -> Advice:
    most = int(named.get("limit") or named.get("most") or 262_144_000)
    actual = f"; they have {_megabytes(int(named['actual']))}" if "actual" in named else ""
    return (
        f"the package and its layers are above {_megabytes(most)} unzipped{actual}",
        mend(
            f"keep the unzipped package and its layers together below {_megabytes(most)}, or "
            "deploy a container image (10 GB)",
            Tell(
                f"leave out what the function does not import ({most:,} bytes unzipped are the "
                "most, and each layer counts): tests, caches, the AWS SDK that the runtime brings, "
                "packages of other functions"
            ),
            Deploy(),
            other=(
                Option(
                    (Tell("deploy the function as a container image, which may have 10 GB"),),
                    "where it stays larger",
                ),
            ),
        ),
    )


def _upload_size(named: Named) -> Advice:
    operation = named.get("operation") or named.get("called") or "UpdateFunctionCode"
    how = {
        "UpdateFunctionCode": "update-function-code takes --s3-bucket and --s3-key",
        "CreateFunction": "create-function takes --code S3Bucket=…,S3Key=…",
    }.get(operation, "publish-layer-version takes --content S3Bucket=…,S3Key=…")
    return (
        "the archive is too large to be sent in the request itself",
        mend(
            "upload the archive to S3 and name it there, or make it smaller",
            Tell(
                "upload the archive to an S3 bucket in the function's region (aws s3 cp) and name "
                f"bucket and key instead of the file: {how}. Sent in the request it may have 50 "
                "MB, from S3 250 MB unzipped"
            ),
        ),
    )


def _batch_window(named: Named) -> Advice:  # noqa: ARG001 - one shape for all
    return (
        "the mapping has a batch size above 10 and no batching window",
        mend(
            "give the mapping a MaximumBatchingWindowInSeconds of at least 1, or a batch size of "
            "at most 10",
            Set("mapping", "", {"MaximumBatchingWindowInSeconds": 1}),
            other=(Option((Set("mapping", "", {"BatchSize": 10}),), "without a window"),),
        ),
    )


def _fifo_window(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the mapping of a FIFO queue has a batching window, which FIFO queues do not take",
        mend(
            "take the batching window out of the FIFO queue's mapping (0 seconds)",
            Set("mapping", "", {"MaximumBatchingWindowInSeconds": 0}),
            Tell("its batch size is 10 at most"),
        ),
    )


def _layer_count(named: Named) -> Advice:
    most = named["most"]
    return (
        f"the function has more than {most} layers",
        mend(
            f"give the function at most {most} layers: put what several hold into one",
            Tell(
                f"a function takes {most} layers, those of extensions and tools counted: merge two "
                "of your own, or package what one holds with the function"
            ),
        ),
    )


def _mapping_exists(named: Named) -> Advice:
    uuid, function = named["uuid"], named["function"]
    queue = named["source"].rpartition(":")[2]
    return (
        f"{function} has a mapping on {queue} already ({uuid}), of another or a failed deploy",
        mend(
            f"delete the mapping {uuid} and deploy again, or import it into the stack",
            Look(call("lambda", "get_event_source_mapping", UUID=uuid)),
            Do(call("lambda", "delete_event_source_mapping", UUID=uuid)),
            Tell("deploy again once the mapping is gone: until then it says Deleting"),
            other=(
                Option(
                    (
                        Tell(
                            f"import it: terraform import ADDRESS {uuid}, or in CloudFormation a "
                            f"change set of the type IMPORT with the identifier {uuid}"
                        ),
                    ),
                    "to keep it as it is",
                ),
            ),
        ),
    )


def _file_system(named: Named) -> Advice:
    point = named.get("point", "").rpartition("/")[2]
    looked = (Look(call("efs", "describe_mount_targets", AccessPointId=point)),) if point else ()
    return (
        "the function's EFS file system has no mount target that is available yet",
        mend(
            "let the function wait for the mount targets of its file system",
            Tell(
                "write DependsOn with the AWS::EFS::MountTarget of each subnet into the function "
                "(depends_on in Terraform)"
            ),
            Wait("each mount target is available; then deploy again"),
            *looked,
        ),
    )


def _dlq_absent(named: Named) -> Advice:
    queue = named.get("queue", "").rpartition(":")[2]
    told = queue or "the dead-letter queue"
    return (
        f"the RedrivePolicy names {told}, which does not exist",
        mend(
            f"create {told} first, and let the RedrivePolicy refer to it",
            *_paired(queue, named),
            Tell(
                f"{told} lies in the account and region of its source; named by its resource "
                "instead of its ARN, it is created first"
            ),
        ),
    )


def _paired(queue: str, named: Named) -> tuple[Intent, ...]:
    """A dead-letter queue of the template, and the policy that refers to it."""
    if not queue:
        return (
            Tell(
                "make the dead-letter queue a resource of the same template, and let "
                "deadLetterTargetArn refer to it instead of writing its ARN"
            ),
        )
    policy: dict[str, object] = {"deadLetterTargetArn": named.get("queue", "")}
    policy["maxReceiveCount"] = int(named.get("count", "5"))
    return Create("queue", queue), Set("queue", "", {"RedrivePolicy": policy})


def _dlq_type(named: Named) -> Advice:
    name = named.get("queue", "").rpartition(":")[2]
    told = name or "the dead-letter queue"
    other = name.removesuffix(".fifo") if name.endswith(".fifo") else name and f"{name}.fifo"
    return (
        f"{told} is not of its source's type: a FIFO queue needs a FIFO dead-letter queue",
        mend(
            "make the dead-letter queue of the same type as its source: FIFO or standard, both",
            Tell(
                "a queue's type cannot be changed: another dead-letter queue is made, FIFO "
                "(FifoQueue: true, a name that ends in .fifo) for a FIFO queue, else without both"
            ),
            *_paired(other, named),
        ),
    )


def _arn_wanted(named: Named) -> Advice:
    name, value = named.get("property") or "EventSourceArn", named.get("value", "")
    name = name[:1].upper() + name[1:]
    what = "a queue's URL" if value.startswith("http") else value
    by_resource = Set("mapping", "", {name: QueueArn(_arn_of(value))})
    return (
        f"{name} is {what or 'no ARN'}, where it wants an ARN",
        mend(
            f"give {name} the queue's ARN, not its URL",
            *((by_resource,) if name == "EventSourceArn" else ()),
            Tell(
                "Queue stands for what the template calls the queue: a reference to a queue alone "
                "is its URL"
            ),
        ),
    )


def _arn_of(url: str) -> str:
    """A queue's ARN from its URL; a placeholder for what is none."""
    match = _URL.search(url)
    if match is None:
        return "QUEUE_ARN"
    return arn_of(match["region"], "sqs", match["account"], match["name"])


def _exists(named: Named) -> Advice:
    name = (named.get("id") or named.get("old") or "").rstrip("/").rpartition("/")[2]
    type_ = named.get("type", "").rpartition("::")[2]
    kind = type_.lower() or "resource"
    by = f" in stack {named['stack']}" if "stack" in named else ""
    known = {
        "Queue": Set("queue", "", {"QueueName": REMOVED}),
        "Function": Set("function", "", {"FunctionName": REMOVED}),
    }.get(type_)
    return (
        f"the {kind} {name} exists already{by}, and does not belong to this stack",
        mend(
            f"import {name} into the stack, or give the resource another name",
            *((known,) if known else ()),
            Tell(
                f"give the resource another name than {name} in the template, best none: then each "
                "stage gets one of its own"
            ),
            other=(
                Option(
                    (
                        Tell(
                            f"import {name} into the stack: a change set of the type IMPORT, cdk "
                            "import, terraform import"
                        ),
                    ),
                    "to keep what is there",
                ),
                Option((Tell(f"delete {name}, and deploy again"),), "if nothing uses it"),
            ),
        ),
    )


def _queue_differs(named: Named) -> Advice:
    attribute = named.get("attribute") or "an attribute"
    return (
        f"the queue exists already, with another value of {attribute}",
        mend(
            f"create the queue with the {attribute} that it has, or set it on the queue",
            Tell(f"set {attribute} on the queue that is there: aws sqs set-queue-attributes"),
            other=(Option((Tell("create it with the same value, or with another name"),)),),
        ),
    )


def _queue_deleted(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the queue was deleted less than 60 seconds ago",
        mend(
            "wait 60 seconds, then deploy again",
            Wait("60 seconds are over since the queue was deleted: SQS keeps the name that long"),
        ),
    )


def _queue_name(named: Named) -> Advice:
    end = "; .fifo at its end counts" if "fifo" in named else "; only FIFO queues end in .fifo"
    told = f"a queue's name has 1 to 80 letters, digits, hyphens and underscores{end}"
    return "the queue's name is not one that SQS takes", mend("take another name", Tell(told))


def _image_manifest(named: Named) -> Advice:
    tag = named["image"].partition("@")[0]
    return (
        "the image was pushed in a form that Lambda does not take (an index with attestations)",
        mend(
            "build the image for one platform and without attestations, push it, deploy again",
            Tell(
                f"docker buildx build --platform linux/amd64 --provenance=false --push --tag {tag} "
                ". for x86_64; --platform linux/arm64 where the function's architecture is arm64"
            ),
            Tell("the CDK: platform=Platform.LINUX_AMD64 and BUILDX_NO_DEFAULT_ATTESTATIONS=1"),
        ),
    )


def _image_absent(named: Named) -> Advice:
    return (
        f"the image {named['image']} is not in its repository",
        mend(
            "push the image before the function is created",
            Tell(
                "push the image first and name a tag or digest that is there; the repository lies "
                "in the function's region"
            ),
        ),
    )


def _megabytes(size: int) -> str:
    return f"{size // _MIB} MB"


_ADVICE: dict[str, Callable[[Named], Advice]] = {
    "package-size": _package_size,
    "upload-size": _upload_size,
    "batch-window": _batch_window,
    "fifo-window": _fifo_window,
    "layer-count": _layer_count,
    "mapping-exists": _mapping_exists,
    "file-system": _file_system,
    "dlq-absent": _dlq_absent,
    "dlq-type": _dlq_type,
    "arn-wanted": _arn_wanted,
    "exists": _exists,
    "queue-differs": _queue_differs,
    "queue-deleted": _queue_deleted,
    "queue-name": _queue_name,
    "image-manifest": _image_manifest,
    "image-absent": _image_absent,
    "variables-reserved": values.variables_reserved,
    "variables-size": values.variables_size,
    "busy": values.busy,
    "code-storage": values.code_storage,
    "range": values.bounds,
    "archive-absent": values.archive_absent,
    "stack-state": values.stack_state,
    "destination": values.destination,
    "circular": values.circular,
    "unresolved": values.unresolved,
    "not-stable": templates.not_stable,
    "starting-position": templates.starting_position,
    "fifo-batch": templates.fifo_batch,
    "archive-empty": templates.archive_empty,
    "function-absent": templates.function_absent,
    "function-exists": templates.function_exists,
    "layer-absent": templates.layer_absent,
    "custom-resource": templates.custom_resource,
    "capabilities": templates.capabilities,
    "export-absent": templates.export_absent,
    "export-used": templates.export_used,
    "bucket-absent": templates.bucket_absent,
    "statement-exists": templates.statement_exists,
    "filter-pattern": templates.filter_pattern,
    "redrive-policy": templates.redrive_policy,
    "parameter": templates.constraint,
    "other-region": templates.other_region,
    "principal": templates.principal,
    "queue-attribute": templates.queue_attribute,
    "schema": templates.schema,
    "template": templates.template,
    "constraint": templates.constraint,
    "policy-size": wiring.policy_size,
    "statement-actions": wiring.statement_actions,
    "subscription-protocol": wiring.subscription_protocol,
    "subscription-fifo": wiring.subscription_fifo,
    "subscription-endpoint": wiring.subscription_endpoint,
    "target-group": wiring.target_group,
    "pipe-send": wiring.pipe_send,
    "service-trust": wiring.service_trust,
    "not-bootstrapped": wiring.not_bootstrapped,
    "log-group-exists": wiring.log_group_exists,
}
