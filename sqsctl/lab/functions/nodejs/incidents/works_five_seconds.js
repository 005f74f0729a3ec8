function delay(time) {
  return new Promise(resolve => setTimeout(resolve, time));
}

module.exports.handler = async (event) => {
  await delay(5000)
  for (const record of event.Records) {
    console.log("Message Body: ", record.body);
    const inputValue = parseInt(JSON.parse(record.body).input);
    const outputValue = inputValue + 1;
    console.log(`메시지를 받았습니다. 입력값: ${inputValue}, 결과: ${outputValue}`);
  }
};
