// What a program does by itself where its library has nothing for it.

/** The metadata of an authorization server; its path comes after the well-known one (RFC 8414 section 3). */
export async function metadata(issuer) {
  const { origin, pathname } = new URL(issuer);
  const answer = await fetch(`${origin}/.well-known/oauth-authorization-server${pathname}`);
  if (!answer.ok) throw new Error(`${answer.status}: no metadata of ${issuer}`);
  const found = await answer.json();
  if (found.issuer !== issuer) throw new Error(`Metadata of ${found.issuer}, not of ${issuer}`);
  return found;
}

/** Calls an endpoint as an authenticated client; answers its JSON, if it sends any. */
export async function callAsClient({ id, secret, method }, endpoint, fields) {
  const headers = {};
  const body = new URLSearchParams(fields);
  if (method === "client_secret_basic") {
    // RFC 6749 section 2.3.1: both are form-encoded first.
    const [name, password] = [id, secret].map((text) => new URLSearchParams([["", text]]).toString().slice(1));
    headers.Authorization = `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
  } else {
    body.set("client_id", id);
    if (secret) body.set("client_secret", secret);
  }
  const answer = await fetch(endpoint, { method: "POST", headers, body });
  const text = await answer.text();
  if (!answer.ok) throw new Refusal(JSON.parse(text));
  return text ? JSON.parse(text) : undefined;
}

/** Reads the answer to an authorization request (RFC 6749 section 4.1.2). */
export function codeOf(callback, expectedState) {
  const parameters = new URL(callback).searchParams;
  if (parameters.get("state") !== expectedState) throw new Error("The state is another");
  if (parameters.has("error")) {
    throw new Refusal({ error: parameters.get("error"), error_description: parameters.get("error_description") });
  }
  return parameters.get("code");
}

/** An error of the protocol. */
export class Refusal extends Error {
  constructor({ error, error_description: description }) {
    super(`${error}: ${description}`);
    this.error = error;
  }
}
