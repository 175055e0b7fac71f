// Times are shown, and days are meant, where the person is: as the browser says, or as chosen on the profile.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { createOrganization } from "./support/organization.js";
import { addThirdParty, press } from "./support/steps.js";

const organization = await createOrganization("Time zones");
const footer = (page) => page.getByRole("contentinfo");
const firstTime = (page) => page.locator("main time .exact").first();

/** The day that it is in a zone, and the hour. */
function now(timeZone) {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short", timeStyle: "short", hour12: false });
  const [day, time] = format.format(new Date()).split(", ");
  return { day, hour: time.slice(0, 2) };
}

scenario("the browser's zone is used without being asked for, in times and in filters", async ({ open }) => {
  const page = await open({ organization, timezoneId: "Pacific/Kiritimati" });
  await addThirdParty(page, organization, { name: "Where it is already tomorrow" });
  await page.goto(`${organization.path}/profile`);
  assert.match(await footer(page).textContent(), /Times are Pacific\/Kiritimati\./);
  assert.match(await firstTime(page).textContent(), /^\d{4}-\d\d-\d\d \d\d:\d\d \+14:00$/);
  assert.ok((await firstTime(page).textContent()).startsWith(now("Pacific/Kiritimati").day));

  await page.goto(`${organization.path}/audit`);
  assert.match(await page.getByLabel("From").locator("..").textContent(), /Pacific\/Kiritimati/);
  await page.getByLabel("From").fill(now("Pacific/Kiritimati").day);
  await page.getByLabel("Text").fill("already tomorrow");
  await page.getByLabel("Text").press("Enter");
  await page.waitForURL(/zone=Pacific%2FKiritimati/);
  await page.locator("[data-count]", { hasText: /[1-9]\d* events? *,/ }).waitFor();
  const shared = page.url();

  await page.goto(`${organization.path}/third-parties`);
  await page.getByLabel("Last used").fill("2020");
  await page.getByLabel("Last used").press("Enter");
  await page.waitForURL(/zone=Pacific%2FKiritimati/);

  // Somebody elsewhere who opens the link sees the same.
  const elsewhere = await open({ organization, timezoneId: "Pacific/Pago_Pago" });
  await elsewhere.goto(shared);
  assert.match(await elsewhere.getByLabel("From").locator("..").textContent(), /Pacific\/Kiritimati/);
  assert.match(await elsewhere.locator("[data-count]").textContent(), /[1-9]\d* event/);
});

for (const javaScript of [true, false]) {
  scenario(`another zone is chosen on the profile, ${javaScript ? "with" : "without"} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await page.goto(`${organization.path}/profile`);
    assert.match(await footer(page).textContent(), /Times are (Etc\/)?UTC\./);
    await page.getByLabel("Show times in").selectOption("Asia/Kathmandu");
    await press(page, "Save time zone");
    assert.match(await page.getByRole("status").first().textContent(), /Saved/);
    assert.match(await footer(page).textContent(), /Times are Asia\/Kathmandu\./);
    assert.match(await firstTime(page).textContent(), /\+05:45$/);
    await page.goto(`${organization.path}/third-parties`);
    assert.match(await footer(page).textContent(), /Times are Asia\/Kathmandu\./, "and it stays");
  });
}
