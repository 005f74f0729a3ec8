"""The consumers of right.yaml and wrong.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.yaml_files import loaded

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """One consumer's package. ``expect`` is empty where it is right; ``needs`` are libraries.

    ``batch`` is the mapping's BatchSize that it is written for.
    """

    name: str
    handler: str
    files: tuple[tuple[str, str], ...]
    expect: str = ""
    needs: str = ""
    batch: int = 10

    @property
    def python(self) -> bool:
        return any(path.endswith(".py") for path, _ in self.files)


def cases(name: str) -> tuple[Case, ...]:
    return tuple(_cases(_HERE / f"{name}.yaml"))


def _cases(path: Path) -> Iterator[Case]:
    for each in loaded(path):
        files = each.get("files") or {
            f"{'app' if end == 'py' else 'index'}.{end}": each[end]
            for end in ("py", "js", "mjs")
            if end in each
        }
        usual = "app.handler" if any(p.endswith(".py") for p in files) else "index.handler"
        yield Case(
            each["name"],
            each.get("handler", usual),
            tuple(files.items()),
            each.get("expect", ""),
            each.get("needs", ""),
            each.get("batch", 10),
        )


RIGHT = cases("right")
WRONG = cases("wrong")
