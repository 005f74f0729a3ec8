// Runs the handlers named on stdin, one after another, and prints what Lambda would see of each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const log = console.log;
for (const name of ["log", "info", "warn", "error", "debug"]) console[name] = () => undefined;
process.on("unhandledRejection", () => undefined);

const require = createRequire(import.meta.url);
const backend = require("backend");

async function invoked(work, event) {
  return new Promise((resolve, reject) => {
    const made = work(event, { getRemainingTimeInMillis: () => 3000 }, (error, answer) =>
      error ? reject(error) : resolve(answer));
    if (made && typeof made.then === "function") made.then(resolve, reject);
    else if (made !== undefined) resolve(made);
  });
}

for (const { path, name, event, fails } of JSON.parse(readFileSync(0, "utf-8"))) {
  backend.begin(fails);
  const told = { raised: false, answer: null };
  try {
    const module = await import(pathToFileURL(path));
    const work = module[name] ?? module.default[name];
    told.answer = (await invoked(work, event)) ?? null;
  } catch (error) {
    told.raised = String(error);
  }
  told.begun = backend.begun();
  told.done = backend.done();
  told.given = backend.given();
  log(JSON.stringify(told));
}
process.exit(0);
