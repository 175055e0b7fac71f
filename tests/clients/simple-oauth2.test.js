// npm `simple-oauth2`. It has no discovery, no state, no PKCE and no introspection of its own: the program adds them.

import { createHash, randomBytes } from "node:crypto";
import { AuthorizationCode, ClientCredentials } from "simple-oauth2";
import { everyFlow } from "./support/flows.js";
import { callAsClient, codeOf as codeIn, metadata } from "./support/protocol.js";

/** How it can write HTTP Basic: form-encoded, as RFC 6749 has it, or as it is. */
const ENCODINGS = ["strict", "loose"];

function opener(credentialsEncodingMode) {
  return async function open(client) {
    const { organization, id, secret, method, redirectUri } = client;
    const server = await metadata(organization.issuer);
    const { origin } = new URL(server.token_endpoint);
    const paths = {
      tokenHost: origin,
      tokenPath: new URL(server.token_endpoint).pathname,
      revokePath: new URL(server.revocation_endpoint).pathname,
    };
    const settings = {
      client: { id, secret },
      auth: paths,
      // The answer to a revocation has no body (RFC 7009 section 2.2), which the default (strict) would not take.
      http: { json: true },
      options: { authorizationMethod: method === "client_secret_basic" ? "header" : "body", credentialsEncodingMode },
    };
    const authorizePath = new URL(server.authorization_endpoint).pathname;
    const byCode = new AuthorizationCode({ ...settings, auth: { ...paths, authorizePath } });
    const byItself = new ClientCredentials(settings);
    let request;
    return {
      begin(scope) {
        request = { state: randomBytes(16).toString("hex"), verifier: randomBytes(32).toString("base64url") };
        return byCode.authorizeURL({
          redirect_uri: redirectUri,
          state: request.state,
          code_challenge: createHash("sha256").update(request.verifier).digest("base64url"),
          code_challenge_method: "S256",
          ...(scope && { scope: scope.split(" ") }),
        });
      },
      async finish(callback) {
        const code = codeIn(callback, request.state);
        const fields = { code, redirect_uri: redirectUri, code_verifier: request.verifier };
        return used(await byCode.getToken(fields));
      },
      refresh: async (token) => used(await byCode.createToken({ refresh_token: token }).refresh()),
      own: async (scope) => used(await byItself.getToken({ scope })),
      introspect: (token) => callAsClient(client, server.introspection_endpoint, { token }),
      revoke: (token, hint) => byCode.createToken({ [hint]: token }).revoke(hint),
    };
  };
}

/** What a program sees of it, which asks whether it expired first. */
function used(token) {
  if (token.expired(60)) throw new Error("It expires at once");
  return token.token;
}

/** Its errors are those of its HTTP client, with the body of the answer. */
function codeOf(error) {
  return error.error ?? error.data?.payload?.error;
}

for (const encoding of ENCODINGS) {
  everyFlow({
    name: `simple-oauth2 (${encoding})`,
    // How it encodes matters to HTTP Basic alone.
    methods: encoding === "strict" ? ["client_secret_basic", "client_secret_post", "none"] : ["client_secret_basic"],
    open: opener(encoding),
    codeOf,
  });
}
