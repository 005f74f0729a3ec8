"""Which AWS SDK a Node.js runtime bundles.

nodejs16.x and older bundle aws-sdk (v2), nodejs18.x and newer @aws-sdk/* (v3); upstream
puts empty objects in the place of any @aws-sdk package, whatever the runtime, and has
no aws-sdk at all. Where the real packages are installed globally (npm install -g), they
are used; otherwise stand-ins that know SQS.
Sources: Lambda developer guide, "Runtime-included SDK versions"; AWS compute blog,
"Node.js 18.x runtime now available in AWS Lambda" and "Node.js 22 runtime now available in
AWS Lambda" (module detection and require() of ES modules are switched off).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

_SHIMS = Path(__file__).resolve().parents[2] / "runtimes" / "nodejs" / "sdk"
_PACKAGES = {2: "aws-sdk", 3: "@aws-sdk"}


def node_major(runtime: str) -> int:
    """The Node.js version of a runtime; 0 where its name does not say."""
    match = re.match(r"nodejs(\d+)", runtime)
    return int(match[1]) if match else 0


def major(runtime: str) -> int:
    """2 or 3: the SDK generation that a runtime bundles."""
    return 2 if 0 < node_major(runtime) <= 16 else 3


@cache
def module_features(node: str) -> tuple[str, ...]:
    """Which switches for guessing the module system this node knows."""
    known = subprocess.run(
        [node, "-p", "[...process.allowedNodeEnvironmentFlags].join()"],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    ).stdout.split(",")
    features = ("experimental-detect-module", "experimental-require-module")
    return tuple(each for each in features if f"--{each}" in known)


def install(node_modules: Path, runtime: str) -> None:
    """Make the bundled SDK's packages appear in a node_modules folder."""
    if node_modules.exists():
        return
    generation = major(runtime)
    package = _PACKAGES[generation]
    real = _global_modules() / package
    if real.is_dir():
        node_modules.mkdir()
        (node_modules / package).symlink_to(real)
        return
    shutil.copytree(_SHIMS / f"v{generation}", node_modules)
    main = "aws-sdk" if generation == 2 else "@aws-sdk/client-sqs"
    shutil.copy(_SHIMS / "sigv4.js", node_modules / main / "sigv4.js")


@cache
def _global_modules() -> Path:
    """Where ``npm install -g`` puts packages for the node on the PATH."""
    node = shutil.which("node")
    prefix = Path(node).resolve().parent.parent if node else Path("/nonexistent")
    return prefix / "lib" / "node_modules"
