// What every library goes through, in both organizations, with each way of client authentication it has.
//
// A test file gives a library as { name, methods, open, codeOf }: `open(client)` makes an application, which has
//   begin(scope)             starts an authorization request; answers its address
//   finish(callback)         takes the answer; gives the tokens as the library gives them
//   refresh(refreshToken)    the next tokens
//   own(scope)               tokens of the client itself
//   introspect(token)        what is known of a token
//   revoke(token, hint)      ends a token
//   call(address, token)     calls a resource; answers the status (optional)
// and throws what the library throws: `codeOf(error)` is the error code of the protocol that it found. A library that
// forgets a request with its first answer says so (`forgetsRequests`): there an answer can't be tried again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./browser.js";
import { LOOPBACK_CALLBACK, SCOPE, addClient, addThirdParty, organizations } from "./organizations.js";

const LIFETIME = 3600;
/** Libraries differ in how they encode these for HTTP Basic; all of them have to be understood. */
export const AWKWARD_SUFFIX = " +%41";
const AWKWARD_SECRET = "a+secret %41nd its/other: half=&more";

/** Declares the tests of a library. */
export function everyFlow(library) {
  for (const method of library.methods) {
    test(`${library.name}, ${method}: a member's grant in each organization`, async () => {
      for (const client of await sameClientInBoth(library, method)) await memberGrant(library, client);
    });
    if (method !== "none") {
      test(`${library.name}, ${method}: client credentials in each organization`, async () => {
        for (const client of await sameClientInBoth(library, method)) await clientCredentials(library, client);
      });
    }
    test(`${library.name}, ${method}: what one organization issued gives nothing in the other`, async () => {
      const [one, other] = await sameClientInBoth(library, method);
      await nothingElsewhere(library, one, other);
      await nothingElsewhere(library, other, one);
    });
    test(`${library.name}, ${method}: a code or refresh token that comes again ends what it gave`, async () => {
      const [client] = await sameClientInBoth(library, method);
      await replays(library, client);
    });
  }
  test(`${library.name}: a member who denies`, async () => {
    const [client] = await sameClientInBoth(library, library.methods[0]);
    const application = await library.open(client);
    const { callback } = await browserIn(client).decide(await application.begin(SCOPE), "deny");
    await refused(library, application.finish(callback), "access_denied");
  });
  test(`${library.name}: tokens without an end, of a third party in automatic mode`, async () => {
    const [organization] = organizations();
    const client = await addThirdParty(organization, `Automatic ${library.name}`, LOOPBACK_CALLBACK);
    await endlessTokens(library, { ...client, redirectUri: LOOPBACK_CALLBACK });
  });
}

let count = 0;

/** Clients of both organizations that differ in nothing but the organization, as far as they choose. */
async function sameClientInBoth(library, method) {
  count += 1;
  const fields = { method, client_id: `${library.name} ${count}` };
  if (method === "client_secret_basic") {
    fields.client_id += AWKWARD_SUFFIX;
    // The other methods have generated secrets, which are never the same, or none.
    fields.client_secret = AWKWARD_SECRET;
  }
  return Promise.all(organizations().map((organization) => addClient(organization, fields)));
}

const guards = new Map();

/** A resource server of the same organization: a client that may introspect all tokens. */
function guardIn(library, organization) {
  if (!guards.has(organization)) {
    const method = library.methods.find((one) => one !== "none");
    const client = addClient(organization, { method, client_id: `${library.name} guard`, may_introspect: true });
    guards.set(organization, client.then(library.open));
  }
  return guards.get(organization);
}

function browserIn({ organization }) {
  return new Browser(organization.member);
}

async function refused(library, attempt, code) {
  const error = await attempt.then(() => undefined, (thrown) => thrown);
  assert.ok(error, `not refused, though ${code} was expected`);
  assert.equal(await library.codeOf(error), code, error.stack);
}

/** The status of a call with the token. */
async function status(application, { organization }, token) {
  const address = `${organization.issuer}/access-test`;
  if (application.call) return application.call(address, token);
  return (await fetch(address, { headers: { Authorization: `Bearer ${token}` } })).status;
}

