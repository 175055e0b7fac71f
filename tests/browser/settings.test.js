// Settings of an organization and its API keys.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { addMember, createOrganization } from "./support/organization.js";
import { ready } from "./support/server.js";
import { addThirdParty, addToken, event, follow, press, revealed, save, signIn, switchCodesOn } from "./support/steps.js";

const PASSWORD = "correct horse battery staple";

/** A day so many days from now. */
function day(days) {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

async function accessToken({ issuer }, clientId, clientSecret) {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret });
  const answer = await fetch(`${issuer}/oauth2/token`, { method: "POST", body });
  assert.equal(answer.status, 200);
  return (await answer.json()).access_token;
}

function callApi({ slug }, token, path, options = {}) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  return fetch(`${ready().base_url}/api/v1/orgs/${slug}${path}`, { ...options, headers });
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";

  scenario(`renaming and limiting the life of tokens, ${how} JavaScript`, async ({ open }) => {
    const organization = await createOrganization("Settings");
    const page = await open({ organization, javaScript });
    const { path } = await addThirdParty(page, organization, { name: "Before the limit" });
    const issued = await addToken(page);
    await follow(page, page.getByRole("navigation").getByRole("link", { name: "Settings" }));
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    assert.equal(await page.locator("#issuer-0").textContent(), organization.issuer);

    await page.getByLabel("Longest life of manual tokens").fill("2");
    await press(page, /^Save/);
    await page.locator("#error-default_token_months", { hasText: "Choose 1 to 2 months" }).waitFor();
    await page.getByLabel("Life of manual tokens (months)", { exact: true }).fill("1");
    await page.getByLabel("Name", { exact: true }).fill(`Renamed ${how}`);
    await save(page, javaScript ? "keyboard" : "button");
    await page.getByRole("banner").getByText(`Renamed ${how}`).waitFor();

    await page.goto(path);
    await page.getByLabel(/^Expires on/).fill(day(70));
    await press(page, "Add OAuth Token");
    await page.locator("#error-expires_on", { hasText: "within 2 months" }).waitFor();
    await page.getByLabel(/^Expires on/).fill("");
    await addToken(page);
    const within = page.locator("tr", { hasText: "days" }).filter({ hasText: new RegExp(`in (2[0-9]|3[01]) days`) });
    await within.first().waitFor();
    await page.goto(`${organization.path}/audit?type=TokenLifetimeLimited`);
    await event(page, "Limited the life of manual tokens to 2 months").waitFor();
    assert.match(issued, /^cs_mt_/);
  });

  scenario(`an API key is made, used and switched off, ${how} JavaScript`, async ({ open }) => {
    const organization = await createOrganization("API keys");
    const page = await open({ organization, javaScript });
    await page.goto(`${organization.path}/settings`);
    await follow(page, page.getByRole("link", { name: "API keys" }));
    await page.getByRole("heading", { name: "No API keys yet" }).waitFor();
    await follow(page, page.getByRole("link", { name: "Add API key" }));
    await page.getByLabel(/^Client ID/).fill("payroll-sync");
    await press(page, /^Save/);
    await page.locator("#error-scopes").waitFor();
    assert.equal(await page.getByLabel(/^Client ID/).inputValue(), "payroll-sync");
    await page.getByLabel("third-parties:manage", { exact: true }).check();
    await press(page, /^Save/);
    const [clientId, clientSecret] = await revealed(page);
    assert.equal(clientId, "payroll-sync");
    const commands = await page.locator("#try-it").textContent();
    assert.ok(commands.includes(clientSecret) && commands.includes(`/api/v1/orgs/${organization.slug}/`), commands);

    const token = await accessToken(organization, clientId, clientSecret);
    const added = await callApi(organization, token, "/third-parties", { method: "POST", body: '{"name": "By the key"}' });
    assert.equal(added.status, 201);
    assert.equal((await callApi(organization, token, "/audit")).status, 403);
    await page.goto(`${organization.path}/audit?q=key`);
    await event(page, "Added the third party By the key", "payroll-sync").waitFor();

    await page.goto(`${organization.path}/settings/api-keys`);
    await page.getByRole("row", { name: /payroll-sync/ }).getByText("third-parties:manage").waitFor();
    await follow(page, page.getByRole("link", { name: "payroll-sync" }));
    await page.getByLabel("audit:read", { exact: true }).check();
    await save(page);
    assert.equal((await callApi(organization, token, "/audit")).status, 403, "the token has the scopes it was issued with");
    const wider = await accessToken(organization, clientId, clientSecret);
    assert.equal((await callApi(organization, wider, "/audit")).status, 200);
    await page.getByLabel("Active", { exact: true }).uncheck();
    await save(page);
    assert.equal((await callApi(organization, wider, "/audit")).status, 401);
  });

  scenario(`requiring sign-in codes, ${how} JavaScript`, async ({ open }) => {
    const organization = await createOrganization("Codes required");
    const member = await addMember(organization, "owner", { password: PASSWORD });
    const colleague = await open({ organization, role: "admin", javaScript });
    const page = await open({ javaScript });
    await page.goto("/login");
    await signIn(page, member);
    await page.goto(`${organization.path}/settings`);
    const box = page.getByLabel("Members sign in with a code (TOTP)");
    await box.check();
    await press(page, /^Save/);
    await page.locator("#error-sign_in_codes_required", { hasText: "switch them on for yourself first" }).waitFor();
    await switchCodesOn(page, organization, member);
    await page.goto(`${organization.path}/settings`);
    await box.check();
    await save(page);
    await colleague.goto(`${organization.path}/clients`);
    await colleague.waitForURL("**/profile/sign-in-codes?done=*");
    await colleague.getByText("Your organization requires sign-in codes.").waitFor();
    await colleague.getByRole("heading", { name: "Switch sign-in codes on" }).waitFor();
  });
}

scenario("an admin can't give what only an owner has", async ({ open }) => {
  const organization = await createOrganization("Rights of keys");
  const page = await open({ organization, role: "admin" });
  await page.goto(`${organization.path}/settings`);
  assert.equal(await page.getByRole("button", { name: /^Save/ }).count(), 0);
  await page.goto(`${organization.path}/settings/api-keys/new`);
  assert.ok(await page.getByLabel("members:manage", { exact: true }).isDisabled());
  assert.ok(await page.getByLabel("members:read", { exact: true }).isEnabled());
});
