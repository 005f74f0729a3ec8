// POST /: answers with the input plus one.
module.exports.handler = async (event) => {
  const text = event.isBase64Encoded
    ? Buffer.from(event.body, "base64").toString("utf8")
    : event.body;
  console.log(text);

  let body;
  try {
    body = JSON.parse(text);
  } catch (error) {
    body = null;
  }

  if (body === null || typeof body.input !== "number") {
    return {
      statusCode: 400,
      body: JSON.stringify({ message: `입력값이 숫자가 아닙니다.` }, null, 2),
    };
  }

  const inputValue = parseInt(body.input);
  const outputValue = inputValue + 1;
  const message = `메시지를 받았습니다. 입력값: ${inputValue}, 결과: ${outputValue}`;

  return {
    statusCode: 200,
    body: JSON.stringify({ message }, null, 2),
  };
};
