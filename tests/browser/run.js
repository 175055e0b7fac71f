// Runs the suite: starts one server, gives it to every test file, stops it. `npm test -- sign-in audit` runs only the
// files whose names contain one of the words.

import { readdirSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { ADDRESS_VARIABLE, startServer } from "./support/server.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const words = process.argv.slice(2);
const files = readdirSync(here)
  .filter((name) => name.endsWith(".test.js") && (words.length === 0 || words.some((word) => name.includes(word))))
  .map((name) => here + name);
if (files.length === 0) {
  console.error(`No test file is named like ${words.join(" or ")}.`);
  process.exit(1);
}

const server = await startServer();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    await server.stop();
    process.exit(1);
  });
}

process.env[ADDRESS_VARIABLE] = server.address;
const concurrency = Math.min(availableParallelism?.() ?? cpus().length, 4);
const tests = run({ files, concurrency, timeout: 1_800_000 });
let failed = 0;
tests.on("test:fail", () => { failed += 1; });
tests.compose(new spec()).pipe(process.stdout);
await new Promise((resolve) => { tests.on("end", resolve); });
if (failed > 0) console.log(`\nThe server's last words:\n${server.log()}`);
await server.stop();
process.exitCode = failed > 0 ? 1 : 0;
