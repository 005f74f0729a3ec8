// Consumes the queue: logs each message.
module.exports.handler = async (event) => {
  for (const record of event.Records) {
    console.log("Message Body: ", record.body);
  }
};
