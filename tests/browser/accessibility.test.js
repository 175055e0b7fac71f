// What holds for every page in every state: WCAG 2.2 AA as far as a program can tell, in light and dark, wide and
// narrow; nothing to scroll sideways. That no page asks another origin for anything, breaks the content security policy
// or fails in its script is watched in every test; see support/browser.js.

import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { STATES, prepare } from "./support/states.js";

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function faultsOf(page) {
  const faults = [];
  for (const width of [1280, 400]) {
    await page.setViewportSize({ width, height: 900 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) faults.push(`${width} px: ${over} px too wide (${await widest(page)})`);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(WCAG).analyze();
      for (const { id, nodes } of violations) {
        const where = nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ");
        faults.push(`${width} px ${colorScheme}: ${id}: ${where}`);
      }
    }
  }
  return faults;
}

/** What reaches furthest to the right. */
function widest(page) {
  return page.evaluate(() => {
    const all = [...document.querySelectorAll("main *, header *, footer *")];
    const right = (element) => element.getBoundingClientRect().right;
    return all.reduce((most, element) => (right(element) > right(most) ? element : most)).outerHTML.slice(0, 150);
  });
}

let world;

for (const [name, show] of Object.entries(STATES)) {
  scenario(name, async ({ open }) => {
    world ??= await prepare(open);
    const page = await show(open, world);
    assert.deepEqual(await faultsOf(page), []);
    assert.notEqual(await page.title(), "");
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
  });
}