/** Libraries give scopes as text or as a list. */
function scopeOf(tokens) {
  return [tokens.scope].flat().join(" ");
}

function checkTokens(tokens, { refreshable }) {
  assert.match(tokens.access_token, /^cs_at_[0-9A-Za-z]{40,}$/);
  assert.match(tokens.token_type, /^bearer$/i);
  assert.equal(tokens.expires_in, LIFETIME);
  assert.equal(scopeOf(tokens), SCOPE);
  if (refreshable) assert.match(tokens.refresh_token, /^cs_rt_[0-9A-Za-z]{40,}$/);
  else assert.equal(tokens.refresh_token ?? undefined, undefined);
}

function checkIntrospection(known, { id, organization }) {
  assert.equal(known.active, true);
  assert.equal(known.client_id, id);
  assert.equal(known.iss, organization.issuer);
  assert.equal(scopeOf(known), SCOPE);
}

/** A token that gives nothing is known to nobody. */
function checkUnknown(known) {
  const told = Object.entries(known).filter(([, value]) => value !== null && value !== undefined);
  assert.deepEqual(told, [["active", false]]);
}

/** What a member gave, from the authorization request to its end. */
async function memberGrant(library, client) {
  const { organization, method } = client;
  const [application, guard] = await Promise.all([library.open(client), guardIn(library, organization)]);
  const person = browserIn(client);
  const first = await person.decide(await application.begin(SCOPE));
  assert.deepEqual(first.pages, ["sign in", "consent"]);
  const tokens = await application.finish(first.callback);
  checkTokens(tokens, { refreshable: true });
  assert.equal(await status(application, client, tokens.access_token), 200);

  const known = await guard.introspect(tokens.access_token);
  checkIntrospection(known, client);
  assert.match(known.token_type, /^bearer$/i);
  assert.equal(known.exp - known.iat, LIFETIME);
  assert.match(known.sub, /^[0-9a-f-]{36}$/);
  if (method !== "none") {
    checkIntrospection(await application.introspect(tokens.access_token), client);
    const refreshToken = await application.introspect(tokens.refresh_token);
    checkIntrospection(refreshToken, client);
    assert.equal(refreshToken.sub, known.sub);
    checkUnknown(await guard.introspect(tokens.refresh_token));
  }

  const renewed = await application.refresh(tokens.refresh_token);
  checkTokens(renewed, { refreshable: true });
  assert.notEqual(renewed.access_token, tokens.access_token);
  assert.notEqual(renewed.refresh_token, tokens.refresh_token);
  assert.equal(await status(application, client, renewed.access_token), 200);

  // Whom nobody else can pose as is not asked about again.
  const second = await person.decide(await application.begin(SCOPE));
  assert.deepEqual(second.pages, method === "none" ? ["consent"] : []);
  const others = await application.finish(second.callback);

  await application.revoke(renewed.access_token, "access_token");
  assert.equal(await status(application, client, renewed.access_token), 401);
  checkUnknown(await guard.introspect(renewed.access_token));
  const last = await application.refresh(renewed.refresh_token);
  assert.equal(await status(application, client, last.access_token), 200);

  await application.revoke(last.refresh_token, "refresh_token");
  for (const token of [tokens.access_token, last.access_token]) {
    assert.equal(await status(application, client, token), 401);
  }
  await refused(library, application.refresh(last.refresh_token), "invalid_grant");
  // Ended twice, or never begun, is no error (RFC 7009 section 2.2).
  await application.revoke(last.refresh_token, "refresh_token");
  await application.revoke("nobody knows this one", "access_token");
  assert.equal(await status(application, client, others.access_token), 200);
}

/** What a client gets for itself. */
async function clientCredentials(library, client) {
  const application = await library.open(client);
  const tokens = await application.own(SCOPE);
  checkTokens(tokens, { refreshable: false });
  assert.equal(await status(application, client, tokens.access_token), 200);
  checkIntrospection(await application.introspect(tokens.access_token), client);
  await application.revoke(tokens.access_token, "access_token");
  assert.equal(await status(application, client, tokens.access_token), 401);
  checkUnknown(await application.introspect(tokens.access_token));

  await refused(library, application.own("records:delete"), "invalid_scope");
  const guessing = await library.open({ ...client, secret: `${client.secret}x` });
  await refused(library, guessing.own(SCOPE), "invalid_client");
  const pretending = await library.open({ ...client, id: `${client.id}x` });
  await refused(library, pretending.own(SCOPE), "invalid_client");
}

