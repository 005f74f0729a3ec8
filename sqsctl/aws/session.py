"""One place that makes AWS clients: credentials, region, endpoint, timeouts, retries.

Clients are made when first asked for and shared by all threads of a run (botocore
clients are thread-safe). Credentials come from botocore's own chain only; the lab's
own are given by whoever resolved the target.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqsctl import __version__
from sqsctl.aws import sign_in
from sqsctl.aws.insights.consent import LogQueries
from sqsctl.aws.requests.server_clock import ServerClock
from sqsctl.model.target import Target

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session as BotocoreSession
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

CONNECT_TIMEOUT_S = 5
POLL_TIMEOUT_S = 30  # above SQS's longest poll of 20 s; for clients that do not retry
DEADLINE_S = 30.0  # for a whole answer, however it trickles
READ_TIMEOUT_S = 10  # with the attempts: half a minute until a server that hangs is given up
ATTEMPTS = 3
MAX_CONNECTIONS = 64
# IAM user guide, "IAM identifiers": unique ids of access keys, lasting and temporary.
_AWS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")
# Those that sqsctl calls, and those that botocore itself calls for credentials.
SERVICES = (
    "apigateway",
    "apigatewayv2",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "pipes",
    "s3",
    "scheduler",
    "service-quotas",
    "sqs",
    "signin",
    "sns",
    "sso",
    "sso-oidc",
    "sts",
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Explicit keys: a lab's own, or dummies for an emulator that asks for none."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


class Session:
    """The AWS clients for one target."""

    def __init__(
        self,
        target: Target,
        *,
        credentials: Credentials | None = None,
        read_timeout_s: float = READ_TIMEOUT_S,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.target = target
        self.credentials = credentials
        self._read_timeout_s = read_timeout_s
        self._attempts = attempts
        self.log_queries = LogQueries()
        self._clients: dict[tuple[str, int], Any] = {}
        self._lock = threading.Lock()
        self._boto: BotocoreSession | None = None
        self.clock = ServerClock()

    def sqs(self) -> SQSClient:
        """SQS, with botocore's retries: for everything but sends."""
        return cast("SQSClient", self.client("sqs"))

    def sqs_unretried(self) -> SQSClient:
        """SQS for sends and receives: no hidden second attempt, which would double messages."""
        return cast("SQSClient", self.client("sqs", attempts=1))

    def functions(self) -> LambdaClient:
        return cast("LambdaClient", self.client("lambda"))

    def logs(self) -> CloudWatchLogsClient:
        return cast("CloudWatchLogsClient", self.client("logs"))

    def cloudformation(self) -> CloudFormationClient:
        return cast("CloudFormationClient", self.client("cloudformation"))

    def cloudwatch(self) -> CloudWatchClient:
        return cast("CloudWatchClient", self.client("cloudwatch"))

    def http_apis(self) -> ApiGatewayV2Client:
        return cast("ApiGatewayV2Client", self.client("apigatewayv2"))

    def rest_apis(self) -> APIGatewayClient:
        return cast("APIGatewayClient", self.client("apigateway"))

    def iam(self) -> IAMClient:
        return cast("IAMClient", self.client("iam"))

    def kms(self) -> KMSClient:
        return cast("KMSClient", self.client("kms"))

    def ec2(self) -> EC2Client:
        return cast("EC2Client", self.client("ec2"))

    def sts(self) -> STSClient:
        return cast("STSClient", self.client("sts"))

    def renewed(self) -> Session:
        """The same with credentials read anew: somebody may have signed in again."""
        again = Session(
            self.target,
            credentials=self.credentials,
            read_timeout_s=self._read_timeout_s,
            attempts=self._attempts,
        )
        again.log_queries = self.log_queries
        return again

    def in_region(self, region: str) -> Session:
        """The same in another region."""
        return Session(
            replace(self.target, region=region),
            credentials=self.credentials,
            read_timeout_s=self._read_timeout_s,
            attempts=self._attempts,
        )

    def sign_in(self) -> None:
        """Get the credentials now, with whatever a person has to type for them.

        Before the first call, that is, and before anything draws on the terminal.
        """
        if self.credentials is None:
            with self._lock:
                session = self._session()
            sign_in.sign_in(session)

    def client(self, service: str, *, attempts: int | None = None) -> Any:
        """The client of a service, made once per number of attempts."""
        tries = attempts or self._attempts
        with self._lock:
            client = self._clients.get((service, tries))
            if client is None:
                client = self._make(service, tries)
                self._clients[service, tries] = client
            return client

    def _make(self, service: str, attempts: int) -> Any:
        from sqsctl.aws.requests.deadlines import bounded

        client = self._session().create_client(
            service, endpoint_url=self.target.endpoint, config=self._config(attempts)
        )
        client.meta.events.register("after-call", _refuse_pages)
        bounded(client, DEADLINE_S, self.clock)
        return client

    def _session(self) -> BotocoreSession:
        if self._boto is None:
            self._boto = _session(
                self.target.profile, self.target.region, alone=self.credentials is not None
            )
            if self.credentials:
                self._boto.set_credentials(
                    self.credentials.access_key_id, self.credentials.secret_access_key
                )
            else:
                sign_in.prepare(self._boto)
        return self._boto

    def _config(self, attempts: int) -> Config:
        from botocore.config import Config

        return Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=POLL_TIMEOUT_S if attempts == 1 else self._read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=MAX_CONNECTIONS,
            # A host of one's own has no "streaming-" beside it.
            inject_host_prefix=False if self.target.endpoint else None,
            user_agent_extra=f"sqsctl/{__version__}",
            # An endpoint's buckets have no host names of their own.
            s3={"addressing_style": "path"} if self.target.endpoint else None,
            # A caller's proxy settings are for AWS, never for loopback.
            proxies={} if self.target.endpoint else None,
        )


