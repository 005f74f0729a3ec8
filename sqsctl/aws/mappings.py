"""Event source mappings: what feeds which queue to which function."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqsctl.aws.functions import split_arn
from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import NotFoundError, SqsctlError
from sqsctl.model.functions import (
    EventSourceMapping,
)

MAX_MAPPINGS = 500


class MappingClient:
    """The event source mappings of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def _client(self) -> Any:
        return self.session.functions()

    def of_queue(self, queue_arn: str) -> tuple[EventSourceMapping, ...]:
        """Every mapping that reads this queue."""
        return self._list({"EventSourceArn": queue_arn}, f"mappings of {queue_arn}")

    def of_function(self, reference: str) -> tuple[EventSourceMapping, ...]:
        """Every mapping to this function (or this alias of it), those of streams, too."""
        return self._list({"FunctionName": reference}, f"mappings of {reference}")

    def get(self, uuid: str) -> EventSourceMapping:
        """One mapping. Raises NotFoundError."""
        try:
            with offered(f"mapping {uuid}"):
                return mapping(self._client.get_event_source_mapping(UUID=uuid))
        except SqsctlError as error:
            if error.code != "not_found":
                raise
            raise NotFoundError(
                f"there is no event source mapping {uuid}", code="mapping_not_found"
            ) from error

    def set_enabled(self, uuid: str, *, enabled: bool) -> EventSourceMapping:
        """Switch a mapping on or off; AWS takes a moment (state Enabling, Disabling)."""
        with offered(f"mapping {uuid}"):
            return mapping(self._client.update_event_source_mapping(UUID=uuid, Enabled=enabled))

    def _list(self, request: dict[str, Any], what: str) -> tuple[EventSourceMapping, ...]:
        found: list[EventSourceMapping] = []
        marker: str | None = None
        while True:
            with offered(what):
                page = self._client.list_event_source_mappings(
                    **request, **({"Marker": marker} if marker else {})
                )
                found += [mapping(each) for each in page["EventSourceMappings"]]
            marker = page.get("NextMarker")
            if not marker or len(found) >= MAX_MAPPINGS:
                return tuple(found)


def mapping(shape: Mapping[str, Any]) -> EventSourceMapping:
    """An EventSourceMappingConfiguration as the model has it."""
    arn = shape.get("FunctionArn", "")
    name, qualifier = split_arn(arn)
    filters = (shape.get("FilterCriteria") or {}).get("Filters") or ()
    unreadable = shape.get("FilterCriteriaError") or {}
    pollers = shape.get("ProvisionedPollerConfig") or {}
    on_failure = (shape.get("DestinationConfig") or {}).get("OnFailure") or {}
    return EventSourceMapping(
        uuid=shape["UUID"],
        queue_arn=shape.get("EventSourceArn", ""),
        function_arn=arn,
        function_name=name,
        qualifier=qualifier,
        state=shape["State"],
        state_transition_reason=shape.get("StateTransitionReason") or None,
        batch_size=int(shape.get("BatchSize") or 10),
        window_s=int(shape.get("MaximumBatchingWindowInSeconds") or 0),
        maximum_concurrency=(shape.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        response_types=tuple(shape.get("FunctionResponseTypes") or ()),
        filters=tuple(each.get("Pattern", "") for each in filters),
        provisioned_pollers=bool(pollers),
        minimum_pollers=pollers.get("MinimumPollers"),
        maximum_pollers=pollers.get("MaximumPollers"),
        filters_error=unreadable.get("Message") or unreadable.get("ErrorCode") or None,
        counts_events="EventCount" in ((shape.get("MetricsConfig") or {}).get("Metrics") or ()),
        last_modified=_moment(shape.get("LastModified")),
        last_processing_result=shape.get("LastProcessingResult") or None,
        failures_to=on_failure.get("Destination") or None,
    )


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return None
