exports.producer = async () => ({ statusCode: 200 });

exports.consumer = async (event) => {
  for (const [index, record] of event.Records.entries()) {
    try {
      console.log('took', JSON.parse(record.body));
    } catch (error) {
      console.error('failed', error);
      // Some of the queues are FIFO: nothing behind a failure is handled.
      const rest = event.Records.slice(index);
      return { batchItemFailures: rest.map((each) => ({ itemIdentifier: each.messageId })) };
    }
  }
  return { batchItemFailures: [] };
};
