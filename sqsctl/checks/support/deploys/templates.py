"""What mends a template that CloudFormation does not take, and what lies beside it."""

from __future__ import annotations

from sqsctl.checks.support.deploys.values import Advice, Named, mend
from sqsctl.model.intents import Deploy, Look, Option, Set, Tell, call

_CUSTOM = (
    "the log of the custom resource's function, /aws/lambda/ and its name, says why: its id stands "
    "in the stack's events as the physical id"
)


def not_stable(named: Named) -> Advice:
    kind = named.get("type", "").rpartition("::")[2]
    if kind != "EventSourceMapping":
        return (
            f"the {kind or 'resource'} was made, but did not become ready in time",
            mend(
                "see the reason in the resource's own state, mend that, and deploy again",
                Tell("look at the resource's own state and reason in the console or by its API"),
                Deploy(),
            ),
        )
    uuid = named.get("id", "")
    seen = (Look(call("lambda", "get_event_source_mapping", UUID=uuid)),) if uuid else ()
    return (
        "the event source mapping was made, but was not enabled in time",
        mend(
            "deploy again; where it happens again, mend what the mapping's StateTransitionReason "
            "says (its role's permissions on the queue, a function that is not Active)",
            *seen,
            Tell(
                "let the mapping depend on the role's policy (DependsOn, depends_on): made before "
                "it, the mapping waits for permissions that are not there yet"
            ),
            Deploy(),
        ),
    )


def starting_position(named: Named) -> Advice:
    source = named.get("source", "SQS")
    return (
        f"the mapping has a StartingPosition, which an {source} event source does not take",
        mend(
            "take StartingPosition out of the mapping: only streams (Kinesis, DynamoDB, Kafka) "
            "have one",
            Tell(
                "remove StartingPosition (starting_position in Terraform) from the queue's "
                "mapping, also where the tool sets it by default: then update the tool"
            ),
        ),
    )


def fifo_batch(named: Named) -> Advice:  # noqa: ARG001 - one shape for all
    return (
        "the mapping of a FIFO queue has a batch size above 10",
        mend(
            "set the batch size of the FIFO queue's mapping to 10 at most",
            Set("mapping", "", {"BatchSize": 10}),
        ),
    )


def archive_empty(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the archive that was uploaded is empty, or is no zip file",
        mend(
            "build the code first, and let the template name the folder that the build fills",
            Tell(
                "run the build before the deploy (npm run build, sam build, pip install --target): "
                "the folder or file that the template names (CodeUri, package.artifact, "
                "Code.fromAsset, filename) is empty or no zip archive"
            ),
            Tell("see what is in it: unzip -l on the archive"),
            Deploy(),
        ),
    )


def function_absent(named: Named) -> Advice:
    arn = named["function"]
    name, region = arn.split(":")[6], arn.split(":")[3]
    return (
        f"the function {name} does not exist in {region}",
        mend(
            f"create {name} first, or name the function, region and account where it is",
            Look(call("lambda", "list_functions"), query="Functions[].FunctionName"),
            Tell(
                f"deploy the stack that makes {name} before its code is updated; where it exists "
                f"elsewhere, correct the region ({region}), the profile or the name"
            ),
        ),
    )


def function_exists(named: Named) -> Advice:
    name = named["function"]
    return (
        f"a function {name} exists already, and does not belong to this stack",
        mend(
            f"give the function another name than {name}, best none, or import it",
            Tell(f"take the name {name} out of the template, or add the stage to it"),
            other=(
                Option(
                    (Tell(f"import {name}: terraform import, cdk import, a change set IMPORT"),),
                    "to keep what is there",
                ),
                Option((Tell(f"delete the function {name}, and deploy again"),), "nothing uses it"),
            ),
        ),
    )


def layer_absent(named: Named) -> Advice:
    arn = named["layer"]
    parts = arn.split(":")
    listed = call("lambda", "list_layer_versions", LayerName=":".join(parts[:7]))
    return (
        f"the layer version {arn} does not exist",
        mend(
            "name a version of the layer that exists, in the function's own region",
            Look(listed, query="LayerVersions[].LayerVersionArn"),
            Tell(
                f"write a version from this list into the template; a layer serves its own region "
                f"({parts[3]}) alone, and an old version may have been deleted"
            ),
        ),
    )


def custom_resource(named: Named) -> Advice:
    if said := named.get("said"):
        return (
            f"a custom resource failed: {said}",
            mend(
                "mend what its function says, then deploy again",
                Tell(f"the function of the custom resource answered: {said}"),
                Tell(_CUSTOM),
            ),
        )
    request = f" {named['request']}" if "request" in named else ""
    return (
        "the function of a custom resource did not answer CloudFormation",
        mend(
            f"read that function's log for the request{request}, and let it answer in any case",
            Tell(_CUSTOM),
            Tell(
                "it failed before it answered, or cannot reach the answer's address: send "
                "cfnresponse FAILED in an except or catch around everything, within its timeout; "
                "inside a VPC it needs a route to S3 (gateway endpoint or NAT)"
            ),
        ),
    )


def capabilities(named: Named) -> Advice:
    names = named["names"].replace(",", " ").split()
    told = " ".join(names)
    return (
        f"the deploy was not allowed what the template makes ({told})",
        mend(
            f"deploy with --capabilities {told}",
            Tell(
                f"add --capabilities {told} to the deploy (aws cloudformation deploy, sam deploy), "
                "or capabilities to samconfig.toml: the template makes roles or uses a transform"
            ),
        ),
    )


