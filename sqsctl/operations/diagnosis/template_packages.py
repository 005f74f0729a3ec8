"""The code of a packaged template's functions, as it lies on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sqsctl.aws.packages import contents
from sqsctl.aws.zips import RemoteZip
from sqsctl.errors import SqsctlError
from sqsctl.model.functions import Function
from sqsctl.model.stack import Package, PackageMember, Unread
from sqsctl.operations.packaged.archives import zipped
from sqsctl.operations.packaged.packaged_stack import PackagedStack, Resource, properties


def packages(
    packaged: PackagedStack,
    resources: Mapping[str, Resource],
    functions: Iterable[Function],
    unread: list[Unread],
) -> Iterator[Package]:
    """The package of each function; what is not on this machine is added to ``unread``.

    Raises SqsctlError where a package is no zip.
    """
    for function in functions:
        key = function.logical_id or ""
        code = properties(resources[key]).get("Code")
        inline = code.get("ZipFile") if isinstance(code, Mapping) else None
        if isinstance(inline, str):
            suffix = "js" if (function.runtime or "").startswith("nodejs") else "py"
            member = PackageMember(f"index.{suffix}", len(inline.encode()))
            yield Package(function.name, (member,), {member.path: inline})
        elif key in packaged.code:
            found = contents(function, _opened(packaged.code[key]))
            yield _with_layers(found, packaged, resources[key], unread)
        else:
            unread.append(Unread(f"package of {key}", "its code is not on this machine"))


def _with_layers(
    package: Package, packaged: PackagedStack, function: Resource, unread: list[Unread]
) -> Package:
    layers: list[PackageMember] = []
    for said in properties(function).get("Layers") or ():
        named = said.get("Ref") if isinstance(said, Mapping) else None
        if named in packaged.code:
            layers += _opened(packaged.code[str(named)]).listing().members
        else:
            what = f"layer {said} of {package.function}"
            unread.append(Unread(what, "it is not on this machine"))
    return replace(package, layer_members=tuple(layers))


def _opened(path: Path) -> RemoteZip:
    data = zipped(path)

    def fetch(first: int, last: int) -> tuple[bytes, int]:
        return data[first : last + 1], len(data)

    try:
        return RemoteZip(fetch, len(data))
    except SqsctlError as error:
        raise SqsctlError(f"the package {path}: {error.message}", code=error.code) from error
