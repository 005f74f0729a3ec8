"""Defaults, and where each effective value came from.

Order: a flag, ``SQSCTL_*``, boto3's own ``AWS_*``, then ``sqsctl.toml`` or
``[tool.sqsctl]`` of a ``pyproject.toml``, looked up from the working folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqsctl.errors import UsageError

KEYS: Mapping[str, tuple[str, ...]] = {
    "profile": ("SQSCTL_PROFILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
    "region": ("SQSCTL_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint_url": ("SQSCTL_ENDPOINT_URL", "AWS_ENDPOINT_URL"),
    "stack": ("SQSCTL_STACK",),
    "stage": ("SQSCTL_STAGE",),
    "queue": ("SQSCTL_QUEUE",),
    "lab": ("SQSCTL_LAB",),
    "output": ("SQSCTL_OUTPUT",),
    "no_color": ("SQSCTL_NO_COLOR", "NO_COLOR"),
}
BOOLEAN = frozenset({"lab", "no_color"})
SECTIONS = frozenset({"doctor"})  # tables that others read
MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from; ``kind`` is flag, environment or file."""

    value: str | bool
    source: str
    kind: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings of one run."""

    values: Mapping[str, Setting]
    file: Path | None = None
    # Keys other than the credentials' own that say which AWS is meant.
    credentials_from: str | None = None

    def text(self, key: str) -> str | None:
        """The value as text, None where it is set nowhere."""
        setting = self.values.get(key)
        return str(setting.value) if setting is not None and setting.value != "" else None

    def flag(self, key: str) -> bool | None:
        """The value as a truth, None where it is set nowhere."""
        setting = self.values.get(key)
        return bool(setting.value) if setting is not None else None

    def kind(self, key: str) -> str | None:
        """flag, environment, file, or None where it is set nowhere."""
        setting = self.values.get(key)
        return setting.kind if setting else None


def load(
    flags: Mapping[str, str | bool | None],
    environment: Mapping[str, str],
    folder: Path,
) -> Settings:
    """Bring flags, environment and file together.

    Raises UsageError where the file is not TOML, or a value is of the wrong type.
    """
    file, table = read_file(folder)
    for key in table:
        if key not in KEYS and key not in SECTIONS:
            raise _unknown(key, f"{file} has an unknown setting,")
    values: dict[str, Setting] = {}
    for key, variables in KEYS.items():
        flag = flags.get(key)
        if flag is not None:
            option = f"--{key.replace('_', '-')}"
            if flag == "":
                # An unset shell variable: taking it for "not given" would hit another target.
                raise UsageError(f"{option} is empty", code="empty_option")
            if key == "lab" and flag is False:
                option = "--no-lab"
            values[key] = Setting(flag, option, "flag")
            continue
        variable = next((name for name in variables if environment.get(name)), None)
        if variable:
            values[key] = Setting(
                _typed(key, environment[variable], variable), variable, "environment"
            )
        elif key in table:
            values[key] = Setting(_typed(key, table[key], f"{file}"), f"{file}", "file")
    return Settings(values, file, _credentials_source(environment))


def read_file(folder: Path) -> tuple[Path | None, Mapping[str, object]]:
    """The nearest ``sqsctl.toml`` or ``[tool.sqsctl]``, from a folder upwards."""
    for place in (folder, *folder.parents):
        own = place / "sqsctl.toml"
        if _there(own):
            return own, _toml(own)
        project = place / "pyproject.toml"
        if _there(project):
            tool = _toml(project).get("tool")
            table = tool.get("sqsctl") if isinstance(tool, dict) else None
            if isinstance(table, dict):
                return project, table
    return None, {}


def _there(path: Path) -> bool:
    """Whether it is a file, or a link that leads nowhere: somebody meant it to be one."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _toml(path: Path) -> dict[str, object]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"{path} is too large for a settings file")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} is not valid TOML: {error}", hint="mend that line of it", code="settings"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", code="settings") from error


def _unknown(key: str, said: str) -> UsageError:
    near = get_close_matches(key, KEYS, 1)
    return UsageError(
        f"{said} {key}",
        hint=f"did you mean {near[0]}?" if near else f"known: {', '.join(KEYS)}",
        code="settings",
    )


def _typed(key: str, value: object, where: str) -> str | bool:
    if key in BOOLEAN:
        if key == "no_color" and isinstance(value, str):
            return True  # https://no-color.org: any value counts
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in {"1", "true", "yes", "on"}:
            return True
        if isinstance(value, str) and value.lower() in {"0", "false", "no", "off"}:
            return False
        raise UsageError(f"{where}: {key} must be true or false, not {value!r}", code="settings")
    if key == "output" and value not in {"human", "json"}:
        raise UsageError(f"{where}: output is human or json, not {value!r}", code="settings")
    if not isinstance(value, str):
        raise UsageError(f"{where}: {key} must be a text, not {value!r}", code="settings")
    return value


def _credentials_source(environment: Mapping[str, str]) -> str | None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ):
        if environment.get(name):
            return name
    return None


def planned(folder: Path, key: str, value: str | None) -> tuple[Path, str | bool | None]:
    """The file that ``write`` would change, and the value it would write; raises as it does."""
    if key not in KEYS:
        raise _unknown(key, "there is no setting")
    path, table = read_file(folder)
    path = (path or folder / "sqsctl.toml").resolve()  # through a link, not in its place
    if value is None:
        if key not in table:
            raise UsageError(f"{key} is not set in {path}", hint="sqsctl config show")
        return path, None
    if not value:
        raise UsageError(f"{key}: the value is empty", hint=f"sqsctl config unset {key}")
    return path, _typed(key, value, "sqsctl config set")


def write(folder: Path, key: str, value: str | None) -> Path:
    """Set a default in the nearest settings file, or unset it with None; returns the file.

    Comments and order are kept. Without a file, ``sqsctl.toml`` is made in ``folder``. Raises
    UsageError for an unknown key, a value that is empty or of the wrong type, or a key that is
    not set.
    """
    import tomlkit

    path, typed = planned(folder, key, value)
    try:
        # As it is, with Windows's line ends where it has them.
        raw = path.read_bytes().decode("utf-8") if path.exists() else ""
        mark = "\ufeff" if raw.startswith("\ufeff") else ""
        document = tomlkit.parse(raw.removeprefix(mark))
        place: Any = document
        if path.name == "pyproject.toml":
            place = place["tool"]["sqsctl"]
        if typed is None:
            del place[key]
        else:
            place[key] = typed
        temporary = path.with_name(f".{path.name}.sqsctl-tmp")
        text = tomlkit.dumps(document)
        if "\r\n" in raw:
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        temporary.write_bytes((mark + text).encode("utf-8"))
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", code="settings") from error
    return path
