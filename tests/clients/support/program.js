// Libraries of other languages: a program that uses one is started and spoken with, a line of JSON for a line of JSON.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

/** What the library in the program refused, with the error code of the protocol if there was one. */
export class LibraryError extends Error {
  constructor({ error, message }) {
    super(message);
    this.error = error;
  }
}

/** A program with a library; whoever starts it ends it. */
export class Program {
  #child;
  #ended;
  #waiting = [];
  #stderr = "";
  #reason;

  constructor(command, parameters, environment = {}) {
    if (!existsSync(command)) throw new Error(`There is no ${command}: run \`make test-clients\``);
    // Nothing between the library and the server under test.
    const env = { ...process.env, NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1", ...environment };
    this.#child = spawn(command, parameters, { env });
    this.#child.stderr.on("data", (data) => { this.#stderr = (this.#stderr + data).slice(-8_000); });
    this.#child.stdin.on("error", () => {}); // It ended: whoever waits for an answer is told.
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#waiting.shift()?.resolve(line));
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(this.#abandon(error.message)));
      this.#child.once("close", (code) => resolve(this.#abandon(`it ended with ${code}`)));
    });
  }

  /** Makes an application with the library; answers what it can do, as the flows want it. */
  async open({ organization, id, secret, method, redirectUri }) {
    const number = await this.#ask("open", [{
      issuer: organization.issuer,
      client_id: id,
      client_secret: secret ?? null,
      method,
      redirect_uri: redirectUri,
    }]);
    const ask = (name) => (...parameters) =>
      this.#ask(name, parameters.map((value) => value ?? null), number);
    return {
      begin: ask("begin"),
      finish: ask("finish"),
      refresh: ask("refresh"),
      own: ask("own"),
      introspect: ask("introspect"),
      revoke: ask("revoke"),
      call: ask("call"),
    };
  }

  async #ask(method, parameters, application = null) {
    const line = await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#reason) this.#abandon(this.#reason);
      this.#child.stdin.write(`${JSON.stringify({ application, method, parameters })}\n`);
    });
    const answer = JSON.parse(line);
    if ("message" in answer) throw new LibraryError(answer);
    return answer.result;
  }

  #abandon(reason) {
    this.#reason = reason;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new Error(`${this.#child.spawnfile}: ${reason}\n${this.#stderr}`));
    }
  }

  /** Ends the program. */
  async end() {
    this.#child.stdin.end();
    await this.#ended;
  }
}
