"""What mends what AWS refused while a stack was deployed.

It is mended in the template or in the package, and deployed again: nothing ran, so there are no
dead letters. ``named`` holds what AWS's sentence names, by the words of ``kind``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqsctl.model.intents import Deploy, Do, Intent, Look, Option, Remedy, Set, Tell, Wait, call
from sqsctl.model.intents import remedy as remedy_of

_MIB = 1_048_576
Named = Mapping[str, str]
Advice = tuple[str, Remedy]


def advice(kind: str, named: Named, said: str) -> Advice:
    """What was refused, for a title, and what mends it; ``said`` is AWS's own sentence."""
    made = _ADVICE.get(kind)
    if made is not None:
        return made(named)
    return (
        f"the deploy was refused: {said}",
        _mend(
            "change what the sentence names in the template, and deploy again",
            Tell("change the property that AWS's sentence names, in the template"),
        ),
    )


def _mend(summary: str, *intents: Intent, other: tuple[Option, ...] = ()) -> Remedy:
    return remedy_of(summary, *intents, other=other, phase="deploy")


def _package_size(named: Named) -> Advice:
    most = int(named.get("limit") or named.get("most") or 262_144_000)
    actual = f"; they have {_megabytes(int(named['actual']))}" if "actual" in named else ""
    return (
        f"the package and its layers are above {_megabytes(most)} unzipped{actual}",
        _mend(
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
        _mend(
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
        _mend(
            "give the mapping a MaximumBatchingWindowInSeconds of at least 1, or a batch size of "
            "at most 10",
            Set("mapping", "", {"MaximumBatchingWindowInSeconds": 1}),
            other=(Option((Set("mapping", "", {"BatchSize": 10}),), "without a window"),),
        ),
    )


def _fifo_window(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the mapping of a FIFO queue has a batching window, which FIFO queues do not take",
        _mend(
            "take the batching window out of the FIFO queue's mapping (0 seconds)",
            Set("mapping", "", {"MaximumBatchingWindowInSeconds": 0}),
            Tell("its batch size is 10 at most"),
        ),
    )


def _layer_count(named: Named) -> Advice:
    most = named["most"]
    return (
        f"the function has more than {most} layers",
        _mend(
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
        _mend(
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
        _mend(
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
    queue = named.get("queue", "").rpartition(":")[2] or "the dead-letter queue"
    return (
        f"the RedrivePolicy names {queue}, which does not exist",
        _mend(
            f"create {queue} first, and let the RedrivePolicy refer to it",
            Tell(
                f"make {queue} a resource of the same template, account and region, and let "
                "deadLetterTargetArn refer to it (!GetAtt in CloudFormation, aws_sqs_queue.….arn "
                "in Terraform) instead of writing its ARN: then it is created first"
            ),
        ),
    )


def _dlq_type(named: Named) -> Advice:
    queue = named.get("queue", "").rpartition(":")[2] or "the dead-letter queue"
    return (
        f"{queue} is not of its source's type: a FIFO queue needs a FIFO dead-letter queue",
        _mend(
            "make the dead-letter queue of the same type as its source: FIFO or standard, both",
            Tell(
                "the dead-letter queue of a FIFO queue has FifoQueue: true and a name that ends in "
                ".fifo; that of a standard queue has neither"
            ),
            Tell("a queue's type cannot be changed: create another and name it in RedrivePolicy"),
        ),
    )


def _arn_wanted(named: Named) -> Advice:
    name, value = named.get("property") or "EventSourceArn", named.get("value", "")
    name = name[:1].upper() + name[1:]
    what = "a queue's URL" if value.startswith("http") else value
    return (
        f"{name} is {what or 'no ARN'}, where it wants an ARN",
        _mend(
            f"give {name} the queue's ARN, not its URL",
            Tell(
                f"{name}: !GetAtt with the queue's logical id and .Arn in CloudFormation and SAM, "
                ".queueArn in the CDK, .arn in Terraform; !Ref of a queue is its URL"
            ),
        ),
    )


def _exists(named: Named) -> Advice:
    name = (named.get("id") or named.get("old") or "").rstrip("/").rpartition("/")[2]
    kind = named.get("type", "").rpartition("::")[2].lower() or "resource"
    by = f" in stack {named['stack']}" if "stack" in named else ""
    return (
        f"the {kind} {name} exists already{by}, and does not belong to this stack",
        _mend(
            f"import {name} into the stack, or give the resource another name",
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
        _mend(
            f"create the queue with the {attribute} that it has, or set it on the queue",
            Tell(f"set {attribute} on the queue that is there: aws sqs set-queue-attributes"),
            other=(Option((Tell("create it with the same value, or with another name"),)),),
        ),
    )


def _queue_deleted(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the queue was deleted less than 60 seconds ago",
        _mend(
            "wait 60 seconds, then deploy again",
            Wait("60 seconds are over since the queue was deleted: SQS keeps the name that long"),
        ),
    )


def _queue_name(named: Named) -> Advice:
    end = "; .fifo at its end counts" if "fifo" in named else "; only FIFO queues end in .fifo"
    told = f"a queue's name has 1 to 80 letters, digits, hyphens and underscores{end}"
    return "the queue's name is not one that SQS takes", _mend("take another name", Tell(told))


def _image_manifest(named: Named) -> Advice:
    tag = named["image"].partition("@")[0]
    return (
        "the image was pushed in a form that Lambda does not take (an index with attestations)",
        _mend(
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
        _mend(
            "push the image before the function is created",
            Tell(
                "push the image first and name a tag or digest that is there; the repository lies "
                "in the function's region"
            ),
        ),
    )


def _variables_reserved(named: Named) -> Advice:
    names = ", ".join(part.strip() for part in named["names"].split(",") if part.strip())
    return (
        f"the environment sets {names}, which Lambda keeps for itself",
        _mend(
            f"take {names} out of the function's environment",
            Tell(
                f"take {names} out of the environment in the template: Lambda sets it itself and "
                "the code reads it as it is; a value of your own needs another name"
            ),
        ),
    )


def _variables_size(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the function's environment variables are above 4 KB together",
        _mend(
            "keep names and values of the environment below 4 KB together",
            Tell(
                "put large values (keys, certificates, configuration) into SSM Parameter Store or "
                "Secrets Manager and read them outside the handler, or into a file of the package"
            ),
        ),
    )


def _busy(named: Named) -> Advice:
    function = named.get("arn", "").partition(":function:")[2].partition(":")[0]
    name = function or "FUNCTION_NAME"
    return (
        f"an earlier update of {function or 'the function'} is still running",
        _mend(
            "wait until the earlier update is done, then make the change",
            Wait(
                "the update is done: aws lambda wait function-updated-v2 --function-name "
                f"{name}; a script that makes several changes needs it between them"
            ),
        ),
    )


def _code_storage(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the account's storage for code (75 GB in a region by default) is full",
        _mend(
            "delete old versions of functions and layers, or ask for a higher quota",
            Look(call("lambda", "get_account_settings"), query="[AccountLimit,AccountUsage]"),
            Tell(
                "delete versions that no alias uses (aws lambda delete-function --qualifier), and "
                "functions and layer versions that nobody needs; with Serverless: "
                "versionFunctions: false, or the plugin serverless-prune-plugin"
            ),
            other=(
                Option(
                    (Tell("ask for a higher quota: Service Quotas, Function and layer storage"),),
                    "if all of them are needed",
                ),
            ),
        ),
    )


def _range(named: Named) -> Advice:
    name = named.get("property") or named.get("parameter") or "a value"
    if "bound" in named:
        bound = int(named["bound"])
        least = named["side"] == "greater"
        limit = f"at {'least' if least else 'most'} {bound:,}"
        quota = Option(
            (
                Tell(
                    "ask AWS Support for more: this account's limit is below Lambda's 10,240 MB, "
                    "as new accounts' are"
                ),
            ),
            "to use more",
        )
        other = (quota,) if name == "MemorySize" and not least else ()
        told = f"set {name} to {limit}"
        return f"{name} is to be {limit}", _mend(told, Tell(told), other=other)
    lowest, most = int(named["least"]), int(named["most"])
    told = f"set {name} to a value from {lowest} to {most:,}"
    return (
        f"{name} is {named['value']}, outside of {lowest} to {most:,}",
        _mend(told, Tell(told)),
    )


def _archive_absent(named: Named) -> Advice:
    what = "bucket" if named["code"] == "NoSuchBucket" else "archive"
    return (
        f"the {what} that the template names for the code is not there",
        _mend(
            "upload the archive to the bucket and key that the template names, then deploy",
            Tell(
                "package before you deploy: aws cloudformation package writes the key (sam deploy "
                "and serverless deploy do so themselves)"
            ),
            Tell(
                "see whether a life-cycle rule or a removed package deleted what an older template "
                "still names"
            ),
        ),
    )


def _stack_state(named: Named) -> Advice:
    stack, state = named["stack"], named["state"]
    title = f"the stack {stack} is in {state} and takes no update"
    if state.endswith("_IN_PROGRESS"):
        return title, _mend(
            "wait until what runs is done", Wait("what runs is done; then deploy again")
        )
    events = Look(
        call("cloudformation", "describe_stack_events", StackName=stack),
        query="StackEvents[?ends_with(ResourceStatus,`FAILED`)].ResourceStatusReason",
    )
    if state == "UPDATE_ROLLBACK_FAILED":
        return title, _mend(
            "mend what stopped the roll-back, then let it go on",
            events,
            Do(call("cloudformation", "continue_update_rollback", StackName=stack)),
        )
    return title, _mend(
        f"mend what failed at the creation of {stack}, delete the stack, and deploy again",
        events,
        Do(call("cloudformation", "delete_stack", StackName=stack)),
        Tell("deploy again once it is gone: it holds nothing that works"),
    )


def _destination(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the bucket may not send its events to the queue, topic or function that is named",
        _mend(
            "let the queue's policy allow sqs:SendMessage to s3.amazonaws.com first",
            Tell(
                "write an AWS::SQS::QueuePolicy that allows sqs:SendMessage to the service "
                "s3.amazonaws.com with aws:SourceArn of the bucket, and let the bucket DependsOn it"
            ),
            Tell(
                "a topic wants sns:Publish, a function lambda:InvokeFunction for s3.amazonaws.com "
                "likewise; a key of its own kms:GenerateDataKey and kms:Decrypt in the key's policy"
            ),
        ),
    )


def _circular(named: Named) -> Advice:
    return (
        f"resources refer to each other in a circle: {named['names'].strip()}",
        _mend(
            "cut one of the references",
            Tell(
                "write a name instead of !GetAtt, or make the policy, permission or mapping a "
                "resource of its own beside the two"
            ),
        ),
    )


def _unresolved(named: Named) -> Advice:
    return (
        f"the template refers to {named['names']}, which it does not hold",
        _mend(
            f"let the template hold {named['names']}, or name what it holds",
            Tell("the reference names a logical id of Resources; upper and lower case count"),
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
    "variables-reserved": _variables_reserved,
    "variables-size": _variables_size,
    "busy": _busy,
    "code-storage": _code_storage,
    "range": _range,
    "archive-absent": _archive_absent,
    "stack-state": _stack_state,
    "destination": _destination,
    "circular": _circular,
    "unresolved": _unresolved,
}
