"""A deploy was refused: AWS does not take a resource as the template has it.

## What it does
Reads what AWS answers while a stack is deployed, in the forms of the AWS CLI, CloudFormation,
Serverless, SAM, the CDK and Terraform, and names the resource of the template: packages and layers
that are too large, batching windows, mappings and queues that exist already, a file system that is
not ready, a dead-letter queue that is not there, a Ref in the place of an ARN, images in a form
that Lambda does not take, reserved or too large environments, limits and forms of single values,
empty archives, mappings that do not become ready, custom resources without an answer, exports,
capabilities, stacks that take no update. What has a check of its own (a refused call, reserved
concurrency, a runtime that is no longer taken, visibility below the timeout) is told by that.

## Why it matters
Nothing was created, or everything was rolled back: there is no function to change, and there are
no dead letters. The template is what has to be mended.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.deploys.advice import advice
from sqsctl.checks.support.deploys.errors import Rejection, rejection
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.service_faults import EXPECTED
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.stack import Fact, Stack


class DeployRejected(LogCheck[Rejection]):
    meta = Meta(
        id="deploy-rejected",
        title="AWS takes the stack as it is deployed",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES - {Fact.METRICS},
        reference=(
            "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"
        ),
    )
    # What has a check of its own stands before, an answer of any service behind.
    precedence = 60

    def recognise(self, case: Case) -> Rejection | None:
        found = rejection(case.everything)
        # Code that creates what is there already meets an answer that it may expect.
        expected = found is not None and not found.kind and EXPECTED.search(case.text)
        return None if expected else found

    def report(self, seen: Seen[Rejection], stack: Stack) -> Finding:  # noqa: ARG002 - in the text
        sign = seen.sign
        title, mends = advice(sign.kind, sign.named, sign.said)
        return self.found(
            f"{sign.resource}: {title}" if sign.resource else title,
            evidence=seen.evidence(),
            remedy=mends,
            subject=seen.function,
            confidence=seen.confidence if sign.kind else Confidence.LOW,
        )
