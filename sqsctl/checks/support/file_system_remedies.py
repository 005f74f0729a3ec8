"""What is done about an EFS file system that a function could not mount, read or write.

Source: Lambda's API reference, Invoke, errors EFSMountFailureException,
EFSMountConnectivityException, EFSMountTimeoutException and EFSIOException.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqsctl.model.intents import Look, Redrive, Remedy, Tell, call, remedy

_ERROR = re.compile(r"\bEFS(?P<kind>MountFailure|MountConnectivity|MountTimeout|IO)Exception\b")
_POINT = re.compile(r"access-point/(?P<id>fsap-[0-9a-f]{2,40})\b")


def file_system(text: str) -> Remedy | None:
    """The remedy of Lambda's own errors about a file system; None for other texts."""
    match = _ERROR.search(text)
    if match is None:
        return None
    point = _POINT.search(text)
    return _REMEDIES[match["kind"]](point["id"] if point else "")


def _targets(point: str) -> tuple[Look, ...]:
    """The mount targets behind an access point: where they are, and in which state."""
    asked = call("efs", "describe_mount_targets", AccessPointId=point)
    query = "MountTargets[].[MountTargetId,SubnetId,LifeCycleState]"
    return (Look(asked, query=query),) if point else ()


def _point(point: str) -> tuple[Look, ...]:
    asked = call("efs", "describe_access_points", AccessPointId=point)
    return (
        (Look(asked, query="AccessPoints[].[FileSystemId,RootDirectory,PosixUser]"),)
        if (point)
        else ()
    )


def _refused(point: str) -> Remedy:
    return remedy(
        "let the function's role mount the file system, and let the access point's folder be there",
        *_point(point),
        Tell(
            "the role needs elasticfilesystem:ClientMount, and elasticfilesystem:ClientWrite to "
            "write; a policy of the file system has to allow both, too"
        ),
        Tell(
            "an access point whose root directory does not exist makes it only with CreationInfo "
            "(OwnerUid, OwnerGid, Permissions); else another access point is made, with it"
        ),
        afterwards=Redrive(),
    )


def _unreachable(point: str) -> Remedy:
    return remedy(
        "let the function reach the mount target over TCP 2049 (NFS)",
        *_targets(point),
        Tell(
            "the mount targets' security group lets in TCP 2049 from the function's security "
            "group, and that lets it out; network ACLs of both subnets do, too"
        ),
        Tell(
            "each availability zone of the function's subnets has a mount target of the file "
            "system, in the same VPC, that is available"
        ),
        afterwards=Redrive(),
    )


def _slow(point: str) -> Remedy:
    return remedy(
        "let fewer environments mount the file system at once, and give it more throughput",
        *_targets(point),
        Tell(
            "a MaximumConcurrency on the mapping (ScalingConfig, at least 2), or a reserved "
            "concurrency, bounds how many connect at once"
        ),
        Tell(
            "a file system in bursting mode is slow when BurstCreditBalance (CloudWatch, AWS/EFS) "
            "is used up: elastic throughput knows no credits (aws efs update-file-system "
            "--throughput-mode elastic)"
        ),
        afterwards=Redrive(),
    )


def _stuck(point: str) -> Remedy:
    return remedy(
        "see that the file system is there and has throughput left, and give it elastic throughput",
        *_point(point),
        Tell(
            "BurstCreditBalance and PercentIOLimit (CloudWatch, AWS/EFS): where the first is at 0 "
            "or the second at 100, elastic throughput or fewer files and writes at once help (aws "
            "efs update-file-system --throughput-mode elastic)"
        ),
        Tell("a mount target or file system that was deleted meanwhile has to be made again"),
        afterwards=Redrive(),
    )


_REMEDIES: dict[str, Callable[[str], Remedy]] = {
    "MountFailure": _refused,
    "MountConnectivity": _unreachable,
    "MountTimeout": _slow,
    "IO": _stuck,
}
