// The two organizations in which every library is used, and what is set up in them for a test.

import assert from "node:assert/strict";
import { countersign, ready } from "../../browser/support/server.js";

/** The variable by which test files learn of the organizations. */
const VARIABLE = "COUNTERSIGN_TEST_ORGANIZATIONS";

/** Nobody uses these anywhere else: the server under test ends with the tests. */
const PASSWORD = "only for the tests of client libraries";

/** Where clients are answered that keep a secret. Nobody is there: the test takes the answer from the browser. */
export const WEB_CALLBACK = "https://client.example/callback";
/** Where programs are answered that run on the member's own machine; they choose the port (RFC 8252 section 7.3). */
export const LOOPBACK_CALLBACK = "http://127.0.0.1/callback";

/** What clients may ask for, as they ask for it. */
export const SCOPE = "records:read records:write";

/** Makes the organizations, each with an owner, who sets up clients, and a developer, who lets them in. */
export async function createOrganizations() {
  const made = [];
  for (const [slug, name] of [["northwind", "Northwind Ltd"], ["southwind", "Southwind Ltd"]]) {
    await countersign(["org", "create", slug, "--name", name]);
    const [owner, member] = await Promise.all(["owner", "developer"].map((role) => addMember(slug, role)));
    made.push({ slug, name, issuer: `${ready().base_url}/t/${slug}`, owner, member });
  }
  process.env[VARIABLE] = JSON.stringify(made);
}

async function addMember(slug, role) {
  const email = `${role}@${slug}.example`;
  await countersign(
    ["member", "add", slug, email, "--name", `The ${role}`, "--role", role, "--ask-password"],
    `${PASSWORD}\n`,
  );
  return { email, password: PASSWORD };
}

let known;

/** The two organizations. */
export function organizations() {
  known ??= JSON.parse(process.env[VARIABLE] ?? "null");
  if (!known) throw new Error("These tests need a server: run them with `npm test`");
  return known;
}

/** Registers a client; answers what it needs to know of itself. */
export async function addClient(organization, { method, ...fields }) {
  const isPublic = method === "none";
  const added = await post(organization, "/clients", {
    type: isPublic ? "public" : "confidential",
    redirect_uris: [WEB_CALLBACK, LOOPBACK_CALLBACK],
    scopes: SCOPE.split(" "),
    ...fields,
  });
  return {
    organization,
    method,
    id: added.client_id,
    secret: isPublic ? undefined : (added.client_secret ?? fields.client_secret),
    redirectUri: isPublic ? LOOPBACK_CALLBACK.replace("127.0.0.1", "127.0.0.1:7654") : WEB_CALLBACK,
  };
}

/** Adds a third party that comes by its tokens by itself; answers what its client needs to know. */
export async function addThirdParty(organization, name, callbackUrl) {
  const fields = { name, mode: "automatic", callback_url: callbackUrl };
  const added = await post(organization, "/third-parties", fields);
  await request(organization, "PATCH", `/third-parties/${added.id}`, { enabled: true });
  return {
    organization,
    method: "client_secret_post",
    id: added.client_id,
    secret: added.client_secret,
    redirectUri: callbackUrl,
  };
}

const sessions = new Map();

/** The owner's session in the JSON API. */
function session({ slug, owner }) {
  if (!sessions.has(slug)) sessions.set(slug, signIn(owner));
  return sessions.get(slug);
}

async function signIn(owner) {
  const answer = await fetch(`${ready().base_url}/api/v1/sessions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(owner),
  });
  const body = await answer.text();
  assert.equal(answer.status, 201, body);
  return JSON.parse(body).session_token;
}

function post(organization, path, fields) {
  return request(organization, "POST", path, fields);
}

async function request(organization, method, path, fields) {
  const answer = await fetch(`${ready().base_url}/api/v1/orgs/${organization.slug}${path}`, {
    method,
    headers: { "Authorization": `Bearer ${await session(organization)}`, "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });
  const body = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${body}`);
  return JSON.parse(body);
}
