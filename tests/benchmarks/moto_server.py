"""moto's server, run by the Python of its own venv: python moto_server.py PORT

It calls its JSON answers text/html, which AWS never does and which sqsctl takes for the page
of a proxy: here they get the type that AWS gives them.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

# By name: the interpreter that checks and lints this file does not have them.
moto = importlib.import_module("moto.server")
serving = importlib.import_module("werkzeug.serving")

_application = moto.DomainDispatcherApplication(moto.create_backend_app)


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """moto, with the content type of AWS."""

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        kept = [each for each in headers if each[0].lower() != "content-type"]
        return start_response(
            status, [*kept, ("Content-Type", "application/x-amz-json-1.1")], *more
        )

    return _application(environ, start)


if __name__ == "__main__":
    serving.run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
