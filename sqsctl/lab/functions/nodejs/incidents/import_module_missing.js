// Consumes the queue: adds one to each message's input.
const axios = require("axios");

module.exports.handler = async (event) => {
  for (const record of event.Records) {
    console.log("Message Body: ", record.body);
    const inputValue = parseInt(JSON.parse(record.body).input);
    const outputValue = inputValue + 1;
    console.log(`메시지를 받았습니다. 입력값: ${inputValue}, 결과: ${outputValue}`);
    await axios.post("https://example.com/results", { result: outputValue });
  }
};
