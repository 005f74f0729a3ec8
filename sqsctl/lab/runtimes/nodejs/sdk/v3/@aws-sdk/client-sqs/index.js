// A stand-in for @aws-sdk/client-sqs: real calls over HTTP, errors in the SDK's shape.
const { call, configured } = require("./sigv4.js");

class SQSServiceException extends Error {
  constructor(failure) {
    super(failure.message);
    this.name = failure.modelled || failure.code;
    this.$fault = failure.metadata.httpStatusCode < 500 ? "client" : "server";
    this.$metadata = failure.metadata;
    this.Error = { Type: this.$fault === "client" ? "Sender" : "Receiver", Code: failure.code };
  }
}

const SHOWN = new Set(["QueueDoesNotExist", "PurgeQueueInProgress", "ReceiptHandleIsInvalid"]);

class SQSClient {
  constructor(options = {}) {
    this.config = configured(options);
  }

  async send(command) {
    if (!this.config.region) throw new Error("Region is missing");
    try {
      const { data, metadata } = await call(command.action, command.input, this.config);
      return { $metadata: metadata, ...data };
    } catch (failure) {
      if (failure.network) throw failure.network;
      if (!SHOWN.has(failure.modelled)) failure.modelled = failure.code;
      throw new SQSServiceException(failure);
    }
  }

  destroy() {}
}

class Command {
  constructor(action, input) {
    this.action = action;
    this.input = input || {};
  }
}

const command = (action) =>
  class extends Command {
    constructor(input) {
      super(action, input);
    }
  };

const SendMessageCommand = command("SendMessage");
const SendMessageBatchCommand = command("SendMessageBatch");
const ReceiveMessageCommand = command("ReceiveMessage");
const DeleteMessageCommand = command("DeleteMessage");
const DeleteMessageBatchCommand = command("DeleteMessageBatch");
const ChangeMessageVisibilityCommand = command("ChangeMessageVisibility");
const GetQueueAttributesCommand = command("GetQueueAttributes");
const GetQueueUrlCommand = command("GetQueueUrl");

class SQS extends SQSClient {
  sendMessage(input) {
    return this.send(new SendMessageCommand(input));
  }

  sendMessageBatch(input) {
    return this.send(new SendMessageBatchCommand(input));
  }

  receiveMessage(input) {
    return this.send(new ReceiveMessageCommand(input));
  }

  deleteMessage(input) {
    return this.send(new DeleteMessageCommand(input));
  }

  deleteMessageBatch(input) {
    return this.send(new DeleteMessageBatchCommand(input));
  }

  changeMessageVisibility(input) {
    return this.send(new ChangeMessageVisibilityCommand(input));
  }

  getQueueAttributes(input) {
    return this.send(new GetQueueAttributesCommand(input));
  }

  getQueueUrl(input) {
    return this.send(new GetQueueUrlCommand(input));
  }
}

// Spelt out, so that import { … } finds the names as well.
module.exports = {
  SQS,
  SQSClient,
  SQSServiceException,
  SendMessageCommand,
  SendMessageBatchCommand,
  ReceiveMessageCommand,
  DeleteMessageCommand,
  DeleteMessageBatchCommand,
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
};
