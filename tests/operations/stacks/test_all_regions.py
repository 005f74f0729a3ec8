"""The same question in every region."""

from __future__ import annotations

import pytest

from sqsctl.aws.session import Credentials, Session, regions_beside
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.target import Target
from sqsctl.operations.stacks.all_regions import everywhere

SESSION = Session(Target("aws", "eu-west-1"), credentials=Credentials("a", "b"))


def test_regions_are_those_of_the_partition() -> None:
    ours = regions_beside("eu-west-1")
    assert {"eu-west-1", "us-east-1", "ap-northeast-2"} <= {*ours}
    assert not any(each.startswith(("cn-", "us-gov-")) for each in ours)
    assert {*regions_beside("cn-north-1")} == {"cn-north-1", "cn-northwest-1"}
    assert regions_beside("mars-east-1x") == ("mars-east-1x",)


def test_a_region_that_does_not_answer_is_named_and_the_others_are_read() -> None:
    def ask(session: Session) -> str:
        if session.target.region == "us-east-1":
            raise SqsctlError("no", exit=Exit.UNAVAILABLE, code="unreachable")
        if session.target.region == "af-south-1":
            raise SqsctlError("bad token", exit=Exit.DENIED, code="credentials_invalid")
        return session.target.region.upper()

    found = {each.region: each for each in everywhere(SESSION, ask)}
    assert found["eu-west-1"].answer == "EU-WEST-1"
    assert (found["us-east-1"].answer, found["us-east-1"].unread) == (None, "no")
    assert found["af-south-1"].unread == "disabled"


def test_where_the_own_region_does_not_answer_nothing_does() -> None:
    def ask(session: Session) -> str:
        raise SqsctlError("expired", exit=Exit.DENIED, code="credentials_expired")

    with pytest.raises(SqsctlError, match="expired"):
        everywhere(SESSION, ask)
