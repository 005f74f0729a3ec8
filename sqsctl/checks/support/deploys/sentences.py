"""AWS's sentences for what it refuses while a stack is deployed, each with what it names."""

from __future__ import annotations

import re

# Sentences of AWS that name one fault each, with what they name.
RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "package-size",
        re.compile(
            r"Unzipped size must be smaller than (?P<limit>\d{1,12}) bytes"
            r"|(?:combined with|and) layers exceeds? the maximum allowed size of"
            r" (?P<most>\d{1,12}) bytes(?:\. The actual size is (?P<actual>\d{1,12}) bytes)?"
        ),
    ),
    (
        "upload-size",
        re.compile(
            r"Request must be smaller than (?P<limit>\d{1,12}) bytes for the"
            r" (?P<operation>UpdateFunctionCode|CreateFunction|PublishLayerVersion) operation"
            r"|RequestEntityTooLarge\w* [^\n]{0,40}calling the (?P<called>UpdateFunctionCode"
            r"|CreateFunction|PublishLayerVersion) operation"
        ),
    ),
    (
        "batch-window",
        re.compile(r"batch window in seconds must be greater than 0 if maximum batch size is"),
    ),
    ("layer-count", re.compile(r"[Ll]ayers? list cannot contain more than (?P<most>\d{1,2})")),
    ("fifo-window", re.compile(r"[Bb]atching window is not supported for FIFO")),
    (
        "mapping-exists",
        re.compile(
            r"event source mapping with [\w ]{1,20}arn \(?\W{0,6}(?P<source>arn:[\w:.\-/*]{1,300})"
            r"[^\n]{0,40}?function \(?\W{0,6}(?P<function>[\w\-:]{1,200})[^\n]{0,20}already exists"
            r"[\s\S]{0,80}?UUID (?P<uuid>[0-9a-f]{8}-[0-9a-f\-]{27})"
        ),
    ),
    (
        "file-system",
        re.compile(
            r"EFS file system (?P<point>arn:[\w:\-/]{1,200})?[\s\S]{0,160}?mount targets?"
            r"|mount targets? (?:created )?in all availability zones"
        ),
    ),
    (
        "dlq-absent",
        re.compile(
            r"(?:deadLetterTargetArn[\\\"': ]{1,8}(?P<queue>arn:[\w:.\-]{1,300})(?:[\\\"', ]{1,8}"
            r"maxReceiveCount[\\\"': ]{1,8}(?P<count>\d{1,4}))?[\s\S]{0,200}?)?"
            r"[Dd]ead[- ]letter target does not exist"
        ),
    ),
    (
        "dlq-type",
        re.compile(
            r"(?:deadLetterTargetArn[\\\"': ]{1,8}(?P<queue>arn:[\w:.\-]{1,300})(?:[\\\"', ]{1,8}"
            r"maxReceiveCount[\\\"': ]{1,8}(?P<count>\d{1,4}))?[\s\S]{0,200}?)?"
            r"[Dd]ead-letter queue must be same type of queue as the source"
        ),
    ),
    (
        "arn-wanted",
        re.compile(
            r"Value '(?P<value>[^'\n]{1,300})' at '(?P<property>\w{0,40}[aA]rn)' failed to satisfy"
            r" constraint: Member must satisfy regular expression"
            r"|(?P<unknown>Unrecognized event source)"
        ),
    ),
    (
        "exists",
        re.compile(
            r"Resource of type '(?P<type>AWS::[\w:]{1,80})' with identifier '(?P<id>[^'\n]{1,300})'"
            r" already exists"
            r"|(?P<old>[\w.\-/:]{1,200}) already exists in stack (?P<stack>\S{1,300})"
        ),
    ),
    (
        "queue-differs",
        re.compile(
            r"queue already exists with the same name and (?:a )?different (?:value for )?"
            r"attributes?(?: named)? ?(?P<attribute>\w{1,60})?"
        ),
    ),
    ("queue-deleted", re.compile(r"must wait 60 seconds after deleting a queue")),
    (
        "queue-name",
        re.compile(
            r"[Cc]an only include alphanumeric characters, hyphens, or underscores"
            r"(?P<fifo>, must end with \.fifo)?"
        ),
    ),
    (
        "image-manifest",
        re.compile(
            r"image manifest,? config or layer media type for the source image"
            r" (?P<image>\S{1,400}) is not supported"
        ),
    ),
    ("image-absent", re.compile(r"Source image (?P<image>\S{1,400}) does not exist")),
    (
        "variables-reserved",
        re.compile(
            r"contains reserved keys[\s\S]{0,120}?used in this request: (?P<names>[A-Z_, ]{1,400})"
        ),
    ),
    ("variables-size", re.compile(r"environment variables[^\n]{0,80}exceeded the 4KB limit")),
    (
        "busy",
        re.compile(
            r"An update is in progress for resource: (?P<arn>arn:[\w:\-.]{1,300})"
            r"|function is currently in the following state: (?P<state>Pending)"
            r"|could not be updated due to a concurrent update|another update is in progress"
        ),
    ),
    ("code-storage", re.compile(r"Code storage limit exceeded|CodeStorageExceeded")),
    (
        "range",
        re.compile(
            r"(?:Value '(?P<had>[^'\n]{1,60})' at )?'(?P<property>[\w.]{1,80})'"
            r" (?:value )?failed to satisfy constraint: Member must have value"
            r" (?P<side>less|greater) than or equal to (?P<bound>\d{1,12})"
            r"|Value (?P<value>\S{1,60}) for parameter (?P<parameter>\w{1,60}) is invalid\. Reason:"
            r" Must be between (?P<least>\d{1,12}) and (?P<most>\d{1,12})"
            # The count of a RedrivePolicy, whose other values stand before it.
            r"|Invalid value for (?P<count>maxReceiveCount): (?P<counted>-?\d{1,12}), valid values"
            r" are from (?P<fewest>\d{1,6}) to (?P<often>\d{1,6})"
            # CloudFormation's own schema, then Terraform's at the plan.
            r"|#/(?P<path>[\w/]{1,120}): (?P<given>-?\d{1,12}) is not (?P<than>less|greater) or"
            r" equal to (?P<limit>\d{1,12})"
            r"|expected (?P<argument>\w{1,80}) to be in the range \((?P<low>\d{1,12}) - "
            r"(?P<high>\d{1,12})\), got (?P<got>-?\d{1,15})"
        ),
    ),
    (
        "archive-absent",
        re.compile(r"GetObject\. S3 Error Code: (?P<code>NoSuch(?:Key|Bucket))"),
    ),
    (
        "stack-state",
        re.compile(
            r"Stack: ?(?:arn:[\w\-]{1,20}:cloudformation:(?P<region>[\w\-]{1,30}):\d{12}:stack/)?"
            r"(?P<stack>[\w\-]{1,130})\S{0,60} is in (?P<state>[A-Z_]{1,60}) state and can ?not be"
            r" updated"
            r"|current state of (?P<now>[A-Z_]{1,60}) is invalid for updating"
        ),
    ),
    (
        "destination",
        re.compile(r"Unable to validate the following destination configurations"),
    ),
    (
        "circular",
        re.compile(r"Circular dependency between resources: \[?(?P<names>[\w, ]{1,600})"),
    ),
    (
        "unresolved",
        re.compile(r"Unresolved resource dependencies \[(?P<names>[\w, .]{1,400})\]"),
    ),
    (
        "policy-size",
        re.compile(
            r"Maximum policy size of (?P<limit>\d{1,8}) bytes exceeded for role"
            r" (?P<role>[\w.\-]{1,70})"
            r"|final policy size \(\d{1,8}\) is bigger than the limit \((?P<bytes>\d{1,8})\)"
            r"|(?P<queue>Submitted policy) is over max allowed size"
        ),
    ),
    (
        "statement-actions",
        re.compile(
            r"\d{1,4} actions were found in a statement from the submitted policy, max allowed is"
            r" (?P<most>\d{1,3})"
        ),
    ),
    ("subscription-protocol", re.compile(r"Invalid protocol type: (?P<protocol>[\w\-]{1,20})")),
    (
        "subscription-fifo",
        re.compile(r"FIFO SQS Queues can ?not be subscribed to standard SNS topics"),
    ),
    ("subscription-endpoint", re.compile(r"Invalid parameter: SQS endpoint ARN")),
    (
        "target-group",
        re.compile(r"SqsParameters must be specified for target: (?P<target>[\w.\-]{1,64})"),
    ),
    (
        "pipe-send",
        re.compile(
            r"AWS::Pipes::Pipe[\s\S]{0,400}?Error occurred while sending message to SQS queue:"
            r"\s{1,40}(?P<queue>arn:[\w\-]{1,20}:sqs:[\w\-]{1,30}:\d{12}:[\w.\-]{1,80})"
        ),
    ),
    (
        "service-trust",
        re.compile(r"role you provide must allow (?P<service>AWS EventBridge Scheduler) to assume"),
    ),
    (
        "not-bootstrapped",
        re.compile(
            r"(?:-deploy-role-(?P<account>\d{12})-(?P<region>[a-z]{2}(?:-[a-z]{1,10}){1,3}-\d)'[\s\S]{1,600}?)?"
            r"SSM parameter /cdk-bootstrap/\w{1,20}/version not found"
        ),
    ),
    (
        "log-group-exists",
        re.compile(
            r"Log Group \((?P<group>[\w.\-/#]{1,512})\)[^\n]{0,300}?The specified log group"
            r" already exists(?:[\s\S]{0,40}?with (?P<address>[\w.\-\[\]\"]{1,200}),)?"
        ),
    ),
    ("log-group-exists", re.compile(r"The specified log group already exists")),
    (
        "not-stable",
        re.compile(
            r"(?:Resource of type '(?P<type>AWS::[\w:]{1,80})' with identifier"
            r" '(?P<id>[^'\n]{1,300})' )?(?:did not stabilize|NotStabilized)"
        ),
    ),
    (
        "starting-position",
        re.compile(r"StartingPosition is not valid for (?P<source>\w{1,30}) event source"),
    ),
    (
        "fifo-batch",
        re.compile(
            r"[Bb]atch ?[Ss]ize[^\n]{0,60}?(?:FIFO|fifo)[^\n]{0,60}?(?P<most>10)\b"
            r"|FIFO[^\n]{0,80}?[Bb]atch ?[Ss]ize[^\n]{0,60}?(?P<limit>10)\b"
        ),
    ),
    (
        "archive-empty",
        re.compile(
            r"Uploaded file must be a non-empty zip|Could not unzip uploaded file"
            r"|Zip file (?:must be non-empty|is empty)|InvalidZipFileException"
        ),
    ),
    (
        "function-absent",
        re.compile(
            r"(?:Update|Publish|Put|Add|Create|Delete|Get)\w{1,60}(?: operation)?:? [\s\S]{0,200}?"
            r"Function not found: (?P<function>arn:[\w:\-.$]{1,300})"
        ),
    ),
    ("function-exists", re.compile(r"Function already exists?: (?P<function>[\w\-]{1,140})")),
    (
        "layer-absent",
        re.compile(r"Layer version (?P<layer>arn:[\w:\-]{1,300}) does not exist"),
    ),
    (
        "custom-resource",
        re.compile(
            r"did not receive a response from your Custom Resource"
            r"|Custom Resource failed to stabilize in expected time"
            r"(?:[\s\S]{0,60}?requestId \[(?P<request>[\w\-]{1,60})\])?"
            r"|Received response status \[FAILED\] from custom resource\."
            r"(?: Message returned: (?P<said>[^\n]{1,300}))?"
        ),
    ),
    (
        "capabilities",
        re.compile(r"Requires capabilities ?: ?\[(?P<names>[A-Z_, ]{1,120})\]"),
    ),
    (
        "export-absent",
        re.compile(r"No export named (?P<name>[\w:\-.]{1,300}) found"),
    ),
    (
        "export-used",
        re.compile(
            r"(?:Cannot (?:update|delete) export|Export) (?P<name>[\w:\-.]{1,300})"
            r" (?:as it is in use by|cannot be \w{1,20} as it is in use by) (?P<by>[\w, \-]{1,300})"
        ),
    ),
    (
        "bucket-absent",
        re.compile(
            r"(?:deployment )?[Bb]ucket (?:[\"'`](?P<bucket>[\w.\-]{3,63})[\"'`] )?"
            r"(?:does not exist|not found)[^\n]{0,40}(?:deploy|upload|remov)"
        ),
    ),
    (
        "statement-exists",
        re.compile(r"statement id \((?P<id>[\w\-]{1,200})\) provided already exists"),
    ),
    (
        "other-region",
        re.compile(
            r"provided ARN is in region (?P<there>[\w\-]{1,30}) but the request was made to"
            r" (?P<here>[\w\-]{1,30})"
        ),
    ),
    ("filter-pattern", re.compile(r"Invalid filter pattern definition")),
    (
        "principal",
        re.compile(
            r"Invalid principal in policy|MalformedPolicyDocument|Invalid value for the"
            r" parameter Policy|Policy contains a statement with one or more invalid"
        ),
    ),
    (
        "queue-attribute",
        re.compile(
            r"Unknown Attribute (?P<name>\w{1,80})|InvalidAttributeName[^\n]{0,60}?Attribute"
            r" (?P<attribute>\w{1,80})"
        ),
    ),
    (
        "schema",
        re.compile(
            r"#(?P<path>/[\w/]{0,200})?:? ?(?:failed validation constraint for keyword"
            r" \[(?P<keyword>\w{1,40})\]|(?P<rule>expected (?:minLength|maxLength|minItems|maxItems"
            r"|minimum|maximum|type): [^\n]{1,80})|(?P<key>(?:extraneous|required) key"
            r" \[(?P<name>\w{1,80})\][^\n]{0,40}))"
            r"|Encountered unsupported property (?P<unsupported>\w{1,80})"
            r"|Invalid template property or properties \[(?P<properties>[\w, ]{1,200})\]"
            r"|Property (?P<empty>\w{1,80}) cannot be empty"
        ),
    ),
    (
        "template",
        re.compile(
            r"Template format error: (?P<said>[^\n]{1,300})"
            r"|Invalid template resource property '(?P<property>[^'\n]{1,100})'"
            r"|Template error: (?P<error>[^\n]{1,300})"
        ),
    ),
    (
        "redrive-policy",
        re.compile(r"Redrive policy does not contain mandatory attribute: (?P<name>\w{1,60})"),
    ),
    (
        "parameter",
        re.compile(
            r"Value (?P<value>[^\n]{0,200}?) for parameter (?P<property>\w{1,60}) is invalid\."
            r" Reason: (?P<rule>[^\n]{1,300})"
        ),
    ),
    (
        "constraint",
        re.compile(
            r"Value '?(?P<value>[^'\n]{0,300}?)'? at '(?P<property>[\w.]{1,80})' failed to satisfy"
            r" constraint: (?P<rule>[^\n]{1,400})"
        ),
    ),
)
