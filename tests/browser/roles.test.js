// Who may see and do what; and that organizations know nothing of one another.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { createOrganization } from "./support/organization.js";
import { countersign, ready } from "./support/server.js";
import { addThirdParty, addToken, enabled, save } from "./support/steps.js";

const organization = await createOrganization("Roles");

async function example(open, name) {
  const page = await open({ organization });
  const thirdParty = await addThirdParty(page, organization, { name, contactName: "Noor Haddad" });
  await addToken(page);
  await enabled(page).check();
  await save(page);
  return { page, ...thirdParty };
}

scenario("an auditor reads everything and finds nothing to change", async ({ open }) => {
  const { path } = await example(open, "Read by the auditor");
  const page = await open({ organization, role: "auditor" });
  await page.getByText("Auditor (read-only)").waitFor();
  await page.goto(`${organization.path}/third-parties`);
  await page.getByRole("link", { name: "Read by the auditor" }).click();
  await page.getByRole("heading", { level: 1, name: "Read by the auditor" }).waitFor();
  await page.getByText("Noor Haddad").waitFor();
  for (const address of [organization.path, organization.path + "/third-parties", organization.path + "/calendar", path]) {
    await page.goto(address);
    const main = page.getByRole("main");
    assert.equal(await main.locator("form[method=post]").count(), 0);
    assert.equal(await main.getByRole("checkbox").count(), 0);
    assert.equal(await main.getByRole("link", { name: /Add third party|Delete|Test access/ }).count(), 0);
  }
  await page.getByRole("link", { name: /^History of/ }).click();
  await page.getByRole("heading", { name: "History" }).waitFor();
  assert.equal(await page.getByRole("main").locator("form[method=post]").count(), 0);
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();

  // Not even by hand: the form is refused before it is read.
  const csrf = await page.locator("input[name=csrf]").first().inputValue();
  const headers = { Origin: ready().base_url };
  const refused = await page.request.post(path, { form: { csrf, name: "Changed", action: "save" }, headers });
  assert.equal(refused.status(), 403);
  for (const address of [`${path}/delete`, `${path}/test`, `${organization.path}/third-parties/new`]) {
    assert.equal((await page.goto(address)).status(), 403, address);
    await page.getByText("Your role does not allow this: ask an owner of the organization.").waitFor();
  }
});

scenario("a developer has a profile and nothing else", async ({ open }) => {
  const { path } = await example(open, "Not for developers");
  const page = await open({ organization, role: "developer" });
  await page.getByRole("heading", { level: 1, name: "Profile" }).waitFor();
  assert.equal(await page.getByRole("navigation", { name: "Main" }).getByRole("link").count(), 0);
  for (const address of [`${organization.path}/third-parties`, `${organization.path}/audit`, path, `${path}/test`]) {
    assert.equal((await page.goto(address)).status(), 403, address);
    assert.doesNotMatch(await page.content(), /Not for developers/);
  }
});

scenario("another organization's pages are not there, exactly like pages that never were", async ({ open }) => {
  const page = await open({ organization });
  const [acme] = ready().organizations;
  const foreign = [
    `/o/${acme.slug}`,
    `/o/${acme.slug}/third-parties`,
    `/o/${acme.slug}/third-parties/${acme.third_party.id}`,
    `/o/${acme.slug}/third-parties/${acme.third_party.id}/test`,
    `/o/${acme.slug}/audit`,
    `/o/${acme.slug}/profile`,
  ];
  const withoutNames = (text, slug) => text.replaceAll(slug, "…").replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "id");
  for (const address of foreign) {
    const answer = await page.goto(address);
    assert.equal(answer.status(), 404, address);
    const invented = await page.request.get(address.replace(acme.slug, "no-such-org"));
    assert.equal(invented.status(), 404);
    const there = withoutNames(await answer.text(), acme.slug);
    assert.equal(withoutNames(await invented.text(), "no-such-org"), there, address);
  }
  // And not through one's own organization either.
  const answer = await page.goto(`${organization.path}/third-parties/${acme.third_party.id}`);
  assert.equal(answer.status(), 404);
  await page.getByRole("link", { name: /third parties|start|back/i }).first().waitFor();
});

scenario("a suspended organization can be read, not changed; resumed, it is as before", async ({ open }) => {
  const suspended = await createOrganization("Suspended");
  const page = await open({ organization: suspended });
  const { path } = await addThirdParty(page, suspended, { name: "Waiting" });
  await countersign(["org", "suspend", suspended.slug]);
  await page.goto(path);
  await page.getByLabel(/^Contact name/).fill("Noor");
  const [answer] = await Promise.all([
    page.waitForResponse((one) => one.request().method() === "POST"),
    page.getByRole("button", { name: /^Save/ }).click(),
  ]);
  assert.equal(answer.status(), 403);
  await page.getByText(/suspended/i).first().waitFor();
  await countersign(["org", "resume", suspended.slug]);
  await page.goto(path);
  await page.getByLabel(/^Contact name/).fill("Noor");
  await save(page);
});
