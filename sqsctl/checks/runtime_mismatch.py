"""The project says one runtime, another one is deployed.

## What it does
Compares what the project's files declare (serverless.yml, a template, `.nvmrc`,
`package.json` engines, `.python-version`, pyproject) with the deployed configuration, and
the platform tags of compiled files in the package (`cpython-312-x86_64`, `cp312`,
`linux-arm64`) with the deployed runtime and architecture.

## Why it matters
Edited is not deployed: a runtime changed in serverless.yml does nothing before the next
deploy. Code that was built for another Python or another processor fails at import, with
an error that names neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.packages.runtimes import family, is_python, node_major
from sqsctl.checks.support.packages.versions import allows
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import ChangeRuntime, Deploy, Option, Tell, remedy
from sqsctl.model.intents import Package as Build
from sqsctl.model.stack import (
    Declared,
    Fact,
    Package,
    Stack,
)

_CPYTHON = re.compile(r"\.cpython-(?P<major>3)(?P<minor>\d{1,2})-(?P<machine>[\w]+?)-linux")
_WHEEL = re.compile(r"\.dist-info/WHEEL$")
_TAG = re.compile(r"^Tag: cp3(?P<minor>\d{1,2})-(?P<abi>\w+)-(?P<platform>\S+)$", re.MULTILINE)
_MACHINES = {"x86_64": "x86_64", "x64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class RuntimeMismatch(Check):
    meta = Meta(
        id="runtime-mismatch",
        title="What the project declares and was built for is what is deployed",
        severity=Severity.WARNING,
        needs=frozenset({Fact.FUNCTIONS}),
        uses=frozenset({Fact.PROJECT, Fact.PACKAGES}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for function in stack.functions:
            if function.package_type == "Image":
                continue
            yield from self._declared(function, stack)
        for package in stack.packages:
            owner = stack.function(package.function)
            if owner and owner.package_type != "Image":
                yield from self._built(owner, package)

    def _declared(self, function: Function, stack: Stack) -> Iterator[Finding]:
        """What the project's files say of this function, the most special first."""
        own = [d for d in stack.project if d.function == function.name]
        general = [d for d in stack.project if d.function is None]
        runtime = next((d for d in (*own, *general) if d.key == "runtime"), None)
        if runtime and function.runtime and runtime.value != function.runtime:
            yield self._edited(function, runtime)
        architecture = next((d for d in (*own, *general) if d.key == "architecture"), None)
        if architecture and architecture.value not in function.architectures:
            yield self._architecture(function, architecture)
        if runtime is None or runtime.value == function.runtime:
            yield from self._engines(function, (*own, *general))

    def _edited(self, function: Function, declared: Declared) -> Finding:
        """The file and AWS differ: the file was edited and not deployed, or AWS by hand."""
        return self.found(
            f"{declared.source} says {declared.value}, but {function.name} runs on "
            f"{function.runtime}: edited, not deployed",
            evidence=(
                Evidence(declared.source, "runtime", declared.value),
                of_function(function, "Runtime", function.runtime),
            ),
            remedy=remedy(
                "deploy the project, so that AWS runs what the file says",
                Deploy(),
                other=(
                    Option(
                        (ChangeRuntime(function.name, declared.value, function.runtime or ""),),
                        "to change the runtime alone",
                    ),
                ),
            ),
            subject=function.name,
            explains=(
                "import-sdk-not-in-runtime",
                "import-native-mismatch",
                "syntax-error",
                "runtime-deprecated",
            ),
        )

    def _architecture(self, function: Function, declared: Declared) -> Finding:
        deployed = ", ".join(function.architectures)
        return self.found(
            f"{declared.source} says {declared.value}, but {function.name} is deployed for "
            f"{deployed}",
            evidence=(
                Evidence(declared.source, "architecture", declared.value),
                of_function(function, "Architectures", deployed),
            ),
            remedy=remedy("deploy the project again", Deploy()),
            subject=function.name,
            explains=("import-native-mismatch",),
        )

    def _engines(self, function: Function, declared: tuple[Declared, ...]) -> Iterator[Finding]:
        """The developer's own interpreter: a hint, since the code need not depend on it."""
        for each in declared:
            if each.key != "engine" or not function.runtime:
                continue
            language, _, wanted = each.value.partition(" ")
            if not wanted or language != family(function.runtime).removesuffix("js"):
                continue
            version = function.runtime.removeprefix(family(function.runtime)).removesuffix(".x")
            if allows(wanted, version) is not False:
                continue
            yield self.found(
                f"{each.source} wants {language} {wanted}, but {function.name} runs on "
                f"{function.runtime}",
                evidence=(
                    Evidence(each.source, "engine", each.value),
                    of_function(function, "Runtime", function.runtime),
                ),
                remedy=remedy(
                    "run in Lambda what the project is developed and tested on",
                    Tell(
                        f"make {each.source} and the function's runtime agree: "
                        f"{each.value}, or {function.runtime}"
                    ),
                ),
                subject=function.name,
                explains=("import-native-mismatch",),
                kind=Kind.RISK,
                severity=Severity.INFO,
                confidence=Confidence.MEDIUM,
            )
            return

    def _built(self, function: Function, package: Package) -> Iterator[Finding]:
        """Compiled files in the package against the deployed runtime and architecture."""
        wrong = next(iter(_wrong_builds(function, package)), None)
        if wrong is None:
            return
        path, built_for = wrong
        deployed = f"{function.runtime} on {', '.join(function.architectures)}"
        yield self.found(
            f"the package of {function.name} holds {path}, built for {built_for}; it runs on "
            f"{deployed}",
            evidence=(
                Evidence(f"package of {function.name}", path, f"built for {built_for}"),
                of_function(function, "Runtime", function.runtime),
                of_function(function, "Architectures", ", ".join(function.architectures)),
            ),
            remedy=remedy(
                f"build the package for {deployed}",
                Build("native", language="python" if is_python(function.runtime) else "node"),
            ),
            subject=function.name,
            severity=Severity.ERROR,
            explains=("import-native-mismatch", "import-module-missing"),
        )


