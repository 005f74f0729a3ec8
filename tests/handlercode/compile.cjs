// Compiles the packages on stdin in each of the ways that are named, and prints the results.
const fs = require("node:fs");
const path = require("node:path");
const esbuild = require("esbuild");
const ts = require("typescript");

const { cases, ways, folder } = JSON.parse(fs.readFileSync(0, "utf-8"));
const renamed = (name) => name.replace(/\.mjs$/, ".js");

function compiled(files, stem, options, home) {
  if (options.typescript) {
    const compilerOptions = {
      target: ts.ScriptTarget[options.typescript],
      module: ts.ModuleKind.CommonJS,
      allowJs: true,
    };
    return Object.entries(files).map(([name, text]) =>
      [renamed(name), ts.transpileModule(text, { compilerOptions }).outputText]);
  }
  if (!options.bundle) {
    return Object.entries(files).map(([name, text]) =>
      [renamed(name), esbuild.transformSync(text, options).code]);
  }
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    fs.writeFileSync(path.join(home, name), text);
  }
  const entry = [".js", ".mjs"].map((end) => path.join(home, stem + end)).find(fs.existsSync);
  const external = ["backend", "@middy/*", "@aws-lambda-powertools/*"];
  const built = esbuild.buildSync({
    entryPoints: [entry], write: false, platform: "node", external, logLevel: "silent", ...options,
  });
  return [[`${stem}.js`, built.outputFiles[0].text]];
}

const made = {};
for (const [way, options] of Object.entries(ways)) {
  made[way] = cases.map(([files, stem], index) =>
    compiled(files, stem, options, path.join(folder, way, String(index))));
}
console.log(JSON.stringify(made));
