// Consumes the queue: adds one to each message's input.
const work = (record) => {
  console.log("Message Body: ", record.body);
  const body = JSON.parse(record.body);

  if (body === null || typeof body.input !== "number") {
    throw new Error("입력값이 숫자가 아닙니다.");
  }

  const inputValue = parseInt(body.input);
  const outputValue = inputValue + 1;
  console.log(`메시지를 받았습니다. 입력값: ${inputValue}, 결과: ${outputValue}`);
};

module.exports.handler = async (event) => {
  const batchItemFailures = [];
  for (const record of event.Records) {
    try {
      work(record);
    } catch (error) {
      // Alone in its batch, the error itself fails it; among others it fails only itself.
      if (event.Records.length === 1) throw error;
      console.error(error);
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
};
