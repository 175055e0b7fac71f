// npm `oauth4webapi`: every request and the reading of every answer, one by one.

import "./support/webcrypto.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as oauth from "oauth4webapi";
import { Browser } from "./support/browser.js";
import { everyFlow } from "./support/flows.js";
import { SCOPE, addClient, organizations } from "./support/organizations.js";

const AUTHENTICATION = {
  client_secret_basic: oauth.ClientSecretBasic,
  client_secret_post: oauth.ClientSecretPost,
  none: oauth.None,
};
const OPTIONS = { [oauth.allowInsecureRequests]: true };

/** The metadata, asked for and compared with the issuer as RFC 8414 wants it. */
async function discover({ issuer }) {
  const identifier = new URL(issuer);
  const answer = await oauth.discoveryRequest(identifier, { ...OPTIONS, algorithm: "oauth2" });
  return oauth.processDiscoveryResponse(identifier, answer);
}

async function open({ organization, id, secret, method, redirectUri }) {
  const server = await discover(organization);
  const client = { client_id: id };
  const authentication = AUTHENTICATION[method](secret);
  let request;
  return {
    async begin(scope) {
      request = { verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState() };
      const address = new URL(server.authorization_endpoint);
      address.search = new URLSearchParams({
        response_type: "code",
        client_id: id,
        redirect_uri: redirectUri,
        state: request.state,
        code_challenge: await oauth.calculatePKCECodeChallenge(request.verifier),
        code_challenge_method: "S256",
        ...(scope && { scope }),
      });
      return address.href;
    },
    async finish(callback) {
      const { verifier, state } = request;
      const parameters = oauth.validateAuthResponse(server, client, new URL(callback), state);
      const answer = await oauth.authorizationCodeGrantRequest(
        server, client, authentication, parameters, redirectUri, verifier, OPTIONS,
      );
      return oauth.processAuthorizationCodeResponse(server, client, answer);
    },
    async refresh(token) {
      const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, token, OPTIONS);
      return oauth.processRefreshTokenResponse(server, client, answer);
    },
    async own(scope) {
      const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, { scope }, OPTIONS);
      return oauth.processClientCredentialsResponse(server, client, answer);
    },
    async introspect(token) {
      const answer = await oauth.introspectionRequest(server, client, authentication, token, OPTIONS);
      return oauth.processIntrospectionResponse(server, client, answer);
    },
    async revoke(token, hint) {
      const options = { ...OPTIONS, additionalParameters: { token_type_hint: hint } };
      const answer = await oauth.revocationRequest(server, client, authentication, token, options);
      return oauth.processRevocationResponse(answer);
    },
    async call(address, token) {
      try {
        const headers = new Headers();
        return (await oauth.protectedResourceRequest(token, "GET", new URL(address), headers, null, OPTIONS)).status;
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

everyFlow({ name: "oauth4webapi", methods: ["client_secret_basic", "client_secret_post", "none"], open, codeOf });

test("oauth4webapi: an answer of the other organization is refused by its issuer alone", async () => {
  const [here, elsewhere] = organizations();
  const client = await addClient(here, { method: "client_secret_basic", client_id: "issuer check" });
  const application = await open(client);
  const { callback } = await new Browser(here.member).decide(await application.begin(SCOPE));
  const state = new URL(callback).searchParams.get("state");
  const check = async (organization) =>
    oauth.validateAuthResponse(await discover(organization), { client_id: client.id }, new URL(callback), state);
  await assert.rejects(check(elsewhere), /"iss"/);
  assert.ok((await check(here)).get("code"));
});

test("oauth4webapi: the protected resource names its authorization server", async () => {
  for (const { issuer } of organizations()) {
    const resource = new URL(`${issuer}/access-test`);
    const answer = await oauth.resourceDiscoveryRequest(resource, OPTIONS);
    const { authorization_servers: servers } = await oauth.processResourceDiscoveryResponse(resource, answer);
    assert.deepEqual(servers, [issuer]);
  }
});
