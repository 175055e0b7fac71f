// npm `openid-client`: finds the server by discovery, checks the issuer of every answer.

import "./support/webcrypto.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as oauth from "openid-client";
import { Browser } from "./support/browser.js";
import { everyFlow } from "./support/flows.js";
import { SCOPE, addClient, organizations } from "./support/organizations.js";

const AUTHENTICATION = {
  client_secret_basic: oauth.ClientSecretBasic,
  client_secret_post: oauth.ClientSecretPost,
  none: oauth.None,
};

/** `algorithm` says by which discovery: of RFC 8414, or, as the library does unless told, of OpenID Connect. */
function discover({ organization, id, secret, method }, algorithm) {
  const options = { algorithm, execute: [oauth.allowInsecureRequests] };
  return oauth.discovery(new URL(organization.issuer), id, {}, AUTHENTICATION[method](secret), options);
}

async function open(client) {
  const server = await discover(client, "oauth2");
  const { redirectUri } = client;
  let checks;
  return {
    async begin(scope) {
      checks = { pkceCodeVerifier: oauth.randomPKCECodeVerifier(), expectedState: oauth.randomState() };
      return oauth.buildAuthorizationUrl(server, {
        redirect_uri: redirectUri,
        state: checks.expectedState,
        code_challenge: await oauth.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
        code_challenge_method: "S256",
        ...(scope && { scope }),
      }).href;
    },
    finish: (callback) => oauth.authorizationCodeGrant(server, new URL(callback), checks),
    refresh: (token) => oauth.refreshTokenGrant(server, token),
    own: (scope) => oauth.clientCredentialsGrant(server, { scope }),
    introspect: (token) => oauth.tokenIntrospection(server, token),
    revoke: (token, hint) => oauth.tokenRevocation(server, token, { token_type_hint: hint }),
    async call(address, token) {
      try {
        return (await oauth.fetchProtectedResource(server, token, new URL(address), "GET")).status;
      } catch (error) {
        const [challenge] = challengesOf(error);
        assert.equal(challenge.scheme, "bearer");
        assert.equal(challenge.parameters.error, "invalid_token");
        return error.status;
      }
    },
  };
}

function challengesOf(error) {
  if (error instanceof oauth.WWWAuthenticateChallengeError) return error.cause;
  throw error;
}

/** With a challenge in the answer the library leaves its body to the program. */
async function codeOf(error) {
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) return error.error;
  assert.deepEqual(challengesOf(error).map(({ scheme }) => scheme), ["basic"]);
  return (await error.response.json()).error;
}

everyFlow({ name: "openid-client", methods: ["client_secret_basic", "client_secret_post", "none"], open, codeOf });

test("openid-client: an answer of the other organization is refused by its issuer alone", async () => {
  const clients = await Promise.all(organizations().map((organization) =>
    addClient(organization, { method: "client_secret_basic", client_id: "mixed-up" })));
  const [one, other] = await Promise.all(clients.map(open));
  const { callback } = await new Browser(clients[0].organization.member).decide(await one.begin(SCOPE));
  const mixedUp = new URL(callback);
  mixedUp.searchParams.set("state", new URL(await other.begin(SCOPE)).searchParams.get("state"));
  await assert.rejects(other.finish(mixedUp), (error) => {
    assert.match(error.cause.message, /"iss"/);
    return error.code === "OAUTH_INVALID_RESPONSE";
  });
  assert.ok((await one.finish(callback)).access_token);
});

test("openid-client: what it finds by default is the same", async () => {
  for (const organization of organizations()) {
    const client = await addClient(organization, { method: "client_secret_basic" });
    const [usual, standard] = await Promise.all([discover(client), discover(client, "oauth2")]);
    assert.deepEqual(usual.serverMetadata(), standard.serverMetadata());
    assert.ok((await oauth.clientCredentialsGrant(usual)).access_token);
  }
});