def export_absent(named: Named) -> Advice:
    name = named["name"]
    return (
        f"the template imports {name}, which no stack of this region exports",
        mend(
            f"deploy the stack that exports {name} first, in the same region and account",
            Look(call("cloudformation", "list_exports"), query="Exports[].Name"),
            Tell(f"or correct the name {name} (its stage or prefix) to one of this list"),
        ),
    )


def export_used(named: Named) -> Advice:
    name, by = named["name"], named["by"].strip()
    return (
        f"the export {name} is in use by {by} and cannot be changed",
        mend(
            f"let {by} stop importing {name} first, then change the export",
            Look(call("cloudformation", "list_imports", ExportName=name)),
            Tell(f"replace Fn::ImportValue of {name} in {by} by the value, deploy it, then this"),
        ),
    )


def bucket_absent(named: Named) -> Advice:
    bucket = named.get("bucket") or "of the deploy"
    return (
        f"the bucket {bucket}, into which the deploy uploads, does not exist",
        mend(
            f"create the bucket {bucket} in the stack's region, or let the tool make its own",
            Tell(
                "take deploymentBucket or --s3-bucket out (sam deploy --resolve-s3, cdk bootstrap "
                "make one), or create the bucket in the region of the stack"
            ),
        ),
    )


def statement_exists(named: Named) -> Advice:
    name = named["id"]
    return (
        f"the function's policy holds the statement {name} already",
        mend(
            f"take the old statement {name} away, or give the new one another id",
            Tell(
                f"aws lambda remove-permission --statement-id {name} with the function's name, "
                "then deploy again; or leave the id out, so that the tool makes one"
            ),
        ),
    )


def other_region(named: Named) -> Advice:
    there, here = named["there"], named["here"]
    return (
        f"the queue lies in {there}, and its mapping was to be made in {here}",
        mend(
            "make the mapping in the queue's own region: function, mapping and queue are in one",
            Tell(
                f"deploy the function and its mapping in {there} (--region {there}), or read from "
                f"a queue of {here}; a message from another region comes by SNS or a pipe"
            ),
        ),
    )


def filter_pattern(named: Named) -> Advice:  # noqa: ARG001
    return (
        "the mapping's filter is no valid pattern",
        mend(
            "correct the filter: JSON whose values are lists",
            Tell(
                'a pattern looks like {"body": {"kind": ["order"]}}: each value is a list, also '
                "for numeric, prefix and exists; at most 5 (10 on request) filters, each a text"
            ),
        ),
    )


def principal(named: Named) -> Advice:  # noqa: ARG001
    return (
        "a policy names a principal, an action or a form that AWS does not take",
        mend(
            "correct the policy: each principal exists, each action belongs to the service",
            Tell(
                "a principal is an existing role's or user's ARN, an account id or a service such "
                "as sns.amazonaws.com; it has to exist before the policy names it; a queue's "
                "policy takes sqs: actions and its own ARN as resource alone"
            ),
        ),
    )


def queue_attribute(named: Named) -> Advice:
    name = named.get("name") or named.get("attribute") or "the attribute"
    fifo = (
        " FifoQueue: false is such a case: leave it out of a standard queue."
        if name == "FifoQueue"
        else ""
    )
    return (
        f"the queue is created with {name}, which it does not take",
        mend(
            f"take {name} out of the queue's properties, or make the queue of the type that has it",
            Tell(
                f"{name} is misspelt, or belongs to FIFO queues alone (FifoQueue, "
                "ContentBasedDeduplication, DeduplicationScope, FifoThroughputLimit): take it out "
                f"of a standard queue.{fifo}"
            ),
        ),
    )


def schema(named: Named) -> Advice:
    path = named.get("path", "").strip("/").replace("/", ".")
    keys = named.get("name") or named.get("unsupported") or named.get("properties")
    name = path or keys or named.get("empty") or "a property"
    if "key" in named:
        told = named["key"]
    elif keys:
        told = "the resource's type knows no such property"
    else:
        told = named.get("rule") or (
            f"the value does not fit its {named['keyword']}"
            if "keyword" in named
            else "it is empty"
        )
    end = (
        f"{name} has to be an ARN: !GetAtt with the resource's logical id and .Arn, not !Ref"
        if name.endswith("Arn")
        else f"correct {name}: give it a value of the right form, or leave it out; a parameter or "
        "variable that is empty in this stage is the usual reason"
    )
    return (
        f"the template's {name} is not as its type wants it: {told}",
        mend(f"correct {name} in the template, then deploy", Tell(end)),
    )


def template(named: Named) -> Advice:
    said = named.get("said") or named.get("error") or f"no property {named.get('property')}"
    return (
        f"the template is not valid: {said}",
        mend(
            "correct the template where the sentence says",
            Tell(
                f"{said}: mend this place, and check it with aws cloudformation validate-template"
            ),
        ),
    )


def redrive_policy(named: Named) -> Advice:
    name = named["name"]
    return (
        f"the queue's RedrivePolicy has no {name}",
        mend(
            "give RedrivePolicy both of its members, or leave it out: it is never empty",
            Tell(
                'RedrivePolicy is {"deadLetterTargetArn": the ARN of the dead-letter queue, '
                '"maxReceiveCount": 5}; a queue without dead letters has no RedrivePolicy at all'
            ),
        ),
    )


def constraint(named: Named) -> Advice:
    name, value = named["property"], named.get("value", "").strip("[] ")
    rule = named["rule"].rstrip(' .\\"')
    return (
        f"{name} is {value or 'empty'}, which AWS does not take",
        mend(
            f"give {name} a value of the form that AWS takes",
            Tell(
                f"{name} has to fit: {rule[:300]}. Look where the template or a variable makes "
                f"{value or 'it'}: a part that is empty or cut off (a region, a stage, a version) "
                "is the usual reason"
            ),
        ),
    )
