"""The function's handler does not exist in its package.

## What it does
Reads the runtimes' errors for a handler file that is missing, a function that the file does not
export, and a handler setting of the wrong form; for custom runtimes the missing or
unstartable `bootstrap`; and a handler that takes a callback, which Node.js 24 does not call.
Also compares the Handler setting with the package listing.

## Why it matters
Lambda cannot start the function at all. The code may be perfect and merely lie one folder deeper
in the archive than the setting says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.languages import from_image, language
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.packages.exports import nearest_handler
from sqsctl.checks.support.packages.imports import missing
from sqsctl.checks.support.packages.runtimes import is_node, is_python
from sqsctl.checks.support.packages.wrappers import CALLED_BY_WRAPPER, of_a_wrapper
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import (
    ChangeCode,
    ChangeRuntime,
    Look,
    Option,
    Redrive,
    Remedy,
    Set,
    Tell,
    call,
    remedy,
)
from sqsctl.model.intents import Package as Bring
from sqsctl.model.stack import (
    Fact,
    Package,
    Stack,
)
from sqsctl.remedies.cli import FUNCTION

_SIGNS = re.compile(
    r"HandlerNotFound|Malformed(?:Streaming)?Handler(?:Name)?|is undefined or not exported"
    r"|Handler '[^'\n]{1,200}' missing on module|Bad handler(?: '|\b)|Couldn't find valid bootstrap"
    r"|fork/exec \S{1,200}: (?:no such file or directory|permission denied)"
    r"|Could not find the specified handler assembly"
    r"|Could not find the required '?[\w.\-]{1,200}\.(?:deps|runtimeconfig)\.json"
    r"|Unable to access jarfile|requires the handler name to be the first argument"
    r"|InvalidEntry[Pp]oint\("
    r"|Unable to load type '[^'\n]{1,200}' from assembly"
    r"|Unable to find method '[^'\n]{1,200}' in type|The specified handler is invalid"
    r"|is not a valid handler"
    r"|No public method named \w{1,100} with appropriate method signature|Class not found: "
    r"|Error loading method \w{1,100} on class|Unable to find handler"
    r"|undefined method [`'][\w!?]{1,100}' for (?:main:Object|main|an instance of Object)"
    r"|Handler file \S{1,200} (?:does not exist|not found)|Invalid handler"
)
# nodejs24.x and later: the handler is there, in a form that is no longer called.
_CALLBACK = re.compile(r"CallbackHandlerDeprecated|removed support for callback-based function")
# A wrapper that found no function under the name that its variable tells it.
_WRAPPED_NOTHING = re.compile(r"TypeError: \w*[hH]andler is not a function")
_OF_A_WRAPPER = re.compile(r"at [^\n]{0,80}/(?:opt/nodejs|node_modules)/")
_NAMED = (
    re.compile(r"(?P<name>[\w./\-]{1,200}) is undefined or not exported"),
    re.compile(r"(?P<name>Handler '[^'\n]{1,200}' missing on module '?[^'\n]{0,200}'?)"),
    re.compile(r"(?P<name>Bad handler(?: '[^'\n]{1,200}')?)"),
    re.compile(r"Class not found: (?P<name>[\w.$]{1,200})"),
    re.compile(r"assembly with the file name '(?P<name>[^',\n]{1,200})"),
    re.compile(r"Unable to (?:load type|find method) '(?P<name>[^'\n]{1,200})'"),
    re.compile(r"find the required '?(?P<name>[\w.\-]{1,200}\.json)"),
    re.compile(r"fork/exec (?P<name>\S{1,200}): (?:no such file|permission)"),
)


class HandlerNotFound(LogCheck[str]):
    meta = Meta(
        id="handler-not-found",
        title="The handler that is configured exists in the package",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | {Fact.PACKAGES},
        reference="https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-execution.html",
    )
    precedence = 20

    def recognise(self, case: Case) -> str | None:
        found = missing(case)
        if found and found.what == "handler":
            by_wrapper = found.how == "by wrapper"
            return f"{found.module}, {CALLED_BY_WRAPPER}" if by_wrapper else found.module
        text = case.text if case.failure.message else case.everything
        if _CALLBACK.search(text):
            return _TAKES_CALLBACK
        if _WRAPPED_NOTHING.search(text) and _OF_A_WRAPPER.search(case.trace[:400]):
            return f"the function, {CALLED_BY_WRAPPER}"
        if not _SIGNS.search(text):
            return None
        if "InvalidEntryPoint(" in text:
            return "the entry point"
        for pattern in _NAMED:
            if match := pattern.search(text):
                return match.group("name").strip()
        return "the handler"

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told = set()
        for finding in super().diagnose(stack):
            told.add(finding.subject)
            yield finding
        for package in stack.packages:
            function = stack.function(package.function)
            if function and function.name not in told and not package.truncated:
                yield from self._unlisted(function, package)

    def _unlisted(self, function: Function, package: Package) -> Iterator[Finding]:
        """Without a log: no file of the package can be the handler's."""
        handler = function.handler or ""
        wanted = handler_files(function)
        if not wanted or not package.members:
            return
        listed = {each.path for each in (*package.members, *package.layer_members)}
        if any(path in listed for path in wanted):
            return
        yield self.found(
            f"{function.name} is to run {handler}, but its package holds no {wanted[0]}",
            evidence=(
                of_function(function, "Handler", handler),
                Evidence(f"package of {function.name}", wanted[0], "not listed"),
                *_deeper(wanted, package),
            ),
            remedy=_named(function.name, nearest_handler(function, package), function),
            subject=function.name,
            confidence=Confidence.MEDIUM,
        )

    def _takes_callback(self, seen: Seen[str]) -> Finding:
        return self.found(
            f"{seen.who} cannot start: its handler takes a callback, which nodejs24.x and later do "
            "not call",
            evidence=seen.evidence(),
            remedy=remedy(
                "make the handler async (event, context) and return or throw instead of calling "
                "back, also in what wraps it; until then nodejs22.x runs it as it is",
                ChangeCode(
                    "make the handler async, and return or throw instead of calling back; update a "
                    "layer that wraps it"
                ),
                other=(
                    Option(
                        (ChangeRuntime(seen.function, "nodejs22.x", seen.runtime or ""),),
                        "until that is done",
                    ),
                ),
                afterwards=Redrive(),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        if seen.sign == _TAKES_CALLBACK:
            return self._takes_callback(seen)
        function = stack.function(seen.function)
        package = next((each for each in stack.packages if each.function == seen.function), None)
        deeper = _deeper(handler_files(function), package) if function and package else ()
        return self.found(
            f"{seen.who} cannot start: its handler is not found ({seen.sign})",
            evidence=(
                *seen.evidence(),
                *((of_function(function, "Handler", function.handler),) if function else ()),
                *deeper,
            ),
            remedy=_of_the_start(seen)
            or _named(
                seen.function,
                nearest_handler(function, package) if function and package else "",
                function,
                seen.sign,
                image=from_image(seen.newest) is True,
                language=language(seen.newest),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )


_TAKES_CALLBACK = "a handler with a callback"


def handler_files(function: Function) -> tuple[str, ...]:
    """Files of the package that could hold the handler; empty where nobody can say."""
    module = (function.handler or "").rsplit(".", 1)[0].lstrip("./")
    if not module or function.package_type == "Image" or function.layers:
        return ()
    if is_node(function.runtime):
        return tuple(f"{module}{end}" for end in (".js", ".mjs", ".cjs"))
    if is_python(function.runtime):
        path = module.replace(".", "/")
        return (f"{path}.py", f"{path}/__init__.py", f"{path}.pyc")
    return ()


def _deeper(wanted: tuple[str, ...], package: Package) -> tuple[Evidence, ...]:
    """The same file in another folder: the archive has one level too many."""
    for name in wanted:
        for path in sorted(package.paths):
            if path.endswith(f"/{name}") and "node_modules" not in path:
                return (Evidence(f"package of {package.function}", "the file lies at", path),)
    return ()


_BOOTSTRAP = re.compile(r"valid bootstrap|fork/exec \S{0,200}bootstrap|lambda-entrypoint")


def _of_the_start(seen: Seen[str]) -> Remedy | None:
    """What the platform itself was to start, rather than a handler."""
    text = seen.newest.everything
    if _BOOTSTRAP.search(text):
        return _without_bootstrap(seen)
    match = _ENTRYPOINT.search(text)
    return _not_executable(match["path"]) if match else None


_ENTRYPOINT = re.compile(r"fork/exec (?P<path>/\S{1,200}): permission denied")


def _not_executable(path: str) -> Remedy:
    return remedy(
        f"make {path} executable in the image, and let its first line name a program that is there",
        ChangeCode(
            f"RUN chmod 755 {path} after the COPY; a script begins with #! and the path of a shell "
            "that the image has, and its lines end in LF",
            file="Dockerfile",
        ),
        Bring("again"),
        afterwards=Redrive(),
    )


def _without_bootstrap(seen: Seen[str]) -> Remedy:
    if "permission denied" in seen.newest.everything:
        return remedy(
            "make bootstrap executable before it is packaged",
            Tell(
                "chmod 755 bootstrap, then zip it: the archive keeps the mode, unless it was made "
                "on Windows (build-lambda-zip of aws-lambda-go sets it)"
            ),
            Bring("again"),
            afterwards=Redrive(),
        )
    return remedy(
        "package an executable named bootstrap at the root of the archive",
        Tell(
            "a custom runtime starts /var/task/bootstrap, or /opt/bootstrap of a layer: the file "
            "lies at the archive's root, not in a folder, and is executable (chmod 755); Go: go "
            "build -o bootstrap"
        ),
        Bring("again"),
        afterwards=Redrive(),
    )


def _in_the_image(told: str) -> Remedy:
    what = f"{told}, which the handler names," if told and told != "the handler" else "the handler"
    return remedy(
        f"let the image hold {what} below its working folder, and CMD name it",
        ChangeCode(
            f"COPY the code into the folder of WORKDIR (LAMBDA_TASK_ROOT, /var/task, in AWS's base "
            f"images) so that {told or 'the file'} lies there, and let CMD name file and function",
            file="Dockerfile",
        ),
        Bring("again"),
        afterwards=Redrive(),
    )


# The handler setting of languages that name more than a file, and what has to be packaged.
_OF_LANGUAGES = {
    "dotnet": (
        "ASSEMBLY::NAMESPACE.CLASS::METHOD",
        (
            "the first part of the setting names the assembly: its .dll, .deps.json and "
            ".runtimeconfig.json lie at the archive's root, as dotnet lambda package makes it "
            "(GenerateRuntimeConfigurationFiles in the .csproj)"
        ),
    ),
    "java": (
        "PACKAGE.CLASS::METHOD",
        (
            "the class has to be in the archive that is uploaded: a jar with all dependencies "
            "(shadowJar, the shade plugin), or the function.zip that Quarkus and others build, not "
            "the thin jar"
        ),
    ),
}


def _named(
    name: str,
    nearest: str,
    function: Function | None,
    told: str = "",
    *,
    image: bool = False,
    language: str = "",
) -> Remedy:
    """The handler that is there; else how to see what the package holds."""
    if nearest:
        before = {"Handler": function.handler} if function and function.handler else {}
        return remedy(
            f"let the handler setting be {nearest}, which is in the package, or package what it "
            "names",
            Set("function", name, {"Handler": nearest}, before),
            afterwards=Redrive(),
        )
    if image and told == "the entry point":
        said = (
            "let the image's ENTRYPOINT be the absolute path of an executable file that is in it, "
            "no link, with its own arguments behind it"
        )
        change = ChangeCode(said, file="Dockerfile")
        return remedy(said, change, Bring("again"), afterwards=Redrive())
    if image:
        return _in_the_image(told)
    if form := _OF_LANGUAGES.get(language):
        return remedy(
            f"let the handler setting be of the form {form[0]}, and package what it names",
            Look(
                call("lambda", "get_function_configuration", FunctionName=name or FUNCTION),
                query="Handler",
            ),
            Tell(f"{told}: {form[1]}" if told else form[1]),
            Bring("again", language=language),
            afterwards=Redrive(),
        )
    if wrapped := of_a_wrapper(name, told):
        return wrapped
    asked = call("lambda", "get_function_configuration", FunctionName=name or FUNCTION)
    where = call("lambda", "get_function", FunctionName=name or FUNCTION)
    return remedy(
        "let the handler setting name the file as it lies in the archive and a function that it "
        "exports, or package the file there",
        *_own_package(told),
        Look(asked, query="Handler"),
        Look(where, query="Code.Location"),
        Tell(
            "fetch the archive from that address and list it (unzip -l): the setting is the file's "
            "path in it without its ending, a dot, and the function's name"
        ),
        afterwards=Redrive(),
    )


def _own_package(told: str) -> tuple[Tell, ...]:
    """The project's own package, which the handler setting names and no registry has."""
    if not re.fullmatch(r"[A-Za-z_]\w{0,80}", told):
        return ()
    return (
        Tell(
            f"package {told} where it is the project's own folder or file, at the archive's root: "
            "a name that the handler setting begins with is nothing to install"
        ),
    )
