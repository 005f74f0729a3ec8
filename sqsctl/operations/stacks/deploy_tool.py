"""Which tool deploys a stack, by what it leaves in CloudFormation.

Resources, outputs and the description tell; nothing more is asked of AWS. Where the resources
could not be listed and the outputs say nothing, nobody can say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqsctl.model.deployed import DeployedStack, StackResource
from sqsctl.model.stack import MadeBy

# Serverless writes the first two always; version 4 has no bucket in the stack.
_SERVERLESS = frozenset({"IamRoleLambdaExecution", "ServerlessDeploymentBucket"})
_BUCKET = "ServerlessDeploymentBucketName"
# The CDK inside of Lift makes construct/Queue and construct/Dlq, and outputs for them.
_LIFT = re.compile(r"\w{1,200}(?:Queue|Dlq)[0-9A-F]{8}")
_LIFT_OUTPUT = re.compile(r"\w{1,200}(?:Queue(?:Url|Arn)|DlqUrl)[0-9A-F]{8}")
_CDK = re.compile(r"\w{1,240}[0-9A-F]{8}")
_SAM = frozenset({"ServerlessRestApi", "ServerlessHttpApi"})
_SAM_WORDS = re.compile(r"\bSAM\b|Implicit IAM Role created for")
# What sam deploy names its change sets.
_SAM_CHANGE_SET = ":changeSet/samcli-deploy"
# Amplify describes its stacks as JSON; SST 2 and Copilot tag theirs.
_AMPLIFY = re.compile(r'"createdBy":\s?"Amplify\w{0,40}"')
_TAGS: dict[str, MadeBy] = {"sst:app": "sst", "copilot-application": "copilot"}
_MADE = frozenset({"AWS::SQS::Queue", "AWS::Lambda::Function"})


def made_by(stack: DeployedStack, resources: Sequence[StackResource]) -> MadeBy:
    """The tool that wrote the stack's template."""
    if (tagged := _tagged(stack)) != "":
        return tagged
    names = {each.logical_id for each in resources}
    queues = [each.logical_id for each in resources if each.type == "AWS::SQS::Queue"]
    if names & _SERVERLESS or _BUCKET in stack.outputs:
        lifted = any(map(_LIFT.fullmatch, queues)) or any(
            map(_LIFT_OUTPUT.fullmatch, stack.outputs)
        )
        return "lift" if lifted else "serverless"
    made = [each.logical_id for each in resources if each.type in _MADE]
    if any(each.type == "AWS::CDK::Metadata" for each in resources) or (
        made and all(map(_CDK.fullmatch, made))
    ):
        return "cdk"
    if _SAM_CHANGE_SET in stack.change_set:
        return "sam"
    if names & _SAM or any(map(_SAM_WORDS.search, _words(stack))) or _sam_shaped(resources):
        return "sam"
    return "cloudformation" if any(each.type for each in resources) and made else ""


def _tagged(stack: DeployedStack) -> MadeBy:
    """Tools that write with the CDK or CloudFormation, and leave a mark of their own."""
    if _AMPLIFY.search(stack.description):
        return "amplify"
    return next((tool for tag, tool in _TAGS.items() if tag in stack.tags), "")


def _words(stack: DeployedStack) -> tuple[str, ...]:
    return (stack.description, *stack.output_descriptions.values())


def _sam_shaped(resources: Sequence[StackResource]) -> bool:
    """Whether each function has a role ``<its id>Role``, and each mapping begins with an id.

    SAM gives both names by itself; people may give one by chance, and rarely both throughout.
    """
    functions = {each.logical_id for each in resources if each.type == "AWS::Lambda::Function"}
    roles = {each.logical_id for each in resources if each.type == "AWS::IAM::Role"}
    fed = {each.logical_id for each in resources if each.type == "AWS::Lambda::EventSourceMapping"}
    return bool(
        functions
        and fed
        and all(f"{each}Role" in roles for each in functions)
        and all(any(each.startswith(name) for name in functions) for each in fed)
    )
