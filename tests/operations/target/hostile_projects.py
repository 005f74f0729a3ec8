"""A hundred and more project folders that somebody hostile wrote, by kinds.

Each is a name, the files (a path and a text, or a link's target), and where credentials are at
stake the host that must not be chosen.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CANARY = "canary7Kq2ZxW9pLm4"
SECRETS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": f"{CANARY}+aws",
    "AWS_SESSION_TOKEN": f"{CANARY}-session",
    "GITHUB_TOKEN": f"ghp_{CANARY}",
    "DATABASE_PASSWORD": f"{CANARY}-db",
    "STRIPE_API_KEY": f"sk-live-{CANARY}",
    "INNOCENT": CANARY,  # its value gives it away
    "COPIED": f"{CANARY}-db",  # the value of a secret
    "HOME_URL": f"https://user:{CANARY}@example.com",
}
EVIL = "evil.example"


@dataclass(frozen=True)
class Project:
    """``links`` are symbolic links: the name, and where it leads."""

    name: str
    files: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)


def projects() -> Iterator[Project]:
    """All of them."""
    for number, each in enumerate(itertools.chain(_settings(), _serverless(), _bombs(), _links())):
        yield Project(f"{number:03}-{each.name}", each.files, each.links)


def _settings() -> Iterator[Project]:
    endpoints = [
        f"https://{EVIL}",
        f"http://{EVIL}",
        f"https://sqs.eu-west-1.amazonaws.com.{EVIL}",
        f"http://127.0.0.1.{EVIL}",
        f"http://localhost.{EVIL}:4566",
        f"https://127.0.0.1@{EVIL}",
        f"https://{EVIL}#.amazonaws.com",
        f"https://{EVIL}?sqs.amazonaws.com",
        f"https://{EVIL}\\\\@127.0.0.1",
        "http://127.0.0.1:4566",
        "http://169.254.169.254/latest",
        f"HTTPS://{EVIL.upper()}",
        f"//{EVIL}",
        "file:///etc/passwd",
    ]
    for endpoint in endpoints:
        text = f'region = "eu-west-1"\nendpoint_url = "{endpoint}"\n'
        yield Project("endpoint", {"sqsctl.toml": text})
        yield Project("endpoint in pyproject", {"pyproject.toml": f"[tool.sqsctl]\n{text}"})
    for profile in ("production", "default", "../x", "a\\nb", "[x]", ""):
        yield Project("profile", {"sqsctl.toml": f'profile = "{profile}"\n'})
    for region in (
        f"{EVIL}#-x-1",
        "eu-west-1.evil",
        f"x/{EVIL}-a-1",
        "cn-north-1",
        "us-iso-west-1",
    ):
        yield Project("region", {"sqsctl.toml": f'region = "{region}"\n'})
    for text in (
        "queue = 1",
        "lab = 'maybe'",
        "endpoint_url = ['x']",
        "profile = {a = 1}",
        "output = '\\u001b[2J'",
        '"\\u001b]0;x\\u0007" = 1',
        f"queue = 'https://sqs.eu-west-1.amazonaws.com.{EVIL}/1/q'",
    ):
        yield Project("type", {"sqsctl.toml": f"{text}\n"})


def _serverless() -> Iterator[Project]:
    places = (
        "service: ${env:%s}\nprovider: {name: aws}\n",
        "service: a-${env:%s}\nprovider: {name: aws, stage: '${env:NOTHING, ''dev''}'}\n",
        "service: a\nprovider: {name: aws, stage: '${env:%s}'}\n",
        "service: a\nprovider: {name: aws, stackName: 'x-${env:%s}'}\n",
        (
            "service: a\ncustom: {x: '${env:%s}'}\n"
            "provider: {name: aws, stackName: '${self:custom.x}'}\n"
        ),
        (
            "service: a\nparams: {default: {x: '${env:%s}'}}\n"
            "provider: {name: aws, stackName: 'x-${param:x}'}\n"
        ),
        "service: a\nprovider: {name: aws, region: '${env:%s}'}\n",
        (
            "service: a\nprovider: {name: aws, runtime: '${env:%s}'}\n"
            "functions: {f: {handler: '${env:INNOCENT}', name: '${env:INNOCENT}', timeout: 3}}\n"
        ),
    )
    for place, variable in itertools.product(places, SECRETS):
        yield Project(f"env {variable}", {"serverless.yml": place % variable})
    yield Project(
        "env with the folder's endpoint",
        {
            "serverless.yml": "service: a\nprovider: {name: aws, stage: '${env:BRANCH}'}\n",
            "sqsctl.toml": 'region = "eu-west-1"\nendpoint_url = "http://127.0.0.1:4566"\n',
        },
    )
    yield Project(
        "env in a file of the project",
        {
            "serverless.yml": "service: ${file(x.yml):y}\nprovider: {name: aws}\n",
            "x.yml": "y: a-${env:GITHUB_TOKEN}\n",
        },
    )


def _bombs() -> Iterator[Project]:
    laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, one in itertools.pairwise("abcdefghij")
    )
    yamls = {
        "laughs": laughs,
        "deep": "[" * 100_000,
        "deep flow": "{a: " * 50_000,
        "itself": "a: &a [*a]\n",
        "merge": "a: &a {<<: *a}\n",
        "python": "!!python/object/apply:os.system ['touch owned']\n",
        "python name": "!!python/name:os.system\n",
        "wide": "a: 1\n" * 300_000,
        "int": f"a: {'9' * 200_000}\n",
        "base 60": f"a: {':'.join(['59'] * 50_000)}\n",
        "date": "a: 99999-99-99\n",
        "nul": "a: \0\n",
        "bytes": "a: \udcff\n",
        "variables": "service: " + "${" * 50_000 + "\n",
        "loop": "service: ${self:service}${self:service}\n",
    }
    for name, text in yamls.items():
        for file in ("serverless.yml", "template.yaml", "samconfig.yaml"):
            yield Project(f"{name} in {file}", {file: text})
    tomls = {
        "dots": "a." * 120_000 + "a = 1\n",
        "dotted header": "[" + "a." * 120_000 + "a]\n",
        "dots in an inline table": "x = {" + "a." * 120_000 + "a = 1}\n",
        "brackets": "a = " + "[" * 200_000,
        "tables": "a = " + "{a = " * 100_000,
        "quotes": "a = '''" + "'" * 200_000,
        "int": f"a = {'9' * 200_000}\n",
    }
    for name, text in tomls.items():
        for file in ("sqsctl.toml", "pyproject.toml", "samconfig.toml"):
            yield Project(f"{name} in {file}", {file: text})
    for name, text in {
        "deep": "[" * 100_000,
        "deep objects": '{"a":' * 100_000,
        "int": "1" * 200_000,
        "nothing": "",
        "a list": "[]",
        "names": json.dumps({"service": {"service": ["x"], "provider": "y"}}),
    }.items():
        for file in ("package.json", "cdk.out/manifest.json", ".serverless/serverless-state.json"):
            yield Project(f"{name} in {file}", {file: text, "serverless.ts": ""})


def _links() -> Iterator[Project]:
    for name in ("serverless.yml", "template.yaml", "samconfig.toml", "package.json", ".nvmrc"):
        for target in ("../secret-file", "/proc/self/environ", "/dev/zero", name):
            yield Project(f"link {name} to {target}", {}, {name: target})
    for target in ("../secret-file", "/dev/zero", "sqsctl.toml", "nowhere"):
        yield Project(f"settings link to {target}", {}, {"sqsctl.toml": target})
