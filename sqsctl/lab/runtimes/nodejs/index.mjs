// The Node.js runtime of the lab's functions: what runs inside one execution environment.
//
// Behaves, logs and reports errors as AWS's own runtime client for Node.js does (checked
// against aws/aws-lambda-nodejs-runtime-interface-client); talks to the lab over one
// inherited socket (length-prefixed JSON) and one inherited pipe (framed log records).

import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import util from "node:util";

const require = createRequire(import.meta.url);
const RAW = 1;
const RECORD = 2;
const nodeMajor = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV || "")?.[1] ?? 24);

class ImportModuleError extends Error {}
class HandlerNotFound extends Error {}
class MalformedHandlerName extends Error {}
class UserCodeSyntaxError extends Error {}
class NodeJsExit extends Error {}
class CallbackHandlerDeprecated extends Error {}
class UnhandledPromiseRejection extends Error {
  constructor(reason, promise) {
    super(reason);
    this.reason = reason;
    this.promise = promise;
  }
}
for (const kind of [
  ImportModuleError,
  HandlerNotFound,
  MalformedHandlerName,
  UserCodeSyntaxError,
  NodeJsExit,
  CallbackHandlerDeprecated,
  UnhandledPromiseRejection,
]) {
  kind.prototype.name = `Runtime.${kind.name}`;
}

// ---- the channels to the lab -------------------------------------------------------

function take(name) {
  const value = Number(process.env[name]);
  delete process.env[name];
  return value;
}

const telemetryFd = take("_LAMBDA_TELEMETRY_LOG_FD");
const controlFd = take("_SQSCTL_CONTROL_FD");

