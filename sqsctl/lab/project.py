"""The tutorial's project as files to edit: serverless.yml, a template, the handlers.

serverless.yml is what the tutorial writes, for the Serverless Framework with Lift. The template
is what those make of it, so that ``sqsctl lab deploy`` needs neither of them.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sqsctl import private_files
from sqsctl.errors import RefusedError
from sqsctl.lab import settings, template

HANDLERS = ("hello", "producer", "worker")
_SUFFIXES = {"python": "py", "nodejs": "js"}

_SERVERLESS = """\
# The tutorial's step 2. `serverless package` reads it, with the plugin serverless-lift;
# template.yaml is what becomes of it, for `sqsctl lab deploy` without either of them.
service: {service}

provider:
  name: aws
  runtime: {runtime}
  region: {region}
  timeout: {timeout}

constructs:
  jobs:
    type: queue
    worker:
      handler: src/worker.handler

functions:
  hello:
    handler: src/hello.handler
    events:
      - httpApi:
          method: post
          path: /
  producer:
    handler: src/producer.handler
    environment:
      QUEUE_URL: ${{construct:jobs.queueUrl}}
    events:
      - httpApi:
          method: post
          path: /produce

plugins:
  - serverless-lift
"""
_IGNORED = ".serverless/\nnode_modules/\n__pycache__/\n"


def project(runtime: str) -> dict[str, str]:
    """Every file of the project by its path, for python or nodejs; else UsageError."""
    sources = {name: template.source(name, runtime) for name in HANDLERS}
    suffix = _SUFFIXES[runtime]
    made = {
        ".gitignore": _IGNORED,
        "serverless.yml": _SERVERLESS.format(
            service=template.SERVICE,
            runtime=template.RUNTIMES[runtime],
            region=settings.REGION,
            timeout=template.FUNCTION_TIMEOUT_S,
        ),
        "template.yaml": _with_paths(runtime),
    }
    return made | {f"src/{name}.{suffix}": text for name, text in sources.items()}


def write(folder: Path, runtime: str) -> tuple[str, ...]:
    """Write the project into a folder, made where it is missing; the paths.

    Raises RefusedError, and writes nothing, where one of the files is there already.
    """
    made = project(runtime)
    there = [name for name in made if (folder / name).exists()]
    if there:
        raise RefusedError(
            f"{folder} holds {', '.join(there)} already; nothing was written",
            hint="name another folder: `sqsctl lab init FOLDER`",
            code="file_exists",
        )
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        private_files.write(path, text, mode=0o644, overwrite=False)
    return tuple(made)


def _with_paths(runtime: str) -> str:
    """The lab's template with the handlers' files in the place of their text."""
    text = files("sqsctl.lab").joinpath("template.yaml").read_text(encoding="utf-8")
    lines = text.replace("'@RUNTIME@'", template.RUNTIMES[runtime]).splitlines()
    made: list[str] = []
    handler = 0
    for line in lines:
        stripped = line.strip()
        indent = line[: len(line) - len(line.lstrip())]
        if stripped == "Handler: index.handler":
            handler = len(made)
        if stripped == "Code:":
            made.append(f"{indent}Code: .")
        elif stripped.startswith("ZipFile: '@"):
            name = stripped.removeprefix("ZipFile: '@").removesuffix("@'")
            made[handler] = made[handler].replace("index.handler", f"src/{name}.handler")
        else:
            made.append(line)
    return "\n".join(made) + "\n"
