// crates.io `oauth2`, in a program of its own.

import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { everyFlow } from "./support/flows.js";
import { Program } from "./support/program.js";

const rust = new Program(fileURLToPath(new URL("../../target/debug/countersign-oauth2-client", import.meta.url)), []);
after(() => rust.end());

everyFlow({
  name: "oauth2 (Rust)",
  methods: ["client_secret_basic", "client_secret_post", "none"],
  open: (client) => rust.open(client),
  codeOf: (error) => error.error,
});
