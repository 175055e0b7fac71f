// Exports of the timeline: asked for, written, downloaded, removed; with and without JavaScript.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { scenario } from "./support/browser.js";
import { createOrganization } from "./support/organization.js";
import { event, press, seedThirdParties } from "./support/steps.js";

const organization = await createOrganization("Exports");
const audit = `${organization.path}/audit`;

/** Presses Download; answers the file's name and text. */
async function download(page) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";
  scenario(`exactly what is filtered is exported, and the page goes on by itself, ${how} JavaScript`, async ({ open }) => {
    const owner = await open({ organization });
    const names = Array.from({ length: 60 }, (_, index) => `${how} ${index}`);
    await seedThirdParties(owner, organization, names);
    const page = await open({ organization, role: "auditor", javaScript });
    await page.goto(`${audit}?type=ThirdPartyAdded&q=${how}+`);
    await page.getByText("Export these 60 lines:").waitFor();
    await press(page, "CSV");
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
    // Nobody presses anything until it is ready.
    await page.locator(".badge", { hasText: "Ready" }).waitFor();
    await page.locator("#progress", { hasText: "60 of 60 lines" }).waitFor();
    const { name, text } = await download(page);
    assert.match(name, /^countersign-exports-.*-audit-\d+\.csv$/);
    const lines = text.trimEnd().split("\r\n");
    assert.equal(lines.length, 61);
    assert.match(lines[0], /^position,occurred_at,event,/);
    for (const [index, line] of lines.slice(1).entries()) assert.ok(line.includes(`${how} ${index}`), line);

    await page.goto(`${organization.path}/jobs`);
    await page.getByRole("link", { name: /as CSV$/ }).first().click();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByText("The export and its file are removed.").waitFor();
    await page.goto(`${audit}?type=AuditExported`);
    await event(page, "AuditExported").first().waitFor();
  });
}

scenario("a filter that is typed is what the buttons export; nothing to export, no buttons", async ({ open }) => {
  const one = await createOrganization("Typed");
  const page = await open({ organization: one });
  await seedThirdParties(page, one, ["Quill", "Brightside"]);
  await page.goto(`${one.path}/jobs`);
  await page.getByRole("heading", { name: "No exports" }).waitFor();
  await page.goto(`${one.path}/audit`);
  await page.getByLabel("Text").fill("quill");
  await page.getByLabel("Event", { exact: true }).selectOption({ label: "Third party added" });
  await page.getByText("Export this line:").waitFor();
  await press(page, "NDJSON");
  await page.locator(".badge", { hasText: "Ready" }).waitFor();
  const { text } = await download(page);
  assert.deepEqual(text.trim().split("\n").map((line) => JSON.parse(line).sentence), ["Added the third party Quill"]);
  await page.goto(`${one.path}/audit?q=nothing-like-that`);
  await page.getByRole("heading", { name: "No event matches" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "CSV" }).count(), 0);
  const developer = await open({ organization: one, role: "developer" });
  assert.equal((await developer.goto(`${one.path}/jobs`)).status(), 403);
});
