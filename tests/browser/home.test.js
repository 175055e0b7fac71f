// An organization's first page: what to do first, and what to look at from then on.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { scenario } from "./support/browser.js";
import { accessTest, createOrganization } from "./support/organization.js";
import { active, addToken, enabled, event, fill, follow, press, revealed, save } from "./support/steps.js";

/** What is counted is written every few seconds; loads the page until it is there. */
async function reloadUntil(page, locator) {
  for (let tries = 0; (await locator.count()) === 0; tries += 1) {
    assert.ok(tries < 60, `${locator} never came`);
    await sleep(250);
    await page.reload();
  }
}

/** Which of the first steps are done. */
const steps = (page) => page.getByRole("region", { name: "First steps" }).locator(".state").allTextContents().then((all) => all.map((text) => text.trim()));

/** The rows of the table behind a chart, opened like a person does. */
async function numbers(page, region) {
  const card = page.getByRole("region", { name: region });
  if ((await card.locator("details[open]").count()) === 0) await card.getByText("The numbers").click();
  const rows = await card.locator("details").getByRole("row").all();
  return Promise.all(rows.slice(1).map((row) => row.locator("th, td").allTextContents()));
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";

  scenario(`from nothing to the first call, step by step, ${how} JavaScript`, async ({ open }) => {
    const organization = await createOrganization(`First steps ${how}`);
    const page = await open({ organization, role: "admin", javaScript });
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    assert.equal(await page.getByRole("navigation", { name: "Main" }).getByRole("link").first().textContent(), "Home");
    assert.deepEqual(await steps(page), ["To do", "To do", "To do"]);

    await page.getByRole("link", { name: "Add a third party" }).click();
    await page.getByLabel("Third Party Name").fill("Brightside");
    await fill(page, { contactName: "Noor Haddad" });
    await press(page, /^Save/);
    assert.equal((await revealed(page)).length, 2);
    await page.goto(organization.path);
    assert.deepEqual(await steps(page), ["Done", "To do", "To do"]);

    await follow(page, page.getByRole("link", { name: "Add an OAuth Token" }));
    const token = await addToken(page);
    await enabled(page).check();
    await save(page);
    await page.goto(organization.path);
    assert.deepEqual(await steps(page), ["Done", "Done", "To do"]);
    await follow(page, page.getByRole("link", { name: "Hand it over and test the access" }));
    await page.getByRole("heading", { level: 1, name: /Test access/ }).waitFor();

    assert.equal((await accessTest(organization, token)).status, 200);
    await page.goto(organization.path);
    await reloadUntil(page, page.getByRole("heading", { name: /Requests in 30 days: 1 allowed/ }));
    assert.equal(await page.getByRole("region", { name: "First steps" }).count(), 0);
    assert.equal(await event(page, "ThirdPartyAdded", "Brightside").count(), 1);
  });

  scenario(`what expires soon and what fails is listed, and the charts have their numbers, ${how} JavaScript`, async ({ open }) => {
    const organization = await createOrganization(`Overview ${how}`);
    const page = await open({ organization, role: "admin", javaScript });
    await page.getByRole("link", { name: "Add third party" }).click();
    await page.getByLabel("Third Party Name").fill("Quill");
    await press(page, /^Save/);
    const soon = new Date(Date.now() + 12 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel(/^Expires on/).fill(soon);
    const token = await addToken(page);
    await enabled(page).check();
    await save(page);
    for (let call = 0; call < 3; call += 1) assert.equal((await accessTest(organization, token)).status, 200);

    await page.goto(organization.path);
    const expiring = page.getByRole("table", { name: "Expires within 30 days" });
    assert.match(await expiring.getByRole("row").nth(1).textContent(), new RegExp(`in 12 days.*${soon}.*${token.slice(-4)}.*Quill`, "s"));
    const months = await numbers(page, /^Expires in the next 12 months/);
    assert.deepEqual([months.length, months.find(([, count]) => count !== "0")[1]], [12, "1"]);
    assert.deepEqual((await numbers(page, /^Active tokens by age/))[0], ["0–1 months", "1"]);
    await follow(page, expiring.getByRole("link", { name: new RegExp(token.slice(-4)) }));
    await page.getByRole("heading", { name: "History" }).waitFor();

    await page.getByRole("link", { name: "Quill" }).first().click();
    await (await active(page, token)).uncheck();
    await save(page);
    for (let call = 0; call < 2; call += 1) assert.equal((await accessTest(organization, token)).status, 401);
    await page.goto(organization.path);
    const counted = page.getByRole("heading", { name: "Requests in 30 days: 3 allowed, 2 refused (token not Active)" });
    await reloadUntil(page, counted);
    const failing = page.getByRole("table", { name: "Failing since yesterday" });
    assert.match(await failing.getByRole("row").nth(1).textContent(), /Quill\s*Requests refused: 2\s*token not Active/);
    assert.equal(await page.getByText("Nothing expires within 30 days.").count(), 1, "what is not Active needs no attention");

    const days = await numbers(page, /^Requests in 30 days/);
    assert.equal(days.length, 30);
    assert.equal(days.at(-1)[0], new Date().toISOString().slice(0, 10));
    const sums = [1, 2].map((column) => days.reduce((sum, row) => sum + Number(row[column]), 0));
    assert.deepEqual(sums, [3, 2]);
    const picture = page.getByRole("img", { name: /^Requests by day in 30 days: 3 allowed, 2 refused/ });
    assert.ok((await picture.boundingBox()).width > 300);
    assert.ok((await picture.locator("rect.refused").last().boundingBox()).height > 5, "the refused ones can be seen");
  
    await follow(page, failing.getByRole("link", { name: "Test access of Quill" }));
    await page.getByRole("heading", { level: 1, name: /Test access/ }).waitFor();
  });
}
