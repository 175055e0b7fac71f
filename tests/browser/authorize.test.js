// A client sends a member, who signs in, consents and comes back with a code.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { scenario } from "./support/browser.js";
import { authorizationUrl, newVerifier, registerClient } from "./support/client.js";
import { accessTest, addMember, createOrganization } from "./support/organization.js";
import { press, signIn } from "./support/steps.js";

const PASSWORD = "correct horse battery staple";
const organization = await createOrganization("Authorize");
let client;
let callback;

before(async () => {
  callback = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<h1>Back at the client</h1>"));
  await new Promise((resolve) => { callback.listen(0, "127.0.0.1", resolve); });
  client = await registerClient(organization, {
    client_id: "reporting", scopes: ["records:read", "records:write"], redirect_uris: ["http://127.0.0.1/callback"],
  });
});
after(() => callback.close());

function redirectUri() {
  return `http://127.0.0.1:${callback.address().port}/callback`;
}

function url(parameters) {
  return authorizationUrl(organization, client, { redirect_uri: redirectUri(), scope: "records:read", ...parameters }).href;
}

async function redeem(code, verifier) {
  const answer = await fetch(`${organization.issuer}/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
    body: new URLSearchParams({
      grant_type: "authorization_code", code, redirect_uri: redirectUri(), code_verifier: verifier,
    }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

function back(page) {
  return page.getByRole("heading", { name: "Back at the client" }).waitFor();
}

for (const javaScript of [true, false]) {
  scenario(`signing in, consenting and coming back, ${javaScript ? "with" : "without"} JavaScript`, async ({ open }) => {
    const email = `member-${javaScript}@authorize.example`;
    const member = await addMember(organization, "developer", { password: PASSWORD, email, name: "Mia" });
    const page = await open({ javaScript, elsewhere: [new URL(redirectUri()).origin] });
    const verifier = newVerifier();
    await page.goto(url({ verifier }));
    await signIn(page, { email: member.email, password: "wrong horse battery staple" });
    await page.getByRole("alert").getByText("E-mail address or password is wrong").waitFor();
    await signIn(page, member);
    await page.getByRole("heading", { level: 1, name: "Give reporting access to Authorize?" }).waitFor();
    await page.getByText("records:read").waitFor();
    assert.equal(await page.getByText("records:write").count(), 0);
    await press(page, "Give access");
    await back(page);
    const { searchParams } = new URL(page.url());
    assert.equal(searchParams.get("iss"), organization.issuer);
    assert.equal(searchParams.get("state"), "a state");
    const tokens = await redeem(searchParams.get("code"), verifier);
    assert.equal((await accessTest(organization, tokens.access_token)).status, 200);

    // The same again comes back without a page, also by way of signing in; more does not.
    await page.goto(url());
    await back(page);
    await page.context().clearCookies();
    await page.goto(url());
    await signIn(page, member);
    await back(page);
    await page.goto(url({ scope: "records:read records:write" }));
    await page.getByText("records:write").waitFor();
    await press(page, "Deny");
    await back(page);
    assert.equal(new URL(page.url()).searchParams.get("error"), "access_denied");
  });
}

scenario("a wrong redirect URI goes nowhere, and somebody else's member signs in as another", async ({ open }) => {
  const elsewhere = await createOrganization("Elsewhere");
  const page = await open({ organization: elsewhere });
  await page.goto(url({ redirect_uri: "https://evil.example/callback" }));
  await page.getByRole("heading", { name: "This request for access is not valid" }).waitFor();
  await page.getByText("The redirect URI of the request is not one of the client's Callback URLs").waitFor();
  await page.goto(url());
  await page.getByText("not as a member of this organization").waitFor();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
