"""What mends refused policies, subscriptions, targets and roles: what connects the resources."""

from __future__ import annotations

from sqsctl.checks.support.deploys.values import Advice, Named, mend
from sqsctl.model.intents import Deploy, Grant, Option, Tell


def policy_size(named: Named) -> Advice:
    limit = named.get("limit") or named.get("bytes") or ""
    if "role" in named:
        role = named["role"]
        return (
            f"the inline policies of the role {role} are above {limit} characters together",
            mend(
                "move statements into managed policies, which are counted apart, or give the "
                "functions roles of their own",
                Tell(
                    f"attach a managed policy (6,144 characters each) to {role} for what the tool "
                    "writes for each function, with one statement and a wildcard in the resource's "
                    "name where the names share a prefix"
                ),
                other=(Option((Tell("give each function a role of its own"),), "else"),),
            ),
        )
    if "queue" in named:
        return (
            "the queue's policy is too large",
            mend(
                "let fewer statements do the work: one for each service, with a wildcard or a list "
                "of ARNs in its condition on aws:SourceArn",
                Tell(
                    "write one statement for each service that sends, and put all its topics, "
                    "rules or buckets into one condition on aws:SourceArn; SQS takes 8,192 bytes"
                ),
            ),
        )
    return (
        f"the resource policy of the function is above {limit} bytes",
        mend(
            "replace the permissions of single sources by one whose source ARN has a wildcard",
            Tell(
                "one permission for each caller with a wildcard in its SourceArn does the work of "
                "many; remove those of the past: aws lambda get-policy shows them, aws lambda "
                "remove-permission takes one out"
            ),
        ),
    )


def statement_actions(named: Named) -> Advice:
    most = named.get("most", "7")
    return (
        f"a statement of the queue's policy has more than {most} actions",
        mend(
            f"split the statement: SQS takes at most {most} actions in each",
            Tell(f"write two statements with at most {most} actions each, else the same, or sqs:*"),
        ),
    )


def subscription_protocol(named: Named) -> Advice:
    protocol = named["protocol"]
    return (
        f"the topic takes no subscription of the protocol {protocol}",
        mend(
            "a FIFO topic delivers to SQS queues alone: subscribe a queue, and let it feed the "
            "function; a standard topic takes the other protocols",
            Tell(
                f"subscribe a queue (protocol sqs) in the place of {protocol}, and give the "
                "function an event source mapping on it; or make the topic a standard one"
            ),
        ),
    )


def subscription_fifo(named: Named) -> Advice:  # noqa: ARG001 - one shape for all
    return (
        "a FIFO queue cannot be subscribed to a standard topic",
        mend(
            "make the topic a FIFO topic, or subscribe a standard queue",
            Tell(
                "a FIFO topic has FifoTopic: true and a name that ends in .fifo; neither a topic "
                "nor a queue changes its type, so that another is made"
            ),
        ),
    )


def subscription_endpoint(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the subscription's endpoint is no ARN of a queue",
        mend(
            "give the subscription the queue's ARN, not its URL",
            Tell(
                "the endpoint of a subscription with the protocol sqs is the queue's ARN: aws sqs "
                "get-queue-attributes --attribute-names QueueArn tells it"
            ),
        ),
    )


def target_group(named: Named) -> Advice:
    target = named.get("target", "the target")
    return (
        f"{target} of the rule is a FIFO queue and has no message group",
        mend(
            "give the rule's target SqsParameters with a MessageGroupId",
            Tell(
                f"write SqsParameters: {{MessageGroupId: …}} into {target} (messageGroupId in the "
                "CDK, sqs_target { message_group_id } in Terraform); the queue needs "
                "ContentBasedDeduplication, since a rule sends no deduplication id"
            ),
        ),
    )


def pipe_send(named: Named) -> Advice:
    queue = named["queue"]
    return (
        f"the pipe's role may not send to {queue.rpartition(':')[2]}",
        mend(
            f"allow sqs:SendMessage on {queue} to the pipe's role",
            Grant(("sqs:SendMessage",), queue),
            Deploy(),
        ),
    )


def service_trust(named: Named) -> Advice:
    service = named["service"].lower().removeprefix("aws ").removeprefix("eventbridge ")
    principal = f"{service}.amazonaws.com"
    return (
        f"the role does not let {principal} assume it",
        mend(
            f"let {principal} assume the role, in the role's trust policy",
            Tell(
                "the role's trust policy (AssumeRolePolicyDocument, assume_role_policy in "
                f"Terraform) allows sts:AssumeRole to the service {principal}; no other policy of "
                "the role can. A role that was just made needs some seconds"
            ),
        ),
    )


def not_bootstrapped(named: Named) -> Advice:
    account, region = named.get("account"), named.get("region")
    where = f" aws://{account}/{region}" if account and region else ""
    return (
        "the account and region are not bootstrapped for the CDK, or under another qualifier",
        mend(
            "bootstrap the account and region once, then deploy again",
            Tell(f"run: cdk bootstrap{where}"),
            Tell(
                "where it was bootstrapped already: compare the account, the region and the "
                "qualifier, and whether the caller may read the SSM parameter"
            ),
        ),
    )


def log_group_exists(named: Named) -> Advice:
    group = named.get("group", "the log group")
    return (
        f"{group} exists already, and does not belong to this stack",
        mend(
            "import the log group, or delete it where its logs are not needed",
            Tell(
                f"import it: terraform import '{named.get('address', 'ADDRESS')}' "
                f"{named.get('group', 'LOG_GROUP')}; Lambda makes a log group at the first "
                "invocation, so that the template's has to be there before (depends_on of the "
                "function)"
            ),
        ),
    )
