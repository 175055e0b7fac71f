// The list of third parties: filters, sort, pages, and addresses that show a colleague the same.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { createOrganization } from "./support/organization.js";
import { enabled, follow, press, save, seedThirdParties } from "./support/steps.js";

const organization = await createOrganization("Long list");
const NAMES = Array.from({ length: 130 }, (_, index) => `Partner ${String(index + 1).padStart(3, "0")}`);

const list = `${organization.path}/third-parties`;
const shown = (page) => page.locator("#results tbody th a").allTextContents();
/** Waits until the line above the list says so. */
const counted = (page, text) => page.locator("[data-count]", { hasText: text }).waitFor();
const header = (page, name) => page.getByRole("columnheader", { name });
const filter = (page, name) => page.getByRole("search").getByLabel(name);

scenario("an empty list explains what a third party is", async ({ open }) => {
  const empty = await createOrganization("Nobody yet");
  const page = await open({ organization: empty });
  await page.goto(`${empty.path}/third-parties`);
  await page.getByRole("heading", { name: "No third parties yet" }).waitFor();
  await page.getByRole("link", { name: "Add third party" }).click();
  await page.getByRole("heading", { level: 1, name: "Add third party" }).waitFor();
});

let seeded;
/** The names above, made once. */
function seed(page) {
  seeded ??= (async () => {
    await seedThirdParties(page, organization, NAMES);
    await page.goto(`${list}?q=Partner+007`);
    await page.getByRole("link", { name: "Partner 007" }).click();
    await enabled(page).check();
    await page.getByLabel(/^Contact name/).fill("Miss Moneypenny");
    await save(page);
  })();
  return seeded;
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";

  scenario(`search by a part of name or contact, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await seed(page);
    await page.goto(list);
    const search = filter(page, "Name or contact");
    await search.fill("pArTnEr 12");
    await search.press("Enter");
    await counted(page, "10 of 130 match");
    assert.deepEqual(await shown(page), NAMES.slice(119, 129));
    assert.equal(new URL(page.url()).searchParams.get("q"), "pArTnEr 12");
    if (javaScript) assert.equal(await search.evaluate((element) => element === document.activeElement), true, "focus stays");

    await search.fill("moneypenny");
    await search.press("Enter");
    await counted(page, "1 of 130 match");
    assert.deepEqual(await shown(page), ["Partner 007"]);

    await search.fill("no such partner");
    await search.press("Enter");
    await page.getByRole("heading", { name: "No third party matches" }).waitFor();

    await page.goBack();
    await counted(page, "1 of 130 match");
    assert.equal(await search.inputValue(), "moneypenny");
    await page.goBack();
    await counted(page, "10 of 130 match");
    assert.equal(await search.inputValue(), "pArTnEr 12");
    await page.goForward();
    await counted(page, "1 of 130 match");
    assert.deepEqual(await shown(page), ["Partner 007"]);
    await page.goForward();
    await page.getByRole("link", { name: "Clear filters" }).click();
    await counted(page, "130 third parties");
    assert.equal(await search.inputValue(), "");
  });

  scenario(`a filter for each column, any together, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await seed(page);
    for (const [name, option, count] of [["Enabled", "Enabled", 1], ["Enabled", "Not enabled", 129], ["Mode", "Manual", 130], ["Mode", "Automatic", 0]]) {
      await page.goto(list);
      await filter(page, name).selectOption(option);
      if (!javaScript) await press(page, "Filter");
      await counted(page, `${count} of 130 match`);
    }
    for (const [name, text, count] of [["Next expiry", "NO ACTIVE", 130], ["Next expiry", "2026", 0], ["Last used", "nev", 130], ["Last used", "14:05", 0]]) {
      await page.goto(list);
      await filter(page, name).fill(text);
      await filter(page, name).press("Enter");
      await counted(page, `${count} of 130 match`);
    }
    await page.goto(list);
    await filter(page, "Enabled").selectOption("Not enabled");
    if (!javaScript) await press(page, "Filter");
    await counted(page, "129 of 130 match");
    await filter(page, "Last used").fill("never");
    await filter(page, "Name or contact").fill("PARTNER 00");
    await filter(page, "Name or contact").press("Enter");
    await counted(page, "8 of 130 match");
    assert.deepEqual(await shown(page), NAMES.slice(0, 9).filter((name) => name !== "Partner 007"));
    const colleague = await open({ organization, role: "auditor", javaScript });
    await colleague.goto(page.url());
    assert.deepEqual(await shown(colleague), await shown(page));
    assert.equal(await filter(colleague, "Enabled").inputValue(), "no");
    await follow(page, page.getByRole("link", { name: "Clear filters" }));
    await counted(page, "130 third parties");
  });

  scenario(`sort by every column, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await seed(page);
    await page.goto(list);
    assert.equal(await header(page, "Name").getAttribute("aria-sort"), "ascending");
    assert.equal((await shown(page))[0], "Partner 001");
    await page.getByRole("link", { name: "Name", exact: true }).click();
    await page.waitForURL(/order=descending/);
    assert.equal(await header(page, "Name").getAttribute("aria-sort"), "descending");
    assert.equal((await shown(page))[0], "Partner 130");

    for (const column of ["Enabled", "Mode", "Next expiry", "Last used"]) {
      await page.getByRole("link", { name: column, exact: true }).click();
      await page.waitForURL(/sort=/);
      assert.equal(await header(page, column).getAttribute("aria-sort"), "ascending", column);
      await page.getByRole("link", { name: column, exact: true }).click();
      await page.waitForURL(/order=descending/);
      assert.equal(await header(page, column).getAttribute("aria-sort"), "descending", column);
      assert.equal(await page.locator("th[aria-sort]").count(), 1);
      if (column === "Enabled") assert.equal((await shown(page))[0], "Partner 007");
    }

    // A search keeps the order.
    await page.goto(`${list}?order=descending`);
    const search = filter(page, "Name or contact");
    await search.fill("Partner 01");
    await search.press("Enter");
    await counted(page, "10 of 130 match");
    assert.equal((await shown(page))[0], "Partner 019");
    assert.equal(await header(page, "Name").getAttribute("aria-sort"), "descending");
  });

  scenario(`pages, Show all, and a link for a colleague, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await seed(page);
    await page.goto(list);
    const first = await shown(page);
    assert.ok(first.length < NAMES.length);
    await counted(page, `130 third parties, showing 1 to ${first.length}`);
    const pager = page.getByRole("navigation", { name: "Pages" });
    assert.equal(await pager.locator("[aria-current=page]").textContent(), "Page 1");
    assert.equal(await pager.getByRole("link", { name: "Previous page" }).count(), 0);
    await pager.getByRole("link", { name: "Next page" }).click();
    await page.waitForURL(/page=2/);
    assert.deepEqual(await shown(page), NAMES.slice(first.length, 2 * first.length));
    await pager.getByRole("link", { name: "Previous page" }).click();
    await page.waitForURL(/page=1/);
    assert.deepEqual(await shown(page), first);
    const last = pager.getByRole("link", { name: /^Page \d+$/ }).last();
    await last.click();
    await page.waitForURL(/page=[2-9]/);
    assert.equal((await shown(page)).at(-1), "Partner 130");
    assert.equal(await pager.getByRole("link", { name: "Next page" }).count(), 0);

    await pager.getByRole("link", { name: "Show all" }).click();
    await page.waitForURL(/page=all/);
    assert.deepEqual(await shown(page), NAMES);
    await pager.getByRole("link", { name: "Show pages" }).click();
    await counted(page, `showing 1 to ${first.length}`);

    // The address carries it all: search, order, page.
    await page.goto(`${list}?q=partner&order=descending`);
    await pager.getByRole("link", { name: "Page 2" }).click();
    await page.waitForURL(/page=2/);
    const rows = await shown(page);
    const colleague = await open({ organization, role: "auditor", javaScript });
    await colleague.goto(page.url());
    assert.deepEqual(await shown(colleague), rows);
    assert.equal(await filter(colleague, "Name or contact").inputValue(), "partner");
    await page.goBack();
    await counted(page, `showing 1 to ${first.length}`);
  });
}

scenario("a filter is applied on leaving the field, and announced", async ({ open }) => {
  const page = await open({ organization });
  await seed(page);
  await page.goto(list);
  await filter(page, "Name or contact").fill("Partner 13");
  await page.keyboard.press("Tab");
  await counted(page, "1 of 130 match");
  await page.waitForFunction(() => document.getElementById("announcer").textContent.includes("1 of 130 match"));
});

scenario("odd addresses are read as well as can be", async ({ open }) => {
  const page = await open({ organization });
  await seed(page);
  for (const query of ["page=999", "page=0", "page=-1", "page=x", "sort=nonsense", "order=sideways", "q=%00", "q=%ff&page=2", "enabled=maybe", "mode=%00", "expires=%25&used=_"]) {
    const answer = await page.goto(`${list}?${query}`);
    assert.equal(answer.status(), 200, query);
  }
});
