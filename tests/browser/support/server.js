// The server under test: `countersign dev` with a data directory of its own, and the other commands against it.

import { execFile, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The variable by which test files learn where the server is: a file with what they need. */
export const ADDRESS_VARIABLE = "COUNTERSIGN_TEST_SERVER";

const START_MS = 180_000;
const STOP_MS = 60_000;

function binary() {
  const path = process.env.COUNTERSIGN_BIN ?? fileURLToPath(new URL("../../../target/debug/countersign", import.meta.url));
  if (!existsSync(path)) {
    throw new Error(`There is no ${path}. Build it: cargo build -p countersign (or set COUNTERSIGN_BIN)`);
  }
  return path;
}

/** Everything that could point the server elsewhere. */
function environment() {
  const kept = Object.entries(process.env).filter(([name]) => name !== "DATABASE_URL" && !name.startsWith("COUNTERSIGN_"));
  return Object.fromEntries(kept);
}

/** Starts a fresh server and waits until it is ready. */
export async function startServer() {
  const directory = mkdtempSync(join(tmpdir(), "countersign-browser-"));
  // Run by root, the database runs as another user, who has to get through here.
  chmodSync(directory, 0o755);
  const dataDirectory = join(directory, "data");
  const readyFile = join(directory, "ready.json");
  const program = binary();
  const child = spawn(
    program,
    ["dev", "--port", "0", "--data-dir", dataDirectory, "--fresh", "--ready-file", readyFile],
    { env: { ...environment(), COUNTERSIGN_LOGGING_LEVEL: "warn" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => { log = (log + data).slice(-8_000); });
  }
  const ended = new Promise((resolve) => { child.once("close", resolve); });

  async function stop() {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const isLate = await Promise.race([ended.then(() => false), sleep(STOP_MS, true, { ref: false })]);
      if (isLate) child.kill("SIGKILL");
      await ended;
    }
    rmSync(directory, { recursive: true, force: true });
  }

  const deadline = Date.now() + START_MS;
  while (!existsSync(readyFile)) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`The server did not start:\n${log}`);
    }
    await sleep(100);
  }
  const address = join(directory, "address.json");
  const ready = JSON.parse(readFileSync(readyFile, "utf8"));
  writeFileSync(address, JSON.stringify({ program, dataDirectory, ready }), { mode: 0o600 });
  return { address, log: () => log, stop };
}

let known;

function address() {
  const file = process.env[ADDRESS_VARIABLE];
  if (!file) throw new Error("These tests need a server: run them with `npm test`");
  known ??= JSON.parse(readFileSync(file, "utf8"));
  return known;
}

/** What the server said once it was ready: addresses, and the demo organizations with their logins. */
export function ready() {
  return address().ready;
}

/** Where the server keeps what it needs. */
export function dataDirectory() {
  return address().dataDirectory;
}

/** Runs another command of the program against the same database; answers what it printed. */
export function countersign(parameters, input = "") {
  const { program, dataDirectory } = address();
  const all = ["--config", join(dataDirectory, "countersign.toml"), ...parameters];
  return new Promise((resolve, reject) => {
    const child = execFile(program, all, { env: environment() }, (error, stdout, stderr) => {
      if (error) reject(new Error(`countersign ${parameters.join(" ")}: ${stderr}`));
      else resolve(stdout.trim());
    });
    child.stdin.end(input);
  });
}
