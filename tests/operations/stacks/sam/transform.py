"""Transform a SAM template as CloudFormation does: transform.py TEMPLATE DEPLOYED

CodeUri becomes an object of the bucket sam-artifacts first, as ``sam package`` does it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from unittest.mock import MagicMock

BUCKET = "sam-artifacts"


def main(template: Path, deployed: Path) -> None:
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from samtranslator.public.translator import (
        ManagedPolicyLoader,
    )
    from samtranslator.translator.transform import (
        transform,
    )
    from samtranslator.yaml_helper import yaml_parse

    document = yaml_parse(template.read_text())
    document["Globals"]["Function"]["CodeUri"] = f"s3://{BUCKET}/{template.parent.name}.zip"
    # The translator asks IAM for the names of managed policies; the templates use none.
    iam = MagicMock()
    iam.get_paginator.return_value.paginate.return_value = []
    transformed = transform(document, {}, ManagedPolicyLoader(iam))
    deployed.write_text(json.dumps(transformed, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
