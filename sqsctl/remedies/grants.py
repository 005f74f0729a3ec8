"""Permissions: whose policy is to be changed, and by which call."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from sqsctl.model.arns import arn_of, partition_of
from sqsctl.model.intents import Grant, TakeDenyAway, call
from sqsctl.model.remedy import Call, Edit, Sentence, Step
from sqsctl.remedies.cli import QUEUE_URL, aws
from sqsctl.remedies.context import Context

ROLE = "ROLE_NAME"
_ABOVE: Mapping[str, str] = {
    "boundary": "the permissions boundary of {who}: an administrator adds {actions} to it",
    "session": "the session policy that was given when the role of {who} was assumed: whoever "
    "starts the session adds {actions} to it",
    "organization": "a policy of the organization (an SCP or an RCP): its administrators let "
    "{actions} through; no policy of this account can",
    "endpoint": "the policy of the VPC endpoint that the call went through: it has to let "
    "{actions} through (aws ec2 modify-vpc-endpoint --policy-document)",
}
_LAYER = re.compile(r"arn:aws[\w-]*:lambda:(?P<region>[\w-]+):(?P<account>\d{12}):layer:"
                    r"(?P<name>[\w-]{1,140})(?::(?P<version>\d{1,6}))?")  # fmt: skip
_REPOSITORY = re.compile(
    r"(?:arn:aws[\w-]*:ecr:(?P<region>[\w-]+):(?P<account>\d{12}):repository/"
    r"|(?P<host>\d{12})\.dkr\.ecr\.(?P<there>[\w-]+)\.amazonaws\.com(?:\.cn)?/)"
    r"(?P<name>[\w./-]{2,256})"
)


def grant_steps(grant: Grant, context: Context) -> tuple[Step, ...]:
    """The steps that allow it, in the policy that lacks it."""
    who = grant.principal.name or "the caller"
    actions = " and ".join(grant.actions) or "the action"
    if grant.by in _ABOVE:
        return (Sentence(_ABOVE[grant.by].format(who=who, actions=actions)),)
    warned: tuple[Step, ...] = (
        (
            Sentence(
                "the action and the resource are the log's words: see that your code means to "
                "make this call, and allow no more than it"
            ),
        )
        if grant.from_log and grant.actions
        else ()
    )
    if not grant.actions:
        return (
            *warned,
            Sentence(
                "the error does not name the action: CloudTrail's event of the refused call does "
                "(eventName, errorMessage, requestParameters)"
            ),
        )
    made = _of_resource(grant, context) if grant.by == "resource" else _of_identity(grant, context)
    return (*warned, *made)


def deny_steps(deny: TakeDenyAway, context: Context) -> tuple[Step, ...]:
    """An explicit deny is edited where it stands: no allow wins against it."""
    actions = " and ".join(deny.actions) or "the action"
    who = deny.principal.name or "the caller"
    if deny.by in _ABOVE:
        place = _ABOVE[deny.by].format(who=who, actions=actions).partition(":")[0]
        return (
            Sentence(f"the deny of {actions} stands in {place}: it is taken out or narrowed there"),
        )
    if deny.by == "resource":
        return (
            *_policy_of(deny.resource, context),
            Sentence(
                f"take the statement that denies {actions} out of that policy, or narrow its "
                "principals and condition, and put the rest of the policy back as it is"
            ),
        )
    user = deny.principal.kind == "user"
    kind, key = ("user", "UserName") if user else ("role", "RoleName")
    name = deny.principal.name if user else _role(deny.principal.name, context)
    return (
        aws(call("iam", f"list_{kind}_policies", **{key: name}), context),
        aws(call("iam", f"list_attached_{kind}_policies", **{key: name}), context),
        Sentence(
            f"take the deny of {actions} out of the one of these policies that holds it: an allow "
            "elsewhere cannot win against it"
        ),
    )


def grant_calls(grant: Grant, context: Context) -> tuple[Call, ...]:
    """The calls that allow it, where they can be made as they are: an inline policy of a role."""
    role = _role(grant.principal.name, context)
    known = grant.by == "identity" and grant.principal.kind in {"role", "unknown"} and role != ROLE
    return (_put(grant, role),) if known and grant.actions and grant.resource else ()


def grant_undo(grant: Grant, context: Context) -> tuple[Call, ...]:
    """Take the inline policy away again."""
    made = [dict(each.parameters) for each in grant_calls(grant, context)]
    return tuple(
        call("iam", "delete_role_policy", RoleName=each["RoleName"], PolicyName=each["PolicyName"])
        for each in made
    )


def statement_of(grant: Grant) -> dict[str, object]:
    """A statement of an identity's policy."""
    actions: object = grant.actions[0] if len(grant.actions) == 1 else list(grant.actions)
    return {"Effect": "Allow", "Action": actions, "Resource": grant.resource or "RESOURCE_ARN"}


