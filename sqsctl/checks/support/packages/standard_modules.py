"""Modules that a language itself brings, or brought: nothing of a registry mends their absence."""

from __future__ import annotations

from sqsctl.model.intents import ChangeCode, Redrive, Remedy, Tell, remedy

# Python 2's names, by what Python 3 calls them.
_RENAMED = {
    "Queue": "queue", "ConfigParser": "configparser", "StringIO": "io", "cStringIO": "io",
    "cPickle": "pickle", "urllib2": "urllib.request", "urlparse": "urllib.parse",
    "httplib": "http.client", "HTMLParser": "html.parser", "Cookie": "http.cookies",
    "cookielib": "http.cookiejar", "SocketServer": "socketserver", "BaseHTTPServer": "http.server",
    "SimpleHTTPServer": "http.server", "xmlrpclib": "xmlrpc.client", "Tkinter": "tkinter",
    "__builtin__": "builtins", "copy_reg": "copyreg", "anydbm": "dbm", "commands": "subprocess",
    "thread": "_thread", "dummy_thread": "threading", "repr": "reprlib", "UserDict": "collections",
}  # fmt: skip
# Modules that left Python's standard library: since when, and what does their work instead.
_LEFT = {
    "distutils": ("3.12", "setuptools"), "imp": ("3.12", "importlib"),
    "asyncore": ("3.12", "asyncio"), "asynchat": ("3.12", "asyncio"),
    "smtpd": ("3.12", "aiosmtpd"), "cgi": ("3.13", "legacy-cgi"),
    "cgitb": ("3.13", "legacy-cgi"), "crypt": ("3.13", "passlib"),
    "telnetlib": ("3.13", "telnetlib3"), "pipes": ("3.13", "subprocess"),
    "imghdr": ("3.13", "filetype"), "sndhdr": ("3.13", "filetype"),
    "audioop": ("3.13", "audioop-lts"), "nntplib": ("3.13", ""), "uu": ("3.13", "base64"),
    "xdrlib": ("3.13", ""), "mailcap": ("3.13", ""), "lib2to3": ("3.13", "fissix"),
}  # fmt: skip
PYTHON_GONE = frozenset({*_RENAMED, *_LEFT})
_OF_LIBRARY = frozenset(
    {
        "importlib", "asyncio", "subprocess", "base64", "queue", "io",
    }
)  # fmt: skip
# Names that npm holds, too, but that Node.js brings itself.
NODE_BUILT_IN = frozenset(
    {
        "assert", "async_hooks", "buffer", "child_process", "cluster", "crypto", "dgram", "dns",
        "diagnostics_channel", "fs", "http", "http2", "https", "inspector", "module", "net", "os",
        "path", "perf_hooks", "process", "querystring", "readline", "stream", "timers", "tls",
        "tty", "url", "util", "v8", "vm", "worker_threads", "zlib",
    }
)  # fmt: skip


def absence(module: str, language: str) -> str:
    """Why a module of the language itself is not there, for a title."""
    if language == "node":
        return "Node.js brings it, but not this version, or not under this name"
    if module in _RENAMED:
        return f"Python 2 called it so; in Python 3 it is {_RENAMED[module]}"
    return f"it left Python's standard library with {_LEFT[module][0]}"


def mending(module: str, language: str, importer: str) -> Remedy:
    """What to do about it; nothing of the module's name is installed."""
    if language == "node":
        return remedy(
            f"run on a newer Node.js, which has {module}, or update what asks for it"
            + (f" ({importer})" if importer else ""),
            Tell(
                f"{module} is Node.js's own: no npm package of this name is meant. Bundle with "
                "--platform=node, or set the function's runtime to a newer nodejs"
            ),
            afterwards=Redrive(),
        )
    if module in _RENAMED:
        new = _RENAMED[module]
        said = (
            f"the code is for Python 2: import {new} instead of {module}, or package a version of "
            "the library that runs on Python 3"
        )
        return remedy(
            said,
            ChangeCode(said, language="python"),
            Tell(f"install nothing called {module}: it is no package, but Python 2's own module"),
            afterwards=Redrive(),
        )
    version, instead = _LEFT[module]
    before = f"python3.{int(version.split('.')[1]) - 1}"
    use = f"use {instead}" if instead in _OF_LIBRARY else f"package {instead}, which has it"
    said = (
        f"update the library that imports {module}, to one for Python {version}"
        + (f"; your own code: {use}" if instead else "")
        + f"; until then {before} runs it as it is"
    )
    return remedy(said, ChangeCode(said, language="python"), afterwards=Redrive())
