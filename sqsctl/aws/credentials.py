"""What is known of the credentials in use, and what to type where they are missing or expired.

Nothing here reads a secret.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session as BotocoreSession

_SSO = ("sso_session", "sso_start_url", "sso_account_id")
_MAX_CHAIN = 10


class _Used:
    """The session that signs the requests of this run: an error says how to sign in again."""

    session: BotocoreSession | None = None


def remember(session: BotocoreSession) -> None:
    """Hints are about this session's profile from here on."""
    _Used.session = session


def login_hint() -> str:
    """What to type to sign in again, as the profile in use signs in."""
    if os.environ.get("AWS_SESSION_TOKEN") and _profile() is None:
        return (
            "the keys in AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN are temporary: set new ones, "
            "or unset them to use a profile"
        )
    how = _chain()
    for name, settings in how:
        option = f" --profile {shlex.quote(name)}" if name != "default" else ""
        if any(key in settings for key in _SSO):
            return f"aws sso login{option}"
        if "login_session" in settings:
            return f"aws login{option}"
        if "mfa_serial" in settings:
            return "repeat the command on a terminal: it asks for a new MFA code"
        if "credential_process" in settings:
            return f"see to the credential_process of profile {name}: {_program(settings)}"
    return "sign in again (for SSO: aws sso login), then repeat the command"


def credential_error(error: BotoCoreError) -> SqsctlError | None:
    """Classify what went wrong with credentials; None for everything else."""
    from botocore import exceptions as boto

    if isinstance(error, boto.NoCredentialsError | boto.NoAuthTokenError):
        return SqsctlError(
            "no AWS credentials found",
            hint="`sqsctl lab up` starts a local stack that needs none; for AWS set --profile, "
            "or run `aws configure`",
            exit=Exit.DENIED,
            code="credentials_missing",
        )
    if isinstance(error, boto.MissingDependencyException):
        # The package awscrt signs what aws login and a few others need.
        return SqsctlError(
            "this profile signs in with aws login, which needs the package awscrt",
            hint="pip install 'botocore[crt]' (with pipx: pipx inject sqsctl 'botocore[crt]')",
            exit=Exit.USAGE,
            code="dependency_missing",
        )
    if isinstance(error, boto.PartialCredentialsError):
        return SqsctlError(
            f"the AWS credentials are not whole: {error}",
            hint="a key and its secret belong together: `aws configure`, or the environment",
            exit=Exit.DENIED,
            code="credentials_missing",
        )
    if isinstance(error, boto.RefreshWithMFAUnsupportedError):
        return expired("your AWS credentials have expired, and new ones want an MFA code")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError):
        return expired("your SSO session has expired or was never started")
    if isinstance(error, boto.LoginInsufficientPermissions):
        return SqsctlError(
            f"{error}",
            hint="the identity needs signin:CreateOAuth2Token",
            exit=Exit.DENIED,
            code="access_denied",
            action="signin:CreateOAuth2Token",
        )
    if isinstance(error, boto.LoginError):
        return expired("your AWS login has expired or was never started")
    if isinstance(error, boto.CredentialRetrievalError | boto.MetadataRetrievalError):
        return SqsctlError(
            f"could not get AWS credentials: {' '.join(str(error).split())}",
            hint=login_hint() if _asks_a_program() else "check --profile or AWS_PROFILE",
            exit=Exit.DENIED,
            code="credentials_missing",
        )
    return None


def profile_hint(name: str) -> str:
    """What to type where there is no such profile."""
    from difflib import get_close_matches

    near = get_close_matches(name, _profiles(), 1)
    if near:
        return f"did you mean --profile {near[0]}?"
    return "aws configure list-profiles shows those there are"


def _profiles() -> list[str]:
    import botocore.session
    from botocore.exceptions import BotoCoreError

    try:
        return sorted(botocore.session.Session().available_profiles)
    except BotoCoreError:  # a hint must not fail over a broken file
        return []


def expired(message: str = "your AWS credentials have expired") -> SqsctlError:
    """Credentials that were good once."""
    return SqsctlError(message, hint=login_hint(), exit=Exit.DENIED, code="credentials_expired")


def _profile() -> str | None:
    """The profile in use, where one was chosen."""
    session = _Used.session
    return session.profile if session is not None else None


def _chain() -> list[tuple[str, dict[str, Any]]]:
    """The profile in use, and those that it takes its credentials from."""
    session = _Used.session
    if session is None:
        return []
    try:
        profiles: dict[str, dict[str, Any]] = session.full_config.get("profiles", {})
    except Exception:  # noqa: BLE001 - a hint must not fail over a broken file
        return []
    found: list[tuple[str, dict[str, Any]]] = []
    name: str | None = session.profile or "default"
    while name and name not in {each for each, _ in found} and len(found) < _MAX_CHAIN:
        settings = profiles.get(name, {})
        found.append((name, settings))
        name = settings.get("source_profile")
    return found


def _asks_a_program() -> bool:
    return any("credential_process" in settings for _, settings in _chain())


def _program(settings: dict[str, Any]) -> str:
    """The program of a credential_process, without arguments that may be secret."""
    try:
        return shlex.split(str(settings["credential_process"]))[0]
    except (ValueError, IndexError):
        return "it cannot be read"


def export_line() -> str:
    """The command that puts the profile's credentials into a shell's environment."""
    profile = _profile()
    option = f" --profile {shlex.quote(profile)}" if profile else ""
    return f"aws configure export-credentials{option} --format env"
