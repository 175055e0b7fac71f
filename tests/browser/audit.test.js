// The timeline: filters in the address, keyset pages, before and after.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { createOrganization } from "./support/organization.js";
import { addThirdParty, event, fill, follow, press, save, seedThirdParties } from "./support/steps.js";

const organization = await createOrganization("Timeline");
const audit = `${organization.path}/audit`;
/** Waits until the line above the timeline says so. */
const counted = (page, text) => page.locator("[data-count]", { hasText: text }).waitFor();
const positions = async (page) => {
  const ids = await page.locator("ol.timeline > li").evaluateAll((items) => items.map((item) => item.id));
  return ids.map((id) => Number(id.replace("event-", "")));
};

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";
  scenario(`each change is there with who, before, after and from where, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, role: "admin", javaScript });
    await addThirdParty(page, organization, { name: `Changed ${how}`, contactName: "Noor Haddad", contactEmail: "noor@old.example" });
    await page.getByLabel("Third Party Name").fill(`Renamed ${how}`);
    await fill(page, { contactEmail: "noor@new.example", mode: "Automatic", callbackUrl: "https://new.example/cb" });
    await save(page);
    await page.goto(`${audit}?q=Renamed+${how}`);
    const texts = {
      ThirdPartyRenamed: new RegExp(`Name:\\s*before\\s*Changed ${how}\\s*→\\s*after\\s*Renamed ${how}`),
      ThirdPartyContactChanged: /Contact e-mail:\s*before\s*noor@old\.example\s*→\s*after\s*noor@new\.example/,
      ThirdPartyModeChanged: /Mode:\s*before\s*manual\s*→\s*after\s*automatic/i,
      ClientRedirectUrisChanged: /empty\s*→\s*after\s*https:\/\/new\.example\/cb/,
    };
    for (const [type, text] of Object.entries(texts)) {
      const entry = event(page, type, "Admin of Timeline");
      assert.equal(await entry.count(), 1, type);
      assert.match(await entry.textContent(), text);
      assert.match(await entry.textContent(), /From\s*127\.0\.0\.1/);
      assert.match(await entry.textContent(), /Request\s*[0-9a-f-]{36}/);
    }
    const links = page.getByRole("main").getByRole("link", { name: `Renamed ${how}` });
    await links.first().click();
    await page.getByRole("heading", { level: 1, name: `Renamed ${how}` }).waitFor();
  });

  scenario(`filters stand in the address, alone and together, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await addThirdParty(page, organization, { name: `Filtered ${how}` });
    await page.goto(audit);
    await page.getByLabel("Text").fill(`filtered ${how}`);
    await page.getByLabel("Text").press("Enter");
    await page.waitForURL(/q=/);
    await event(page, "ThirdPartyAdded").first().waitFor();
    await page.getByLabel("Event", { exact: true }).selectOption({ label: "Third party added" });
    if (!javaScript) await press(page, "Filter");
    await counted(page, "1 event, newest first");
    assert.equal(new URL(page.url()).searchParams.get("type"), "ThirdPartyAdded");

    const today = new Date().toISOString().slice(0, 10);
    await page.getByLabel("From").fill(today);
    await page.getByLabel("Who").fill("owner of");
    await page.getByLabel("Who").press("Enter");
    await page.waitForURL(/actor=/);
    await counted(page, "1 event, newest first");
    const colleague = await open({ organization, role: "auditor", javaScript });
    await colleague.goto(page.url());
    assert.deepEqual(await positions(colleague), await positions(page));

    await page.getByLabel("To", { exact: true }).fill("2020-01-01");
    await page.getByLabel("To", { exact: true }).press("Enter");
    await page.getByRole("heading", { name: "No event matches" }).waitFor();
    await page.goBack();
    await counted(page, "1 event, newest first");
    assert.equal(await page.getByLabel("To", { exact: true }).inputValue(), "");
    await page.goto(`${page.url()}&to=2020-01-01`);
    await page.getByRole("link", { name: "Clear filters" }).click();
    await page.waitForURL((url) => url.search === "");
  });
}

scenario("a date that is none is refused beside its field", async ({ open }) => {
  const page = await open({ organization });
  const answer = await page.goto(`${audit}?from=yesterday&q=kept`);
  assert.equal(answer.status(), 422);
  await page.getByRole("alert", { name: "There is a problem" }).getByRole("link").click();
  assert.equal(new URL(page.url()).hash, "#field-from");
  assert.equal(await page.getByLabel("Text").inputValue(), "kept");
});

scenario("older and newer: every event once, whatever is added meanwhile", async ({ open }) => {
  const long = await createOrganization("Long timeline");
  const page = await open({ organization: long });
  await seedThirdParties(page, long, Array.from({ length: 45 }, (_, index) => `Partner ${index}`));
  await page.goto(`${long.path}/audit`);
  const newest = await positions(page);
  const seen = [...newest];
  await seedThirdParties(await open({ organization: long, role: "admin" }), long, ["In between"]);
  const older = page.getByRole("link", { name: "Older" });
  while ((await older.count()) > 0) {
    await follow(page, older);
    const more = await positions(page);
    assert.ok(more[0] < seen.at(-1), "each page goes on where the one before ended");
    seen.push(...more);
  }
  assert.deepEqual(seen, Array.from({ length: newest[0] }, (_, index) => newest[0] - index), "none is missing, none is twice");
  const newer = page.getByRole("link", { name: "Newer" });
  while ((await newer.count()) > 0) await follow(page, newer);
  assert.ok((await positions(page))[0] > newest[0]);
});
