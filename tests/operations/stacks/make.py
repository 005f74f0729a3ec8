"""Package all projects of this folder again: python tests/operations/stacks/make.py

Installs osls, serverless-lift, aws-cdk-lib (of npm and of PyPI) and aws-sam-translator from their
registries into a temporary folder, packages with dummy credentials (no AWS is called) and writes
each deployed.json and *.template.json. Versions are those below; npm and pip choose what these
need.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).parent
SERVERLESS = (
    "osls@4.3.1",
    "serverless-lift@1.37.7",
    "serverless-iam-roles-per-function@3.2.0",
    "serverless-plugin-canary-deployments@0.8.0",
)
CDK = ("aws-cdk-lib@2.276.0", "constructs@10")
CDK_IN_PYTHON = ("aws-cdk-lib==2.275.0", "constructs<11")
SAM = ("aws-sam-translator==1.115.0", "pyyaml")


def main(into: Path = HERE) -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": name,
            "AWS_ACCESS_KEY_ID": "dummy",
            "AWS_SECRET_ACCESS_KEY": "dummy",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SLS_TELEMETRY_DISABLED": "1",
            "SLS_NOTIFICATIONS_MODE": "off",
        }
        serverless(work / "serverless", into, environment)
        cdk(work / "cdk", into, environment)
        cdk_in_python(work / "cdk_python", into, environment)
        sam(work / "sam", into, environment)


def serverless(work: Path, into: Path, environment: dict[str, str]) -> None:
    install(work, SERVERLESS)
    program = work / "node_modules" / "osls" / "bin" / "serverless.js"
    for project in sorted((HERE / "serverless").iterdir()):
        if not project.is_dir():
            continue
        copy = work / project.name  # below node_modules' parent, where plugins are found
        shutil.copytree(HERE / "code", copy)
        shutil.copy(project / "serverless.yml", copy)
        run(["node", str(program), "package"], copy, environment)
        written = copy / ".serverless"
        target = into / "serverless" / project.name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(written / "cloudformation-template-update-stack.json", target / "deployed.json")
        shutil.copy(
            written / "cloudformation-template-create-stack.json",
            into / "serverless" / "create-stack.json",
        )


def cdk(work: Path, into: Path, environment: dict[str, str]) -> None:
    install(work, CDK)
    app = work / "app"
    shutil.copytree(HERE / "code", app / "code")
    shutil.copy(HERE / "cdk" / "app.js", app)
    run(["node", "app.js"], app, {**environment, "CDK_OUTDIR": "cdk.out"})
    (into / "cdk").mkdir(parents=True, exist_ok=True)
    for template in (app / "cdk.out").glob("*.template.json"):
        shutil.copy(template, into / "cdk")


def cdk_in_python(work: Path, into: Path, environment: dict[str, str]) -> None:
    venv.create(work, with_pip=True)
    run([str(work / "bin" / "pip"), "install", "-q", *CDK_IN_PYTHON], work, dict(os.environ))
    app = work / "app"
    shutil.copytree(HERE / "code", app / "code", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "cdk_python" / "app.py", app)
    run([str(work / "bin" / "python"), "app.py"], app, {**environment, "CDK_OUTDIR": "cdk.out"})
    (into / "cdk_python").mkdir(parents=True, exist_ok=True)
    for template in (app / "cdk.out").glob("*.template.json"):
        shutil.copy(template, into / "cdk_python")


def sam(work: Path, into: Path, environment: dict[str, str]) -> None:
    venv.create(work, with_pip=True)
    run([str(work / "bin" / "pip"), "install", "-q", *SAM], work, dict(os.environ))
    python = str(work / "bin" / "python")
    for project in sorted(each for each in (HERE / "sam").iterdir() if each.is_dir()):
        target = into / "sam" / project.name
        target.mkdir(parents=True, exist_ok=True)
        run(
            [
                python,
                "-W",
                "ignore",
                str(HERE / "sam" / "transform.py"),
                str(project / "template.yaml"),
                str(target / "deployed.json"),
            ],
            work,
            environment,
        )


def install(work: Path, packages: tuple[str, ...]) -> None:
    work.mkdir()
    run(["npm", "install", "--no-audit", "--no-fund", *packages], work, dict(os.environ))


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
