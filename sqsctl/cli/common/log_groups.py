"""Which log group each function writes to."""

from __future__ import annotations

from sqsctl.cli.run.context import Run
from sqsctl.errors import NotFoundError
from sqsctl.model.deployed import StackRef


def log_groups(run: Run, names: list[str] | None) -> dict[str, str]:
    """Function name to log group, for the stack's functions or the named ones of them."""
    return log_groups_of(run, run.stack(functions=names), names)


def log_groups_of(run: Run, stack: StackRef, names: list[str] | None) -> dict[str, str]:
    """The same of a stack that was found."""
    from sqsctl.aws.functions import FunctionClient
    from sqsctl.aws.parallel import concurrently
    from sqsctl.cli.screen.unread import tell_gaps

    tell_gaps(run, (*stack.unread, *stack.untold))
    wanted = [stack.function(name) for name in names or ()]
    chosen = [each for each in wanted if each is not None] if names else list(stack.functions)
    if not chosen:
        raise NotFoundError(
            f"{stack.title} has no function", hint="`sqsctl stack show`", code="function_not_found"
        )
    client = FunctionClient(run.session())
    configured = concurrently(lambda part: client.get(part.name), chosen)
    return {each.name: each.log_group for each in configured}
