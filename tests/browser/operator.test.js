// Those who run the installation: organizations and health, with and without JavaScript.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { createOrganization, operators } from "./support/organization.js";
import { ready } from "./support/server.js";
import { addThirdParty, event, follow, press, revealed, save } from "./support/steps.js";

let count = 0;
const unused = () => `begun-${process.pid}-${(count += 1)}`;
const main = (page) => page.getByRole("navigation", { name: "Main" });

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";

  scenario(`an organization is begun and handed over to its first owner, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization: operators(), javaScript });
    await page.waitForURL("**/operator/organizations");
    await page.getByRole("link", { name: "Add organization" }).click();
    const slug = unused();
    await page.getByLabel("Name in URLs").fill("operator");
    await page.getByLabel("Name", { exact: true }).fill("Umbra AG");
    await page.getByLabel("E-mail of the first owner").fill(`ada@${slug}.example`);
    await page.getByLabel("Name of the first owner").fill("Ada Adler");
    await press(page, /^Save/);
    await page.getByRole("alert", { name: "There is a problem" }).getByText(/reserved/).waitFor();
    assert.equal(await page.getByLabel("Name of the first owner").inputValue(), "Ada Adler");
    await page.getByLabel("Name in URLs").fill(slug);
    await press(page, /^Save/);
    await page.getByRole("heading", { level: 1, name: "Umbra AG" }).waitFor();
    const [link] = await revealed(page);
    if (javaScript) await page.waitForURL(`**/operator/organizations/${slug}`);

    const owner = await open({ javaScript });
    await owner.goto(link);
    await owner.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await owner.goto(`/o/${slug}/audit`);
    await event(owner, "OrganizationCreated", "The operator").waitFor();
    assert.doesNotMatch(await owner.content(), /Otto|countersign\.example/);
    for (const address of ["/operator", "/operator/organizations", "/operator/health"]) {
      assert.equal((await owner.goto(address)).status(), 404, address);
    }
  });

  scenario(`a suspension asks first, stops and is undone, ${how} JavaScript`, async ({ open }) => {
    const organization = await createOrganization(`Stopped ${how}`);
    const admin = await open({ organization, role: "admin", javaScript });
    const { path } = await addThirdParty(admin, organization, { name: "Brightside" });
    const page = await open({ organization: operators(), javaScript });
    await page.goto(`/operator/organizations?slug=${organization.slug}`);
    await follow(page, page.getByRole("link", { name: organization.slug }));
    await page.getByRole("link", { name: "Suspend", exact: true }).click();
    await page.getByText("No active token stops: it has none.").waitFor();
    await page.getByLabel(/^Reason/).fill("Contract ended");
    await press(page, "Suspend organization");
    await page.getByText("The organization is suspended").waitFor();
    await admin.goto(path);
    await admin.getByLabel(/^Contact name/).fill("Noor");
    const [answer] = await Promise.all([
      admin.waitForResponse((one) => one.request().method() === "POST"),
      admin.getByRole("button", { name: /^Save/ }).click(),
    ]);
    assert.equal(answer.status(), 403);
    await page.getByRole("link", { name: "Resume", exact: true }).click();
    await press(page, "Resume organization");
    await page.getByText("The organization is at work again.").waitFor();
    await admin.goto(path);
    await admin.getByLabel(/^Contact name/).fill("Noor");
    await save(admin);
    await admin.goto(`${organization.path}/audit?q=OrganizationSuspended`);
    await event(admin, "OrganizationSuspended", "Reason: Contract ended").waitFor();
  });
}

scenario("the list is filtered by its address, and says so where nothing matches", async ({ open }) => {
  const organization = await createOrganization("Listed");
  const page = await open({ organization: operators() });
  await page.getByLabel("Name in URLs").fill(organization.slug);
  await page.getByLabel("Name in URLs").press("Enter");
  await page.waitForURL(/slug=listed/);
  await page.locator("[data-count]", { hasText: "1 organization matches" }).waitFor();
  await page.getByLabel("State").selectOption("Suspended");
  await page.getByRole("heading", { name: "No organization matches" }).waitFor();
  const colleague = await open({ organization: operators() });
  await colleague.goto(page.url());
  await colleague.getByRole("heading", { name: "No organization matches" }).waitFor();
  await follow(colleague, colleague.getByRole("link", { name: "Clear filters" }).first());
  await colleague.getByRole("link", { name: organization.slug }).waitFor();
});

scenario("health is told check by check; third parties are none of the operators' business", async ({ open }) => {
  const page = await open();
  await page.goto(ready().operator.sign_in_url);
  await page.waitForURL("**/operator/organizations");
  const links = await main(page).getByRole("link").allTextContents();
  assert.deepEqual(links.filter((link) => /Third|client/.test(link)), []);
  await main(page).getByRole("link", { name: "Health" }).click();
  await page.getByRole("heading", { level: 1, name: "Health" }).waitFor();
  assert.equal(await page.locator(".checks > li.passed").count(), 6);
  await page.getByText(/^PostgreSQL \d/).first().waitFor();
  assert.equal((await page.goto("/o/operator/third-parties")).status(), 404);
});
