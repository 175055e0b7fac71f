// OAuth clients, and what they send members to.

import { createHash, randomBytes } from "node:crypto";
import { addMember } from "./organization.js";
import { ready } from "./server.js";

const PASSWORD = "correct horse battery staple";

/** Registers a client by the JSON API, as an admin who is added for that. */
export async function registerClient(organization, settings) {
  const email = `registrar@${organization.slug}.example`;
  if (!organization.people.has("registrar")) {
    await addMember(organization, "admin", { password: PASSWORD, email, name: "Registrar" });
    organization.people.set("registrar", { email });
  }
  const { session_token: session } = await post("/api/v1/sessions", { email, password: PASSWORD });
  return post(`/api/v1/orgs/${organization.slug}/clients`, settings, session);
}

async function post(path, body, session) {
  const headers = { "content-type": "application/json", ...(session && { authorization: `Bearer ${session}` }) };
  const answer = await fetch(`${ready().base_url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** A new PKCE verifier. */
export function newVerifier() {
  return randomBytes(32).toString("base64url");
}

/** Where a client sends a member: the authorization request with PKCE. */
export function authorizationUrl(organization, client, { verifier = newVerifier(), ...parameters } = {}) {
  const url = new URL(`${organization.issuer}/oauth2/authorize`);
  const all = {
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: client.redirect_uris[0],
    state: "a state",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  return url;
}
