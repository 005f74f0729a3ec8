"""Which AWS a command works on: settings and a running lab in, a Target out.

The order is that of the settings, then a running lab, then boto3's default chain; a
region alone names no target.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from sqsctl.aws import lab_state as labs
from sqsctl.aws.session import (
    Credentials,
    Session,
    default_region,
    has_credentials,
    has_real_credentials,
)
from sqsctl.errors import Exit, NotFoundError, RefusedError, SqsctlError, UsageError
from sqsctl.model.target import Target, is_loopback
from sqsctl.operations.target import trust
from sqsctl.operations.target.settings import GUARDED, Settings

_AWS_QUEUE_HOST = re.compile(
    r"^(?:sqs\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)|(?P<legacy>[a-z]{2}(?:-[a-z]+)+-\d)\.queue|queue)"
    r"\.amazonaws\.com(?:\.cn)?$"
)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
# Regions whose host names do not end in amazonaws.com.
_OTHER_PARTITIONS = ("cn-", "us-iso", "eu-iso", "eusc-")
START_LAB = "sqsctl lab up"
DUMMIES = Credentials("test", "test")  # for an emulator on this machine that asks for none


@dataclass(frozen=True, slots=True)
class Resolved:
    """A target, the session for it, and what a person should know about the choice.

    ``ambiguous`` is set where a lab runs while the environment names AWS: it says what
    names it. Commands that change something then need a decision.
    """

    target: Target
    session: Session
    lab: labs.LabState | None = None
    ambiguous: str | None = None


class NothingFoundError(SqsctlError):
    """Neither a lab nor AWS credentials: the command that starts the lab is the hint."""

    def __init__(self) -> None:
        super().__init__(
            "no AWS credentials, and no lab is running",
            hint=f"{START_LAB} starts a local stack; for AWS set --profile or run `aws configure`",
            exit=Exit.DENIED,
            code="credentials_missing",
        )


def resolve(
    settings: Settings, *, lab_name: str = labs.DEFAULT_LAB, functions: Sequence[str] = ()
) -> Resolved:
    """Choose the target. ARNs among ``functions`` name one, as a queue's does.

    Raises NotFoundError for ``--lab`` without one, NothingFoundError where there is
    nothing at all, UsageError where no region is known or settings contradict.
    """
    lab = labs.running_lab(lab_name)
    wanted = settings.flag("lab")
    if wanted:
        if settings.kind("lab") == "flag":
            _refuse_contradiction(settings)
        if lab is None:
            raise no_lab(lab_name)
        return _in_lab(settings, lab)
    arns = [each for each in functions if each.startswith("arn:")]
    named = _named_by(settings, lab, arns)
    if named is None and lab is not None and wanted is None:
        return _in_lab(settings, lab)
    endpoint = settings.text("endpoint_url")
    if lab is not None and endpoint and _same_place(endpoint, lab.endpoint):
        return _in_lab(settings, lab)
    _check_trust(settings)
    if named is None and not has_credentials(settings.text("profile")):
        raise NothingFoundError
    resolved = _outside(settings, endpoint, arns, lab)
    ambiguous = (
        named if lab is not None and wanted is None and _environment_names(settings) else None
    )
    return Resolved(resolved.target, resolved.session, None, ambiguous)


def _check_trust(settings: Settings) -> None:
    """Raise UntrustedFileError where a stranger's file decides who gets real credentials.

    An endpoint on this machine is no matter where no credentials are known: it gets dummies.
    """
    chosen = {key: str(settings.text(key)) for key in GUARDED if settings.kind(key) == "file"}
    region = settings.text("region") or ""
    if settings.kind("region") == "file" and region.startswith(_OTHER_PARTITIONS):
        chosen["region"] = region
    if not chosen or settings.file is None or trust.trusts(settings.file, settings.sha256):
        return
    real = settings.credentials_from is not None or has_credentials(None)
    if set(chosen) == {"endpoint_url"} and _loopback(chosen["endpoint_url"]) and not real:
        return
    raise trust.UntrustedFileError(settings.file, settings.sha256, chosen)


def _check_plain(endpoint: str, profile: str | None) -> None:
    """Raise RefusedError where real credentials would be sent to another machine in the clear."""
    if urlsplit(endpoint).scheme != "http" or _loopback(endpoint):
        return
    if not has_real_credentials(profile):
        return
    raise RefusedError(
        f"{endpoint} is not encrypted and not on this machine: it gets no real credentials",
        hint="use https, or a tunnel to 127.0.0.1; an emulator takes dummies as well: "
        "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test",
        code="endpoint_not_encrypted",
    )


def no_lab(name: str = labs.DEFAULT_LAB) -> SqsctlError:
    """The error for a lab that is not there; a crashed one is named as such."""
    state = labs.read_state(name)
    if state is not None and not labs.alive(state):
        return NotFoundError(
            f"the lab has crashed (its process {state.pid} is gone); its log is {state.log}",
            hint=f"{START_LAB} starts a fresh one",
            code="lab_crashed",
        )
    why = labs.disbelieved(name)
    said = f"no lab is running: {why}, and is not believed" if why else "no lab is running"
    return NotFoundError(said, hint=START_LAB, code="lab_not_running")


def _refuse_contradiction(settings: Settings) -> None:
    for key in ("profile", "endpoint_url"):
        if settings.kind(key) == "flag":
            option = key.replace("_", "-")
            raise UsageError(f"--lab and --{option} name different targets: give one of them")


def _in_lab(settings: Settings, lab: labs.LabState) -> Resolved:
    # AWS_REGION is set for other purposes on many machines; only a choice made for
    # sqsctl itself moves the lab's region.
    region = lab.region
    chosen = settings.values.get("region")
    if chosen and (chosen.kind == "flag" or chosen.source == "SQSCTL_REGION"):
        region = str(chosen.value)
    target = Target(
        kind="lab",
        region=valid_region(region),
        account=lab.account,
        stack=settings.text("stack"),
        endpoint=lab.endpoint,
    )
    return Resolved(target, Session(target, credentials=lab.credentials), lab)


def _outside(
    settings: Settings, endpoint: str | None, arns: Sequence[str], lab: labs.LabState | None
) -> Resolved:
    profile = _profile(settings)
    region = (
        settings.text("region")
        or _queue_region(settings)
        or _region_of(arns)
        or default_region(profile)
    )
    if endpoint:
        _check_url(endpoint)
    if not region:
        hint = "pass --region, or set AWS_REGION"
        if lab is not None:
            hint += "; --lab works on the lab that is running"
        raise UsageError("no AWS region is set", hint=hint, code="region_missing")
    target = Target(
        kind="endpoint" if endpoint else "aws",
        region=valid_region(region),
        stack=settings.text("stack"),
        endpoint=endpoint,
        profile=profile,
    )
    if endpoint:
        _check_plain(endpoint, profile)
    credentials: Credentials | None = None
    known = settings.credentials_from is not None or (profile and has_credentials(profile))
    if endpoint and _loopback(endpoint) and not known and not has_credentials(None):
        credentials = DUMMIES
    return Resolved(target, Session(target, credentials=credentials))


def _profile(settings: Settings) -> str | None:
    """The profile to sign in with.

    Keys in the environment go before AWS_PROFILE, as for the AWS CLI: botocore does that by
    itself where the profile is not handed to it.
    """
    setting = settings.values.get("profile")
    if setting and setting.source.startswith("AWS_") and settings.credentials_from:
        return None
    return settings.text("profile")


def _check_url(endpoint: str) -> None:
    if any(character in endpoint for character in "@?#"):
        # It would be printed with every target line and error.
        raise UsageError(
            "--endpoint-url must not hold a user, a password or a query",
            hint="credentials come from AWS's own configuration",
        )
    parts = _split(endpoint)
    try:
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or any(character.isspace() for character in endpoint):
        raise UsageError(f"--endpoint-url is not a URL: {endpoint}")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise UsageError(f"not a URL: {url!r} ({error})") from error


def _named_by(
    settings: Settings, lab: labs.LabState | None, functions: Sequence[str]
) -> str | None:
    """What names an AWS target, None where nothing does."""
    for key in ("profile", "endpoint_url"):
        setting = settings.values.get(key)
        if setting is not None and setting.value:
            return setting.source
    if settings.credentials_from:
        return settings.credentials_from
    queue = settings.text("queue") or ""
    if queue.startswith("arn:") and not (lab and f":{lab.account}:" in queue):
        return "the queue's ARN"
    if "://" in queue and _AWS_QUEUE_HOST.match(_split(queue).hostname or ""):
        return "the queue's URL"
    if any(not (lab and f":{lab.account}:" in each) for each in functions):
        return "the function's ARN"
    return None


def _region_of(arns: Sequence[str]) -> str | None:
    """The region that ARNs lie in. Raises UsageError where they lie in several."""
    found = {each.split(":")[3] for each in arns if each.count(":") > 4}
    if len(found) > 1:
        raise UsageError(
            f"the functions are in several regions: {', '.join(sorted(found))}",
            hint="name those of one region",
        )
    return next(iter(found), None)


def _environment_names(settings: Settings) -> bool:
    explicit = [settings.kind("profile"), settings.kind("endpoint_url")]
    if "flag" in explicit or "file" in explicit:
        return False
    return "environment" in explicit or settings.credentials_from is not None


def _queue_region(settings: Settings) -> str | None:
    queue = settings.text("queue") or ""
    if queue.startswith("arn:"):
        parts = queue.split(":")
        return parts[3] if len(parts) > 5 else None
    match = _AWS_QUEUE_HOST.match(_split(queue).hostname or "") if "://" in queue else None
    return (match["region"] or match["legacy"]) if match else None


def valid_region(region: str) -> str:
    """The region, if it has the shape of one."""
    if not _REGION.fullmatch(region):
        raise UsageError(f"{region!r} is not an AWS region", hint="for example ap-northeast-2")
    return region


def _same_place(one: str, other: str) -> bool:
    left, right = _split(one), _split(other)
    try:
        ports = left.port == right.port
    except ValueError:
        return False
    return ports and (left.hostname == right.hostname or (_loopback(one) and _loopback(other)))


def _loopback(url: str) -> bool:
    host = _split(url).hostname or ""
    return is_loopback(host) or host.endswith(".localhost")
