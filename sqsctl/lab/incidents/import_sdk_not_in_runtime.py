"""The tutorial's issue log: ``@aws-sdk/client-sqs`` required on nodejs14.x.

That runtime bundles version 2 of the SDK only, so the module is not found; a newer
runtime bundles version 3, which is why upgrading it helped. It needs node on the PATH,
whatever language the lab's functions are in.
"""

from __future__ import annotations

import shutil

from sqsctl.errors import Exit, SqsctlError
from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.bench import Bench
from sqsctl.lab.incidents.changes import Code, Setting


class ImportSdkNotInRuntime(Incident):
    name = "import-sdk-not-in-runtime"
    step = "issue log 1"
    breaks = "the producer requires @aws-sdk/client-sqs on nodejs14.x, which bundles aws-sdk only"
    changes = (
        Code("producer", "import_sdk_not_in_runtime", language="nodejs"),
        Setting("producer", "Runtime", "nodejs14.x"),
    )

    def check(self, bench: Bench) -> None:
        if shutil.which("node") is None:
            raise SqsctlError(
                f"{self.name} needs node on the PATH: it runs a Node.js function",
                hint="install Node.js, or choose another incident: `sqsctl lab incidents`",
                exit=Exit.USAGE,
                code="node_missing",
            )
        super().check(bench)