def _refuse_pages(http_response: Any, **_: object) -> None:
    """botocore reads a web page as an empty answer: a portal's would pass for "no queues"."""
    from sqsctl.aws.translate import refuse_page

    refuse_page(http_response)


def default_region(profile: str | None) -> str | None:
    """The region that the AWS configuration gives for a profile."""
    from sqsctl.aws.translate import translated

    with translated():
        region = _session(profile).get_config_variable("region")
    return str(region) if region else None


def has_credentials(profile: str | None) -> bool:
    """Whether botocore's chain finds credentials. They are not looked at."""
    from sqsctl.aws.translate import translated

    with translated():
        session = _session(profile)
        sign_in.prepare(session)
        return session.get_credentials() is not None


def has_real_credentials(profile: str | None) -> bool:
    """Whether botocore's chain finds keys of the form that AWS gives out, not an emulator's."""
    from sqsctl.aws.translate import translated

    with translated():
        session = _session(profile)
        sign_in.prepare(session)
        found = session.get_credentials()
        return found is not None and bool(_AWS_KEY.fullmatch(found.access_key or ""))


def credentials_from(profile: str | None) -> str | None:
    """Which of botocore's providers has credentials: ``sso``, ``shared-credentials-file``, …"""
    from sqsctl.aws.translate import translated

    with translated():
        found = _session(profile).get_credentials()
    return str(found.method) if found is not None else None


def profiles() -> tuple[str, ...]:
    """The profiles of the AWS configuration, by name."""
    import botocore.session

    from sqsctl.aws.translate import translated

    with translated():
        return tuple(sorted(botocore.session.Session().available_profiles))


def regions() -> tuple[str, ...]:
    """The regions that have SQS, as botocore knows them."""
    import botocore.session

    from sqsctl.aws.translate import translated

    with translated():
        return tuple(sorted(botocore.session.Session().get_available_regions("sqs")))


def dns_suffix(region: str) -> str:
    """What the host names of a region's partition end in, as the installed botocore knows it."""
    import re

    import botocore.session

    data = botocore.session.Session().get_data("partitions")
    for each in data["partitions"]:
        if region in each["regions"] or re.fullmatch(each["regionRegex"], region):
            return str(each["outputs"]["dnsSuffix"])
    return "amazonaws.com"


def regions_beside(region: str) -> tuple[str, ...]:
    """The regions of this one's partition that have SQS, as the installed botocore knows them.

    A region that botocore does not know is alone.
    """
    import botocore.session
    from botocore.exceptions import UnknownRegionError

    from sqsctl.aws.translate import translated

    with translated():
        session = botocore.session.Session()
        try:
            partition = session.get_partition_for_region(region)
        except UnknownRegionError:
            return (region,)
        found = session.get_available_regions("sqs", partition_name=partition)
    return tuple(sorted({*found, region}))


def _session(
    profile: str | None, region: str | None = None, *, alone: bool = False
) -> BotocoreSession:
    """A session as boto3 makes it, without boto3.

    boto3 adds resources and transfers to botocore's clients; loading them takes longer
    than everything else that a short command does. ``alone``: nothing of the user's AWS
    configuration counts, whatever state it is in.
    """
    import botocore.session

    session = botocore.session.Session(
        profile=profile,
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        if alone
        else None,
    )
    session.get_scoped_config()  # raises ProfileNotFound now rather than at the first call
    given = str(session.get_config_variable("data_path") or "")
    session.register_component("data_loader", _loader(given))
    if region:
        session.set_config_variable("region", region)
    return session


@cache
def _loader(data_path: str) -> Any:
    """botocore's own loader of service models, that knows which services sqsctl calls.

    The original looks into the folders of all four hundred before it loads one: it is asked for
    the others (``sqsctl lab aws dynamodb …``). There is one for all sessions, since it keeps what
    it has read: an interactive session makes many.
    """
    from botocore.loaders import Loader

    class KnownServices(Loader):
        def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
            return list(SERVICES)

        def load_service_model(
            self, service_name: str, type_name: str, api_version: str | None = None
        ) -> Any:
            if service_name not in SERVICES:
                return others.load_service_model(service_name, type_name, api_version)
            return super().load_service_model(service_name, type_name, api_version)

    paths = [
        str(Path(os.path.expandvars(each)).expanduser())
        for each in data_path.split(os.pathsep)
        if each
    ]
    others = Loader(paths)
    return KnownServices(paths)
