"""Which AWS SDK a Node.js runtime bundles.

nodejs16.x and older bundle aws-sdk (v2), nodejs18.x and newer @aws-sdk/* (v3).
Source: Lambda developer guide, "Runtime-included SDK versions"; AWS compute blog, "Node.js
18.x runtime now available in AWS Lambda".
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

_SHIMS = Path(__file__).resolve().parent.parent / "runtimes" / "nodejs" / "sdk"


def major(runtime: str) -> int:
    """2 or 3: the SDK generation that a runtime bundles."""
    match = re.match(r"nodejs(\d+)", runtime)
    return 2 if match and int(match[1]) <= 16 else 3


def install(node_modules: Path, runtime: str) -> None:
    """Make the bundled SDK's packages appear in a node_modules folder."""
    source = _SHIMS / f"v{major(runtime)}"
    if not node_modules.exists():
        shutil.copytree(source, node_modules)
