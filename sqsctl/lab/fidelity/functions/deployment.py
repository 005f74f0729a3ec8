"""What a function's environment is made from: its configuration, its code on disk.

Upstream unpacks the code for every worker and shows functions the paths it happens to
have, and every package of the server. Here the code of one version is unpacked once,
a function sees the standard library, what AWS bundles with the runtime and its own
package, and the paths in what it logs are those of Lambda (/var/task, /var/runtime).
Sources: Lambda developer guide, "Working with environment variables" (runtime
environment variables), "Runtimes included in the Python SDK", "Node.js runtime: included
SDK versions".
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import sys
import sysconfig
import tempfile
import threading
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from sqsctl.lab import settings
from sqsctl.lab.fidelity.functions import node_sdk

# What the Python runtimes bundle, besides the standard library.
_BUNDLED = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
# Up to nodejs22.x Lambda tells ES modules by file name and package.json only.
_WITHOUT_DETECTION = 22
_RUNTIMES = Path(__file__).resolve().parents[2] / "runtimes"
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Deployment:
    """One version of a function as an environment needs it.

    ``fingerprint`` changes with everything that makes AWS start new environments.
    """

    name: str
    version: str
    arn: str
    account: str
    region: str
    runtime: str
    handler: str
    timeout_s: int
    memory_mb: int
    variables: tuple[tuple[str, str], ...]
    log_group: str
    log_format: str
    application_level: str
    system_level: str
    code_sha: str
    fingerprint: str

    @property
    def language(self) -> str:
        return "nodejs" if self.runtime.startswith("nodejs") else "python"


def described(config: dict[str, Any], code: bytes) -> Deployment:
    """The deployment of a function record of the emulator."""
    arn = str(config.get("FunctionArn", ""))
    parts = arn.split(":")
    logging = config.get("LoggingConfig") or {}
    name = str(config.get("FunctionName", "function"))
    variables = (config.get("Environment") or {}).get("Variables") or {}
    sha = hashlib.sha256(code).hexdigest()
    relevant = {
        key: config.get(key)
        for key in (
            "Runtime",
            "Handler",
            "Timeout",
            "MemorySize",
            "Role",
            "Environment",
            "Layers",
            "LoggingConfig",
            "Architectures",
        )
    }
    text = json.dumps([sha, relevant], sort_keys=True, default=str)
    return Deployment(
        name=name,
        version=str(config.get("Version", "$LATEST")),
        arn=arn,
        account=parts[4] if len(parts) > 4 else settings.ACCOUNT,
        region=parts[3] if len(parts) > 3 else settings.REGION,
        runtime=str(config.get("Runtime", "python3.13")),
        handler=str(config.get("Handler", "index.handler")),
        timeout_s=int(config.get("Timeout") or 3),
        memory_mb=int(config.get("MemorySize") or 128),
        variables=tuple(sorted((str(key), str(value)) for key, value in variables.items())),
        log_group=str(logging.get("LogGroup") or f"/aws/lambda/{name}"),
        log_format=str(logging.get("LogFormat") or "Text"),
        application_level=str(logging.get("ApplicationLogLevel") or ""),
        system_level=str(logging.get("SystemLogLevel") or "INFO"),
        code_sha=sha,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )


def code_folder(deployment: Deployment, code: bytes) -> Path:
    """Where the code is unpacked, once for all environments of one package.

    It lies under a folder that holds what the runtime bundles, so that Node.js finds
    the SDK from the function's files upwards.
    """
    root = _root() / "code" / _flavour(deployment)
    target = root / deployment.code_sha
    with _lock:
        if not target.is_dir():
            root.mkdir(parents=True, exist_ok=True)
            if deployment.language == "nodejs":
                node_sdk.install(root / "node_modules", deployment.runtime)
            unpacking = Path(tempfile.mkdtemp(dir=root))
            with zipfile.ZipFile(BytesIO(code)) as archive:
                archive.extractall(unpacking)
            unpacking.rename(target)
    return target


def layer_folders(config: dict[str, Any]) -> tuple[Path, ...]:
    """The function's layers, unpacked, in their order."""
    from ministack.services import lambda_svc

    found = []
    for layer in config.get("Layers") or []:
        data = lambda_svc._resolve_layer_zip(layer)
        if not data:
            continue
        target = _root() / "layers" / hashlib.sha256(data).hexdigest()
        with _lock:
            if not target.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                unpacking = Path(tempfile.mkdtemp(dir=target.parent))
                with zipfile.ZipFile(BytesIO(data)) as archive:
                    archive.extractall(unpacking)
                unpacking.rename(target)
        found.append(target)
    return tuple(found)


