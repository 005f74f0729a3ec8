"""What could not be imported, read from the error of any runtime.

Tells a package from a file of the project, from the handler's own file, and from a
compiled part: each has its own mending.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.trace_places import first_file
from sqsctl.checks.support.packages.standard_modules import NODE_BUILT_IN, PYTHON_GONE

What = Literal["package", "local", "handler", "native", "layer", "file", "standard"]

_NODE = re.compile(
    r"Cannot find (?P<what>module|package) '(?P<mod>[^'\n]{1,400})'"
    r"(?:[ \t]+imported from[ \t]+(?P<frm>[^\s\"\\,]{1,500}))?"
)
_NODE_DOUBLE = re.compile(r'Cannot find (?P<what>module|package) \\?"(?P<mod>[^"\\\n]{1,400})\\?"')
_REQUIRE_STACK = re.compile(r"(?:^|\n|\\n)\s*- ((?:file://)?/[^\s\\\"]{1,400})")
_PYTHON = re.compile(r"No module named '?(?P<mod>[\w.\-/]{1,200})'?")
_PYTHON_WRAPPED = re.compile(r"Failed to import module '(?P<handler>[\w./\-]{1,200})'")
_PYTHON_HANDLER = re.compile(r"Unable to import module '(?P<handler>[^'\n]{1,200})'")
_PYTHON_NAME = re.compile(
    r"cannot import name '(?P<name>\w{1,100})' from (?:partially initialized module"
    r" )?'(?P<mod>[\w.]{1,200})'"
    r"(?: \((?P<path>[^)\n]{1,300})\))?"
)
_RELATIVE = re.compile(
    r"attempted relative import (?:with no known parent package|beyond top-level package)"
)
_RUBY = re.compile(r"cannot load such file -- (?P<mod>[^\s\"\\(]{1,200})")
_RUBY_GEMS = re.compile(
    r"Could not find (?P<mod>[\w\-]{1,100}?)-\d[^\n]{0,2000}? in (?:any|locally)"
)
_JAVA_CLASS = re.compile(
    r"(?:ClassNotFoundException|NoClassDefFoundError)(?:\"?:|,|\s).{0,40}?(?P<mod>[A-Za-z_]\w*(?:[./][\w$]+)+)"
)
_JAVA_LOADING = re.compile(
    r"Error loading class [\w.$]{1,200}: (?P<mod>[\w/.$]{1,200}): java\.lang\.NoClassDefFoundError"
)
_JAVA_HANDLER = re.compile(r"Class not found: (?P<mod>[\w.$]{1,200})")
_OF_RUNTIME = re.compile(
    r"at (?:java(?:\.base)?[./]|jdk\.|sun\.|lambdainternal\.|com\.amazonaws\.services\.lambda\.)"
)
_DOTNET = re.compile(r"Could not load file or assembly '(?P<mod>[\w.\-]{1,200})[,']")
_DOTNET_MEMBER = re.compile(
    r"(?:Method|Field) not found: '(?:[\w.<>\[\]!`]{1,200} )?(?P<mod>[\w.]{1,200}?)\.\w{1,100}"
    r"(?:`\d)?(?:<[^'\n]{0,300}?>)?\.(?P<name>\w{1,120})"
)
_PHP = re.compile(r"Class [\\\"']{1,4}(?P<mod>[A-Z][\w\\]{1,200}?)[\\\"']{1,4} not found")
_NO_FILE = re.compile(
    r"(?:ENOENT: no such file or directory, (?:open|stat|scandir|access|lstat) '"
    r"|No such file or directory: '|open |FileNotFoundException: |(?:require|include)(?:_once)?\()"
    r"(?P<mod>(?:/var/task|/opt|\.{1,2})/[^'\s\":)]{1,300})"
)
_ALIASES = re.compile(r"(?:@/|~/|#)\S|(?:src|lib|dist|app|utils|common|shared)/\S")
_PLAIN_NAMES = frozenset(
    {
        "utils", "util", "helpers", "helper", "common", "config", "configs", "constants",
        "models", "model", "services", "service", "lib", "libs", "src", "app", "core", "shared",
        "settings", "handlers", "handler", "db", "database", "schemas", "schema", "views",
        "routes", "functions", "layers", "domain", "api", "local_settings", "logger",
        "logging_utils", "exceptions", "types_", "consumer", "producer", "worker", "processor",
        "main",
    }
)  # fmt: skip
_HANDLER_FILES = frozenset(
    {"index", "handler", "app", "lambda", "main", "server", "lambda_function"}
)


@dataclass(frozen=True, slots=True)
class Missing:
    """What was asked for, by whom, and what kind of thing it is.

    ``package`` is the name to install, empty where it can be no package's name; ``importer`` the
    file that asked, where known. ``name`` is what a module that is there does not hold. ``how`` is
    by whom it is missed: a library that loads it by its name, the bundler, or a tool's wrapper
    around the handler.
    """

    module: str
    what: What
    language: Literal["node", "python", "ruby", "java", "dotnet", "other"]
    package: str = ""
    importer: str = ""
    name: str = ""
    how: Literal["", "by name", "build", "by wrapper"] = ""

    @property
    def of_itself(self) -> bool:
        """Whether a library lacks a file of its own: it is there, and not whole."""
        own = self.module.startswith(".") and "/node_modules/" in self.importer
        return bool(own and self.package)


@lru_cache(maxsize=2048)
def missing(case: Case) -> Missing | None:
    """What could not be imported; None where the failure is of another kind."""
    text = case.text
    if "ImportModuleError" not in text and case.failure.line not in text:
        text = f"{text}\n{case.failure.line}"
    found = _missing(text, case)
    if found and found.package and not _PACKAGE_NAME.fullmatch(found.package):
        return replace(found, package="")
    return found


# A log's words become part of a command only where they can be a package's name.
_PACKAGE_NAME = re.compile(
    r"(?:@[A-Za-z0-9~][\w.~\-]{0,100}/)?[A-Za-z0-9_][\w.~\-]{0,213}", re.ASCII
)


def _missing(text: str, case: Case) -> Missing | None:
    return (
        _in_node(text, case)
        or _by_name(text)
        or _part_of_another_version(text)
        or _in_python(text, case)
        or _in_ruby(text, case.trace)
        or _in_java(text, case.trace)
        or _in_dotnet(text)
        or _in_php(text, case.trace)
        or _no_file(text)
        or _nothing_named(text)
    )


# Parts of the SDK for JavaScript that were installed at different times.
_SUBPATH = re.compile(
    r"Package subpath '(?P<sub>[^'\n]{1,200})' is not defined by \"exports\" in"
    r" (?P<path>/[^\s\"]{1,300}/node_modules/(?P<mod>(?:@[\w.\-]+/)?[\w.\-]+))/package\.json"
)


def _part_of_another_version(text: str) -> Missing | None:
    match = _SUBPATH.search(text.replace('\\"', '"'))
    if match is None:
        return None
    name, module = match.group("sub").removeprefix("./"), match.group("mod")
    return Missing(module, "package", "node", module, match.group("path"), name)


_NAMELESS = re.compile(
    r"ImportModuleError: Unable to import module '[^'\n]{1,200}'(?:(?P<node>: Error\b)|\s*$)"
)


def _nothing_named(text: str) -> Missing | None:
    """The runtime says that an import failed, and not of what."""
    if re.fullmatch(r"(?:Runtime\.)?ImportModuleError:\s*(?:\{[\s\S]*)?", text.strip()):
        return Missing("", "package", "other")
    match = _NAMELESS.search(text)
    if match is None:
        return None
    return Missing("", "package", "node" if match.group("node") else "other")


def _in_node(text: str, case: Case) -> Missing | None:
    match = _NODE.search(text) or _NODE_DOUBLE.search(text)
    if not match:
        return None
    module = match.group("mod")
    parents = _REQUIRE_STACK.findall(text + "\n" + case.trace)
    source = match.groupdict().get("frm") or (parents[0] if parents else _asking(case.trace))
    importer = source.removeprefix("file://")
    bare = module.removeprefix("node:")
    if module.startswith("node:") or bare.partition("/")[0] in NODE_BUILT_IN:
        return Missing(module, "standard", "node", "", importer)
    if bare.endswith(".node") or "/build/Release/" in bare or "/lib/binding/" in bare:
        asked = importer.rsplit("/node_modules/", 1)[-1] if "/node_modules/" in importer else ""
        owner = node_package(bare) or (node_package(asked) if asked else None)
        return Missing(module, "native", "node", owner or "", importer)
    in_package = "/node_modules/" in importer
    if bare.startswith("/opt/"):
        return Missing(module, "layer", "node", bare.rsplit("/", 1)[-1], importer)
    if _is_handler(bare, parents, importer, case):
        return Missing(module, "handler", "node", "", importer)
    if bare.startswith((".", "/")) and not in_package and "/node_modules/" not in bare:
        return Missing(module, "local", "node", "", importer)
    if in_package and bare.startswith((".", "/")):
        inner = importer.rsplit("/node_modules/", 1)[1]
        return Missing(module, "package", "node", node_package(inner) or inner, importer)
    if "/node_modules/" in bare:
        bare = bare.rsplit("/node_modules/", 1)[1]
        return Missing(module, "package", "node", node_package(bare) or bare, importer)
    if _ALIASES.match(bare) and not in_package:
        return Missing(module, "local", "node", "", importer)
    return Missing(module, "package", "node", node_package(bare) or bare, importer)


def _asking(trace: str) -> str:
    """The file of a library whose line asked, where the runtime wrote no list of them."""
    file = first_file(trace)
    return file if "/node_modules/" in file else ""


# Libraries that load a driver by its name, and bundlers that find none.
_BY_NAME = re.compile(
    r"Please install '?(?P<mod>[\w@/\-]{1,80})'? (?:package|module) manually"
    r"|not been found installed\.[^\n]{0,60}npm install (?P<driver>[\w@/\-]{1,80})"
)
_BUNDLED = re.compile(
    r"(?:Could not resolve \\?\"|Can't resolve ')(?P<mod>(?!\.)[\w@/.\-]{1,200})(?:\\?\"|')"
)


def _by_name(text: str) -> Missing | None:
    if match := _BY_NAME.search(text):
        name = match.group("mod") or match.group("driver")
        return Missing(name, "package", "node", name, how="by name")
    if match := _BUNDLED.search(text):
        name = node_package(match.group("mod")) or match.group("mod")
        return Missing(name, "package", "node", name, how="build")
    return None


def _is_handler(module: str, parents: list[str], importer: str, case: Case) -> bool:
    """Whether the file that Lambda itself asked for is what is missing."""
    by_runtime = [each for each in parents if "/var/runtime/" in each or "/var/lang/" in each]
    if parents:
        return len(by_runtime) == len(parents) and not module.startswith("@")
    if importer:
        return "/var/runtime/" in importer
    handler = (case.handler or "").rsplit(".", 1)[0]
    if handler:
        return module.removeprefix("/var/task/").removeprefix("./") == handler
    return module in _HANDLER_FILES


def node_package(module: str) -> str | None:
    """The npm package of a module path: ``@scope/name`` or ``name``."""
    parts = module.split("/")
    if module.startswith((".", "/")) or not parts[0]:
        return None
    if module.startswith("@"):
        return "/".join(parts[:2]) if len(parts) > 1 else None
    return parts[0]


def _in_python(text: str, case: Case) -> Missing | None:
    asked = _PYTHON_HANDLER.search(text)
    handler = (asked.group("handler") if asked else "") or (case.handler or "").rsplit(".", 1)[0]
    if wrapped := _PYTHON_WRAPPED.search(text):
        # A wrapper (New Relic's, Datadog's) imports the function's own handler by its name.
        handler = wrapped.group("handler")
    if match := _PYTHON.search(text):
        module = match.group("mod").strip(".").removesuffix("/")
        dotted = module.replace("/", ".")
        root = dotted.split(".")[0]
        own = handler.replace("/", ".").strip(".")
        if own and (dotted == own or own.startswith(f"{dotted}.")):
            return Missing(module, "handler", "python", how="by wrapper" if wrapped else "")
        if len(parts := dotted.split(".")) > 1 and any(
            part.startswith("_") and not part.startswith("__") for part in parts[1:]
        ):
            # A submodule with a leading underscore is the compiled half of an installed package.
            return Missing(module, "native", "python", pypi_name(root))
        if root.startswith("_") and root in _C_MODULES:
            return Missing(module, "native", "python", _C_MODULES[root])
        if root in _PLAIN_NAMES or (own and root == own.split(".")[0]):
            return Missing(module, "local", "python")
        if root in PYTHON_GONE:
            return Missing(root, "standard", "python")
        return Missing(module, "package", "python", pypi_name(dotted))
    if match := _PYTHON_NAME.search(text):
        root = match.group("mod").split(".")[0]
        path = match.group("path") or ""
        local = root in _PLAIN_NAMES or handler.replace("/", ".").split(".")[0] == root
        if any(part.startswith("_") for part in match.group("mod").split(".")[1:]):
            # The compiled half of an installed package is there, and is another platform's.
            return Missing(match.group("mod"), "native", "python", pypi_name(root), path)
        what: What = "local" if local and "site-packages" not in path else "package"
        return Missing(
            match.group("mod"), what, "python", pypi_name(root), path, match.group("name")
        )
    if _RELATIVE.search(text):
        return Missing("a relative import", "local", "python")
    return None


_C_MODULES = {
    "_cffi_backend": "cffi",
    "_rust": "cryptography",
    "_sqlite3": "sqlite3",
    "_ctypes": "ctypes",
    "_lzma": "lzma",
    "_mysql": "mysqlclient",
    "_imaging": "Pillow",
    "_ruamel_yaml": "ruamel.yaml",
}
_PYPI = {
    "yaml": "PyYAML",
    "PIL": "Pillow",
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "dateutil": "python-dateutil",
    "bs4": "beautifulsoup4",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "jwt": "PyJWT",
    "jose": "python-jose",
    "Crypto": "pycryptodome",
    "OpenSSL": "pyOpenSSL",
    "dotenv": "python-dotenv",
    "decouple": "python-decouple",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "slugify": "python-slugify",
    "magic": "python-magic",
    "aws_lambda_powertools": "aws-lambda-powertools",
    "aws_xray_sdk": "aws-xray-sdk",
    "google.protobuf": "protobuf",
    "google.cloud": "google-cloud-core",
    "telegram": "python-telegram-bot",
    "github": "PyGithub",
    "git": "GitPython",
    "serial": "pyserial",
    "attr": "attrs",
    "ruamel": "ruamel.yaml",
    "pkg_resources": "setuptools",
    "fitz": "PyMuPDF",
}


def pypi_name(module: str) -> str:
    """The distribution to install for an import name, as far as it differs."""
    parts = module.split(".")
    two = ".".join(parts[:2])
    return _PYPI.get(two) or _PYPI.get(parts[0]) or parts[0].replace("_", "-")


# What asks for the handler's file: the runtime's client, by way of RubyGems.
_RUBY_RUNTIME = re.compile(r"rubygems/|aws_lambda_ric|/var/runtime/|<internal:|/bundle/bin/")


def _in_ruby(text: str, trace: str) -> Missing | None:
    if gems := _RUBY_GEMS.search(text):
        return Missing(gems.group("mod"), "package", "ruby", gems.group("mod"))
    match = _RUBY.search(text)
    if not match:
        return None
    module = match.group("mod").strip("\"'")
    if module.startswith(("/var/task/", "./")):
        return Missing(module, "local", "ruby")
    frames = [each for each in trace.split("\n") if each.strip()]
    by_runtime = bool(frames) and all(_RUBY_RUNTIME.search(each) for each in frames)
    if module in _HANDLER_FILES or (by_runtime and "ric" in trace):
        return Missing(module, "handler", "ruby")
    if module.partition("/")[0] in _PLAIN_NAMES:
        return Missing(module, "local", "ruby")
    return Missing(module, "package", "ruby", module.split("/")[0])


def _in_java(text: str, trace: str) -> Missing | None:
    if match := _JAVA_HANDLER.search(text):
        return Missing(match.group("mod"), "handler", "java")
    match = _JAVA_LOADING.search(text) or _JAVA_CLASS.search(text)
    if not match:
        return None
    name = match.group("mod").replace("/", ".")
    frames = [each.strip() for each in trace.split("\n") if each.strip().startswith("at ")]
    # Where nothing but the class loader and Lambda's own code asked, it is the handler's class.
    by_runtime = bool(frames) and all(_OF_RUNTIME.match(each) for each in frames)
    if by_runtime and "NoClassDefFound" not in text:
        return Missing(name, "handler", "java")
    return Missing(name, "package", "java", match.group("mod"))


def _in_php(text: str, trace: str) -> Missing | None:
    match = _PHP.search(text)
    if match is None or ".php" not in f"{text}{trace}":
        return None
    name = re.sub(r"\\+", r"\\", match.group("mod"))
    return Missing(name, "local" if name.startswith("App\\") else "package", "other")


def _in_dotnet(text: str) -> Missing | None:
    match = _DOTNET.search(text)
    if not match and (member := _DOTNET_MEMBER.search(text)):
        module = member.group("mod")
        return Missing(module, "package", "dotnet", module, "the package", member.group("name"))
    if not match:
        return None
    return Missing(match.group("mod"), "package", "dotnet", match.group("mod"))


def _no_file(text: str) -> Missing | None:
    match = _NO_FILE.search(text)
    return Missing(match.group("mod"), "file", "other") if match else None