def _wrong_builds(function: Function, package: Package) -> Iterator[tuple[str, str]]:
    """Paths of compiled files that cannot be loaded here, and what they were built for.

    A file for another version counts only where none of its siblings fits: packages may
    carry builds for several.
    """
    minor = _python_minor(function.runtime)
    arm = "arm64" if "arm64" in function.architectures else "x86_64"
    fits: set[str] = set()
    wrong: list[tuple[str, str, str]] = []
    for member in package.members:
        stem = member.path.rsplit("/", 1)[-1].split(".", 1)[0]
        key = f"{member.path.rsplit('/', 1)[0]}/{stem}"
        if minor is not None and (match := _CPYTHON.search(member.path)):
            machine = _MACHINES.get(match.group("machine"), match.group("machine"))
            if int(match.group("minor")) == minor and machine == arm:
                fits.add(key)
            else:
                wrong.append((key, member.path, f"Python 3.{match.group('minor')} on {machine}"))
        elif minor is not None and member.path.endswith(".so") and "-darwin" in member.path:
            wrong.append((key, member.path, "macOS"))
    yield from ((path, built) for key, path, built in wrong if key not in fits)
    yield from _wrong_wheels(package, minor, arm)
    if node_major(function.runtime) is not None:
        yield from _wrong_node(package, arm)


def _python_minor(runtime: str | None) -> int | None:
    match = re.fullmatch(r"python3\.(\d{1,2})", runtime or "")
    return int(match.group(1)) if match else None


def _wrong_wheels(package: Package, minor: int | None, arm: str) -> Iterator[tuple[str, str]]:
    if minor is None:
        return
    for path, text in package.sources.items():
        if not _WHEEL.search(path):
            continue
        tags = list(_TAG.finditer(text))
        if tags and not any(_tag_fits(tag, minor, arm) for tag in tags):
            tag = tags[0]
            yield path, f"cp3{tag.group('minor')} {tag.group('platform')}"


def _tag_fits(tag: re.Match[str], minor: int, arm: str) -> bool:
    built, platform = int(tag.group("minor")), tag.group("platform")
    machine = "aarch64" if arm == "arm64" else "x86_64"
    version_fits = built == minor or (tag.group("abi") == "abi3" and built <= minor)
    return version_fits and (
        platform == "any" or ("linux" in platform and platform.endswith(machine))
    )


def _wrong_node(package: Package, arm: str) -> Iterator[tuple[str, str]]:
    """Prebuilt add-ons for other platforms, where none for this one is packaged."""
    built = {"x64": "x86_64", "arm64": "arm64"}
    add_ons = [m.path for m in package.members if m.path.endswith((".node", ".so", ".dylib"))]
    foreign = [path for path in add_ons if re.search(r"darwin|win32", path)]
    linux = [
        (path, built[match.group(1)])
        for path in add_ons
        if (match := re.search(r"linux(?:musl)?-(x64|arm64)", path))
    ]
    if any(machine == arm for _, machine in linux):
        return
    if linux:
        yield linux[0][0], linux[0][1]
    elif foreign and len(foreign) == len(add_ons):
        yield foreign[0], "macOS" if "darwin" in foreign[0] else "Windows"
