module.exports.handler = async (event) => {
  for (const record of event.Records) {
    console.log("Message Body: ", record.body);
    let body = JSON.parse(record.body)
    let inputValue, outputValue

    if (typeof body.input !== "number") {
      return {
        statusCode: 400,
        body: JSON.stringify({ message: `입력값이 숫자가 아닙니다.` }, null, 2),
      };
    }

    // +1을 수행하는 코드
    inputValue = parseInt(body.input)
    outputValue = inputValue + 1

    const message = `메시지를 받았습니다. 입력값: ${inputValue}, 결과: ${outputValue}`
    console.log(message)
    return {
      statusCode: 200,
      body: JSON.stringify({ message }, null, 2),
    };
  }
};
