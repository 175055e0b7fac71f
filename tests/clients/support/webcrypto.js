// What libraries expect to find, and Node.js 18 does not yet give unasked.

import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
