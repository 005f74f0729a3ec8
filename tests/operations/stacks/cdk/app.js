// One CDK app, a stack for each shape. `node app.js` writes cdk.out; nothing is looked up.
const cdk = require('aws-cdk-lib');
const apigateway = require('aws-cdk-lib/aws-apigateway');
const http = require('aws-cdk-lib/aws-apigatewayv2');
const { HttpLambdaIntegration } = require('aws-cdk-lib/aws-apigatewayv2-integrations');
const iam = require('aws-cdk-lib/aws-iam');
const kms = require('aws-cdk-lib/aws-kms');
const lambda = require('aws-cdk-lib/aws-lambda');
const { SqsEventSource } = require('aws-cdk-lib/aws-lambda-event-sources');
const logs = require('aws-cdk-lib/aws-logs');
const sqs = require('aws-cdk-lib/aws-sqs');
const path = require('path');

const seconds = cdk.Duration.seconds;
const python = (handler) => ({
  runtime: lambda.Runtime.PYTHON_3_13,
  handler: `handler.${handler}`,
  code: lambda.Code.fromAsset(path.join(__dirname, 'code')),
  timeout: seconds(10),
});
const node = (handler) => ({
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: `handler.${handler}`,
  code: lambda.Code.fromAsset(path.join(__dirname, 'code')),
  timeout: seconds(10),
});

function pair(scope, id, more = {}) {
  const fifo = more.fifo ? { fifo: true } : {};
  const dead = new sqs.Queue(scope, `${id}DLQ`, { retentionPeriod: cdk.Duration.days(14), ...fifo });
  return new sqs.Queue(scope, id, {
    visibilityTimeout: seconds(60),
    deadLetterQueue: { queue: dead, maxReceiveCount: 5 },
    ...more,
  });
}

const app = new cdk.App();

// An HTTP API, a producer that was granted sending, a consumer that answers item by item.
class HttpApiStack extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const jobs = pair(this, 'Jobs');
    const producer = new lambda.Function(this, 'Producer', {
      ...python('producer'),
      environment: { QUEUE_URL: jobs.queueUrl },
    });
    jobs.grantSendMessages(producer);
    const worker = new lambda.Function(this, 'Worker', {
      ...python('consumer'),
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup: new logs.LogGroup(this, 'WorkerLogs', { retention: logs.RetentionDays.ONE_WEEK }),
    });
    worker.addEventSource(new SqsEventSource(jobs, { batchSize: 10, reportBatchItemFailures: true }));
    const api = new http.HttpApi(this, 'Api');
    api.addRoutes({
      path: '/produce',
      methods: [http.HttpMethod.POST],
      integration: new HttpLambdaIntegration('ProducerIntegration', producer),
    });
    new cdk.CfnOutput(this, 'ApiUrl', { value: api.apiEndpoint });
  }
}

// A REST API whose integration and consumer both go through an alias; the queue is FIFO.
class AliasStack extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const jobs = pair(this, 'Orders', { fifo: true, contentBasedDeduplication: true });
    const producer = new lambda.Function(this, 'Front', {
      ...node('producer'),
      environment: { ORDERS_URL: jobs.queueUrl },
    });
    jobs.grantSendMessages(producer);
    const front = new lambda.Alias(this, 'FrontLive', {
      aliasName: 'live',
      version: producer.currentVersion,
    });
    const worker = new lambda.Function(this, 'Book', node('consumer'));
    const live = new lambda.Alias(this, 'BookLive', {
      aliasName: 'live',
      version: worker.currentVersion,
    });
    live.addEventSource(new SqsEventSource(jobs, {
      batchSize: 5,
      maxConcurrency: 4,
      reportBatchItemFailures: true,
    }));
    const api = new apigateway.RestApi(this, 'Rest', { deployOptions: { stageName: 'live' } });
    api.root.addResource('orders').addMethod('POST', new apigateway.LambdaIntegration(front));
  }
}

// A function URL, a key of one's own, two consumers with filters on one queue, inline code.
class UrlStack extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const key = new kms.Key(this, 'Key');
    const jobs = pair(this, 'Mixed', { encryptionMasterKey: key });
    const front = new lambda.Function(this, 'Front', {
      ...python('producer'),
      environment: { TARGET: jobs.queueUrl },
    });
    jobs.grantSendMessages(front);
    front.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
    for (const kind of ['refund', 'invoice']) {
      const worker = new lambda.Function(this, `Do${kind}`, {
        runtime: lambda.Runtime.PYTHON_3_13,
        handler: 'index.handler',
        code: lambda.Code.fromInline('def handler(event, context):\n    return {"batchItemFailures": []}\n'),
        timeout: seconds(10),
      });
      worker.addEventSource(new SqsEventSource(jobs, {
        reportBatchItemFailures: true,
        filters: [lambda.FilterCriteria.filter({ body: { kind: lambda.FilterRule.isEqual(kind) } })],
      }));
    }
  }
}

// The API hands the request to SQS itself: there is no producer function.
class DirectStack extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const jobs = pair(this, 'Inbox');
    const role = new iam.Role(this, 'ApiRole', {
      assumedBy: new iam.ServicePrincipal('apigateway.amazonaws.com'),
    });
    jobs.grantSendMessages(role);
    const api = new apigateway.RestApi(this, 'Rest');
    api.root.addResource('inbox').addMethod('POST', new apigateway.AwsIntegration({
      service: 'sqs',
      path: `${this.account}/${jobs.queueName}`,
      integrationHttpMethod: 'POST',
      options: {
        credentialsRole: role,
        requestParameters: {
          'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'",
        },
        requestTemplates: { 'application/json': 'Action=SendMessage&MessageBody=$input.body' },
        integrationResponses: [{ statusCode: '200' }],
      },
    }), { methodResponses: [{ statusCode: '200' }] });
    const worker = new lambda.Function(this, 'Worker', node('consumer'));
    worker.addEventSource(new SqsEventSource(jobs, { reportBatchItemFailures: true }));
  }
}

// A queue of another stack, imported by its ARN; and a queue of its own beside it.
class ImportedStack extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const foreign = sqs.Queue.fromQueueArn(this, 'Foreign', cdk.Arn.format(
      { service: 'sqs', resource: 'elsewhere' }, this));
    const own = pair(this, 'Own');
    const worker = new lambda.Function(this, 'Reader', python('consumer'));
    for (const queue of [foreign, own]) {
      worker.addEventSource(new SqsEventSource(queue, { reportBatchItemFailures: true }));
    }
  }
}

// The worker and its queue are in a nested stack, the API is in the parent.
class NestedParent extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const inner = new cdk.NestedStack(this, 'Inner');
    const jobs = pair(inner, 'Jobs');
    const worker = new lambda.Function(inner, 'Worker', node('consumer'));
    worker.addEventSource(new SqsEventSource(jobs, { reportBatchItemFailures: true }));
    const producer = new lambda.Function(this, 'Producer', {
      ...node('producer'),
      environment: { QUEUE_URL: jobs.queueUrl },
    });
    jobs.grantSendMessages(producer);
    const api = new http.HttpApi(this, 'Api');
    api.addRoutes({
      path: '/{proxy+}',
      methods: [http.HttpMethod.ANY],
      integration: new HttpLambdaIntegration('ProducerIntegration', producer),
    });
  }
}

new HttpApiStack(app, 'HttpApiStack');
new AliasStack(app, 'AliasStack');
new UrlStack(app, 'UrlStack');
new DirectStack(app, 'DirectStack');
new ImportedStack(app, 'ImportedStack');
new NestedParent(app, 'NestedStack');
app.synth();
