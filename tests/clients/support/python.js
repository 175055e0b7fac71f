// Python libraries, each in a program of its own, from the packages in requirements.txt.

import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { everyFlow } from "./flows.js";
import { Program } from "./program.js";

/** Without TLS, on this machine alone, if they are told so. */
const INSECURE = { AUTHLIB_INSECURE_TRANSPORT: "1", OAUTHLIB_INSECURE_TRANSPORT: "1" };

/** Declares the tests of a library that a program in `python` uses; answers the library. */
export function everyFlowInPython(name, program) {
  const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
  const python = new Program(file(".venv/bin/python"), ["-B", file(`python/${program}`)], INSECURE);
  after(() => python.end());
  const library = {
    name,
    methods: ["client_secret_basic", "client_secret_post", "none"],
    open: (client) => python.open(client),
    codeOf: (error) => error.error,
  };
  everyFlow(library);
  return library;
}
