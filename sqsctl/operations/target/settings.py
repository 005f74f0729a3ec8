"""Defaults, and where each effective value came from.

Order: a flag, ``SQSCTL_*``, boto3's own ``AWS_*``, then ``sqsctl.toml`` or
``[tool.sqsctl]`` of a ``pyproject.toml``, looked up from the working folder.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqsctl import private_files
from sqsctl.errors import UsageError
from sqsctl.operations.target import trust
from sqsctl.operations.target.toml_documents import load_toml

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
# They choose who is sent a signature, and whose keys sign it: see ``trust``.
GUARDED = ("endpoint_url", "profile")
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
    sha256: str = ""  # of the file's content as it was read
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

    def names_from(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """What a project's ``${env:}`` may take names from: they are sent to the endpoint.

        Nothing where the folder chose that one, trusted or not.
        """
        return {} if self.kind("endpoint_url") == "file" else environment

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
    found = settings_file(folder)
    file = found.path if found else None
    table: Mapping[str, object] = found.table if found else {}
    _check_known(file, table)
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
    sha256 = found.sha256 if found else ""
    return Settings(values, file, sha256, _credentials_source(environment))


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file: its table, and the checksum of all that is in it."""

    path: Path
    table: Mapping[str, object]
    sha256: str


def read_file(folder: Path) -> tuple[Path | None, Mapping[str, object]]:
    """The nearest ``sqsctl.toml`` or ``[tool.sqsctl]``, from a folder upwards."""
    found = settings_file(folder)
    return (found.path, found.table) if found else (None, {})


def settings_file(folder: Path) -> SettingsFile | None:
    """The same with its checksum; None where there is no such file."""
    for place in (folder, *folder.parents):
        own = place / "sqsctl.toml"
        if _there(own):
            return SettingsFile(own, *_toml(own))
        project = place / "pyproject.toml"
        if _there(project):
            whole, sha256 = _toml(project)
            tool = whole.get("tool")
            table = tool.get("sqsctl") if isinstance(tool, dict) else None
            if isinstance(table, dict):
                return SettingsFile(project, table, sha256)
    return None


def read_settings(path: Path) -> tuple[Mapping[str, object], str]:
    """The table of one settings file, and its checksum. Raises UsageError."""
    whole, sha256 = _toml(path)
    if path.name != "pyproject.toml":
        return whole, sha256
    tool = whole.get("tool")
    table = tool.get("sqsctl") if isinstance(tool, dict) else None
    return (table if isinstance(table, dict) else {}), sha256


def _there(path: Path) -> bool:
    """Whether it is a file, or a link that leads nowhere: somebody meant it to be one."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _toml(path: Path) -> tuple[dict[str, Any], str]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
        if len(raw) > MAX_FILE_BYTES:
            raise UsageError(f"{path} is too large for a settings file")
        return load_toml(raw.decode("utf-8-sig")), hashlib.sha256(raw).hexdigest()
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{path} is not valid TOML: {error}", hint="mend that line of it", code="settings"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", code="settings") from error


def _check_known(file: Path | None, table: Mapping[str, object]) -> None:
    for key in table:
        if key not in KEYS and key not in SECTIONS:
            raise _unknown(key, f"{file} has an unknown setting,")


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
    _check_known(path, table)
    path = (path or folder / "sqsctl.toml").resolve()  # through a link, not in its place
    if value is None:
        if key not in table:
            raise UsageError(f"{key} is not set in {path}", hint="`sqsctl config show`")
        return path, None
    if not value:
        raise UsageError(f"{key}: the value is empty", hint=f"`sqsctl config unset {key}`")
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
        text = tomlkit.dumps(document)
        if "\r\n" in raw:
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        # It belongs to the project, so it is as readable as the project's other files.
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        mine = _chosen_by_its_owner(folder, key)
        private_files.write(path, mark + text, mode=mode)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", code="settings") from error
    if mine:
        trust.trust(path, hashlib.sha256((mark + text).encode()).hexdigest())
    return path


def _chosen_by_its_owner(folder: Path, key: str) -> bool:
    """Whether what a file will choose was typed here, or trusted before."""
    found = settings_file(folder)
    others = [each for each in GUARDED if found and each in found.table and each != key]
    if found is not None and trust.trusts(found.path, found.sha256):
        return True
    return key in GUARDED and not others
