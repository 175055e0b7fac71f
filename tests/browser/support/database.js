// What no page can do: let time pass for a session. By psql, which comes with every PostgreSQL.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { dataDirectory } from "./server.js";

/** Makes it 20 minutes longer since the members of an organization last proved who they are. */
export async function ageConfirmations(organization) {
  const configuration = readFileSync(join(dataDirectory(), "countersign.toml"), "utf8");
  const [, url] = configuration.match(/^url = "(.+)"$/m);
  const statements = [
    "BEGIN",
    // Row-level security lets nobody see an organization that was not named.
    `SELECT set_config('countersign.org_id', organization::text, true) FROM organization_slugs WHERE slug = '${organization.slug}'`,
    "UPDATE sessions SET confirmed_at = confirmed_at - interval '20 minutes'",
    "COMMIT",
  ];
  const parameters = statements.flatMap((statement) => ["-c", statement]);
  await promisify(execFile)("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, ...parameters]);
}
