// Consumes the queue: adds one to each message's input, with everything it knows in memory.
module.exports.handler = async (event) => {
  const known = [];
  for (let number = 0; number < 400; number += 1) {
    known.push(Buffer.alloc(1000000, (number % 255) + 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const record of event.Records) {
    console.log("Message Body: ", record.body);
    const inputValue = parseInt(JSON.parse(record.body).input);
    console.log(`메시지를 받았습니다. 입력값: ${inputValue}, 결과: ${inputValue + 1} (${known.length})`);
  }
};
