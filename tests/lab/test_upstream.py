"""The gaps that ``lab.fidelity`` closes are still open in the emulator itself.

Each test here fails once a newer MiniStack closes its gap: then the module that closes
it now (named in the test) can go.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sqsctl.lab import template
from tests.lab.conftest import until, zipped

pytestmark = pytest.mark.lab

_numbers = itertools.count(1)


@dataclass
class Bare:
    """The emulator as it comes, with the settings that the lab gives it."""

    port: int
    role: str = ""

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="ap-northeast-2",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def queue(self, fifo: bool = False, **attributes: str) -> str:
        name = f"q{next(_numbers)}" + (".fifo" if fifo else "")
        extra = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        url: str = self.client("sqs").create_queue(QueueName=name, Attributes=attributes | extra)[
            "QueueUrl"
        ]
        return url

    def arn(self, url: str) -> str:
        return f"arn:aws:sqs:ap-northeast-2:000000000000:{url.rpartition('/')[2]}"

    def function(self, code: str, runtime: str = "python3.13", **settings: Any) -> str:
        name = f"f{next(_numbers)}"
        suffix = "js" if runtime.startswith("nodejs") else "py"
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=self.role,
            Handler="index.handler",
            Code={"ZipFile": zipped({f"index.{suffix}": code})},
            **({"Timeout": 5} | settings),
        )
        return name

    def invoke(self, name: str) -> Any:
        return json.loads(self.client("lambda").invoke(FunctionName=name)["Payload"].read())

    def events(self, name: str) -> list[Any]:
        with contextlib.suppress(ClientError):
            found: list[Any] = self.client("logs").filter_log_events(
                logGroupName=f"/aws/lambda/{name}", startTime=0
            )["events"]
            return found
        return []


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    folder = tmp_path_factory.mktemp("bare")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": "ap-northeast-2",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder}/none",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    command = [str(Path(sys.executable).with_name("ministack"))]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        started = Bare(port)
        until(lambda: _listens(port))
        trust = {"Version": "2012-10-17", "Statement": []}
        started.role = started.client("iam").create_role(
            RoleName="r", AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
        yield started
    finally:
        process.terminate()
        process.wait(timeout=20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def works(call: Any, **arguments: Any) -> Any:
    """The answer of a call that AWS would refuse."""
    return call(**arguments)


def refused(call: Any, **arguments: Any) -> Any:
    """The error of a call that AWS would answer."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


# --- executor, environments, lambda_logs ---


def test_an_init_error_never_reaches_the_log(bare: Bare) -> None:
    name = bare.function("import nope")
    answer = bare.invoke(name)
    assert answer.get("errorType") != "Runtime.ImportModuleError"
    assert not any("ImportModuleError" in each["message"] for each in bare.events(name))


def test_a_log_stream_for_each_invocation_and_no_init_start(bare: Bare) -> None:
    name = bare.function("def handler(e, c): return 1")
    bare.invoke(name)
    bare.invoke(name)
    found = bare.events(name)
    assert len({each["logStreamName"] for each in found}) == 2
    assert not any(each["message"].startswith("INIT_START") for each in found)
    reports = [each["message"] for each in found if each["message"].startswith("REPORT")]
    assert not any(each.endswith("\t\n") for each in reports)


def test_an_error_is_a_bare_traceback_an_event_a_line(bare: Bare) -> None:
    name = bare.function("def handler(e, c): raise KeyError('body')")
    assert bare.invoke(name)["errorType"] != "KeyError"
    messages = [each["message"] for each in bare.events(name)]
    assert "Traceback (most recent call last):" in messages
    assert not any(each.startswith("[ERROR]") for each in messages)


def test_memory_is_not_enforced(bare: Bare) -> None:
    name = bare.function(
        "def handler(e, c): return len(b'x' * 200_000_000)", MemorySize=128, Timeout=20
    )
    assert bare.invoke(name) == 200_000_000


def test_functions_see_the_packages_of_the_server(bare: Bare) -> None:
    name = bare.function("def handler(e, c):\n    import pytest\n    return pytest.__name__")
    assert bare.invoke(name) == "pytest"


# --- node_sdk ---


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH")
def test_the_sdk_is_faked_whatever_the_runtime(bare: Bare) -> None:
    code = "require('@aws-sdk/client-sqs'); module.exports.handler = async () => 1"
    assert bare.invoke(bare.function(code, runtime="nodejs14.x")) == 1
    old = "require('aws-sdk'); module.exports.handler = async () => 1"
    assert bare.invoke(bare.function(old, runtime="nodejs14.x")) != 1


# --- log_events ---


def test_events_of_lambda_have_no_id_and_pages_no_token(bare: Bare) -> None:
    name = bare.function("def handler(e, c): print('x')")
    bare.invoke(name)
    assert not any(each.get("eventId") for each in bare.events(name))
    answer = bare.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{name}", startTime=0, limit=1
    )
    assert len(answer["events"]) == 1
    assert "nextToken" not in answer


