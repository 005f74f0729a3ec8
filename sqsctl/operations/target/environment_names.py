"""What of the environment a project's file may take into the name of a stack or a stage.

The name is sent to AWS and shown; a serverless.yml is anybody's. So a value has to look like
part of a name, and neither it nor its variable like a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PART_OF_A_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SPEAKS_OF_A_SECRET = re.compile(
    r"secret|token|passw|pass(?:phrase)?$|pwd|credential|private|signature|session|cookie"
    r"|auth(?!or)|(?:^|_)(?:key|dsn|salt|cert|pem|pat)s?(?:$|_)|api_?key|access_?key",
    re.IGNORECASE,
)
_OF_AWS = re.compile(r"AWS_(?!(?:DEFAULT_)?REGION$)", re.IGNORECASE)
_KNOWN_FORMS = re.compile(
    r"(?:A[KS]IA|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|[sprw]k[-_]|eyJ)[A-Za-z0-9_-]{6,}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
# Words of names are separated; a key is one long run of letters and digits.
_LONG_RUN = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}|\d{16,}")


def refusal(variable: str, environment: Mapping[str, str]) -> str:
    """Why a variable's value does not go into a name; empty where it may."""
    if _OF_AWS.match(variable) or _SPEAKS_OF_A_SECRET.search(variable):
        return "its name speaks of a secret"
    value = environment.get(variable, "")
    if not _PART_OF_A_NAME.fullmatch(value):
        return "its value is no part of a name"
    if _KNOWN_FORMS.search(value) or _LONG_RUN.search(value):
        return "its value looks like a secret"
    if any(
        value in other
        for name, other in environment.items()
        if len(value) >= 6 and (_OF_AWS.match(name) or _SPEAKS_OF_A_SECRET.search(name))
    ):
        return "its value is part of a secret"
    return ""
