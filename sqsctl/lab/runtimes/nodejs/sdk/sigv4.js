// AWS's request signing and SQS's JSON protocol: what both stand-ins for the SDK share.
const crypto = require("crypto");
const http = require("http");
const https = require("https");

const hmac = (key, text) => crypto.createHmac("sha256", key).update(text, "utf8").digest();
const sha256 = (text) => crypto.createHash("sha256").update(text, "utf8").digest("hex");

function signed(url, headers, body, region, service) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  const now = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = now.slice(0, 8);
  const all = { ...headers, host: url.host, "x-amz-date": now };
  if (AWS_SESSION_TOKEN) all["x-amz-security-token"] = AWS_SESSION_TOKEN;
  const names = Object.keys(all).sort();
  const canonical = [
    "POST",
    url.pathname,
    "",
    ...names.map((name) => `${name}:${String(all[name]).trim()}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", now, scope, sha256(canonical)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce(hmac, `AWS4${AWS_SECRET_ACCESS_KEY}`);
  const signature = hmac(key, text).toString("hex");
  all.authorization = `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return all;
}

// Calls an action of SQS; rejects with {code, message, status, modelled} where it failed.
function call(action, input, { region, endpoint }) {
  return new Promise((resolve, reject) => {
    const url = new URL(endpoint || `https://sqs.${region}.amazonaws.com`);
    const body = JSON.stringify(input, (_key, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    );
    const headers = signed(
      url,
      { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
      body,
      region,
      "sqs",
    );
    const client = url.protocol === "https:" ? https : http;
    const request = client.request(url, { method: "POST", headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        let data = {};
        try {
          data = text ? JSON.parse(text) : {};
        } catch {
          data = { message: text };
        }
        const metadata = {
          httpStatusCode: response.statusCode,
          requestId: response.headers["x-amzn-requestid"],
          attempts: 1,
          totalRetryDelay: 0,
        };
        if (response.statusCode < 300) {
          resolve({ data, metadata });
          return;
        }
        const legacy = String(response.headers["x-amzn-query-error"] || "").split(";")[0];
        reject({
          modelled: String(data.__type || "").replace(/^.*#/, "").replace(/Exception$/, ""),
          code: legacy || String(data.__type || "UnknownError"),
          message: data.message || data.Message || "UnknownError",
          metadata,
        });
      });
    });
    request.on("error", (error) => reject({ network: error }));
    request.end(body);
  });
}

const configured = (options = {}) => ({
  region: options.region || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION,
  endpoint:
    options.endpoint || process.env.AWS_ENDPOINT_URL_SQS || process.env.AWS_ENDPOINT_URL || undefined,
});

module.exports = { call, configured };
