"""How code is built and uploaded, by language and by kind of package, without a deploy tool."""

from __future__ import annotations

from collections.abc import Sequence

from sqsctl.model.intents import Bundle, ChangeCode, Intent, Package, call
from sqsctl.model.remedy import Command, Edit, Sentence, Step
from sqsctl.remedies import code
from sqsctl.remedies.cli import FUNCTION, aws
from sqsctl.remedies.context import Context
from sqsctl.remedies.renderers.base import PROJECT

ARCHIVE = "function.zip"
UNPACKED = "/var/task/"  # where Lambda puts an archive's files
_TARGET = "package"
_PLATFORM = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
_NPM_CPU = {"x86_64": "x64", "arm64": "arm64"}
_WHEELS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}
_GO_ARCH = {"x86_64": "amd64", "arm64": "arm64"}
# Packages under whose own name there is no binary for Lambda, and the one that brings it.
BINARY_OF = {"psycopg2": "psycopg2-binary"}


def local_steps(intent: Intent, context: Context) -> tuple[Step, ...]:
    """What is done in the project before it is deployed, by whatever tool."""
    match intent:
        case Package():
            return _package(intent, context)
        case Bundle() if context.tool not in {"serverless", "lift", "sam"}:
            return (
                Sentence(
                    f"bundle with esbuild --bundle --platform=node --format={intent.format}, and "
                    "package its output"
                ),
            )
        case ChangeCode():
            return _code(intent, context)
        case _:
            return ()


def upload(intents: Sequence[Intent], context: Context) -> tuple[Step, ...]:
    """Build the archive or the image, and put it on the function."""
    languages = [each.language for each in intents if isinstance(each, Package)]
    language = next(iter(filter(None, languages)), context.language)
    if context.package == "image":
        return _image(context)
    installs = any(isinstance(each, Package) for each in intents)
    built = _archive(language, context, installs=installs)
    made = any(isinstance(each, Command) for each in built)
    name = context.function or FUNCTION
    if not made:
        return built
    return (
        *built,
        aws(
            call(
                "lambda",
                "update_function_code",
                FunctionName=name,
                ZipFile=f"fileb://{ARCHIVE}",
            ),
            context,
        ),
    )


def _project(*words: str, where: str = PROJECT) -> Command:
    return Command(words, where=where)


def _package(package: Package, context: Context) -> tuple[Step, ...]:
    language = package.language or context.language
    name = BINARY_OF.get(package.name, package.name)
    warned: tuple[Step, ...] = (
        (
            Sentence(
                f"the name {name} comes from the log alone: install it only if your own code "
                "imports it"
            ),
        )
        if package.from_log and name and package.what in {"dependency", "native"}
        else ()
    )
    if package.what in {"file", "again"} or not name:
        return _native_all(language, context) if package.what == "native" else ()
    pinned = f"{name}{package.pin}" if package.pin else name
    native = package.what == "native"
    match language:
        case "node":
            return (*warned, *_npm(pinned, context, native=native))
        case "python":
            lines = (pinned,)
            edit = Edit("requirements.txt", "text", lines)
            return (*warned, edit, *(_wheels(context) if native else ()))
        case "ruby":
            return (
                *warned,
                _project("bundle", "add", name),
                _project("bundle", "config", "set", "--local", "path", "vendor/bundle"),
                _project("bundle", "install"),
            )
        case "java" | "dotnet":
            return (*warned, Sentence(f"add {pinned} to the dependencies of the build"))
        case "go":
            return (*warned, _project("go", "get", name))
        case "rust":
            return (*warned, _project("cargo", "add", name))
        case _:
            return (*warned, Sentence(f"add {pinned} to what is packaged"))


def _npm(package: str, context: Context, *, native: bool) -> tuple[Step, ...]:
    if context.package == "image":
        return (Edit("Dockerfile", "dockerfile", (f"RUN npm install --save {package}",)),)
    if not native:
        return (_project("npm", "install", "--save", package),)
    cpu = _NPM_CPU.get(context.architecture)
    if cpu is None:
        return (
            *_which_machine(context),
            _project("npm", "install", "--os=linux", "--cpu=x64", "--cpu=arm64", package),
        )
    return (_project("npm", "install", "--os=linux", f"--cpu={cpu}", package),)


def _native_all(language: str, context: Context) -> tuple[Step, ...]:
    """Everything native anew, where no package is named."""
    if language == "python":
        return _wheels(context)
    if language == "node":
        cpu = _NPM_CPU.get(context.architecture)
        told = (f"--cpu={cpu}",) if cpu else ("--cpu=x64", "--cpu=arm64")
        return (
            *(() if cpu else _which_machine(context)),
            _project("npm", "install", "--os=linux", *told),
        )
    return ()


def _wheels(context: Context) -> tuple[Step, ...]:
    """Wheels for Lambda's Linux, as far as processor and version are known."""
    if context.package == "image":
        return (
            Edit("Dockerfile", "dockerfile", ("RUN pip install --requirement requirements.txt",)),
        )
    if _wheels_for(context):
        return (_pip(context),)
    return (
        *_which_machine(context),
        Sentence(
            "install with pip install --only-binary=:all: --platform and --python-version as "
            "these two say (manylinux2014_x86_64 or manylinux2014_aarch64)"
        ),
    )