# --- http_api ---


@pytest.fixture(scope="module")
def api(bare: Bare) -> dict[str, str]:
    client = bare.client("cloudformation")
    client.create_stack(
        StackName="s-dev",
        TemplateBody=template.render(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in template.parameters(6.0, service="s").items()
        ],
    )

    def outputs() -> dict[str, str]:
        found = client.describe_stacks(StackName="s-dev")["Stacks"][0]
        if found["StackStatus"] != "CREATE_COMPLETE":
            return {}
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}

    return until(outputs)


def post(bare: Bare, api: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", bare.port, timeout=20)
    try:
        connection.request("POST", "/produce", "{}", {"Host": api["HttpApiUrl"].partition("//")[2]})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_api_passes_on_429_and_502_and_asks_for_no_permission(
    bare: Bare, api: dict[str, str]
) -> None:
    functions = bare.client("lambda")
    policy = json.loads(functions.get_policy(FunctionName="s-dev-producer")["Policy"])
    sid = policy["Statement"][0]["Sid"]
    functions.remove_permission(FunctionName="s-dev-producer", StatementId=sid)
    assert post(bare, api) == 200
    functions.put_function_concurrency(
        FunctionName="s-dev-producer", ReservedConcurrentExecutions=0
    )
    assert post(bare, api) == 429
    functions.delete_function_concurrency(FunctionName="s-dev-producer")
    functions.update_function_code(
        FunctionName="s-dev-producer",
        ZipFile=zipped({"index.py": "def handler(e, c): raise ValueError"}),
    )
    assert post(bare, api) == 502


# --- mappings, poller, metrics ---


def test_a_mapping_is_not_checked_against_queue_and_role(bare: Bare) -> None:
    url = bare.queue(VisibilityTimeout="1")
    name = bare.function("def handler(e, c): print('polled')", Timeout=60)
    create = bare.client("lambda").create_event_source_mapping
    made = works(create, EventSourceArn=bare.arn(url), FunctionName=name, BatchSize=10)
    works(create, EventSourceArn=bare.arn(url), FunctionName=name, BatchSize=10)
    bare.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    # The role may do nothing at all, and its function is called.
    until(lambda: any("polled" in each["message"] for each in bare.events(name)))
    bare.client("lambda").delete_event_source_mapping(UUID=made["UUID"])
    now = time.time()
    found = bare.client("cloudwatch").get_metric_data(
        StartTime=now - 600,
        EndTime=now + 60,
        MetricDataQueries=[
            {
                "Id": f"q{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": namespace,
                        "MetricName": metric,
                        "Dimensions": [dimension],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for number, (namespace, metric, dimension) in enumerate(
                [
                    ("AWS/Lambda", "Invocations", {"Name": "FunctionName", "Value": name}),
                    ("AWS/SQS", "NumberOfMessagesSent", {"Name": "QueueName", "Value": url[-2:]}),
                ]
            )
        ],
    )["MetricDataResults"]
    assert [each["Values"] for each in found] == [[], []]


def test_a_throttled_batch_is_given_up_at_once(bare: Bare) -> None:
    from ministack.services import lambda_svc

    # Seen in its source: no retry, a pause of a second for the whole mapping, five at most.
    assert lambda_svc._ESM_SQS_DEFAULT_CONCURRENCY == 5
    assert lambda_svc._ESM_BACKOFF_SECONDS == 1.0
    assert lambda_svc._sqs_esm_concurrency({}, {}, {}, {"is_fifo": True}) == 1
    assert lambda_svc._sqs_esm_concurrency({}, {"concurrency": 0}, {}, {}) == 0


# --- sqs_messages, sqs_limits, sqs_requests, move_tasks ---


def test_there_are_no_move_tasks_and_no_listing_of_sources(bare: Bare) -> None:
    sqs, url = bare.client("sqs"), bare.queue()
    for call, arguments in (
        (sqs.start_message_move_task, {"SourceArn": bare.arn(url)}),
        (sqs.list_message_move_tasks, {"SourceArn": bare.arn(url)}),
        (sqs.list_dead_letter_source_queues, {"QueueUrl": url}),
    ):
        assert refused(call, **arguments)["Error"]["Code"] == "InvalidAction"


def test_what_aws_refuses_is_taken(bare: Bare) -> None:
    sqs, url = bare.client("sqs"), bare.queue()
    sqs.purge_queue(QueueUrl=url)
    works(sqs.purge_queue, QueueUrl=url)
    attributes = {f"a{n}": {"StringValue": "v", "DataType": "String"} for n in range(11)}
    works(sqs.send_message, QueueUrl=url, MessageBody="x", MessageAttributes=attributes)


def test_outdated_receipts_are_refused(bare: Bare) -> None:
    sqs, url = bare.client("sqs"), bare.queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    first = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"][0]
    sqs.receive_message(QueueUrl=url)
    answer = refused(sqs.delete_message, QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert answer["Error"]["Code"] == "ReceiptHandleIsInvalid"


def test_a_fifo_dead_letter_queue_keeps_the_deduplication_id(bare: Bare) -> None:
    sqs, source, target = bare.client("sqs"), bare.queue(fifo=True), bare.queue(fifo=True)
    policy = {"deadLetterTargetArn": bare.arn(target), "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": json.dumps(policy)})
    sqs.send_message(
        QueueUrl=source, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="mine"
    )
    for _ in range(2):
        sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)
    got = sqs.receive_message(QueueUrl=target, AttributeNames=["All"])["Messages"][0]
    assert got["Attributes"]["MessageDeduplicationId"] == "mine"


def test_a_missing_queue_is_worded_as_by_the_old_protocol(bare: Bare) -> None:
    answer = refused(
        bare.client("sqs").send_message,
        QueueUrl=f"http://127.0.0.1:{bare.port}/000000000000/nope",
        MessageBody="x",
    )
    assert "for this wsdl version" in answer["Error"]["Message"]
    assert bare.client("sqs").list_queues(QueueNamePrefix="nope")["QueueUrls"] == []


# --- authorization ---


def test_denials_lack_the_resource(bare: Bare) -> None:
    iam, url = bare.client("iam"), bare.queue()
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    client = boto3.client(
        "sqs",
        endpoint_url=f"http://127.0.0.1:{bare.port}",
        region_name="ap-northeast-2",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    said = refused(client.send_message, QueueUrl=url, MessageBody="x")["Error"]["Message"]
    assert "on resource" not in said
    assert "sqs:SendMessage" in said


def test_a_key_is_authorised_by_its_alias(bare: Bare) -> None:
    kms, iam = bare.client("kms"), bare.client("iam")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/upstream", TargetKeyId=key)
    iam.create_user(UserName="k")
    allow = {"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": key}
    iam.put_user_policy(
        UserName="k",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    own = iam.create_access_key(UserName="k")["AccessKey"]
    client = boto3.client(
        "kms",
        endpoint_url=f"http://127.0.0.1:{bare.port}",
        region_name="ap-northeast-2",
        aws_access_key_id=own["AccessKeyId"],
        aws_secret_access_key=own["SecretAccessKey"],
    )
    assert client.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    denial = refused(client.describe_key, KeyId="alias/upstream")["Error"]
    assert denial["Code"] == "AccessDeniedException"


# --- concurrency ---


def test_a_throttle_names_the_function(bare: Bare) -> None:
    name = bare.function("def handler(e, c): return 1")
    functions = bare.client("lambda")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert refused(functions.invoke, FunctionName=name)["Error"]["Message"] != "Rate Exceeded."


# --- templates ---


def test_a_template_reserves_nothing_and_disables_no_mapping(bare: Bare) -> None:
    url = bare.queue(VisibilityTimeout="30")
    worker = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": bare.role,
        "Code": {"ZipFile": "def handler(e, c): pass"},
        "ReservedConcurrentExecutions": 0,
    }
    fed = {
        "FunctionName": {"Ref": "Worker"},
        "EventSourceArn": bare.arn(url),
        "Enabled": False,
    }
    made = {
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": worker},
        "Map": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": fed},
    }
    cloudformation, functions = bare.client("cloudformation"), bare.client("lambda")
    cloudformation.create_stack(StackName="told", TemplateBody=json.dumps({"Resources": made}))
    mappings = until(
        lambda: functions.list_event_source_mappings(EventSourceArn=bare.arn(url))[
            "EventSourceMappings"
        ]
    )
    assert mappings[0]["State"] == "Enabled"
    name = mappings[0]["FunctionArn"].rpartition(":")[2]
    answer = functions.get_function_concurrency(FunctionName=name)
    assert "ReservedConcurrentExecutions" not in answer


# --- figures and alarms ---


def test_a_mapping_forgets_that_it_counts_and_alarms_ignore_their_queue(bare: Bare) -> None:
    """functions/mapping_metrics.py and alarms.py."""
    url = bare.queue(VisibilityTimeout="30")
    name = bare.function("def handler(e, c): pass")
    made = bare.client("lambda").create_event_source_mapping(
        EventSourceArn=bare.arn(url),
        FunctionName=name,
        MetricsConfig={"Metrics": ["EventCount"]},
        Enabled=False,
    )
    assert "MetricsConfig" not in made
    watched = bare.client("cloudwatch")
    metric = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}
    watched.put_metric_alarm(
        AlarmName="upstream",
        Dimensions=[{"Name": "QueueName", "Value": "one"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        **metric,
    )
    other = watched.describe_alarms_for_metric(
        Dimensions=[{"Name": "QueueName", "Value": "another"}], **metric
    )
    assert [each["AlarmName"] for each in other["MetricAlarms"]] == ["upstream"]