function writeAll(fd, data) {
  let offset = 0;
  while (offset < data.length) {
    try {
      offset += fs.writeSync(fd, data, offset);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function frame(kind, text) {
  const body = Buffer.isBuffer(text) ? text : Buffer.from(text, "utf8");
  const head = Buffer.alloc(16);
  head.writeUInt32BE(kind, 0);
  head.writeUInt32BE(body.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  writeAll(telemetryFd, Buffer.concat([head, body]));
}

function send(kind, payload = "") {
  const peak_kb = process.resourceUsage().maxRSS;
  const body = Buffer.from(JSON.stringify({ kind, payload, peak_kb }), "utf8");
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length, 0);
  writeAll(controlFd, Buffer.concat([head, body]));
}

let received = Buffer.alloc(0);
let waiting = null;
const control = new net.Socket({ fd: controlFd, readable: true, writable: false });
control.on("data", (data) => {
  received = Buffer.concat([received, data]);
  deliver();
});
control.on("end", () => process.exit(0));
control.on("error", () => process.exit(0));
control.unref();

function deliver() {
  if (!waiting || received.length < 4) return;
  const size = received.readUInt32BE(0);
  if (received.length < 4 + size) return;
  const message = JSON.parse(received.subarray(4, 4 + size).toString("utf8"));
  received = received.subarray(4 + size);
  const found = waiting;
  waiting = null;
  control.unref(); // from here on only the function keeps the event loop alive
  found(message);
}

function nextInvocation() {
  control.ref();
  return new Promise((resolve) => {
    waiting = resolve;
    deliver();
  });
}

// ---- the console --------------------------------------------------------------------

let requestId; // printed as undefined before the first invocation, as on AWS
const json = (process.env.AWS_LAMBDA_LOG_FORMAT || "").toUpperCase() === "JSON";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

function serialisable(_key, value) {
  if (!(value instanceof Error)) return value;
  return {
    errorType: value.constructor?.name ?? "UnknownError",
    errorMessage: value.message,
    stackTrace: typeof value.stack === "string" ? value.stack.split("\n") : value.stack,
    ...value,
  };
}

function jsonLine(level, params) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (params.length === 1) {
    line.message = params[0];
    try {
      return JSON.stringify(line, serialisable);
    } catch {
      line.message = util.format(params[0]);
      return JSON.stringify(line);
    }
  }
  line.message = util.format(...params);
  const error = params.find((each) => each instanceof Error);
  if (error) {
    line.errorType = error.constructor?.name ?? "UnknownError";
    line.errorMessage = error.message;
    line.stackTrace = typeof error.stack === "string" ? error.stack.split("\n") : [];
  }
  return JSON.stringify(line);
}

function log(level, params) {
  if (json) {
    frame(RECORD, `${jsonLine(level, params)}\n`);
  } else {
    const text = util.format(...params);
    frame(RECORD, `${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
  }
}

const least = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || "TRACE").toUpperCase());
for (const level of LEVELS) {
  console[level.toLowerCase()] =
    LEVELS.indexOf(level) >= least ? (...params) => log(level, params) : () => {};
}
console.log = console.info;

function redirect(stream) {
  stream.write = (chunk, encoding, callback) => {
    frame(RAW, Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding?.length ? encoding : "utf8"));
    const done = typeof encoding === "function" ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  };
}
redirect(process.stdout);
redirect(process.stderr);

// ---- errors ----------------------------------------------------------------------------

function asError(error) {
  return error instanceof Error ? error : new Error(error);
}

function described(_key, value) {
  if (!(value instanceof Error)) return value;
  const fields = {
    errorType: value.name,
    errorMessage: value.message,
    code: value.code,
    ...value,
  };
  if (typeof value.stack === "string") fields.stack = value.stack.split("\n");
  return fields;
}

function answered(error) {
  if (util.types.isNativeError(error) || (error?.name && error?.message && error?.stack)) {
    return {
      errorType: error.name,
      errorMessage: error.message,
      trace: String(error.stack).split("\n"),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function logError(what, error) {
  if (json) {
    console.error(asError(error));
    return;
  }
  let text;
  try {
    text = JSON.stringify(asError(error), described);
  } catch {
    text = JSON.stringify(answered(error));
  }
  console.error(what, `\t${text}`);
}

let dying = false;
function die(what, error, code) {
  if (dying) return;
  dying = true;
  logError(what, error);
  send(loaded ? "fatal" : "init_error", JSON.stringify(answered(error)));
  process.exit(code);
}

let loaded = false;
process.on("uncaughtException", (error) => die("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason, promise) =>
  die("Unhandled Promise Rejection", new UnhandledPromiseRejection(reason, promise), 128),
);

// ---- loading the function ------------------------------------------------------------------

function isModule(folder, root) {
  const manifest = path.join(folder, "package.json");
  if (fs.existsSync(manifest)) {
    try {
      return JSON.parse(fs.readFileSync(manifest, "utf8")).type === "module";
    } catch {
      return false;
    }
  }
  return folder === root || folder === path.dirname(folder)
    ? false
    : isModule(path.dirname(folder), root);
}

async function loadFile(root, folder, name) {
  const base = path.resolve(root, folder, name);
  const required = (suffix) => (fs.existsSync(base + suffix) ? require(base + suffix) : undefined);
  const imported = async (suffix) =>
    fs.existsSync(base + suffix) ? import(pathToFileURL(base + suffix).href) : undefined;
  const esm = isModule(path.dirname(base), root);
  const bare = fs.existsSync(base) && fs.statSync(base).isFile() ? require(base) : undefined;
  const found =
    bare ||
    (esm ? await imported(".js") : required(".js")) ||
    (await imported(".mjs")) ||
    required(".cjs");
  return found || require(require.resolve(name, { paths: [root, path.resolve(root, folder)] }));
}

// Up to nodejs16.x the runtime consisted of several files, which show in the require stack.
function asOnThisRuntime(error) {
  if (nodeMajor > 16) return error;
  const here = `- ${fileURLToPath(import.meta.url)}`;
  const files = ["UserFunction.js", "Runtime.js", "index.js"].map((file) => `- /var/runtime/${file}`);
  error.message = error.message.replace(here, files.join("\n"));
  return error;
}

async function _loadUserApp(root, folder, name) {
  try {
    return await loadFile(root, folder, name);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (error?.code === "MODULE_NOT_FOUND") throw new ImportModuleError(asOnThisRuntime(error));
    throw error;
  }
}

async function load(root, handler) {
  if (handler.includes("..")) {
    throw new MalformedHandlerName(
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const last = path.basename(handler);
  const folder = handler.substring(0, handler.indexOf(last));
  const match = last.match(/^([^.]*)\.(.*)$/);
  if (!match) throw new MalformedHandlerName("Bad handler");
  const module = await _loadUserApp(root, folder, match[1]);
  const found = match[2].split(".").reduce((nested, key) => nested && nested[key], module);
  if (!found) throw new HandlerNotFound(`${handler} is undefined or not exported`);
  if (typeof found !== "function") throw new HandlerNotFound(`${handler} is not a function`);
  if (nodeMajor >= 24 && found.length >= 3) {
    throw new CallbackHandlerDeprecated(
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
    );
  }
  return found;
}

// ---- serving invocations ---------------------------------------------------------------------

let whenIdle = null;
process.on("beforeExit", () => {
  const act = whenIdle;
  whenIdle = null;
  if (act) act();
});

// A class of this name, so that stack traces read "at Runtime.handler" as on AWS.
class Runtime {
  constructor(handler) {
    this.handler = handler;
  }

  serve(invocation) {
    return new Promise((resolve) => this.handleOnce(invocation, resolve));
  }

  handleOnce(invocation, resolve) {
    requestId = invocation.request_id;
    if (invocation.trace_id) process.env._X_AMZN_TRACE_ID = invocation.trace_id;
    else delete process.env._X_AMZN_TRACE_ID;
    let finished = false;
    const finish = (kind, payload) => {
      if (finished) return;
      finished = true;
      whenIdle = null;
      send(kind, payload);
      resolve();
    };
    const fail = (error) => {
      const shown = error === undefined || error === null ? "handled" : error;
      if (!finished) logError("Invoke Error", shown);
      finish("error", JSON.stringify(answered(shown)));
    };
    const succeed = (result) => {
      let text;
      try {
        text = JSON.stringify(result === undefined ? null : result);
      } catch {
        fail(new Error("Unable to stringify response body"));
        return;
      }
      finish("result", text === undefined ? "null" : text);
    };
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
      invokedFunctionArn: invocation.arn,
      awsRequestId: invocation.request_id,
      getRemainingTimeInMillis: () => Math.max(0, invocation.deadline_ms - Date.now()),
      succeed,
      fail,
      done: (error, result) => (error ? fail(error) : succeed(result)),
    };
    const callback = (error, result) => {
      if (error !== undefined && error !== null) fail(error);
      else if (context.callbackWaitsForEmptyEventLoop) whenIdle = () => succeed(result);
      else succeed(result);
    };
    // Nothing is left to happen and no answer came: async functions fail, others answer null.
    whenIdle = () => {
      if (this.handler.constructor?.name === "AsyncFunction") {
        fail(
          new NodeJsExit(
            "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes",
          ),
        );
      } else {
        succeed(null);
      }
    };
    try {
      const result = this.handler(JSON.parse(invocation.event), context, callback);
      if (result && typeof result.then === "function") result.then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  }
}

const runtime = new Runtime(await load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER));
loaded = true;
send("ready");
for (;;) {
  await runtime.serve(await nextInvocation());
}