/** The same client of another organization, let in by a member there, can do nothing with what was given here. */
async function nothingElsewhere(library, here, elsewhere) {
  const [application, other, guard] = await Promise.all([
    library.open(here),
    library.open(elsewhere),
    guardIn(library, elsewhere.organization),
  ]);
  const { callback } = await browserIn(here).decide(await application.begin(SCOPE));
  const stranger = browserIn(elsewhere);
  const injected = await stranger.decide(await other.begin(SCOPE));
  await refused(library, other.finish(withCodeOf(callback, injected.callback)), "invalid_grant");
  await other.begin(SCOPE);
  await assert.rejects(other.finish(callback));

  // None of that used it up.
  const tokens = await application.finish(callback);
  await refused(library, other.refresh(tokens.refresh_token), "invalid_grant");
  assert.equal(await status(other, elsewhere, tokens.access_token), 401);
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    checkUnknown(await guard.introspect(token));
    if (elsewhere.method !== "none") checkUnknown(await other.introspect(token));
  }
  await other.revoke(tokens.access_token, "access_token");
  await other.revoke(tokens.refresh_token, "refresh_token");
  assert.equal(await status(application, here, tokens.access_token), 200);
  assert.equal(await status(application, here, (await application.refresh(tokens.refresh_token)).access_token), 200);

  if (here.method !== "none") {
    const own = await application.own(SCOPE);
    assert.equal(await status(other, elsewhere, own.access_token), 401);
    checkUnknown(await guard.introspect(own.access_token));
  }
  if (here.secret !== elsewhere.secret) {
    const astray = await library.open({ ...elsewhere, secret: here.secret });
    await refused(library, astray.own(SCOPE), "invalid_client");
  }
}

/** One answer's address with the code of another's. */
function withCodeOf(code, callback) {
  const address = new URL(callback);
  address.searchParams.set("code", new URL(code).searchParams.get("code"));
  return address.href;
}

/** What can be used once and is used twice was stolen from somebody: nobody keeps anything. */
async function replays(library, client) {
  const application = await library.open(client);
  const person = browserIn(client);
  const { callback } = await person.decide(await application.begin(SCOPE));
  const tokens = await application.finish(callback);
  if (!library.forgetsRequests) {
    await refused(library, application.finish(callback), "invalid_grant");
    assert.equal(await status(application, client, tokens.access_token), 401);
    await refused(library, application.refresh(tokens.refresh_token), "invalid_grant");
  }
  const again = await person.decide(await application.begin(SCOPE));
  const first = await application.finish(again.callback);
  const second = await application.refresh(first.refresh_token);
  const third = await application.refresh(second.refresh_token);
  await refused(library, application.refresh(first.refresh_token), "invalid_grant");
  await refused(library, application.refresh(third.refresh_token), "invalid_grant");
  for (const { access_token: token } of [first, second, third]) {
    assert.equal(await status(application, client, token), 401);
  }
}

/** A library must not take tokens without `expires_in` for expired ones. */
async function endlessTokens(library, client) {
  const application = await library.open(client);
  const { callback } = await browserIn(client).decide(await application.begin());
  const tokens = await application.finish(callback);
  assert.equal(tokens.expires_in ?? undefined, undefined);
  assert.equal(await status(application, client, tokens.access_token), 200);
  const renewed = await application.refresh(tokens.refresh_token);
  assert.equal(renewed.expires_in ?? undefined, undefined);
  // There is one at a time.
  assert.equal(await status(application, client, tokens.access_token), 401);
  assert.equal(await status(application, client, renewed.access_token), 200);
  await application.revoke(renewed.refresh_token, "refresh_token");
  assert.equal(await status(application, client, renewed.access_token), 401);
}
