"""The one place that turns a botocore error into a SqsctlError.

Codes are those of botocore's service models and of AWS's common errors; the denied
action is read from the message, as AWS words it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqsctl.aws.credentials import credential_error, expired, profile_hint
from sqsctl.aws.requests.server_clock import epoch_of
from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_ACTION = re.compile(r"not authorized to perform: (?P<action>[\w-]+:[\w*]+)")

_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedOperation",
        "Forbidden",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_SKEWED = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
_SKEW = re.compile(r"Signature (?:expired|not yet current): \d{8}T\d{6}Z")
_BAD_CREDENTIALS = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "OptInRequired",
        "InvalidSignatureException",
    }
)
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "LimitExceededException",
        "SlowDown",
        "KmsThrottled",
        "KMS.ThrottlingException",
    }
)
# What botocore raises of an answer in a form that it does not expect.
STUMBLES = (ValueError, RecursionError, AttributeError, TypeError, LookupError)
_MISSING = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "NotFoundException",
        "NoSuchEntity",
        "NoSuchEntityException",
    }
)
_UNAVAILABLE = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ServiceException",
    }
)


def error_code(error: BaseException) -> str:
    """The AWS error code of a ClientError, else an empty string."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return ""


def refuse_page(answer: Any) -> None:
    """Raises ForeignAnswerError for a web page: that of a proxy or a portal.

    Only what calls itself a page and looks like one: there are emulators that send JSON as
    text/html.
    """
    kind = str(getattr(answer, "headers", {}).get("content-type", ""))
    if "html" not in kind.lower():
        return
    start = bytes(answer.content[:200]).lstrip().lower()
    if start.startswith(b"<") and not start.startswith(b"<?xml"):
        raise ForeignAnswerError(
            f"a page of type {kind} (status {answer.status_code})", status=answer.status_code
        )


