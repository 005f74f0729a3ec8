"""What a check wants done, before anything is worded. ``sqsctl.remedies`` words it.

A check hands over a ``Remedy``: a sentence, and options of which each is a list of intents, in
the order in which they are to be carried out. Names are AWS's: properties are CloudFormation's,
calls are boto3's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqsctl.model.remedy import Call, Disposition

Tool = Literal[
    "lift",
    "serverless",
    "sam",
    "cdk-typescript",
    "cdk-python",
    "cdk-java",
    "cdk-csharp",
    "cdk-go",
    "cloudformation",
    "terraform",
    "pulumi",
    "sst",
    "copilot",
    "amplify",
    "command",
    "",
]
Kind = Literal["queue", "function", "mapping", "permission"]
Phase = Literal["", "deploy", "init", "invoke", "send"]


class _Removed:
    """Stands for a property that is to be taken out."""

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED = _Removed()


@dataclass(frozen=True, slots=True)
class QueueArn:
    """A queue's ARN as a value: by the queue's resource where a template is written."""

    arn: str


@dataclass(frozen=True, slots=True)
class Set:
    """Set properties of a resource.

    ``name`` is a queue's URL or name, a function's name, a mapping's UUID; empty where nothing
    tells it. ``present`` holds today's values, so far as they are known: they make the undo.
    ``resource`` is what the template calls it (a logical id, Terraform's address), where a
    text names that and no stack is known.
    """

    kind: Kind
    name: str
    properties: Mapping[str, object]
    present: Mapping[str, object] = field(default_factory=dict)
    resource: str = ""


@dataclass(frozen=True, slots=True)
class SetVariable:
    """Set a variable of a function's environment.

    ``queue`` is the ARN of the queue whose URL it is to hold; else ``value`` is, empty where
    nothing tells it.
    """

    function: str
    variable: str
    value: str = ""
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is refused. ``kind`` service: ``name`` is its host name (``sns.amazonaws.com``).

    For a role or a user ``name`` is the name without the path; ``account`` and ``partition`` are
    the principal's, so far as its ARN is known.
    """

    kind: Literal["role", "user", "service", "account", "unknown"] = "unknown"
    name: str = ""
    account: str = ""
    partition: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """Allow actions on a resource. ``by`` is whose policy lacks it.

    ``identity``: the principal's own; ``resource``: the resource's (a queue's, a layer's, an
    ECR repository's, a key's); ``boundary``, ``session``, ``organization``, ``endpoint``: what
    limits the principal from above. ``source`` is the ARN on whose behalf a service calls.
    ``from_log``: action and resource stand in a log line alone, which anybody's message may
    have put there.
    """

    actions: tuple[str, ...]
    resource: str
    principal: Principal = Principal()
    by: Literal["identity", "resource", "boundary", "session", "organization", "endpoint"] = (
        "identity"
    )
    source: str = ""
    from_log: bool = False


@dataclass(frozen=True, slots=True)
class TakeDenyAway:
    """Take an explicit deny out of the policy that holds it; ``by`` as for ``Grant``."""

    actions: tuple[str, ...]
    resource: str
    principal: Principal = Principal()
    by: str = "identity"


@dataclass(frozen=True, slots=True)
class Package:
    """Put something into the archive, the layer or the image, and deploy it.

    ``what``: ``dependency`` installs ``name`` (``pin`` is its version, ``from_log``: the name
    stands in a log line alone); ``native`` installs it built for the function's machine;
    ``file`` packages ``name``, a path of the project; ``again`` builds what is there anew.
    ``language`` is node, python, ruby, java, dotnet, go, rust; empty: the context's.
    """

    what: Literal["dependency", "native", "file", "again"]
    name: str = ""
    language: str = ""
    pin: str = ""
    from_log: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """Bundle a Node.js project into one file; ``format`` is esbuild's (``cjs``, ``esm``)."""

    format: Literal["cjs", "esm"]


@dataclass(frozen=True, slots=True)
class ChangeCode:
    """Change the code. ``lines`` are what to write, in ``language``; empty: ``said`` tells it.

    ``file`` and ``line`` are where, so far as a trace or the package tell. ``pattern`` names lines
    that ``remedies.code`` knows in every language (``partial-batch``, ``records``). ``replaces``
    are the lines from ``line`` on whose place ``lines`` take, where the source tells.
    """

    said: str
    file: str = ""
    line: int | None = None
    language: str = ""
    lines: tuple[str, ...] = ()
    pattern: str = ""
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeRuntime:
    """Run a function on another runtime."""

    function: str
    to: str
    present: str = ""


@dataclass(frozen=True, slots=True)
class Create:
    """Create a queue. ``properties`` as for ``Set``."""

    kind: Literal["queue"]
    name: str
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quota:
    """Ask AWS for a higher quota. ``code`` is its code in Service Quotas."""

    service: str
    code: str
    value: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until something is so; it comes without anybody's doing."""

    until: str


@dataclass(frozen=True, slots=True)
class Do:
    """Make one AWS call that no other intent tells. It changes something."""

    call: Call


@dataclass(frozen=True, slots=True)
class Look:
    """Look at something: an AWS call that reads, or ``sqsctl`` with ``words``.

    ``query`` narrows the call's answer (JMESPath). ``queue`` and ``function`` are what an
    ``sqsctl`` command is about.
    """

    call: Call | None = None
    query: str = ""
    words: tuple[str, ...] = ()
    queue: str = ""
    function: str = ""


@dataclass(frozen=True, slots=True)
class Deploy:
    """Deploy the project as it is (its files say the right thing already)."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something that a person has to decide or do."""

    text: str


@dataclass(frozen=True, slots=True)
class Redrive:
    """Move dead letters back, once the cause is mended. Worded only where some are known.

    ``edit``: they have to be changed first, as they would fail again. ``queue`` is the
    dead-letter queue; empty: those behind the function's queues.
    """

    edit: bool = False
    queue: str = ""


Intent = (
    Set
    | SetVariable
    | Grant
    | TakeDenyAway
    | Package
    | Bundle
    | ChangeCode
    | ChangeRuntime
    | Create
    | Quota
    | Wait
    | Do
    | Look
    | Deploy
    | Tell
)


@dataclass(frozen=True, slots=True)
class Option:
    """One complete way: its intents in order. ``when`` says when to take it."""

    intents: tuple[Intent, ...]
    when: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a check hands over; the first option is the best.

    ``afterwards`` None: nothing is left to do. ``verify`` empty: the check itself, or the
    function's next log lines. ``function``, ``runtime``, ``language``, ``phase``, ``image``,
    ``architecture`` and ``tool`` are what the check knows beyond the stack (the text's own
    words); a ``LogCheck`` fills them, where they are empty, from the failure.
    """

    summary: str
    options: tuple[Option, ...] = ()
    disposition: Disposition = "manual"
    afterwards: Redrive | None = None
    verify: tuple[Look | Tell, ...] = ()
    function: str = ""
    runtime: str = ""
    language: str = ""
    phase: Phase = ""
    image: bool | None = None
    architecture: str = ""
    tool: Tool = ""


def remedy(
    summary: str,
    *intents: Intent,
    disposition: Disposition = "manual",
    afterwards: Redrive | None = None,
    other: tuple[Option, ...] = (),
    when: str = "",
    phase: Phase = "",
) -> Remedy:
    """A remedy whose first option these intents are; ``other`` are its alternatives."""
    first = (Option(intents, when),) if intents else ()
    return Remedy(summary, (*first, *other), disposition, afterwards, phase=phase)


def call(service: str, operation: str, **parameters: object) -> Call:
    """One boto3 call."""
    return Call(service, operation, tuple(parameters.items()))
