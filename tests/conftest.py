"""What every test stands on: no real credentials, no user's files, loopback only."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore import hooks
from hypothesis import settings

from tests.e2e.stacks import DeployedLab, own_stack
from tests.fuzz import profiles
from tests.program import Sqsctl, program

if TYPE_CHECKING:
    from sqsctl.aws.lab_state import LabState


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden outputs")


@pytest.hookimpl(trylast=True)  # after pytest has set its own hook for ignored exceptions
def pytest_configure(config: pytest.Config) -> None:
    """``-m fuzz`` is the thorough run of the fuzz tests; Ctrl-C reaches what tests start."""
    # What is started hundreds of times is to be compiled once, wherever the tests run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A shell's background job ignores Ctrl-C, and so would every program that a test starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _remember_what_botocore_works_out_anew()
    _pass_over_finalizers_at_the_bottom_of_a_recursion()
    asked = config.getoption("--hypothesis-profile")
    fuzzing = config.option.markexpr == profiles.NAME
    settings.load_profile(profiles.NAME if fuzzing else asked or profiles.USUAL)


def _remember_what_botocore_works_out_anew() -> None:
    """Each run of the program makes a session, which registers the same hundred hooks.

    Both are functions of their arguments alone; they are half of the work of a session.
    """
    aliaser: Any = hooks.EventAliaser
    alias = aliaser._alias_event_name
    names: dict[str, str] = {}
    accepts = cache(hooks.accepts_kwargs)

    def aliased(self: Any, name: str) -> str:
        if name not in names:
            names[name] = alias(self, name)
        return names[name]

    aliaser._alias_event_name = aliased
    # Of a method only the function is kept, or every client would live on.
    hooks.accepts_kwargs = lambda func: accepts(getattr(func, "__func__", func))


def _pass_over_finalizers_at_the_bottom_of_a_recursion() -> None:
    """A list of 5,000 brackets may start Python's garbage collector where no call fits any more.

    What it then finalizes fails with a RecursionError, and pytest's own hook would, too. That
    tells nothing of the test that happens to run; every other ignored exception still fails it.
    """
    inner = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is not RecursionError:
            inner(unraisable)

    sys.unraisablehook = hook


@pytest.fixture(scope="session", autouse=True)
def _state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder for the whole session: labs of tests never meet a user's."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AWS_", "SQSCTL_", "BOTO")) or name in {"NO_COLOR", "COLUMNS"}:
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", str(home / "aws-config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "aws-credentials"))
        yield home


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test starts in an empty folder, with nothing that names an AWS."""
    for name in list(os.environ):
        if name.startswith("SQSCTL_") or name in {
            "AWS_PROFILE",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_ENDPOINT_URL",
        }:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own: no lab of another test is seen."""
    home = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond 4 KiB: writing more fails as on a full disk."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


@pytest.fixture(scope="session")
def lab_state(_state_home: Path, worker_id: str) -> Iterator[LabState]:
    """One lab for the whole session (one a worker); it is empty."""
    from sqsctl.lab import server

    name = f"test-{worker_id}"
    state = server.start(name)
    with pytest.MonkeyPatch.context() as patch:
        # For what talks to it through a proxy, or from a process of its own.
        patch.setenv("TESTS_LAB_KEYS", f"{state.access_key_id}:{state.secret_access_key}")
        yield state
    server.stop(name)


@pytest.fixture
def lab(lab_state: LabState) -> Iterator[DeployedLab]:
    """The tutorial's stack on the session's lab, under a name of this test's own."""
    with own_stack(lab_state) as deployed:
        yield deployed


@pytest.fixture
def sqsctl(capsys: pytest.CaptureFixture[str]) -> Sqsctl:
    """The program, run in this process."""
    return program(capsys)


@pytest.fixture
def on_lab(lab: DeployedLab, monkeypatch: pytest.MonkeyPatch) -> DeployedLab:
    """The program works on this test's own stack."""
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab.state.name)
    monkeypatch.setenv("SQSCTL_STACK", lab.name)
    return lab
