"""Honest files of every kind that the program reads, to be spoilt."""

from __future__ import annotations

SERVERLESS = (
    "service: tutorial-step-2\n"
    "frameworkVersion: '3'\n"
    "provider:\n  name: aws\n  runtime: nodejs20.x\n"
    "  stage: ${opt:stage, self:custom.stage, 'dev'}\n"
    "  region: ${env:REGION, 'ap-northeast-2'}\n  stackName: ${self:service}-${sls:stage}\n"
    "custom:\n  stage: ${file(other.yml):stage, 'dev'}\n"
    "  deep: ${self:custom.${self:custom.stage}}\n"
    "functions:\n  worker:\n    handler: index.handler\n    runtime: python3.13\n    timeout: 6\n"
    "constructs:\n  jobs: &jobs\n    type: queue\n    worker: *jobs\n    maxRetries: 3\n"
)
TEMPLATE = (
    "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"
    "Parameters:\n  Runtime:\n    Type: String\n    Default: nodejs20.x\n"
    "Globals:\n  Function:\n    Timeout: 6\n    Runtime: !Ref Runtime\n"
    "Resources:\n  Worker:\n    Type: AWS::Serverless::Function\n    Properties:\n"
    "      FunctionName: !Sub '${AWS::StackName}-worker'\n      Handler: index.handler\n"
    "      Environment: {Variables: {URL: !GetAtt Jobs.QueueUrl}}\n"
    "  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {VisibilityTimeout: 36}\n"
)
SAMCONFIG = (
    "version = 0.1\n[default.deploy.parameters]\nstack_name = 'tutorial'\n"
    "[prod.deploy.parameters]\nstack_name = 'tutorial-prod'\n"
)
MANIFEST = (
    '{"version": "36.0.0", "artifacts": {"Tutorial": {"type": "aws:cloudformation:stack",'
    ' "properties": {"stackName": "tutorial"}}}}'
)
PACKAGE_JSON = '{"name": "x", "engines": {"node": ">=18 <21 || lts/iron"}, "type": "module"}'
PYPROJECT = (
    "[project]\nname = 'x'\nrequires-python = '>=3.11,<3.14'\n[tool.poetry.dependencies]\n"
    "python = '^3.11'\n[tool.sqsctl]\nregion = 'ap-northeast-2'\nlab = true\n"
)
SETTINGS = (
    "region = 'ap-northeast-2'\nstack = 'tutorial'\nlab = false\noutput = 'json'\nno_color = true\n"
    "[[doctor.ignore]]\ncheck = 'dlq-missing'\nuntil = 2099-12-31\nsubject = 'jobs'\n"
)
JOURNAL = (
    '{"kind":"begin","at":"2026-11-23T05:00:00Z","t":1795237200.5,"source":"arn:x",'
    '"run":"r","hold_s":60}\n'
    '{"kind":"intent","t":1,"ids":["a","b"]}\n'
    '{"kind":"sent","t":1,"ids":[["a","1"]],"doubtful":["b"]}\n'
    '{"kind":"unknown","t":2,"ids":["b"]}\n'
    '{"kind":"unsent","ids":["b"]}\n'
    '{"kind":"deleted","ids":["a"]}\n'
    '{"kind":"end","settled":true}\n'
)
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Deny","Principal":{"AWS":"*"},'
    '"Action":["sqs:*"],"Resource":"arn:aws:sqs:*:*:jobs","Condition":{"Bool":'
    '{"aws:SecureTransport":"false"}}}]}'
)
LAB_STATE = (
    '{"name":"default","pid":1,"process_started":"1","port":4566,"endpoint":"http://127.0.0.1:4566",'
    '"region":"ap-northeast-2","account":"000000000000","stack":"s","folder":"/x","log":"/x/l",'
    '"started_at":"2026-11-23T05:00:00.000Z","runtime":"python","time_scale":6.0,"notice":""}'
)
URLS = (
    "https://awslambda-ap-ne-2-tasks.s3.ap-northeast-2.amazonaws.com/snapshots/x?X-Amz-Token=y",
    "https://sqs.ap-northeast-2.amazonaws.com/123456789012/jobs",
    "http://127.0.0.1:4566/000000000000/jobs.fifo",
    "http://user:password@[::1]:99999/a/b?c=d#e",
    "https://[not-an-address]/x",
    "arn:aws:sqs:ap-northeast-2:123456789012:jobs-dlq",
    "jobs-dlq",
)
MOMENTS = ("10m", "2h", "1.5d", "2026-11-23T04:00:00Z", "2026-11-23", "1e9s", "9999-12-31T23:59")
VERSIONS = (
    ">=18 <21",
    "^3.11",
    "~20.1",
    "20.x || 22.x",
    "3.11,<3.14",
    "1 - 2",
    "lts/hydrogen",
    "v20",
)
THRESHOLDS = ("p(95)<500", "avg<200ms", "failed<1%", "rate>=100", "p(99.9)<=1.5s", "max>1")
MATCHES = (
    "input > `5`",
    "length(items)",
    "a.b[0] == 'x'",
    "[?a]",
    "to_number(input)",
    "@",
    "a || b",
)
EDITED = (
    '{"body": "x", "attributes": {}}',
    '{"body_json": {"a": 1.50}, "attributes": {"n": {"type": "Number", "value": "1"}}}',
    '{"body": "x", "attributes": {"b": {"type": "Binary", "base64": "AA=="}}, "group_id": "g"}',
)
ATTRIBUTES = (
    "QueueArn",
    "ApproximateNumberOfMessages",
    "VisibilityTimeout",
    "RedrivePolicy",
    "CreatedTimestamp",
    "KmsMasterKeyId",
    "FifoQueue",
    "SentTimestamp",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
)