def _role(name: str, context: Context) -> str:
    return name or context.role or ROLE


def _put(grant: Grant, role: str) -> Call:
    user = grant.principal.kind == "user"
    words = grant.actions[0] if len(grant.actions) == 1 else grant.actions[0].partition(":")[0]
    name = "allow-" + re.sub(r"[^\w+=,.@-]", "-", words.replace("*", "all"))
    document = {"Version": "2012-10-17", "Statement": [statement_of(grant)]}
    return call(
        "iam",
        "put_user_policy" if user else "put_role_policy",
        **{("UserName" if user else "RoleName"): role},
        PolicyName=name,
        PolicyDocument=_json(document),
    )


def _of_identity(grant: Grant, context: Context) -> tuple[Step, ...]:
    if grant.principal.kind == "service":
        return _of_resource(grant, context)
    if not grant.resource:
        return (
            Sentence(
                f"the error does not name the resource: allow {' and '.join(grant.actions)} on the "
                "ARN of what the call is about, in the policy of the caller"
            ),
            aws(_put(grant, _role(grant.principal.name, context)), context),
        )
    elsewhere = _other_account(grant)
    return (
        aws(_put(grant, _role(grant.principal.name, context)), context),
        *((Sentence(elsewhere),) if elsewhere else ()),
    )


def _other_account(grant: Grant) -> str:
    """What else is needed where the resource is another account's."""
    owner = _account(grant.resource)
    if not owner or not grant.principal.account or owner == grant.principal.account:
        return ""
    return f"the resource is account {owner}'s: its own policy has to allow the caller, too"


