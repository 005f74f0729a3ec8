exports.producer = async () => ({ statusCode: 200 });
exports.consumer = async () => ({ batchItemFailures: [] });
