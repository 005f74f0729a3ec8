"""CloudFormation: stacks, their resources, and deploys through change sets.

Everything is paged. Errors come out as SqsctlError; a stack that is not there is a
NotFoundError (CloudFormation itself says ValidationError).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.translate import translated
from sqsctl.errors import NotFoundError, SqsctlError, UsageError
from sqsctl.model.deployed import STACK_TYPE, DeployedStack, DeployEvent, StackResource

MAX_TEMPLATE_BYTES = 51_200  # CreateChangeSet's TemplateBody
MAX_STACKS = 500
MAX_RESOURCES = 5_000
MAX_NESTING = 5
MAX_EVENT_PAGES = 50

NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


class StackClient:
    """The CloudFormation stacks of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def _client(self) -> Any:
        return self.session.cloudformation()

    def get(self, name: str) -> DeployedStack:
        """A stack by name or ARN. Raises NotFoundError."""
        try:
            with translated(f"stack {name}"):
                answer = self._client.describe_stacks(StackName=name)
                found = [_stack(each) for each in answer.get("Stacks") or ()]
        except SqsctlError as error:
            raise self._missing(error, name) from error
        if not found:
            raise not_found(name, self.session.target.region)
        return found[0]

    def find(self, name: str) -> DeployedStack | None:
        """The stack, None where it does not exist or was deleted."""
        try:
            stack = self.get(name)
        except NotFoundError:
            return None
        return None if stack.status == "DELETE_COMPLETE" else stack

    def active(self, limit: int = MAX_STACKS) -> Iterator[DeployedStack]:
        """Stacks that exist, nested ones apart, newest change first within a page."""
        token: str | None = None
        seen = 0
        while True:
            with translated("stacks"):
                page = self._client.describe_stacks(**({"NextToken": token} if token else {}))
            for shape in page.get("Stacks") or ():
                stack = _stack(shape)
                if stack.parent_arn or stack.status in {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"}:
                    continue
                yield stack
                seen += 1
                if seen >= limit:
                    return
            token = page.get("NextToken")
            if not token:
                return

    def resources(self, name: str, *, nested: bool = True) -> tuple[StackResource, ...]:
        """The resources of a stack and, by default, of the stacks nested in it."""
        found: list[StackResource] = []
        self._collect(name, name, MAX_NESTING if nested else 0, found)
        return tuple(found)

    def transforms(self, name: str) -> tuple[str, ...]:
        """The transforms that a stack's own template declares (``AWS::Serverless-2016-10-31``)."""
        with translated(f"stack {name}"):
            answer = self._client.get_template_summary(StackName=name)
        declared = answer.get("DeclaredTransforms") or ()
        return tuple(each for each in declared if isinstance(each, str))

    def defaults(self, name: str) -> dict[str, str]:
        """What a deployed template's parameters are without a value, where it says."""
        with translated(f"stack {name}"):
            answer = self._client.get_template_summary(StackName=name)
        return {
            each["ParameterKey"]: each["DefaultValue"]
            for each in answer.get("Parameters") or ()
            if "DefaultValue" in each
        }

    def _collect(self, name: str, label: str, depth: int, found: list[StackResource]) -> None:
        token: str | None = None
        inner: list[StackResource] = []
        while True:
            try:
                with translated(f"stack {label}"):
                    page = self._client.list_stack_resources(
                        StackName=name, **({"NextToken": token} if token else {})
                    )
                    listed = [_resource(each, label) for each in page["StackResourceSummaries"]]
            except SqsctlError as error:
                raise self._missing(error, label) from error
            for resource in listed:
                if resource.status == "DELETE_COMPLETE":
                    continue
                found.append(resource)
                if resource.type == STACK_TYPE and resource.physical_id:
                    inner.append(resource)
            token = page.get("NextToken")
            if not token or len(found) >= MAX_RESOURCES:
                break
        if depth:
            for each in inner:
                short = each.physical_id.split("/")[1] if "/" in each.physical_id else ""
                self._collect(each.physical_id, short or each.physical_id, depth - 1, found)

    # -- deploying ----------------------------------------------------------------------

    def create_change_set(
        self,
        stack: str,
        change_set: str,
        *,
        create: bool,
        template: str,
        parameters: Mapping[str, str | None],
        capabilities: Sequence[str],
        tags: Mapping[str, str],
        template_url: str | None = None,
    ) -> str:
        """Ask for a change set and return its ARN. A parameter of None keeps its value.

        ``template_url`` is where the template lies, where it is too long for a request.
        """
        body = {"TemplateURL": template_url} if template_url else {"TemplateBody": template}
        if not template_url and len(template.encode()) > MAX_TEMPLATE_BYTES:
            raise UsageError(
                f"the template has {len(template.encode()):,} bytes; CloudFormation takes "
                f"{MAX_TEMPLATE_BYTES:,} in a request",
                hint="`aws cloudformation package` puts the code in S3 and shortens it",
                code="template_too_large",
            )
        request: dict[str, Any] = {
            "StackName": stack,
            "ChangeSetName": change_set,
            "ChangeSetType": "CREATE" if create else "UPDATE",
            **body,
            "Parameters": [
                {"ParameterKey": key, "UsePreviousValue": True}
                if value is None
                else {"ParameterKey": key, "ParameterValue": value}
                for key, value in parameters.items()
            ],
            "Capabilities": list(capabilities),
            "Description": "made by sqsctl",
        }
        if tags:
            request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        with translated(f"stack {stack}"):
            return str(self._client.create_change_set(**request)["Id"])

    def change_set(self, arn: str) -> tuple[str, str]:
        """Its status (CREATE_PENDING … CREATE_COMPLETE, FAILED) and the reason."""
        with translated("change set"):
            answer = self._client.describe_change_set(ChangeSetName=arn)
        return answer.get("Status", ""), answer.get("StatusReason", "") or ""

    def changes(self, arn: str) -> tuple[DeployEvent, ...]:
        """What a change set would do, a DeployEvent (status ADD, MODIFY, REMOVE) each."""
        found: list[DeployEvent] = []
        token: str | None = None
        while True:
            with translated("change set"):
                answer = self._client.describe_change_set(
                    ChangeSetName=arn, **({"NextToken": token} if token else {})
                )
            found += [
                DeployEvent(
                    stack=answer.get("StackName", ""),
                    logical_id=change.get("LogicalResourceId", ""),
                    type=change.get("ResourceType", ""),
                    status=str(change.get("Action", "")).upper(),
                    reason=_replacement(change.get("Replacement")),
                    physical_id=change.get("PhysicalResourceId", ""),
                )
                for each in answer.get("Changes") or ()
                if (change := each.get("ResourceChange") or {})
            ]
            token = answer.get("NextToken")
            if not token:
                return tuple(found)

    def execute(self, arn: str, token: str) -> None:
        """Carry a change set out."""
        with translated("change set"):
            self._client.execute_change_set(ChangeSetName=arn, ClientRequestToken=token)

    def delete_change_set(self, arn: str) -> None:
        with translated("change set"):
            self._client.delete_change_set(ChangeSetName=arn)

    def delete(self, name: str) -> None:
        """Ask for a stack to be deleted; it takes a while."""
        with translated(f"stack {name}"):
            self._client.delete_stack(StackName=name)

    def events(
        self, name: str, *, after: frozenset[str] = frozenset(), pages: int = MAX_EVENT_PAGES
    ) -> tuple[DeployEvent, ...]:
        """Events of a stack that are not in ``after`` (by id), oldest first.

        Reading ends with the page that holds a known event: what lies behind is older.
        """
        found: list[DeployEvent] = []
        token: str | None = None
        for _ in range(pages):
            with translated(f"stack {name}"):
                page = self._client.describe_stack_events(
                    StackName=name, **({"NextToken": token} if token else {})
                )
            known = False
            for shape in page.get("StackEvents") or ():
                event = _event(shape)
                if event.id in after:
                    known = True
                else:
                    found.append(event)
            token = page.get("NextToken")
            if known or not token:
                break
        return tuple(reversed(found))

    def _missing(self, error: SqsctlError, name: str) -> SqsctlError:
        if "does not exist" in error.message or error.code == "not_found":
            return not_found(name, self.session.target.region)
        return error


def not_found(name: str, region: str, account: str | None = None) -> NotFoundError:
    """The error for a stack that is not there; the account, if known, may be the wrong one."""
    of = f" of account {account}" if account else ""
    return NotFoundError(
        f"there is no stack {name} in {region}{of}",
        hint="`sqsctl stack ls` lists those there are; --region, --stage and --profile look "
        "elsewhere",
        code="stack_not_found",
        name=name,
    )


def _replacement(value: str | None) -> str:
    return {"True": "replaced", "Conditional": "may be replaced"}.get(value or "", "")


def _stack(shape: Mapping[str, Any]) -> DeployedStack:
    outputs = shape.get("Outputs") or ()
    return DeployedStack(
        name=shape["StackName"],
        arn=shape.get("StackId", ""),
        status=shape.get("StackStatus", ""),
        status_reason=shape.get("StackStatusReason", "") or "",
        description=shape.get("Description", "") or "",
        created_at=_utc(shape.get("CreationTime")),
        updated_at=_utc(shape.get("LastUpdatedTime")),
        outputs={each["OutputKey"]: each.get("OutputValue", "") for each in outputs},
        output_descriptions={
            each["OutputKey"]: each.get("Description", "") or "" for each in outputs
        },
        parameters={
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in shape.get("Parameters") or ()
        },
        tags={each["Key"]: each.get("Value", "") for each in shape.get("Tags") or ()},
        parent_arn=shape.get("ParentId") or None,
        change_set=shape.get("ChangeSetId") or "",
    )


def _resource(shape: Mapping[str, Any], stack_name: str) -> StackResource:
    return StackResource(
        logical_id=shape.get("LogicalResourceId", ""),
        type=shape.get("ResourceType", ""),
        physical_id=shape.get("PhysicalResourceId", "") or "",
        status=shape.get("ResourceStatus", ""),
        stack_name=stack_name,
    )


def _event(shape: Mapping[str, Any]) -> DeployEvent:
    return DeployEvent(
        stack=shape.get("StackName", ""),
        logical_id=shape.get("LogicalResourceId", ""),
        type=shape.get("ResourceType", ""),
        status=shape.get("ResourceStatus", ""),
        reason=shape.get("ResourceStatusReason", "") or "",
        physical_id=shape.get("PhysicalResourceId", "") or "",
        at=_utc(shape.get("Timestamp")),
        id=shape.get("EventId", ""),
    )


def _utc(value: object) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None
