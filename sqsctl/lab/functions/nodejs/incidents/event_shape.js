module.exports.handler = async (event) => {
  for (const record of event.Records) {
    console.log("Message Body: ", record.body);
    let body = JSON.parse(event.body)
    let inputValue, outputValue

    // +1을 수행하는 코드
    if (event.body) {

      if (typeof body.input !== "number") {
        return {
          statusCode: 400,
          body: JSON.stringify(
            {
              message: `입력값이 숫자가 아닙니다.`
            },
            null, // replacer
            2 // 문자열 간격 조정
          ),
        };
      }

      inputValue = parseInt(body.input)
      outputValue = inputValue + 1
    }

    const message = `메시지를 받았습니다. 입력값: ${inputValue}, 결과: ${outputValue}`
    console.log(message)
    return {
      statusCode: 200,
      body: JSON.stringify(
        {
          message
        },
        null,
        2
      ),
    };
  }
};
