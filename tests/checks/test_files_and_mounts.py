"""A package's modes, an image's entrypoint, a file system that cannot be mounted: each its own."""

from __future__ import annotations

import pytest

from sqsctl.model.finding import Finding
from sqsctl.operations.diagnosis.explain import explain
from tests.remedies.wording import commands, everything

POINT = "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-0a1b2c3d"
# An error of Lambda's Invoke, and what only its remedy says.
MOUNTS = {
    "EFSMountFailureException": (
        f"The function could not mount the EFS file system with access point {POINT}.",
        ("elasticfilesystem:ClientMount", "CreationInfo", "describe-access-points"),
    ),
    "EFSMountConnectivityException": (
        f"The Lambda function couldn't connect to the EFS file system with access point {POINT}.",
        ("TCP 2049", "describe-mount-targets", "availability zone"),
    ),
    "EFSMountTimeoutException": (
        f"The function was able to connect to {POINT}, but the mount operation timed out.",
        ("MaximumConcurrency", "BurstCreditBalance"),
    ),
    "EFSIOException": (
        "The function was unable to read from or write to the file system.",
        ("PercentIOLimit", "--throughput-mode elastic"),
    ),
}
FORMS = (
    "An error occurred ({kind}) when calling the Invoke operation (reached max retries: 4): {said}",
    (
        '{{"errorMessage": "An error occurred ({kind}) when calling the Invoke operation: {said}", '
        '"errorType": "{kind}"}}'
    ),
    "com.amazonaws.services.lambda.model.{kind}: {said} (Service: AWSLambda; Status Code: 408)",
)


def first(text: str) -> Finding:
    return explain(text).findings[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", MOUNTS)
def test_each_error_of_a_mount_has_its_own_remedy(kind: str, form: str) -> None:
    said, words = MOUNTS[kind]
    told = " ".join(everything(first(form.format(kind=kind, said=said)).fix))
    assert all(each in told for each in words), told
    others = {each for name, (_, more) in MOUNTS.items() if name != kind for each in more[:1]}
    assert not [each for each in others if each in told]


def test_the_access_point_is_named_where_the_text_names_it() -> None:
    said = MOUNTS["EFSMountFailureException"][0]
    named = first(FORMS[0].format(kind="EFSMountFailureException", said=said))
    (look,) = (each for each in commands(named.fix) if each.argv[0] == "aws")
    assert look.argv[:5] == (
        "aws",
        "efs",
        "describe-access-points",
        "--access-point-id",
        "fsap-0a1b2c3d",
    )
    assert not look.changes
    unnamed = first(FORMS[0].format(kind="EFSMountFailureException", said="it failed"))
    assert not [each for each in commands(unnamed.fix) if each.argv[0] == "aws"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (
            (
                "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': [Errno 13] "
                "Permission denied: '/var/task/app.py'\nTraceback (most recent call last):"
            ),
            "/var/task/app.py",
        ),
        (
            (
                '{"errorType":"Error","errorMessage":"EACCES: permission denied, open '
                '\'/var/task/index.js\'","stack":["Error: EACCES: permission denied, open '
                "'/var/task/index.js'\"]}"
            ),
            "/var/task/index.js",
        ),
        (
            "Error: EACCES: permission denied, scandir '/opt/nodejs/lib'",
            "/opt/nodejs/lib",
        ),
        (
            (
                '{"errorMessage":"Permission denied @ rb_sysopen - /var/task/config.yml",'
                '"errorType":"Function<Errno::EACCES>","stackTrace":["/var/task/app.rb:3"]}'
            ),
            "/var/task/config.yml",
        ),
    ],
)
def test_a_file_of_the_package_that_may_not_be_read(text: str, path: str) -> None:
    found = first(text)
    assert found.id == "sandbox-limit"
    assert path in found.title
    assert any("chmod -R u=rwX,go=rX" in each for each in everything(found.fix))


def test_a_file_elsewhere_is_no_fault_of_the_package() -> None:
    found = explain("PermissionError: [Errno 13] Permission denied: '/root/.aws/config'").findings
    assert not any("its mode forbids it" in each.title for each in found)


def test_an_entrypoint_that_may_not_be_executed_is_mended_in_the_dockerfile() -> None:
    found = first(
        "RequestId: 0a8e1c52-6f26-44c4-8f0b-6f8f3a0b91d2 Error: fork/exec /entrypoint.sh: "
        "permission denied\nRuntime.InvalidEntrypoint"
    )
    told = everything(found.fix)
    assert any(each.startswith("Dockerfile: RUN chmod 755 /entrypoint.sh") for each in told)
    assert not any("Query Handler" in each or "unzip" in each for each in told)


def test_sharps_own_words_tell_node_and_the_machine() -> None:
    found = first(
        'Error: Could not load the "sharp" module using the linux-arm64 runtime\nPossible '
        "solutions:\n- Add platform-specific dependencies:\n    npm install --os=linux sharp"
    )
    lines = [each.line for each in commands(found.fix)]
    assert any("npm install" in each and "--cpu=arm64" in each for each in lines), lines