class ForeignAnswerError(Exception):
    """Something answered that does not speak AWS: a portal, a proxy, another server."""

    def __init__(self, text: str, *, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


# How web frameworks call a page that stands for an exception of the server's own code.
_BROKE = re.compile(r"<title>\s*50[01]\b", re.IGNORECASE)


def _server_broke(error: Exception) -> bool:
    """Whether a server's own code failed at a call: how some emulators say that they lack it.

    AWS sends no such page, and a proxy's or a portal's has another status.
    """
    if isinstance(error, ForeignAnswerError):
        return error.status in {500, 501}
    return bool(_BROKE.search(str(error)))


@contextmanager
def translated(what: str = "") -> Iterator[None]:
    """Run AWS calls; any botocore error comes out as a SqsctlError.

    ``what`` names the thing worked on (``queue jobs``) for the message.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (ResponseParserError, ForeignAnswerError, KeyError) as error:
        # KeyError: botocore's parser, or the caller, missed what AWS always sends.
        subject = f"{what}: " if what else ""
        if _server_broke(error):
            raise SqsctlError(
                f"{subject}the server broke at this call, which it may not have",
                hint="its own log says more",
                exit=Exit.UNAVAILABLE,
                code="unsupported",
            ) from error
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error).split("\n")[0]
        raise SqsctlError(
            f"{subject}the answer is not one of AWS's: {why[:200]}",
            hint="is --endpoint-url right? A proxy or a captive portal may have answered instead",
            exit=Exit.UNAVAILABLE,
            code="foreign_answer",
        ) from error
    except STUMBLES as error:
        if not of_the_answer(error):
            raise
        raise SqsctlError(
            "the answer is not one of AWS's: it has another form",
            hint="is --endpoint-url right?",
            exit=Exit.UNAVAILABLE,
            code="foreign_answer",
        ) from error
    except ClientError as error:
        raise client_error(error, what) from error
    except BotoCoreError as error:
        raise core_error(error, what) from error


@contextmanager
def shaped(what: str) -> Iterator[None]:
    """Read an answer that AWS's own would pass; one of another form is a SqsctlError.

    Only for the reading: what a defect of ours raises must not pass for the server's.
    """
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        missing = isinstance(error, KeyError)
        why = f"{error} is missing" if missing else str(error).split("\n")[0]
        raise SqsctlError(
            f"{what}: the answer is not one of AWS's: {why[:200]}",
            hint="is --endpoint-url right?",
            exit=Exit.UNAVAILABLE,
            code="foreign_answer",
        ) from error


def of_the_answer(error: BaseException) -> bool:
    """Whether it was botocore that stumbled: over an answer, then."""
    trace = error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if path.endswith("botocore/parsers.py") or (trace.tb_next is None and "botocore" in path):
            return True
        trace = trace.tb_next
    return False


def client_error(error: ClientError, what: str = "") -> SqsctlError:
    """Classify an answer of AWS that was an error."""
    code = error_code(error)
    text = str(error.response.get("Error", {}).get("Message") or code or error)
    operation = error.operation_name
    subject = f"{what}: " if what else ""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders") or {}
    if code in _SKEWED or _SKEW.search(text):
        return _skewed(text, epoch_of(headers.get("date")))
    if code in _EXPIRED:
        return expired()
    if 300 <= status < 400:
        return SqsctlError(
            f"{subject}the server sends {operation} elsewhere ({status}"
            f"{' to ' + headers['location'][:200] if headers.get('location') else ''})",
            hint="sqsctl follows no redirects: name the server itself with --endpoint-url, or "
            "sign in at the portal that answered",
            exit=Exit.UNAVAILABLE,
            code="redirected",
        )
    if code in _BAD_CREDENTIALS:
        return SqsctlError(
            f"AWS does not accept these credentials: {text}",
            hint="check --profile or AWS_PROFILE and the region; `sqsctl config show` says "
            "where each value came from",
            exit=Exit.DENIED,
            code="credentials_invalid",
        )
    if code in _DENIED and "MultiFactorAuthentication failed" in text:
        return SqsctlError(
            f"AWS does not take this MFA code: {text}",
            hint="wait for the next code, then `again`",
            exit=Exit.DENIED,
            code="mfa_needed",
        )
    if code in _DENIED:
        match = _ACTION.search(text)
        action = match["action"] if match else None
        return SqsctlError(
            f"{subject}access denied to {operation}: {text}",
            # IAM knows no actions for batches.
            hint=f"the identity needs {action or operation.removesuffix('Batch')}",
            exit=Exit.DENIED,
            code="access_denied",
            action=action,
        )
    if code in THROTTLED or status == 429:
        return SqsctlError(
            f"{subject}AWS is throttling {operation}: {text}",
            hint="wait a moment, then `again`",
            exit=Exit.UNAVAILABLE,
            code="throttled",
        )
    if code in _MISSING:
        return SqsctlError(f"{subject}not found: {text}", exit=Exit.NOT_FOUND, code="not_found")
    if code in _UNAVAILABLE or status >= 500:
        return SqsctlError(
            f"{subject}AWS could not answer {operation}: {text}",
            hint="try again; https://health.aws.amazon.com tells of outages",
            exit=Exit.UNAVAILABLE,
            code="unavailable",
        )
    return SqsctlError(f"{subject}{operation} failed: {text}", code=code or "aws_error")


def _skewed(text: str, server: float | None) -> SqsctlError:
    """AWS refuses requests that are signed by a clock more than some minutes away from its own."""
    off = ""
    if server is not None:
        seconds = time.time() - server
        size = f"{abs(seconds) / 60:.0f} min" if abs(seconds) >= 120 else f"{abs(seconds):.0f} s"
        off = f" is {size} {'ahead of' if seconds > 0 else 'behind'} AWS's, and"
    return SqsctlError(
        f"the clock of this machine{off} makes AWS refuse what it signs: {text}",
        hint="set the clock of this machine (timedatectl, or the system's settings)",
        exit=Exit.DENIED,
        code="clock_skewed",
    )


def core_error(error: BotoCoreError, what: str = "") -> SqsctlError:
    """Classify an error that came before an answer: credentials, network, parameters."""
    from botocore import exceptions as boto

    from sqsctl.aws.requests.deadlines import NotWaitedForError

    subject = f"{what}: " if what else ""
    credentials = credential_error(error)
    if credentials is not None:
        return credentials
    if isinstance(
        error,
        boto.ConfigParseError
        | boto.ConfigNotFound
        | boto.InvalidConfigError
        | boto.UnknownCredentialError,
    ):
        return SqsctlError(
            f"{error}",
            hint="mend the file, or name another with AWS_CONFIG_FILE",
            exit=Exit.USAGE,
            code="aws_config",
        )
    if isinstance(error, boto.ProfileNotFound):
        return SqsctlError(
            f"{error}",
            hint=profile_hint(str(error.kwargs.get("profile", ""))),
            exit=Exit.USAGE,
            code="profile_not_found",
        )
    if isinstance(error, boto.NoRegionError):
        return SqsctlError(
            "no AWS region is set",
            hint="`again --region REGION`, or set AWS_REGION",
            exit=Exit.USAGE,
            code="region_missing",
        )
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        return SqsctlError(
            f"{subject}AWS is unreachable: {error}",
            hint="check the network, --region and --endpoint-url",
            exit=Exit.UNAVAILABLE,
            code="unreachable",
        )
    if isinstance(error, NotWaitedForError):
        return SqsctlError(f"{subject}{error}", exit=Exit.UNAVAILABLE, code="unreachable")
    if isinstance(error, boto.ParamValidationError):
        return SqsctlError(f"{subject}{error}", exit=Exit.USAGE, code="invalid_parameter")
    return SqsctlError(f"{subject}{error}", code="aws_error")
