// npm `passport-oauth2`: a web application that signs its visitors in. State and PKCE are kept in the visitor's
// session; all but the code is done with the `oauth` package inside it, which has nothing for introspection and
// revocation.

import { once } from "node:events";
import { createServer } from "node:http";
import { after } from "node:test";
import { promisify } from "node:util";
import { Passport } from "passport";
import { Strategy } from "passport-oauth2";
import { everyFlow } from "./support/flows.js";
import { Refusal, callAsClient, metadata } from "./support/protocol.js";

const servers = [];

after(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function open(client) {
  const { organization, id, secret } = client;
  const endpoints = await metadata(organization.issuer);
  const server = createServer().listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const home = `http://127.0.0.1:${server.address().port}`;
  let scopes;
  const strategy = new Strategy(
    {
      authorizationURL: endpoints.authorization_endpoint,
      tokenURL: endpoints.token_endpoint,
      clientID: id,
      clientSecret: secret,
      callbackURL: `${home}/callback`,
      state: true,
      pkce: true,
    },
    (accessToken, refreshToken, parameters, profile, done) =>
      done(null, { ...parameters, access_token: accessToken, refresh_token: refreshToken }),
  );
  server.on("request", application(strategy, () => scopes));

  const { _oauth2: library } = strategy;
  library.useAuthorizationHeaderforGET(true);
  const ask = (code, parameters) => new Promise((resolve, reject) => {
    library.getOAuthAccessToken(code, parameters, (error, accessToken, refreshToken, rest) => {
      if (error) reject(new Refusal(JSON.parse(error.data)));
      else resolve({ ...rest, access_token: accessToken, refresh_token: refreshToken });
    });
  });
  const get = promisify(library.get.bind(library));
  return {
    async begin(scope) {
      scopes = scope?.split(" ");
      const answer = await fetch(`${home}/login`, { redirect: "manual" });
      return answer.headers.get("location");
    },
    async finish(callback) {
      // Whichever application it was meant for, it comes to this one.
      const answer = await fetch(`${home}/callback${new URL(callback).search}`);
      const body = await answer.json();
      if (!answer.ok) throw new Refusal(body);
      return body;
    },
    refresh: (token) => ask(token, { grant_type: "refresh_token" }),
    own: (scope) => ask("", { grant_type: "client_credentials", scope }),
    introspect: (token) => callAsClient(client, endpoints.introspection_endpoint, { token }),
    revoke: (token, hint) => callAsClient(client, endpoints.revocation_endpoint, { token, token_type_hint: hint }),
    call: (address, token) => get(address, token).then(() => 200, (error) => error.statusCode),
  };
}

/** The application of one visitor: /login sends to the authorization server, which sends to /callback. */
function application(strategy, scopes) {
  const passport = new Passport();
  passport.use(strategy);
  const session = {};
  const start = passport.initialize();
  return (request, response) => {
    const address = new URL(request.url, "http://127.0.0.1");
    request.query = Object.fromEntries(address.searchParams);
    request.session = session;
    const answer = (status, body) => response.writeHead(status, { "Content-Type": "application/json" }).end(body);
    const done = (error, tokens, info) => {
      if (tokens) return answer(200, JSON.stringify(tokens));
      const code = error?.code ?? request.query.error ?? "not_signed_in";
      return answer(401, JSON.stringify({ error: code, error_description: (error ?? info)?.message }));
    };
    start(request, response, () => {
      passport.authenticate("oauth2", { session: false, scope: scopes() }, done)(request, response, done);
    });
  };
}

everyFlow({
  name: "passport-oauth2",
  // It can't authenticate otherwise; without a secret it sends an empty one.
  methods: ["client_secret_post", "none"],
  forgetsRequests: true,
  open,
  codeOf: (error) => error.error,
});
