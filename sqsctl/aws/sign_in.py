"""Signing in: credentials are fetched, and codes asked for, before anything is drawn.

Nothing here reads a secret. MFA codes are asked for on a terminal only, and the temporary
credentials they bring are kept where the AWS CLI keeps them, so that the code is not asked
for with every command.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sqsctl.aws.credentials import export_line, remember
from sqsctl.aws.translate import translated
from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from botocore.session import Session as BotocoreSession


def prepare(session: BotocoreSession) -> None:
    """Let a session ask for MFA codes in our way, and remember it for hints."""
    remember(session)
    try:
        provider = session.get_component("credential_provider").get_provider("assume-role")
    except Exception:  # noqa: BLE001 - without an assume-role provider nothing asks for a code
        return
    from botocore.utils import JSONFileCache

    provider.cache = JSONFileCache(str(Path.home() / ".aws" / "cli" / "cache"))
    if hasattr(provider, "_prompter"):
        provider._prompter = ask_for_code  # botocore has no public way


def sign_in(session: BotocoreSession) -> None:
    """Get the credentials now: a code is asked for before anything draws on the terminal.

    Raises SqsctlError where there are none, or where they have expired.
    """
    with translated():
        credentials = session.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()


def ask_for_code(question: str) -> str:
    """An MFA code, typed by a person. Raises SqsctlError where nobody is there."""
    from getpass import getpass

    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise SqsctlError(
            "the profile's role wants an MFA code, and there is no terminal to ask on",
            hint=f'`again` on a terminal, or set credentials: eval "$({export_line()})"',
            exit=Exit.DENIED,
            code="mfa_needed",
        )
    try:
        return getpass(question, stream=sys.stderr)
    except EOFError as error:
        raise SqsctlError("no MFA code was given", exit=Exit.DENIED, code="mfa_needed") from error
