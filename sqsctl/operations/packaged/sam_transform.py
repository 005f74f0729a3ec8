"""A SAM template as CloudFormation makes it: by SAM's own translator, where it is installed."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Mapping
from typing import Any

from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.operations.packaged.plain_template import uses_sam


class _NoManagedPolicies:
    """Names of managed policies are looked up by nobody: AWS is not asked."""

    def load(self) -> dict[str, str]:
        return {}


def transformed(template: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """The template without SAM's types; as it is where it has none.

    Raises SqsctlError (exit 2) where the translator is not installed, UsageError with its
    words where it refuses the template.
    """
    if not uses_sam(template):
        return template
    try:
        from samtranslator.model.exceptions import (
            InvalidDocumentException,
        )
        from samtranslator.translator.transform import (
            transform,
        )
    except ImportError:
        raise SqsctlError(
            "a SAM template is transformed by SAM's own translator, which is not installed",
            hint="pip install 'sqsctl[sam]'",
            exit=Exit.USAGE,
            code="sam_extra_missing",
        ) from None
    # Its figures for its makers are nobody's business here.
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = region  # the translator takes it from there alone
    try:
        found: dict[str, Any] = transform(_plain(template), {}, _NoManagedPolicies())
    except InvalidDocumentException as error:
        causes = "; ".join(str(each.message) for each in error.causes) or str(error)
        raise UsageError(f"SAM does not accept the template: {causes}", code="sam") from error
    finally:
        if before is None:
            os.environ.pop("AWS_DEFAULT_REGION", None)
        else:
            os.environ["AWS_DEFAULT_REGION"] = before
    return found


def _plain(value: Any) -> Any:
    """Dicts and lists alone: the translator changes what it is given."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return copy.copy(value)
