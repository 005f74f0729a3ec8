// A stand-in for aws-sdk (v2): SQS only, real calls over HTTP, errors in the SDK's shape.
const { call, configured } = require("./sigv4.js");

const REQUIRED = {
  SendMessage: ["QueueUrl", "MessageBody"],
  SendMessageBatch: ["QueueUrl", "Entries"],
  ReceiveMessage: ["QueueUrl"],
  DeleteMessage: ["QueueUrl", "ReceiptHandle"],
  DeleteMessageBatch: ["QueueUrl", "Entries"],
  ChangeMessageVisibility: ["QueueUrl", "ReceiptHandle", "VisibilityTimeout"],
  GetQueueAttributes: ["QueueUrl"],
  GetQueueUrl: ["QueueName"],
};

const config = {
  update(options) {
    Object.assign(config, options);
  },
};

function failed(code, message, extra = {}) {
  const error = new Error(message);
  error.code = code;
  error.name = code;
  return Object.assign(error, { time: new Date(), ...extra });
}

class SQS {
  constructor(options = {}) {
    this.config = configured({ ...config, ...options });
  }

  request(action, input = {}) {
    const missing = REQUIRED[action].find((name) => input[name] === undefined || input[name] === null);
    const settings = this.config;
    const run = async () => {
      if (missing) {
        throw failed("MissingRequiredParameter", `Missing required key '${missing}' in params`);
      }
      if (!settings.region) throw failed("ConfigError", "Missing region in config");
      try {
        return (await call(action, input, settings)).data;
      } catch (failure) {
        if (failure.network) throw failed("NetworkingError", failure.network.message);
        const code = failure.code === "AccessDenied" ? "AccessDeniedException" : failure.code;
        throw failed(code, failure.message, {
          statusCode: failure.metadata.httpStatusCode,
          requestId: failure.metadata.requestId,
          retryable: false,
        });
      }
    };
    return { promise: run, send: (done) => run().then((data) => done(null, data), done) };
  }
}

for (const action of Object.keys(REQUIRED)) {
  SQS.prototype[action[0].toLowerCase() + action.slice(1)] = function (input, done) {
    const request = this.request(action, input);
    if (done) request.send(done);
    return request;
  };
}

module.exports = { SQS, config };
