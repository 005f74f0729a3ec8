"""Deployment packages: looked into over HTTP, never extracted, whatever they claim."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest

from sqsctl.aws import zips
from sqsctl.aws.functions import CodeLocation
from sqsctl.aws.packages import (
    MAX_FOLLOWED,
    PackageReader,
    checked_url,
    handler_stem,
    sources_of,
)
from sqsctl.aws.source_imports import Imports
from sqsctl.aws.zips import Listing, RemoteZip
from sqsctl.errors import SqsctlError
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    PackageMember,
)
from tests.aws.loopback import Answer, Received, serving
from tests.aws.stubs import Stubbed


def packed(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for path, content in members.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def opened(data: bytes) -> RemoteZip:
    return RemoteZip(lambda first, last: (data[first : last + 1], len(data)), len(data))


def test_the_listing_and_a_source() -> None:
    archive = opened(
        packed({"src/app.py": "def 핸들러(): ...".encode(), "lib/": b"", "x": b"1" * 99})
    )
    listing = archive.listing()
    assert [(each.path, each.size_bytes) for each in listing.members] == [
        ("src/app.py", 20),
        ("x", 99),
    ]
    assert not listing.truncated
    assert archive.text("src/app.py") == "def 핸들러(): ..."
    assert archive.text("none") is None


def test_only_what_is_needed_of_a_large_package_is_fetched() -> None:
    import random

    noise = random.Random(1).randbytes(8_000_000)
    data = packed({"big.bin": noise, "handler.js": b"exports.x = 1"}, zipfile.ZIP_STORED)
    fetched = 0

    def fetch(first: int, last: int) -> tuple[bytes, int]:
        nonlocal fetched
        fetched += last - first + 1
        return data[first : last + 1], len(data)

    archive = RemoteZip(fetch, len(data))
    assert archive.text("handler.js") == "exports.x = 1"
    assert {each.path for each in archive.listing().members} == {"big.bin", "handler.js"}
    assert fetched < 1_000_000


def test_more_entries_than_looked_at_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MAX_ENTRIES", 5)
    listing = opened(packed({f"f{n}": b"" for n in range(9)})).listing()
    assert len(listing.members) == 5
    assert listing.truncated


def test_a_bomb_is_not_unpacked() -> None:
    archive = opened(packed({"handler.js": b"\0" * 200_000, "big.js": b"x" * 300_000}))
    assert archive.text("handler.js") is None
    assert archive.text("big.js") is None


def test_a_member_that_lies_about_its_size_is_not_believed() -> None:
    data = bytearray(packed({"handler.js": bytes(range(256)) * 4_000}, zipfile.ZIP_STORED))
    # The directory's uncompressed size: 24 bytes into its only entry.
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", 10)
    assert (opened(bytes(data)).text("handler.js") or "") in {"", "\0\1\2\3\4\5\6\7\b\t"}


def test_a_bomb_that_claims_to_be_small_fills_no_memory() -> None:
    data = bytearray(packed({"handler.js": b"\0" * 60_000_000}))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", 10)
    archive = opened(bytes(data))
    tracemalloc.start()
    try:
        archive.text("handler.js")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"no zip at all" * 1000, packed({"a": b"b"})[:-30]],
    ids=["empty", "torn head", "text", "torn"],
)
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    with pytest.raises(SqsctlError) as raised:
        opened(data)
    assert raised.value.code == "package_refused"


def test_a_package_that_is_too_large_is_refused_before_it_is_fetched() -> None:
    def fetch(first: int, last: int) -> tuple[bytes, int]:
        raise AssertionError("fetched")

    with pytest.raises(SqsctlError) as raised:
        RemoteZip(fetch, zips.MAX_ZIP_BYTES + 1)
    assert raised.value.code == "package_refused"


def test_a_directory_larger_than_any_honest_one_is_refused() -> None:
    data = bytearray(packed({"a": b"b"}))
    place = data.rindex(b"PK\x05\x06") + 12
    data[place : place + 4] = struct.pack("<I", 100_000_000)
    with pytest.raises(SqsctlError):
        opened(bytes(data))


def test_a_large_directory_is_refused_before_anything_is_made_of_it() -> None:
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<HHH", 4, 0, 0) + bytes(12) + b"a.py"
    directory = entry * (20_000_000 // len(entry))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65_535, 65_535, len(directory), 0, 0)
    data = directory + end
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(SqsctlError) as raised:
            opened(data)
        took = time.process_time() - began
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert raised.value.code == "package_refused"
    assert took < 0.5
    assert peak < 8_000_000


def test_a_large_honest_directory_is_read() -> None:
    files = {f"node_modules/package-{n}/lib/index.js": b"" for n in range(20_000)}
    listing = opened(packed(files)).listing()
    assert len(listing.members) == zips.MAX_ENTRIES
    assert listing.truncated


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, 97])
def test_a_method_that_lambda_does_not_take_is_not_decoded(
    method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(packed({"app.py": b"x = 1"}))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.index(mark) + offset
        data[place : place + 2] = struct.pack("<H", method)
    archive = opened(bytes(data))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was opened"))
    assert [each.path for each in archive.listing().members] == ["app.py"]
    assert archive.text("app.py") is None


@pytest.mark.parametrize(
    "error",
    [zlib.error, struct.error, UnicodeDecodeError("x", b"", 0, 1, ""), EOFError],
)
def test_whatever_a_decoder_says_it_is_not_readable(
    error: Exception | type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = opened(packed({"app.py": b"x = 1"}))

    def fail(*_: object) -> bytes:
        raise error

    monkeypatch.setattr(zipfile.ZipExtFile, "read", fail)
    assert archive.text("app.py") is None


LOCAL = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://awslambda-ap-ne-2-tasks.s3.ap-northeast-2.amazonaws.com/s/1?X-Amz-S=1", None),
        ("https://s3.amazonaws.com/bucket/key", None),
        ("https://prod-04-2014-tasks.s3.us-east-1.amazonaws.com/x", None),
        ("https://bucket.s3-eu-west-1.amazonaws.com/x", None),
        ("https://bucket.s3.cn-north-1.amazonaws.com.cn/x", None),
        ("http://127.0.0.1:4566/_ministack/lambda-code/x", LOCAL),
    ],
)
def test_code_is_fetched_from_s3_and_from_the_local_endpoint(
    url: str, endpoint: str | None
) -> None:
    assert checked_url(url, endpoint) == url


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://bucket.s3.amazonaws.com/x", None),
        ("https://evil.example/x", None),
        ("https://s3.amazonaws.com.evil.example/x", None),
        ("https://evils3.amazonaws.com.example/x", None),
        ("https://ec2.amazonaws.com/x", None),
        ("https://user:pass@bucket.s3.amazonaws.com/x", None),
        ("https://bucket.s3.amazonaws.com:8443/x", None),
        ("http://169.254.169.254/latest/meta-data", None),
        ("http://127.0.0.1:4566/x", None),
        ("file:///etc/passwd", None),
        ("", None),
        ("https://bucket.s3.amazonaws.com/x", LOCAL),
        ("http://169.254.169.254/latest", LOCAL),
        ("http://10.0.0.1/x", LOCAL),
        ("http://127.evil.example/x", LOCAL),
    ],
)
def test_code_is_fetched_from_nowhere_else(url: str, endpoint: str | None) -> None:
    with pytest.raises(SqsctlError) as raised:
        checked_url(url, endpoint)
    assert raised.value.code == "package_refused"


def members(*paths: str) -> Listing:
    return Listing(tuple(PackageMember(path, 100) for path in paths))


def test_the_sources_worth_reading() -> None:
    node = Function("f", "", runtime="nodejs18.x", handler="src/handler.consumer")
    listing = members(
        "src/handler.js", "package.json", "src/package.json", "index.mjs", "node_modules/a/x.js"
    )
    assert list(sources_of(node, listing)) == [
        "src/handler.js",
        "package.json",
        "src/package.json",
        "index.mjs",
    ]
    python = Function("f", "", runtime="python3.13", handler="src.app.main")
    found = list(sources_of(python, members("src/app.py", "boto3/__init__.py", "util.py")))
    assert found == ["src/app.py", "util.py"]


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("src/a.js", "const { b } = require('./lib/b');", ["src/lib/b.js"]),
        (
            "src/a.mjs",
            "import { c } from '../c.mjs';\nimport './lib';",
            ["c.mjs", "src/lib/index.js"],
        ),
        ("src/a.js", "export*from\"./lib/b\";var x=require('pg')", ["src/lib/b.js"]),
        ("a.py", "from service.work import run", ["service/work.py"]),
        ("a.py", "from service import work", ["service/__init__.py", "service/work.py"]),
        ("a.py", "import util, service.work as w", ["util.py", "service/work.py"]),
        (
            "service/work.py",
            "from . import other\nfrom ..util import x",
            ["service/other.py", "util.py"],
        ),
        ("a.py", "import requests", []),
        ("a.py", "import a", []),
        ("src/a.js", "require('./big'); require('./node_modules/x')", []),
    ],
)
def test_what_a_source_imports_of_its_package(path: str, text: str, found: list[str]) -> None:
    listing = members(
        "src/a.js",
        "src/lib/b.js",
        "src/lib/index.js",
        "src/node_modules/x.js",
        "c.mjs",
        "a.py",
        "util.py",
        "service/__init__.py",
        "service/work.py",
        "service/other.py",
        "requests/__init__.py",
        "requests-2.32.dist-info/METADATA",
    )
    big = PackageMember("src/big.js", 10_000_000)
    listing = Listing((*listing.members, big))
    own = list(Imports(listing).of(path, text))
    assert [each for each in own if each != "service/__init__.py" or each in found] == found


def test_imports_are_followed_so_far_and_no_further() -> None:
    files = {f"lib/m{n}.js": f"require('./m{n + 1}')".encode() for n in range(40)}
    data = packed({"handler.js": b"require('./lib/m0')", **files})
    with serving(Host(data)) as server:
        aws = Stubbed(endpoint=server.url)
        aws.answer(
            "lambda",
            "get_function",
            {
                "Code": {"Location": f"{server.url}/code", "RepositoryType": "S3"},
                "Configuration": {"CodeSize": len(data)},
            },
        )
        function = Function("f", "arn", runtime="nodejs24.x", handler="handler.consumer")
        package = PackageReader(aws.session).read(function)
    assert len(package.sources) == 1 + MAX_FOLLOWED
    assert "lib/m3.js" in package.sources


@pytest.mark.parametrize(
    ("handler", "language", "stem"),
    [
        ("handler.consumer", "nodejs", "handler"),
        ("src/a.b/handler.consumer", "nodejs", "src/a.b/handler"),
        ("src.app.main", "python", "src/app"),
        ("src/app.main", "python", "src/app"),
        ("nonsense", "python", ""),
    ],
)
def test_a_handlers_file(handler: str, language: str, stem: str) -> None:
    assert handler_stem(handler, language) == stem


class Host:
    """Serves a package with ranges, as S3 does; or without, or wrongly."""

    def __init__(self, data: bytes, *, ranges: bool = True) -> None:
        self.data = data
        self.ranges = ranges
        self.asked: list[str] = []

    def __call__(self, request: Received) -> Answer:
        wanted = request.headers.get("Range", "")
        self.asked.append(wanted)
        if not self.ranges:
            return Answer(200, self.data)
        first, last = (int(each) for each in wanted.removeprefix("bytes=").split("-"))
        last = min(last, len(self.data) - 1)
        return Answer(
            206,
            self.data[first : last + 1],
            {"Content-Range": f"bytes {first}-{last}/{len(self.data)}"},
        )


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("size_known", [True, False])
def test_a_package_is_read_over_http(*, ranges: bool, size_known: bool) -> None:
    data = packed({"handler.js": b"exports.consumer = 1", "package.json": b"{}"})
    with serving(Host(data, ranges=ranges)) as server:
        aws = Stubbed(endpoint=server.url)
        aws.answer(
            "lambda",
            "get_function",
            {
                "Code": {"Location": f"{server.url}/code?sig=s3cr3t", "RepositoryType": "S3"},
                "Configuration": {"CodeSize": len(data) if size_known else 0},
            },
        )
        function = Function("f", "arn", runtime="nodejs18.x", handler="handler.consumer")
        package = PackageReader(aws.session).read(function)
    assert package.paths == {"handler.js", "package.json"}
    assert package.sources == {"handler.js": "exports.consumer = 1", "package.json": "{}"}


def test_redirects_are_not_followed_and_the_address_stays_secret() -> None:
    def redirect(request: Received) -> Answer:
        assert "secret-place" not in request.path
        return Answer(302, b"", {"Location": "/secret-place"})

    with serving(redirect) as server:
        aws = Stubbed(endpoint=server.url)
        reader = PackageReader(aws.session)
        with pytest.raises(SqsctlError) as raised:
            reader.open(CodeLocation(f"{server.url}/x?sig=s3cr3t", 500))
    assert "302" in raised.value.message
    assert "s3cr3t" not in raised.value.message


def test_a_server_that_is_gone_is_an_error_without_the_address() -> None:
    reader = PackageReader(Stubbed(endpoint="http://127.0.0.1:9").session)
    with pytest.raises(SqsctlError) as raised:
        reader.open(CodeLocation("http://127.0.0.1:9/x?sig=s3cr3t", 500))
    assert raised.value.code == "package_unavailable"
    assert "s3cr3t" not in raised.value.message
    assert raised.value.__cause__ is None


def test_a_container_image_is_said_to_be_one() -> None:
    reader = PackageReader(Stubbed().session)
    with pytest.raises(SqsctlError) as raised:
        reader.read(Function("f", "arn", package_type="Image"))
    assert raised.value.code == "image"
