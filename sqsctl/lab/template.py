"""The tutorial's stack as plain CloudFormation, for the lab and for AWS alike.

``render`` puts the functions' sources into ``template.yaml``; the result needs no
transform, no bucket and no build step, only CAPABILITY_NAMED_IAM.
"""

from __future__ import annotations

from importlib.resources import files

from sqsctl.errors import UsageError

# What Serverless and Lift make of the tutorial: 6 s, six times that, Lift's three receives.
FUNCTION_TIMEOUT_S = 6
VISIBILITY_FACTOR = 6
MAX_RECEIVE_COUNT = 3
SERVICE = "tutorial-step-2"
STAGE = "dev"

CAPABILITIES = ("CAPABILITY_NAMED_IAM",)
INLINE_LIMIT = 4096  # characters that CloudFormation takes in Code.ZipFile

# The newest runtime of each language that AWS recommends (compiled 2026-11-23).
RUNTIMES = {"python": "python3.13", "nodejs": "nodejs24.x"}
_SUFFIXES = {"python": "py", "nodejs": "js"}
_FUNCTIONS = ("producer", "worker", "hello")


def render(runtime: str = "python") -> str:
    """The template as YAML text, with the functions of one language inlined.

    ``runtime`` is python or nodejs; anything else raises UsageError.
    """
    checked = _language(runtime)
    text = files("sqsctl.lab").joinpath("template.yaml").read_text(encoding="utf-8")
    text = text.replace("'@RUNTIME@'", RUNTIMES[checked])
    for name in _FUNCTIONS:
        text = text.replace(
            f"ZipFile: '@{name}@'", f"ZipFile: |\n{_indented(source(name, checked))}"
        )
    return text


def parameters(
    time_scale: float = 1.0, *, service: str = SERVICE, stage: str = STAGE
) -> dict[str, str]:
    """The template's parameters, times divided by ``time_scale`` (whole seconds, 1 or more)."""
    timeout = max(1, round(FUNCTION_TIMEOUT_S / time_scale))
    return {
        "Service": service,
        "Stage": stage,
        "FunctionTimeout": str(timeout),
        "VisibilityTimeout": str(timeout * VISIBILITY_FACTOR),
        "MaxReceiveCount": str(MAX_RECEIVE_COUNT),
    }


def stack_name(service: str = SERVICE, stage: str = STAGE) -> str:
    """The stack's name, as Serverless makes it."""
    return f"{service}-{stage}"


def source(name: str, runtime: str = "python") -> str:
    """The source text of a function (producer, worker, hello) in one language."""
    checked = _language(runtime)
    path = f"functions/{checked}/{name}.{_SUFFIXES[checked]}"
    return files("sqsctl.lab").joinpath(path).read_text(encoding="utf-8")


def _language(runtime: str) -> str:
    if runtime not in RUNTIMES:
        raise UsageError(f"{runtime!r} is no runtime of the template", hint="use python or nodejs")
    return runtime


def _indented(text: str) -> str:
    return "\n".join(f"          {line}" if line else "" for line in text.rstrip().splitlines())
