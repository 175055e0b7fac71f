// The calendar: what expires in which month, and the file for calendar programs.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { scenario } from "./support/browser.js";
import { createOrganization } from "./support/organization.js";
import { addThirdParty, addToken, follow } from "./support/steps.js";

/** The 10th of the month that begins two months after this one (UTC). */
function day() {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 2, 10));
}
const iso = day().toISOString().slice(0, 10);
const monthInWords = day().toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" });

/** The lines of a file (RFC 5545), unfolded, as names and values; each must keep to the rules of lines. */
function parse(file) {
  assert.ok(file.endsWith("\r\n"));
  const folded = file.slice(0, -2).split("\r\n");
  for (const line of folded) {
    assert.ok(Buffer.byteLength(line) <= 75, line);
    assert.doesNotMatch(line, /[\r\n]/);
  }
  const lines = folded.join("\r\n").replaceAll("\r\n ", "").split("\r\n");
  return lines.map((line) => {
    const [, name, value] = /^([A-Z-]+):(.*)$/.exec(line);
    return [name, value.replaceAll("\\n", "\n").replaceAll(/\\([\\;,])/g, "$1")];
  });
}

/** The values of a name in every event. */
const values = (lines, name) => lines.filter(([one]) => one === name).map(([, value]) => value);

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";

  scenario(`month by month, to what expires, ${how} JavaScript`, async ({ open }) => {
    const organization = await createOrganization(`Calendar ${how}`);
    const page = await open({ organization, role: "admin", javaScript });
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Calendar" }).click();
    await page.getByRole("heading", { name: "Nothing expires in the next 90 days" }).waitFor();

    const tokens = {};
    for (const name of ["Brightside", "Quill; Pen, \\ Paper"]) {
      await addThirdParty(page, organization, { name });
      await page.getByLabel(/^Expires on/).fill(iso);
      tokens[name] = await addToken(page);
    }
    await page.goto(`${organization.path}/calendar`);
    await follow(page, page.getByRole("link", { name: /^Next month/ }));
    assert.equal(await page.getByRole("link", { name: `Go to ${monthInWords}` }).count(), 1);
    await follow(page, page.getByRole("link", { name: /^Next month/ }));
    assert.equal(new URL(page.url()).searchParams.get("month"), iso.slice(0, 7));
    const table = page.getByRole("table", { name: `What expires in ${monthInWords}` });
    assert.equal(await table.getByRole("row").count(), 4, "the head, the day and two tokens");
    assert.match(await table.getByRole("row").nth(1).textContent(), /day, 10 /);
    for (const [name, token] of Object.entries(tokens)) {
      const row = table.getByRole("row").filter({ hasText: token.slice(-4) });
      assert.ok((await row.textContent()).includes(name));
      assert.match(await row.textContent(), new RegExp(`in \\d+ days.*${iso} \\d\\d:\\d\\d UTC.*Never`, "s"));
    }
    const colleague = await open({ organization, role: "auditor", javaScript });
    await colleague.goto(page.url());
    assert.equal(await colleague.getByRole("table", { name: /^What expires/ }).getByRole("row").count(), 4);

    await page.getByText("The numbers").click();
    const row = page.getByRole("row", { name: new RegExp(`^${monthInWords}`) });
    assert.equal(await row.getByRole("cell").textContent(), "2");
    await follow(page, page.getByRole("link", { name: /^Previous month/ }));
    await page.getByRole("heading", { name: /^Nothing expires in / }).waitFor();
    await page.goBack();

    await page.getByLabel("Third party").fill("quill");
    await page.getByLabel("Third party").press("Enter");
    await page.waitForURL(/third_party=quill/);
    await page.locator("[data-count]", { hasText: "1 expires" }).waitFor();
    await page.getByRole("link", { name: "Clear filters" }).click();
    await page.waitForURL((url) => url.search === "");

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download for a calendar (.ics)" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), `countersign-${organization.slug}.ics`);
    const lines = parse(await readFile(await download.path(), "utf8"));
    assert.deepEqual(lines[0], ["BEGIN", "VCALENDAR"]);
    assert.deepEqual(lines.at(-1), ["END", "VCALENDAR"]);
    assert.equal(values(lines, "BEGIN").filter((value) => value === "VEVENT").length, 2);
    assert.equal(values(lines, "BEGIN").includes("VALARM"), false);
    assert.deepEqual(values(lines, "SUMMARY").sort(), Object.keys(tokens).map((name) => `OAuth Token of ${name} expires`).sort());
    for (const start of values(lines, "DTSTART")) assert.match(start, new RegExp(`^${iso.replaceAll("-", "")}T\\d{6}Z$`));
    assert.equal(new Set(values(lines, "UID")).size, 2);
    for (const url of values(lines, "URL")) assert.equal((await page.goto(url)).status(), 200);
  });
}

scenario("what is no month is refused beside its field, and nothing typed is lost", async ({ open }) => {
  const organization = await createOrganization("Calendar errors");
  const page = await open({ organization });
  const answer = await page.goto(`${organization.path}/calendar?month=2020-01&third_party=kept`);
  assert.equal(answer.status(), 422);
  await page.getByRole("alert", { name: "There is a problem" }).getByRole("link").click();
  assert.equal(new URL(page.url()).hash, "#field-month");
  assert.equal(await page.getByLabel("Third party").inputValue(), "kept");
});
