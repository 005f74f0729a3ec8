"""A hostile folder learns nothing of the environment, chooses nothing, and takes no time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sqsctl.errors import SqsctlError
from sqsctl.operations.target import project_files, settings, targeting
from tests.operations.target.hostile_projects import CANARY, EVIL, SECRETS, Project, projects

ALL = tuple(projects())
HONEST = {"BRANCH": "feature-7", "STAGE": "e2e"}
LONGEST_S = 3.0  # of CPU time


@pytest.fixture
def folder(tmp_path: Path, state_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {**SECRETS, **HONEST}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "secret-file").write_text(f"{CANARY}: 1\n")
    made = tmp_path / "project"
    made.mkdir()
    return made


def lay_out(project: Project, folder: Path) -> None:
    for name, text in project.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    for name, target in project.links.items():
        (folder / name).symlink_to(target)


def told(folder: Path) -> list[str]:
    """Everything that the program says or sends because of the folder."""
    environment = {**SECRETS, **HONEST}
    found: list[str] = []
    names = environment
    try:
        loaded = settings.load({}, environment, folder)
        found += [str(each.value) for each in loaded.values.values()]
        names = dict(loaded.names_from(environment))
        target = targeting.resolve(loaded).target
        assert EVIL not in str(target.endpoint).lower()
        assert target.endpoint is None, "real credentials go where the folder chose"
        assert target.profile is None
        assert target.region.startswith(("eu-", "us-east"))
    except SqsctlError as error:
        found += [error.message, str(error.hint)]
    try:
        found.append(repr(project_files.stack(folder, environment=names)))
        found.append(repr(project_files.stage_of(folder, "a-dev", environment=names)))
    except SqsctlError as error:
        found += [error.message, str(error.hint)]
    found.append(repr(project_files.declared(folder, environment=names)))
    return found


def test_there_are_a_hundred() -> None:
    assert len(ALL) >= 100
    assert len({each.name for each in ALL}) == len(ALL)


@pytest.mark.parametrize("part", range(8))
def test_a_hostile_folder(folder: Path, part: int) -> None:
    for project in ALL[part::8]:
        place = folder / project.name.replace("/", "_")
        place.mkdir()
        lay_out(project, place)
        began = time.process_time()
        said = told(place)
        assert time.process_time() - began < LONGEST_S, project.name
        for each in said:
            assert CANARY not in each, project.name
        assert not (place / "owned").exists()


def test_what_is_refused_is_told_with_the_way_to_name_the_stack(folder: Path) -> None:
    text = "service: a\nprovider: {name: aws, stage: '${env:GITHUB_TOKEN}'}\n"
    lay_out(Project("x", {"serverless.yml": text}), folder)
    problem = str(project_files.stack(folder, environment=SECRETS).problem)
    assert "${env:GITHUB_TOKEN}" in problem
    assert "its name speaks of a secret" in problem
    assert "--stack names the stack" in problem


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("e2e", "a-e2e"),
        ("feature-7", "a-feature-7"),
        ("prod", "a-prod"),
        ("pr-1234", "a-pr-1234"),
        ("jane-doe", "a-jane-doe"),
        ("bf35b68", "a-bf35b68"),
        ("x y", None),
        ("a/b", None),
        ("", "a-dev"),
        ("0123456789abcdef0123456789abcdef", None),
        ("123e4567-e89b-12d3-a456-426614174000", None),
        ("AKIAIOSFODNN7EXAMPLE", None),
        ("eyJhbGciOiJIUzI1NiJ9", None),
    ],
)
def test_what_a_stage_may_be(folder: Path, value: str, name: str | None) -> None:
    text = "service: a\nprovider: {name: aws, stage: \"${env:STAGE, 'dev'}\"}\n"
    lay_out(Project("x", {"serverless.yml": text}), folder)
    environment = {"STAGE": value} if value else {}
    assert project_files.stack(folder, environment=environment).name == name


def test_the_environment_makes_names_and_nothing_else(folder: Path) -> None:
    text = (
        "service: a\nprovider: {name: aws, stage: '${env:STAGE}', runtime: '${env:STAGE}'}\n"
        "functions: {f: {handler: '${env:STAGE}.x', timeout: 3}}\n"
    )
    lay_out(Project("x", {"serverless.yml": text}), folder)
    environment = {"STAGE": "e2e"}
    found = project_files.declared(folder, environment=environment)
    told = {(each.key, each.function) for each in found if each.key != "tool"}
    assert told == {("timeout_s", "a-e2e-f")}
    assert project_files.stage_of(folder, "a-e2e", environment=environment) == (True, "e2e")


def test_an_endpoint_of_the_folder_is_sent_nothing_of_the_environment(folder: Path) -> None:
    lay_out(
        Project(
            "x",
            {
                "serverless.yml": "service: a\nprovider: {name: aws, stage: '${env:STAGE}'}\n",
                "sqsctl.toml": 'endpoint_url = "http://127.0.0.1:4566"\n',
            },
        ),
        folder,
    )
    environment = {"STAGE": "e2e"}
    by_file = settings.load({}, environment, folder)
    assert by_file.names_from(environment) == {}
    by_flag = settings.load({"endpoint_url": "http://127.0.0.1:4566"}, environment, folder)
    assert by_flag.names_from(environment) == environment