def _wheels_for(context: Context) -> tuple[str, ...]:
    """What tells pip the function's machine and Python, where both are known."""
    platform = _WHEELS.get(context.architecture)
    version = context.runtime.removeprefix("python") if context.language == "python" else ""
    if not platform or not version:
        return ()
    return ("--only-binary=:all:", "--platform", platform, "--python-version", version)


def _pip(context: Context) -> Command:
    """Dependencies as the function needs them: this machine's may be another's."""
    return _project(
        "pip",
        "install",
        "--requirement",
        "requirements.txt",
        "--target",
        _TARGET,
        "--upgrade",
        *_wheels_for(context),
    )


def _which_machine(context: Context) -> tuple[Step, ...]:
    """How to find the processor and the runtime, where nothing tells them."""
    return (
        aws(
            call(
                "lambda",
                "get_function_configuration",
                FunctionName=context.function or FUNCTION,
            ),
            context,
            query="[Runtime,Architectures]",
        ),
    )


def _code(change: ChangeCode, context: Context) -> tuple[Step, ...]:
    file = change.file.removeprefix(UNPACKED)
    where = file + (f":{change.line}" if file and change.line else "")
    language = change.language or context.language
    told = Sentence(f"{where}: {change.said}" if where else change.said)
    lines = change.lines or code.lines_of(change.pattern, language)
    if not lines:
        return (told,)
    name = code.name_of(language)
    if change.replaces:
        return (told, Edit(file, name, lines, change.line, change.replaces))
    return (told, Edit(where or "the handler", name, lines))


def _archive(language: str, context: Context, *, installs: bool) -> tuple[Step, ...]:
    """The archive anew; with dependencies, unless the package is known to hold none."""
    match language:
        case "node":
            return (_project("zip", "-qr", ARCHIVE, ".", "-x", ".git/*", "-x", ARCHIVE),)
        case "ruby":
            return (_project("zip", "-qr", ARCHIVE, ".", "-x", ".git/*", "-x", ARCHIVE),)
        case "python" if not installs and _holds_own_code_alone(context):
            return (_project("zip", "-qr", ARCHIVE, ".", "-x", ".git/*", "-x", ARCHIVE),)
        case "python":
            return (
                _pip(context),
                _project("zip", "-qr", f"../{ARCHIVE}", ".", where=f"its folder {_TARGET}"),
                _project(
                    "zip", "-qr", ARCHIVE, ".", "-x", f"{_TARGET}/*", "-x", ".git/*", "-x", ARCHIVE
                ),
            )
        case "go":
            machine = _GO_ARCH.get(context.architecture)
            known = (f"GOARCH={machine}",) if machine else ()
            return (
                *(() if machine else _which_machine(context)),
                _project(
                    "env",
                    "GOOS=linux",
                    *known,
                    "CGO_ENABLED=0",
                    "go",
                    "build",
                    "-o",
                    "bootstrap",
                    ".",
                ),
                _project("zip", "-q", ARCHIVE, "bootstrap"),
            )
        case "rust":
            arm = ("--arm64",) if context.architecture == "arm64" else ()
            return (
                _project("cargo", "lambda", "build", "--release", "--output-format", "zip", *arm),
                Sentence("upload target/lambda/NAME/bootstrap.zip with update-function-code"),
            )
        case "java":
            return (
                Sentence(
                    "build one jar that holds all dependencies (Maven: the shade plugin and mvn "
                    "package; Gradle: shadowJar) and upload that jar, not the thin one"
                ),
            )
        case "dotnet":
            return (_project("dotnet", "lambda", "package", ARCHIVE),)
        case _:
            return (
                Sentence(
                    "build the archive anew and upload it with aws lambda update-function-code, "
                    "or deploy with the tool that deploys the function"
                ),
            )


def _holds_own_code_alone(context: Context) -> bool:
    """Whether the package was read, and nothing in it was installed."""
    package = next(
        (each for each in context.stack.packages if each.function == context.function), None
    )
    return (
        package is not None
        and not package.truncated
        and not any(".dist-info/" in each for each in package.paths)
    )


def _image(context: Context) -> tuple[Step, ...]:
    """An image is built for the function's processor, pushed, and named."""
    platform = _PLATFORM.get(context.architecture)
    name = context.function or FUNCTION
    build: tuple[Step, ...] = (
        (
            _project(
                "docker",
                "build",
                "--platform",
                platform,
                "--provenance=false",
                "--tag",
                "IMAGE_URI",
                ".",
            ),
        )
        if platform
        else (
            *_which_machine(context),
            Sentence(
                "docker build --platform linux/amd64 --provenance=false --tag IMAGE_URI . for "
                "x86_64, --platform linux/arm64 for arm64"
            ),
        )
    )
    return (
        # What IMAGE_URI stands for below.
        aws(call("lambda", "get_function", FunctionName=name), context, query="Code.ImageUri"),
        *build,
        _project("docker", "push", "IMAGE_URI"),
        aws(
            call("lambda", "update_function_code", FunctionName=name, ImageUri="IMAGE_URI"),
            context,
        ),
    )