def _account(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else ""


def _principal(grant: Grant, context: Context) -> object:
    name, account = grant.principal.name, grant.principal.account or context.stack.account or ""
    told = next((each for each in (grant.resource, grant.source) if each.startswith("arn:")), "")
    partition = grant.principal.partition or partition_of(told or context.region)
    iam = f"arn:{partition}:iam::{account}"
    match grant.principal.kind:
        case "service":
            return {"Service": name}
        case "role" if account and name:
            return {"AWS": f"{iam}:role/{name}"}
        case "user" if account and name:
            return {"AWS": f"{iam}:user/{name}"}
        case _:
            return {"AWS": f"{iam}:root" if account else "PRINCIPAL_ARN"}


def _resource_statement(grant: Grant, context: Context) -> dict[str, object]:
    actions: object = grant.actions[0] if len(grant.actions) == 1 else list(grant.actions)
    made: dict[str, object] = {
        "Effect": "Allow",
        "Principal": _principal(grant, context),
        "Action": actions,
        "Resource": grant.resource or "*",
    }
    if grant.principal.kind == "service" and grant.source:
        made["Condition"] = {"ArnEquals": {"aws:SourceArn": grant.source}}
    return made


def _of_resource(grant: Grant, context: Context) -> tuple[Step, ...]:
    service = grant.actions[0].partition(":")[0] if grant.actions else ""
    resource = grant.resource
    if layer := _LAYER.search(resource):
        return _of_layer(layer, grant, context)
    if service == "ecr" or _REPOSITORY.search(resource):
        return _of_repository(grant, context)
    match service:
        case "sqs":
            return _of_queue(grant, context)
        case "kms":
            return _of_key(grant, context)
        case "lambda":
            return _of_function(grant, context)
        case "sns":
            document = {"sns statement": _resource_statement(grant, context)}
            return (
                *_policy_of(resource, context),
                _lines("the topic's policy", document["sns statement"]),
            )
        case _:
            return (
                *_policy_of(resource, context),
                _lines("the policy of the resource", _resource_statement(grant, context)),
            )


def _lines(file: str, document: object) -> Edit:
    return Edit(file, "json", tuple(json.dumps(document, indent=2).split("\n")))


def _of_queue(grant: Grant, context: Context) -> tuple[Step, ...]:
    """SetQueueAttributes replaces the policy: where it is known, what it holds is kept."""
    name = grant.resource.rpartition(":")[2]
    queue = next((each for each in context.stack.queues if each.name == name), None)
    statement = _resource_statement(grant, context)
    if queue is None:
        return (
            *_policy_of(grant.resource, context),
            _lines("the queue's policy, beside the statements that it holds already", statement),
            aws(
                call(
                    "sqs",
                    "set_queue_attributes",
                    QueueUrl=_url(grant.resource) or QUEUE_URL,
                    Attributes="file://attributes.json",
                ),
                context,
            ),
            Sentence(
                'attributes.json is {"Policy": "…"} with the whole policy as one string: what it '
                "leaves out is gone"
            ),
        )
    policy = _document(queue.policy)
    kept = policy.get("Statement", [])
    before = kept if isinstance(kept, list) else [kept]
    whole = {"Version": "2012-10-17", **policy, "Statement": [*before, statement]}
    return (
        aws(
            call(
                "sqs",
                "set_queue_attributes",
                QueueUrl=queue.url,
                Attributes={"Policy": _json(whole)},
            ),
            context,
        ),
    )


def _of_key(grant: Grant, context: Context) -> tuple[Step, ...]:
    """A grant leaves the key's policy as it is."""
    operations = [each.partition(":")[2] for each in grant.actions]
    principal = _principal(grant, context)
    arn = principal.get("AWS") if isinstance(principal, Mapping) else None
    if not arn or arn == "PRINCIPAL_ARN" or str(arn).endswith(":root"):
        return (
            *_policy_of(grant.resource, context),
            _lines("the key's policy", _resource_statement(grant, context)),
        )
    return (
        aws(
            call(
                "kms",
                "create_grant",
                KeyId=grant.resource or "KEY_ARN",
                GranteePrincipal=arn,
                Operations=operations,
            ),
            context,
        ),
    )


def _of_function(grant: Grant, context: Context) -> tuple[Step, ...]:
    principal = grant.principal.name or "PRINCIPAL"
    source = {"SourceArn": grant.source} if grant.source else {}
    return (
        aws(
            call(
                "lambda",
                "add_permission",
                FunctionName=grant.resource or context.function,
                StatementId="sqsctl-invoke",
                Action=grant.actions[0],
                Principal=principal,
                **source,
            ),
            context,
        ),
    )


def _of_layer(layer: re.Match[str], grant: Grant, context: Context) -> tuple[Step, ...]:
    account = grant.principal.account or context.stack.account or "ACCOUNT_ID"
    made = call(
        "lambda",
        "add_layer_version_permission",
        LayerName=arn_of(layer["region"], "lambda", layer["account"], f"layer:{layer['name']}"),
        VersionNumber=layer["version"] or "VERSION",
        StatementId=f"account-{account}",
        Action="lambda:GetLayerVersion",
        Principal=account,
    )
    return (
        Sentence(
            f"the layer is account {layer['account']}'s, in {layer['region']}: a function takes "
            "layers of its own region alone; its owner allows it"
        ),
        aws(made, Context(context.stack)),
    )


def _of_repository(grant: Grant, context: Context) -> tuple[Step, ...]:
    found = _REPOSITORY.search(grant.resource)
    name = found["name"].partition(":")[0].partition("@")[0] if found else "REPOSITORY"
    registry = (found["account"] or found["host"]) if found else ""
    owner = {"RegistryId": registry} if registry else {}
    statement = {
        "Sid": "LambdaECRImageRetrieval",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return (
        aws(call("ecr", "get_repository_policy", RepositoryName=name, **owner), context),
        Sentence("where it holds statements already, add them to the text below: it replaces all"),
        aws(
            call(
                "ecr",
                "set_repository_policy",
                RepositoryName=name,
                **owner,
                PolicyText=_json(document),
            ),
            context,
        ),
    )


def _policy_of(arn: str, context: Context) -> tuple[Step, ...]:
    """A look at a resource's policy."""
    parts = arn.split(":")
    service = parts[2] if len(parts) > 5 else ""
    last = parts[-1]
    match service:
        case "sqs":
            asked = call(
                "sqs", "get_queue_attributes", QueueUrl=_url(arn), AttributeNames=["Policy"]
            )
        case "sns":
            asked = call("sns", "get_topic_attributes", TopicArn=arn)
        case "kms":
            asked = call("kms", "get_key_policy", KeyId=arn)
        case "s3":
            asked = call("s3api", "get_bucket_policy", Bucket=last.partition("/")[0])
        case "secretsmanager":
            asked = call("secretsmanager", "get_resource_policy", SecretId=arn)
        case "lambda":
            asked = call("lambda", "get_policy", FunctionName=arn)
        case _:
            return ()
    return (aws(asked, context),)


def _url(arn: str) -> str:
    """A queue's URL from its ARN; empty for what is none."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sqs":
        return ""
    end = "amazonaws.com.cn" if parts[1] == "aws-cn" else "amazonaws.com"
    return f"https://sqs.{parts[3]}.{end}/{parts[4]}/{parts[5]}"


def _document(text: str | None) -> dict[str, object]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _json(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