def command(deployment: Deployment) -> list[str]:
    """The command that starts the runtime."""
    if deployment.language == "nodejs":
        node = shutil.which("node")
        if node is None:
            raise FileNotFoundError(
                "node is not on the PATH: this lab cannot run Node.js functions"
            )
        heap = max(16, deployment.memory_mb * 9 // 10)
        flags = [f"--max-old-space-size={heap}"]
        if node_sdk.node_major(deployment.runtime) <= _WITHOUT_DETECTION:
            flags += [f"--no-{each}" for each in node_sdk.module_features(node)]
        return [node, *flags, str(_RUNTIMES / "nodejs" / "index.mjs")]
    return [sys.executable, "-I", "-S", str(_RUNTIMES / "python" / "bootstrap.py")]


def prepared_command() -> list[str]:
    """The command that starts the process which Python runtimes are forked from."""
    return [sys.executable, "-I", "-S", str(_RUNTIMES / "python" / "prepared.py")]


def environment(
    deployment: Deployment,
    *,
    code: Path,
    layers: tuple[Path, ...],
    stream: str,
    credentials: dict[str, str],
    home: Path,
) -> dict[str, str]:
    """The environment variables of one environment: the function's own, then Lambda's."""
    from ministack.services import lambda_svc

    reserved = lambda_svc._RESERVED_RUNTIME_ENV_VARS
    own = {key: value for key, value in deployment.variables if key not in reserved}
    lab = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "AWS_ENDPOINT_URL": f"http://{settings.HOST}:{os.environ.get('GATEWAY_PORT', '4566')}",
        # The SDKs must find nothing but the role's credentials.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }
    if "LD_LIBRARY_PATH" in os.environ:
        lab["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    by_lambda = {
        settings.MARK: os.environ.get(settings.MARK, ""),
        "_HANDLER": deployment.handler,
        "AWS_REGION": deployment.region,
        "AWS_DEFAULT_REGION": deployment.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployment.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": deployment.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": deployment.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "LAMBDA_TASK_ROOT": str(code),
        "LAMBDA_RUNTIME_DIR": str(_RUNTIMES / deployment.language),
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
        **credentials,
    }
    if deployment.log_format == "JSON":
        by_lambda["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        by_lambda["AWS_LAMBDA_LOG_LEVEL"] = deployment.application_level or "INFO"
    paths = _search_paths(deployment, layers)
    key = "NODE_PATH" if deployment.language == "nodejs" else "PYTHONPATH"
    by_lambda[key] = os.pathsep.join([*filter(None, [own.get(key, "")]), *map(str, paths)])
    return lab | own | by_lambda


def translations(
    deployment: Deployment, code: Path, layers: tuple[Path, ...]
) -> tuple[tuple[str, str], ...]:
    """Paths of this machine, and what the same place is called on Lambda; longest first."""
    language = _RUNTIMES / deployment.language
    pairs = {str(code): "/var/task", str(language): "/var/runtime"}
    pairs |= {str(layer): "/opt" for layer in layers}
    if deployment.language == "python":
        pairs[str(bundle())] = "/var/runtime"
        pairs[sysconfig.get_paths()["stdlib"]] = f"/var/lang/lib/{deployment.runtime}"
    else:
        pairs[str(code.parent / "node_modules")] = "/var/runtime/node_modules"
    return tuple(sorted(pairs.items(), key=lambda pair: -len(pair[0])))


def _search_paths(deployment: Deployment, layers: tuple[Path, ...]) -> list[Path]:
    if deployment.language == "nodejs":
        return [layer / "nodejs" / "node_modules" for layer in layers]
    found = []
    for layer in layers:
        packages = f"python/lib/{deployment.runtime}/site-packages"
        found += [layer / "python", layer / packages]
    return [*found, bundle()]


def bundle() -> Path:
    """A folder with links to what AWS bundles with Python, and to nothing else."""
    folder = _root() / "bundle"
    with _lock:
        if folder.is_dir():
            return folder
        making = Path(tempfile.mkdtemp(dir=_root()))
        for name in _BUNDLED:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                continue
            origin = Path(spec.origin)
            source = origin.parent if origin.name == "__init__.py" else origin
            (making / source.name).symlink_to(source)
        making.rename(folder)
    return folder


def _flavour(deployment: Deployment) -> str:
    if deployment.language == "python":
        return "python"
    return f"node-sdk-v{node_sdk.major(deployment.runtime)}"


def _root() -> Path:
    return Path(tempfile.gettempdir())
