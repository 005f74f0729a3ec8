"""The packaged stacks as the folders that their tools leave: what ``lab deploy`` reads."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.operations.stacks.packaged import FOLDER, Packaged

CODE = FOLDER / "code"


def project(packaged: Packaged, folder: Path) -> Path:
    """Write a stack's project, packaged, into a folder, and return the folder."""
    {"serverless": _serverless, "sam": _sam, "cdk": _cdk}[packaged.tool](packaged, folder)
    return folder


def _serverless(packaged: Packaged, folder: Path) -> None:
    written = folder / ".serverless"
    written.mkdir(parents=True)
    shutil.copy(packaged.file, written / "cloudformation-template-update-stack.json")
    service, _, stage = packaged.stack.rpartition("-")
    state = {"service": {"service": service, "provider": {"stage": stage}}}
    (written / "serverless-state.json").write_text(json.dumps(state))
    shutil.copy(packaged.project / "serverless.yml", folder)
    for key in _keys(packaged.template):
        _zip(written / key.rpartition("/")[2])


def _sam(packaged: Packaged, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(packaged.project / "template.yaml", folder)
    shutil.copytree(CODE, folder / "code", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "samconfig.toml").write_text(
        f'[default.deploy.parameters]\nstack_name = "{packaged.stack}"\n'
    )


def _cdk(packaged: Packaged, folder: Path) -> None:
    out = folder / "cdk.out"
    out.mkdir(parents=True)
    shutil.copytree(CODE, out / "asset.code", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(packaged.file, out)
    files = {
        key: {
            "source": {"path": "asset.code", "packaging": "zip"},
            "destinations": {"current": {"bucketName": "assets", "objectKey": key}},
        }
        for key in _keys(packaged.template)
    }
    for nested in packaged.project.glob(f"{packaged.case}*.nested.template.json"):
        shutil.copy(nested, out)
        key = next(each for each in _texts(packaged.template) if each.endswith(".json"))
        files["nested"] = {
            "source": {"path": nested.name, "packaging": "file"},
            "destinations": {"current": {"bucketName": "assets", "objectKey": key.strip("/")}},
        }
        files |= {
            key: {
                "source": {"path": "asset.code", "packaging": "zip"},
                "destinations": {"current": {"bucketName": "assets", "objectKey": key}},
            }
            for key in _keys(json.loads(nested.read_text()))
        }
    (out / f"{packaged.case}.assets.json").write_text(json.dumps({"files": files}))
    artifact = {
        "type": "aws:cloudformation:stack",
        "properties": {"templateFile": packaged.file.name, "stackName": packaged.stack},
    }
    manifest = {"version": "50.0.0", "artifacts": {packaged.case: artifact}}
    (out / "manifest.json").write_text(json.dumps(manifest))


def _keys(template: Mapping[str, Any]) -> list[str]:
    """The keys by which a template names code in buckets."""
    found = []
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("Code", "Content"):
            place = properties.get(name)
            if isinstance(place, Mapping) and isinstance(place.get("S3Key"), str):
                found.append(place["S3Key"])
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, Mapping) else value:
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping | list):
            yield from _texts(each)


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(CODE.iterdir()):
            if each.is_file():
                archive.writestr(each.name, each.read_text())
