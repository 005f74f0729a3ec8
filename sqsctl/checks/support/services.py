"""Errors of AWS services, as every SDK words them.

Codes and wordings are AWS's own (service models, recorded answers); what only looks like
one (an application's own AccessDenied) is not taken for it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

# boto3: "An error occurred (Code) when calling the Operation operation[ (…)]: message".
BOTO = re.compile(
    r"An error occurred \((?P<code>[\w.]{1,80})\) when calling the (?P<op>\w{1,80}) operation"
    r"(?: \(reached max retries: \d{1,3}\))?(?:: (?P<msg>[^\n]{0,1000}))?"
)
# What an SDK for JavaScript, Java, Go, .NET or Ruby leaves beside the words.
_ANSWERED = (
    r"\$fault|\$metadata|\$response|\(Service: |Status ?Code: \d{3}|operation error \w|api error \w"
    r"|https response error|x-amzn|Aws::\w+::Errors::|Amazon\.\w+\.(?:Model\.)?Amazon\w+Exception"
    r"|request id: |Request ID: |__type|throwDefaultError|extractError"
)
SDK_MARK = re.compile(
    rf"{_ANSWERED}|software\.amazon\.awssdk|com\.amazonaws|aws-sdk|@aws-sdk|@smithy|botocore"
)
# Of these marks, those that only an answer has: a frame of an SDK may stand in any error's trace.
ANSWERED = re.compile(_ANSWERED)
# An error's type, or the frame that threw it, where that is an SDK's own.
SDK_TYPE = re.compile(
    r"software\.amazon\.awssdk\.|com\.amazonaws\.(?!services\.lambda\.runtime|xray)[\w.]{1,80}Exc"
    r"|Aws::\w{1,40}::|botocore\.(?:errorfactory|exceptions)\.|Amazon\.(?!Lambda\.)\w{1,60}\."
)
SDK_FRAME = re.compile(
    r"/node_modules/(?:@aws-sdk|@smithy|aws-sdk)/|software\.amazon\.awssdk\."
    r"|com\.amazonaws\.(?!services\.lambda\.|xray\.|lambda\.)|/(?:botocore|s3transfer)/"
    r"|/gems/aws-sdk-"
)
# The service's own code for the error, in the words of the SDKs for Go, Ruby and Java.
SDK_CODE = re.compile(
    r"\b(?P<go>[A-Z][\w.]{2,80}): [^\n]{0,1000}\n\s*status code: \d{3}, request id: "
    r"|api error (?P<go2>\w{1,80}): |Aws::\w{1,40}::Errors::(?P<ruby>\w{1,80})"
    r"|\bError Code: (?P<java>[\w.]{1,80})"
    r"|\b(?P<php>[A-Z]\w{2,80}) \((?:client|server)\): "
    r"|\b(?P<clock>[A-Z]\w{2,60}): Signature expired: "
)
KMS = re.compile(
    r"\bkms:(?:\w{1,60}|\*)|KMS\.?(?:AccessDenied|Disabled|NotFound|InvalidState|OptInRequired|InvalidKeyUsage)"
    r"|Kms(?:AccessDenied|Disabled|NotFound|InvalidState|OptInRequired|InvalidKeyUsage)"
    r"|ciphertext refers to a customer master key|unable to decrypt the environment variables"
    r"|key/[0-9a-f\-]{36} is (?:disabled|pending deletion)|KMSInvalidStateException"
    r"|because KMS access was denied"
)
NO_QUEUE = re.compile(
    r"NonExistentQueue|\bQueueDoesNotExist|specified queue (?:does not exist|doesn't exist)"
    r"|The address \S{1,300} is not valid for this endpoint"
)
QUEUE_NAMED = re.compile(
    r"https?://(?:sqs|queue)[\w.\-]{0,60}/\d{12}/(?P<url>[\w\-.]{1,90})"
    r"|arn:aws[\w\-]*:sqs:[\w\-]*:\d{12}:(?P<arn>[\w\-.]{1,90})"
)
THROTTLED = re.compile(
    r"\b(?:Throttling(?:Exception)?|ThrottledException|TooManyRequests(?:Exception)?|RequestThrottled(?:Exception)?"
    r"|ProvisionedThroughputExceededException|RequestLimitExceeded|SlowDown"
    r"|OverLimit(?!: [^\n]{0,60}policy)|BandwidthLimitExceeded"
    r"|KMS\.?ThrottlingException|KmsThrottled|EC2ThrottledException|PriorRequestNotComplete"
    r"|TransactionInProgressException|(?:Reserved)?(?:Function)?ConcurrentInvocationLimitExceeded"
    r"|CallerRateLimitExceeded|FunctionInvocationRateLimitExceeded|ESMRateLimit)\b"
    r"|\bRate [Ee]xceeded|(?:status code|Status Code:?|StatusCode:?|HTTP Error"
    r"|statusCode:?) 429\b|\b429 (?:Client Error|Too Many)"
    r"|Please reduce your request rate|throughput for the table was exceeded"
)
TOO_LARGE = re.compile(
    r"Message must be shorter than (?P<limit>\d{1,9}) bytes|BatchRequestTooLong"
    r"|Batch requests cannot be longer than (?P<batch>\d{1,9}) bytes"
    r"|Function\.ResponseSizeTooLarge|exceeded maximum allowed payload size"
    r"|(?P<sent>\d{1,12}) byte payload is too large|RequestTooLarge(?:Exception)?\b"
    r"|RequestEntityTooLarge"
    r"|Request must be smaller than (?P<request>\d{1,12}) bytes|Invalid parameter: Message too long"
    r"|Total size of the entries in the request is over the limit|PayloadTooLarge|EntityTooLarge\b"
)
WRONG_REGION = re.compile(
    r"Credential should be scoped to (?:a valid|correct) region"
    r"|QueueUrl=(?P<url>\S{1,300}) differs from"
    r"|Region is missing|[Yy]ou must specify a region|NoRegionError|Missing region in config"
    r"|must be addressed using the specified endpoint|PermanentRedirect\b"
    r"|AuthorizationHeaderMalformed"
    r"|region '(?P<had>[\w\-]{1,30})' is wrong; expecting '(?P<wants>[\w\-]{1,30})'"
    r"|InvalidRegionError|doesn't match a supported format|Invalid (?:endpoint|region): "
    r"|is in this region: (?P<there>[\w\-]{1,30})|MissingRegion\b|Unable to load region"
    r"|BucketRegionError|the bucket is not in '|no RegionEndpoint or ServiceURL configured"
    r"|IllegalLocationConstraint"
)
ENDPOINT = re.compile(
    r"(?:https?://)?[\w.\-]{0,80}?\b(?P<region>(?:undefined|null|[a-z]{2}(?:-[a-z]{2,12}){1,3}-?\d{0,2}))\.amazonaws\.com"
)
MAPPING_ROLE = re.compile(
    r"(?:provided|function|Lambda)(?:'s)? execution role does not have permissions to call"
    r" (?P<action>\w{1,60}) on (?P<service>\w{1,30})"
)


@cache
def known_regions() -> frozenset[str]:
    """AWS's regions: those that were compiled into ``data/regions.json``, and those of botocore.

    A list that ships grows old; botocore's data, which is read as a file, comes with the machine.
    """
    text = files("sqsctl.checks.data").joinpath("regions.json").read_text(encoding="utf-8")
    known = set(json.loads(text)["regions"])
    found = find_spec("botocore")
    if found and found.origin:
        data = Path(found.origin).parent / "data" / "partitions.json"
        try:
            partitions = json.loads(data.read_text(encoding="utf-8"))["partitions"]
            known.update(name for each in partitions for name in each["regions"])
        except (OSError, ValueError, RecursionError, LookupError, TypeError):
            pass  # another form than today's: what was compiled has to do
    return frozenset(known)


def unknown_region(text: str) -> str | None:
    """A region in an AWS host name that does not exist; None where all are real."""
    for match in ENDPOINT.finditer(text):
        region = match.group("region")
        if region in {"undefined", "null"}:
            return region
        if "-" in region and region[-1].isdigit() and region not in known_regions():
            return region
    return None
