"""A function's deployment package: its listing and a few small sources, never extracted.

The package's URL is signed and so a secret: it is fetched from S3 over https only, from
loopback where the target itself is a local endpoint, without following redirects, and
appears in no error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from sqsctl.aws.functions import CodeLocation, FunctionClient
from sqsctl.aws.session import Session
from sqsctl.aws.source_imports import Imports
from sqsctl.aws.zips import MAX_FETCHED_BYTES, MAX_ZIP_BYTES, Fetch, Listing, RemoteZip, refused
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Package,
    PackageMember,
)
from sqsctl.model.target import is_loopback

TIMEOUT_S = 15
MAX_SOURCES = 12
MAX_FOLLOWED = 12

_S3_HOST = re.compile(
    r"(?:[a-z0-9][a-z0-9.-]*\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?"
)
_SUFFIXES = {"nodejs": (".js", ".mjs", ".cjs"), "python": (".py",)}
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class PackageReader:
    """Reads packages of one target's functions."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._functions = FunctionClient(session)

    def read(self, function: Function) -> Package:
        """The listing of a function's zip and of its layers, and the sources checks look at.

        Raises SqsctlError: code ``package_refused`` where caps or the host check say no,
        ``image`` for a container image.
        """
        if function.package_type == "Image":
            raise SqsctlError("it is a container image", code="image")
        code = self._functions.code(function.arn or function.name)
        opened = self.open(code)
        return contents(function, opened)

    def layer(self, arn: str) -> tuple[PackageMember, ...]:
        """The listing of a layer version."""
        return self.open(self._functions.layer(arn)).listing().members

    def open(self, code: CodeLocation) -> RemoteZip:
        """The zip behind a location."""
        if code.repository == "ECR" or (code.image_uri and not code.url):
            raise SqsctlError("it is a container image", code="image")
        if code.size_bytes > MAX_ZIP_BYTES:
            raise refused(f"it has {code.size_bytes:,} bytes")
        url = checked_url(code.url, self.session.target.endpoint)
        fetch = _fetcher(url)
        if code.size_bytes:
            return RemoteZip(fetch, code.size_bytes)
        _, size = fetch(0, 0)
        return RemoteZip(fetch, size)


def contents(function: Function, opened: RemoteZip) -> Package:
    """What a package holds, and the sources that checks look at."""
    listing = opened.listing()
    imports = Imports(listing)
    sources: dict[str, str] = {}
    waiting = list(sources_of(function, listing))
    followed = MAX_FOLLOWED
    for path in waiting:
        text = opened.text(path)
        if text is None:
            continue
        sources[path] = text
        for each in imports.of(path, text):
            if followed and each not in waiting:
                followed -= 1
                waiting.append(each)
    return Package(
        function=function.name,
        members=listing.members,
        sources=sources,
        truncated=listing.truncated,
    )


def checked_url(url: str, endpoint: str | None) -> str:
    """The URL, if it is one that code is fetched from. Raises SqsctlError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refused("its address is none") from error
    host = (parts.hostname or "").lower()
    if parts.username or parts.password:
        raise refused("its address carries a user")
    if endpoint and is_loopback(urlsplit(endpoint).hostname or ""):
        if is_loopback(host) and parts.scheme in {"http", "https"}:
            return url
        raise refused("a local endpoint names code on another machine")
    if parts.scheme == "https" and _S3_HOST.fullmatch(host) and port in {None, 443}:
        return url
    raise refused("it is not on S3")


def sources_of(function: Function, listing: Listing) -> Iterator[str]:
    """Paths of the sources worth reading: the handler's file, manifests, small top-level code."""
    paths = {each.path: each for each in listing.members}
    language = "python" if (function.runtime or "").startswith("python") else "nodejs"
    suffixes = _SUFFIXES[language]
    stem = handler_stem(function.handler or "", language)
    wanted = [f"{stem}{suffix}" for suffix in suffixes] if stem else []
    wanted += ["package.json", "requirements.txt"]
    if "/" in stem:
        wanted.append(f"{stem.rpartition('/')[0]}/package.json")
    wanted += sorted(
        each.path
        for each in listing.members
        if "/" not in each.path and each.path.endswith(suffixes) and each.size_bytes <= 65_536
    )
    found = [path for path in dict.fromkeys(wanted) if path in paths]
    yield from found[:MAX_SOURCES]


def handler_stem(handler: str, language: str) -> str:
    """The path of the handler's file without its suffix: ``src/app.handler`` is ``src/app``."""
    module = handler.rpartition(".")[0]
    return module.replace(".", "/") if language == "python" else module


def _fetcher(url: str) -> Fetch:
    """Fetch ranges of one URL. A server without ranges gives the whole file, which is kept."""
    whole: list[bytes] = []

    def fetch(first: int, last: int) -> tuple[bytes, int]:
        if whole:
            return whole[0][first : last + 1], len(whole[0])
        status, headers, body = _get(url, {"Range": f"bytes={first}-{last}"})
        if status == 206:
            match = _RANGE.match(headers.get("content-range", ""))
            if not match or int(match[1]) != first:
                raise refused("its server answers ranges wrongly")
            return body[: last - first + 1], int(match[3])
        if status == 200:
            whole.append(body)
            return body[first : last + 1], len(body)
        raise SqsctlError(
            f"the package could not be fetched: S3 answers {status}",
            exit=Exit.DENIED if status in {401, 403} else Exit.UNAVAILABLE,
            code="package_unavailable",
        )

    return fetch


def _get(url: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """One GET, no redirect followed, with botocore's own certificates and proxies."""
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    local = is_loopback(urlsplit(url).hostname or "")
    http: Any = URLLib3Session(proxies={} if local else get_environ_proxies(url), timeout=TIMEOUT_S)
    request = AWSRequest("GET", url, headers={**headers, "Accept-Encoding": "identity"})
    request.stream_output = True
    try:
        answer = http.send(request.prepare())
        body = answer.raw.read(MAX_FETCHED_BYTES + 1, decode_content=False)
        answer.raw.release_conn()
    except (BotoCoreError, OSError, _urllib3_errors()) as error:
        # The error's own text holds the signed address.
        raise SqsctlError(
            f"the package could not be fetched: {type(error).__name__}",
            exit=Exit.UNAVAILABLE,
            code="package_unavailable",
        ) from None
    finally:
        http.close()
    if len(body) > MAX_FETCHED_BYTES:
        raise refused("its server ignores ranges, and it is too large to fetch whole")
    return answer.status_code, {key.lower(): each for key, each in answer.headers.items()}, body


def _urllib3_errors() -> type[Exception]:
    from urllib3.exceptions import HTTPError

    return HTTPError
