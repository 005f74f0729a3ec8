"""What mends single values, stacks and references that a deploy was refused for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqsctl.checks.support.deploys.properties import CFN_OF_TERRAFORM, setting_of
from sqsctl.model.intents import REMOVED, Do, Intent, Look, Option, Remedy, Set, Tell, Wait, call
from sqsctl.model.intents import remedy as remedy_of

Named = Mapping[str, str]
_MEMORY = 10_240  # MB that a function may have
Advice = tuple[str, Remedy]


def mend(summary: str, *intents: Intent, other: tuple[Option, ...] = ()) -> Remedy:
    return remedy_of(summary, *intents, other=other, phase="deploy")


def variables_reserved(named: Named) -> Advice:
    listed = [part.strip() for part in named["names"].split(",") if part.strip()]
    names = ", ".join(listed)
    return (
        f"the environment sets {names}, which Lambda keeps for itself",
        mend(
            f"take {names} out of the function's environment",
            Set("function", "", {"Environment": {"Variables": dict.fromkeys(listed, REMOVED)}}),
            Tell(
                f"Lambda sets {names} itself, and the code reads it as it is; a value of your own "
                "needs another name"
            ),
        ),
    )


def variables_size(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the function's environment variables are above 4 KB together",
        mend(
            "keep names and values of the environment below 4 KB together",
            Tell(
                "put large values (keys, certificates, configuration) into SSM Parameter Store or "
                "Secrets Manager and read them outside the handler, or into a file of the package"
            ),
        ),
    )


def busy(named: Named) -> Advice:
    function = named.get("arn", "").partition(":function:")[2].partition(":")[0]
    name = function or "FUNCTION_NAME"
    return (
        f"an earlier update of {function or 'the function'} is still running",
        mend(
            "wait until the earlier update is done, then make the change",
            Wait(
                "the update is done: aws lambda wait function-updated-v2 --function-name "
                f"{name}; a script that makes several changes needs it between them"
            ),
        ),
    )


def code_storage(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the account's storage for code (75 GB in a region by default) is full",
        mend(
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


def bounds(named: Named) -> Advice:
    """A figure outside of what AWS takes: the nearest one that it takes."""
    name, had, least, most = _bounds_of(named)
    ends = (("least", least), ("most", most))
    limits = " and ".join(f"at {end} {value:,}" for end, value in ends if value is not None)
    wanted = most if most is not None and (least is None or had is None or had > least) else least
    told = f"set {name or 'the value'} to {limits}"
    change = setting_of(name, wanted) if wanted is not None else None
    title = (
        f"{name or 'a value'} is {had:,}; AWS takes {limits}"
        if had is not None
        else f"{name or 'a value'} is to be {limits}"
    )
    quota = Option(
        (
            Tell(
                "ask AWS Support for more: this account's limit is below Lambda's 10,240 MB, "
                "as new accounts' are"
            ),
        ),
        "to use more",
    )
    other = (quota,) if name == "MemorySize" and most is not None and most < _MEMORY else ()
    return title, mend(told, change or Tell(told), other=other)


def _bounds_of(named: Named) -> tuple[str, int | None, int | None, int | None]:
    """CloudFormation's name of the property, its refused value, and what AWS takes."""

    def figure(*keys: str) -> int | None:
        said = next((named[key] for key in keys if key in named), "")
        return int(said) if re.fullmatch(r"-?\d{1,15}", said) else None

    said = next(
        (named[key] for key in ("property", "parameter", "count", "path") if key in named), ""
    )
    name = CFN_OF_TERRAFORM.get(named.get("argument", ""), "") or "".join(
        f"{part[:1].upper()}{part[1:]}" for part in re.split(r"[./]", said)[-1:]
    )
    bound, side = figure("bound", "limit"), named.get("side") or named.get("than")
    return (
        name,
        figure("had", "value", "counted", "given", "got"),
        bound if side == "greater" else figure("least", "fewest", "low"),
        bound if side == "less" else figure("most", "often", "high"),
    )


def archive_absent(named: Named) -> Advice:
    what = "bucket" if named["code"] == "NoSuchBucket" else "archive"
    return (
        f"the {what} that the template names for the code is not there",
        mend(
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


def stack_state(named: Named) -> Advice:
    stack, state = named.get("stack", "STACK_NAME"), named.get("state") or named["now"]
    told = f" {stack}" if "stack" in named else ""
    title = f"the stack{told} is in {state} and takes no update"
    if state.endswith("_IN_PROGRESS"):
        return title, mend(
            "wait until what runs is done", Wait("what runs is done; then deploy again")
        )
    events = Look(
        call("cloudformation", "describe_stack_events", StackName=stack),
        query="StackEvents[?ends_with(ResourceStatus,`FAILED`)].ResourceStatusReason",
    )
    if state == "UPDATE_ROLLBACK_FAILED":
        return title, mend(
            "mend what stopped the roll-back, then let it go on",
            events,
            Do(call("cloudformation", "continue_update_rollback", StackName=stack)),
        )
    return title, mend(
        f"mend what failed at the creation of {stack}, delete the stack, and deploy again",
        events,
        Do(call("cloudformation", "delete_stack", StackName=stack)),
        Tell("deploy again once it is gone: it holds nothing that works"),
    )


def destination(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the bucket may not send its events to the queue, topic or function that is named",
        mend(
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


def circular(named: Named) -> Advice:
    return (
        f"resources refer to each other in a circle: {named['names'].strip()}",
        mend(
            "cut one of the references",
            Tell(
                "write a name instead of !GetAtt, or make the policy, permission or mapping a "
                "resource of its own beside the two"
            ),
        ),
    )


def unresolved(named: Named) -> Advice:
    return (
        f"the template refers to {named['names']}, which it does not hold",
        mend(
            f"let the template hold {named['names']}, or name what it holds",
            Tell("the reference names a logical id of Resources; upper and lower case count"),
        ),
    )
