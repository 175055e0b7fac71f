// The path again with the keyboard alone: Tab, Space, Enter, Ctrl+S. Everything that gets the focus shows it.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { accessTest, addMember, createOrganization } from "./support/organization.js";
import { enabled, revealed } from "./support/steps.js";

/** Goes on with Tab until the element has the focus, and sees to it that every stop on the way can be seen. */
async function tabTo(page, target) {
  for (let stops = 0; stops < 100; stops += 1) {
    await page.keyboard.press("Tab");
    await assertFocusSeen(page);
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`${target} is not reached with Tab`);
}

async function assertFocusSeen(page) {
  const stop = await page.evaluate(() => {
    const element = document.activeElement;
    if (element === document.body) return null;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const x = box.left + box.width / 2;
    const y = box.top + box.height / 2;
    const above = document.elementFromPoint(x, y);
    const isUncovered = above !== null && (element.contains(above) || above.contains(element) || above.closest("label")?.control === element);
    return { what: element.outerHTML.slice(0, 120), hasOutline: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, isUncovered };
  });
  if (stop === null) return;
  assert.ok(stop.hasOutline, `no focus to be seen on ${stop.what}`);
  assert.ok(stop.isUncovered, `covered or out of sight: ${stop.what}`);
}

/** Presses a key that leads to another page. */
async function go(page, key) {
  await Promise.all([page.waitForEvent("load"), page.keyboard.press(key)]);
}

for (const width of [1280, 400]) {
  scenario(`the path with the keyboard alone, ${width} px wide`, async ({ open }) => {
    const organization = await createOrganization(`Keyboard ${width}`);
    const member = await addMember(organization, "admin", { password: "correct horse battery staple" });
    const page = await open({ width });
    const button = (name) => page.getByRole("button", { name });
    await page.goto("/login");
    await tabTo(page, page.getByLabel("E-mail"));
    await page.keyboard.type(member.email);
    await tabTo(page, page.getByLabel("Password"));
    await page.keyboard.type(member.password);
    await go(page, "Enter");

    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to main content");
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("link", { name: "Add third party" }));
    await go(page, "Enter");
    await tabTo(page, page.getByLabel("Third Party Name"));
    await page.keyboard.type("By keyboard");
    await go(page, "Control+s");

    await tabTo(page, button("Copy Client Secret"));
    await tabTo(page, button("Add OAuth Token"));
    await go(page, "Enter");
    const token = (await revealed(page)).at(-1);
    await tabTo(page, enabled(page));
    await page.keyboard.press("Space");
    await go(page, "Control+s");
    assert.equal((await accessTest(organization, token)).status, 200);

    await tabTo(page, page.getByRole("checkbox", { name: /^Active: / }));
    await page.keyboard.press("Space");
    await go(page, "Control+s");
    assert.equal((await accessTest(organization, token)).diagnosis.failed.check, "token-active");

    await tabTo(page, page.locator("details.past summary"));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("checkbox", { name: /^Active: / }));
    await page.keyboard.press("Space");
    await go(page, "Control+s");
    assert.equal((await accessTest(organization, token)).status, 200);

    await tabTo(page, page.getByRole("link", { name: "Test access" }));
    await go(page, "Enter");
    await tabTo(page, page.getByLabel(/^OAuth Token/));
    await page.keyboard.type(token);
    await go(page, "Enter");
    await page.getByRole("heading", { name: "This token gives access" }).waitFor();

    await tabTo(page, page.getByRole("link", { name: "OAuth clients" }));
    await go(page, "Enter");
    await tabTo(page, page.getByRole("link", { name: "Add client" }));
    await go(page, "Enter");
    await tabTo(page, page.getByLabel("Client ID", { exact: true }));
    await page.keyboard.type("by-keyboard");
    await go(page, "Control+s");
    await tabTo(page, button("Copy Client Secret"));
    await tabTo(page, page.getByLabel("Scopes"));
    await page.keyboard.type("read");
    await tabTo(page, page.getByText("Rarely changed"));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByLabel("Require PKCE"));
    await page.keyboard.press("Space");
    await go(page, "Control+s");
    assert.equal(await page.getByLabel("Require PKCE").isChecked(), false);

    await tabTo(page, page.getByRole("link", { name: "Delete", exact: true }));
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Delete by-keyboard?" });
    await dialog.waitFor();
    assert.equal(await dialog.evaluate((element) => element.contains(document.activeElement)), true);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Delete");
    await page.keyboard.press("Enter");
    await tabTo(page, dialog.getByRole("button", { name: "Delete client" }));
    await go(page, "Enter");
    await page.getByText("The client is deleted.").waitFor();
    await tabTo(page, page.getByRole("searchbox", { name: "Client ID" }));
    await page.keyboard.type("nothing like it");
    await page.keyboard.press("Tab");
    await page.getByRole("heading", { name: "No client matches" }).waitFor();

    await tabTo(page, page.getByRole("link", { name: "Audit", exact: true }));
    await go(page, "Enter");
    await tabTo(page, button("Sign out"));
    await go(page, "Enter");
    await page.getByText("You are signed out.").waitFor();
  });
}

scenario("an error takes the focus to its summary, and from there to the field", async ({ open }) => {
  const organization = await createOrganization("Keyboard errors");
  const page = await open({ organization });
  await page.goto(`${organization.path}/third-parties/new`);
  await go(page, "Control+s");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "alert");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.type("Typed at once");
  assert.equal(await page.getByLabel("Third Party Name").inputValue(), "Typed at once");
});
