// The path of an organization's admin, whole, with a real call after every step.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { accessTest, createOrganization, organizationOf, signInLink } from "./support/organization.js";
import { countersign, ready } from "./support/server.js";
import { active, addThirdParty, addToken, enabled, event, save, testAccess } from "./support/steps.js";

/** The token gives access. */
async function works(organization, token, thirdParty) {
  const { status, diagnosis } = await accessTest(organization, token);
  assert.equal(status, 200);
  assert.equal(diagnosis.active, true);
  assert.equal(diagnosis.third_party, thirdParty);
  assert.equal(diagnosis.failed, undefined);
  assert.ok(diagnosis.checks.every((check) => check.outcome === "passed"));
}

/** The token gives no access, and the answer says why: RFC 6750's challenge, and the first check that failed. */
async function fails(organization, token, check) {
  const { status, challenge, diagnosis } = await accessTest(organization, token);
  assert.equal(status, 401);
  assert.match(challenge, /^Bearer realm="[^"]+", error="invalid_token", error_description="[^"]+"$/);
  assert.equal(diagnosis.active, false);
  assert.equal(diagnosis.failed.check, check);
  assert.ok(diagnosis.failed.message.length > 0 && diagnosis.failed.advice.length > 0);
  const outcomes = diagnosis.checks.map(({ outcome }) => outcome);
  const at = diagnosis.checks.findIndex((one) => one.check === check);
  assert.equal(outcomes[at], "failed");
  assert.ok(outcomes.slice(0, at).every((outcome) => outcome === "passed"));
  assert.ok(outcomes.slice(at + 1).every((outcome) => outcome === "not_reached"));
}

/** The Test page names the same check first. */
async function testPageNames(page, thirdParty, token, title) {
  const { headline, checks } = await testAccess(page, thirdParty.path, token);
  assert.match(headline, /^No access: /);
  const failed = checks.filter((check) => check.state === "Failed");
  assert.deepEqual(failed.map((check) => check.name), [title]);
  assert.match(failed[0].text, /What to do:/);
  await page.goto(thirdParty.path);
}

async function thePath(page, organization, owner, how) {
  const thirdParty = await addThirdParty(page, organization, { name: "Brightside Payroll", contactName: "Noor Haddad" });
  const token = await addToken(page);
  await fails(organization, token, "third-party-enabled");

  await enabled(page).check();
  await save(page, how);
  await works(organization, token, "Brightside Payroll");

  await (await active(page, token)).uncheck();
  await save(page, how);
  await fails(organization, token, "token-active");
  await testPageNames(page, thirdParty, token, "The token is Active");

  await (await active(page, token)).check();
  await save(page, how);
  await works(organization, token, "Brightside Payroll");
  const { headline, checks } = await testAccess(page, thirdParty.path, token);
  assert.equal(headline, "This token gives access");
  const others = checks.map(({ state }) => state).filter((state) => state !== "Passed");
  assert.deepEqual(others, ["Not tested"], "all but the client's credentials");
  await page.goto(thirdParty.path);

  await enabled(page).uncheck();
  await save(page, how);
  await fails(organization, token, "third-party-enabled");
  await testPageNames(page, thirdParty, token, "The third party is Enabled");

  await enabled(page).check();
  await save(page, how);
  await works(organization, token, "Brightside Payroll");

  // Another process makes this change, and ends once it holds in this server too.
  await countersign(["org", "suspend", organization.slug, "--reason", "Invoice 17 is not paid"]);
  await fails(organization, token, "organization-active");
  await countersign(["org", "resume", organization.slug]);
  await works(organization, token, "Brightside Payroll");

  await auditTells(page, organization, owner, token);
}

/** The audit page says who made each change, what was there before and what after. */
async function auditTells(page, organization, owner, token) {
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  const mask = `…${token.slice(-4)}`;
  const switchedOff = event(page, owner, `${mask} off`, "TokenDeactivated");
  assert.equal(await switchedOff.count(), 1);
  assert.match(await switchedOff.textContent(), /Active:\s*before\s*Yes\s*→\s*after\s*No/);
  assert.match(await switchedOff.textContent(), /From\s*127\.0\.0\.1/);
  const switchedOn = event(page, owner, `${mask} on`, "TokenActivated");
  assert.match(await switchedOn.textContent(), /Active:\s*before\s*No\s*→\s*after\s*Yes/);
  assert.equal(await event(page, owner, "Brightside Payroll on", "ThirdPartyEnabled").count(), 2);
  assert.equal(await event(page, owner, "Brightside Payroll off", "ThirdPartyDisabled").count(), 1);
  assert.equal(await event(page, owner, "TokenIssued", mask).count(), 1);
  const added = event(page, owner, "ThirdPartyAdded", "Brightside Payroll");
  assert.match(await added.textContent(), /Contact name:\s*empty\s*→\s*after\s*Noor Haddad/);
  const suspended = event(page, "operator", "OrganizationSuspended");
  assert.match(await suspended.textContent(), /Suspended:\s*before\s*No\s*→\s*after\s*Yes/);
  assert.match(await suspended.textContent(), /Reason: Invoice 17 is not paid/);
  assert.equal(await event(page, "operator", "OrganizationResumed").count(), 1);
  assert.ok(!(await page.content()).includes(token), "the timeline holds no token");
}

scenario("from the printed sign-in link to 200 and back, saving with Ctrl+S", async ({ open }) => {
  const page = await open();
  await page.goto(ready().sign_in_url);
  await page.waitForURL("**/o/acme");
  await thePath(page, organizationOf("acme", "Acme Ltd"), "Olivia Owner", "keyboard");
});

scenario("the same with the Save button", async ({ open }) => {
  const organization = await createOrganization("Path by button");
  const page = await open({ organization, role: "admin" });
  await thePath(page, organization, "Admin of Path by button", "button");
});

scenario("the same without JavaScript", async ({ open }) => {
  const organization = await createOrganization("Path without script");
  const page = await open({ javaScript: false });
  await page.goto(await signInLink(organization, "admin"));
  await thePath(page, organization, "Admin of Path without script", "button");
});

// Add OAuth Token, Enabled, Callback URL: the order is the person's.
const STEPS = {
  token: async (page, state) => { state.token = await addToken(page); },
  enabled: (page) => enabled(page).check(),
  callback: (page) => page.getByLabel(/^Callback URL/).fill("https://brightside.example/callback"),
};
const ORDERS = [
  ["token", "enabled", "callback"],
  ["token", "callback", "enabled"],
  ["enabled", "token", "callback"],
  ["enabled", "callback", "token"],
  ["callback", "token", "enabled"],
  ["callback", "enabled", "token"],
];

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";
  scenario(`any order of token, Enabled and Callback URL leads there, ${how} JavaScript`, async ({ open }) => {
    const organization = await createOrganization(`Orders ${javaScript}`);
    const page = await open({ organization, javaScript });
    for (const order of ORDERS) {
      const name = order.join(" ");
      await addThirdParty(page, organization, { name });
      const state = {};
      for (const step of order) await STEPS[step](page, state);
      await save(page);
      assert.equal(await enabled(page).isChecked(), true, name);
      assert.equal(await page.getByLabel(/^Callback URL/).inputValue(), "https://brightside.example/callback", name);
      await works(organization, state.token, name);
    }
  });
}
