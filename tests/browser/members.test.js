// The members of an organization: added, let in, promoted, kept out; and the proof of who it is that this takes.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { ageConfirmations } from "./support/database.js";
import { addMember, createOrganization } from "./support/organization.js";
import { countersign } from "./support/server.js";
import { press, revealed, save, signIn } from "./support/steps.js";

const PASSWORD = "correct horse battery staple";

async function organizationWithOwner(name) {
  const organization = await createOrganization(name);
  const owner = await addMember(organization, "owner", { password: PASSWORD });
  return { organization, owner };
}

/** Opens the page of a member from the list. */
async function openMember(page, organization, name) {
  await page.goto(`${organization.path}/members`);
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Asks for an action by its link, which opens a page, or a dialog where there is a script. */
async function ask(page, javaScript, name, button, reason) {
  await page.getByRole("link", { name, exact: true }).click();
  const asked = page.getByRole(javaScript ? "dialog" : "main");
  await asked.getByLabel(/^Reason/).and(page.locator("#field-reason")).fill(reason);
  await press(page, button);
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";
  scenario(`a member is added, let in, promoted and kept out, ${how} JavaScript`, async ({ open }) => {
    const { organization } = await organizationWithOwner(`Members ${how}`);
    const page = await open({ organization, javaScript });
    await page.getByRole("link", { name: "Members", exact: true }).click();
    await page.getByText("1 member", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Add member" }).click();
    await page.getByLabel("E-mail").fill("grace at acme");
    await page.getByLabel("Name", { exact: true }).fill("Grace Hopper");
    await press(page, /^Save/);
    await page.getByRole("alert").getByRole("link", { name: /^Choose one of owner/ }).waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Grace Hopper");
    await page.getByLabel("E-mail").fill("grace@acme.example");
    await page.getByRole("radio", { name: "Developer" }).check();
    await press(page, /^Save/);
    const [link] = await revealed(page);
    assert.match(link, /\/sign-in\/cs_sl_/);
    await page.getByText("It works once, and expires").waitFor();

    const theirs = await open({ javaScript });
    await theirs.goto(link);
    await theirs.getByRole("heading", { level: 1, name: "Profile" }).waitFor();
    assert.equal((await theirs.goto(`${organization.path}/members`)).status(), 403);
    await openMember(page, organization, "Grace Hopper");
    assert.equal(await page.locator("#revealed").count(), 0, "shown once");

    await page.getByRole("radio", { name: "Admin" }).check();
    await page.getByLabel(/^Reason/).fill("Runs the integrations from now on");
    await save(page, javaScript ? "keyboard" : "button");
    await theirs.goto(`${organization.path}/members`);
    await theirs.getByRole("link", { name: "Grace Hopper" }).waitFor();
    assert.equal(await theirs.getByRole("link", { name: "Add member" }).count(), 0, "admins read");

    await ask(page, javaScript, "End all sessions", "End all sessions", "Lost laptop");
    await page.getByText("The member is signed out everywhere.").waitFor();
    await theirs.goto(`${organization.path}/members`);
    await theirs.getByRole("heading", { level: 1, name: /sign in/i }).waitFor();

    await ask(page, javaScript, "New sign-in link", "Make sign-in link", "For the new laptop");
    const [second] = await revealed(page);
    await theirs.goto(second);
    await theirs.getByRole("heading", { level: 1, name: "Home" }).waitFor();

    await page.getByRole("checkbox", { name: "Active", exact: true }).uncheck();
    await save(page);
    await page.getByText("Inactive", { exact: true }).first().waitFor();
    await theirs.goto(`${organization.path}/third-parties`);
    await theirs.getByRole("heading", { level: 1, name: /sign in/i }).waitFor();

    await page.getByRole("link", { name: "History" }).click();
    for (const words of ["added the member Grace Hopper as developer", "made the member Grace Hopper admin", "deactivated the member Grace Hopper"]) {
      await page.getByText(new RegExp(words, "i")).first().waitFor();
    }
    await page.getByText("Reason: Lost laptop").first().waitFor();
  });

  scenario(`what was entered goes on after the password was asked for again, ${how} JavaScript`, async ({ open }) => {
    const { organization, owner } = await organizationWithOwner(`Asked again ${how}`);
    const page = await open({ javaScript });
    await page.goto("/login");
    await signIn(page, owner);
    await page.goto(`${organization.path}/members/new`);
    await page.getByLabel("E-mail").fill("grace@acme.example");
    await page.getByLabel("Name", { exact: true }).fill('Grace "Amazing" <Hopper>');
    await page.getByRole("radio", { name: "Auditor" }).check();
    await ageConfirmations(organization);
    await press(page, /^Save/);
    await page.getByRole("heading", { level: 1, name: "Confirm that it is you" }).waitFor();
    await page.getByLabel("Password").fill("not this one");
    await press(page, "Confirm");
    await page.getByRole("alert").getByText("This is not your password").waitFor();
    assert.doesNotMatch(await countersign(["member", "list", organization.slug]), /grace@/);
    await page.getByLabel("Password").fill(PASSWORD);
    await press(page, "Confirm");
    await page.getByRole("heading", { level: 1, name: 'Grace "Amazing" <Hopper>' }).waitFor();
    assert.equal((await revealed(page)).length, 1);
    if (javaScript) {
      await page.reload();
      assert.equal(await page.locator("#revealed").count(), 0, "reloading repeats nothing");
    }
    assert.match(await countersign(["member", "list", organization.slug]), /grace@acme.example.*auditor/);
    // Asked once, it holds for a while.
    await page.goto(`${organization.path}/third-parties/new`);
    await page.getByLabel("Third Party Name").fill("Brightside");
    await press(page, /^Save/);
    await page.getByText("shown only this once").waitFor();
  });
}

scenario("the last owner stays one, and nobody changes their own role", async ({ open }) => {
  const { organization, owner } = await organizationWithOwner("Last owner");
  const page = await open({ organization });
  await openMember(page, organization, owner.name);
  await page.getByText("Nobody changes their own role or deactivates themselves").waitFor();
  assert.equal(await page.getByRole("radio").count(), 0);
  assert.equal(await page.getByRole("checkbox").count(), 0);
  for (const command of [["deactivate"], ["set-role"]]) {
    const rest = command[0] === "set-role" ? ["admin"] : [];
    await assert.rejects(
      countersign(["member", ...command, organization.slug, owner.email, ...rest]),
      /keeps at least one active owner: make somebody else an owner first/,
    );
  }
  const second = await addMember(organization, "owner", { email: "second@acme.example", name: "Second Owner" });
  await countersign(["member", "set-role", organization.slug, owner.email, "admin"]);
  assert.equal((await page.goto(`${organization.path}/members/new`)).status(), 403, "an admin from now on");
  const theirs = await open({ organization });
  await openMember(theirs, organization, second.name);
});

scenario("the list is filtered and sorted in the address", async ({ open }) => {
  const { organization } = await organizationWithOwner("Listed");
  for (const [role, name] of [["auditor", "Cem"], ["developer", "Bea"]]) {
    await addMember(organization, role, { email: `${name.toLowerCase()}@acme.example`, name });
  }
  const page = await open({ organization });
  await page.goto(`${organization.path}/members`);
  const names = () => page.getByRole("rowheader").allTextContents();
  await page.getByLabel("Name", { exact: true }).fill("B");
  await page.getByLabel("Name", { exact: true }).press("Enter");
  await page.locator("[data-count]", { hasText: "1 of 3 match" }).waitFor();
  assert.deepEqual(await names(), ["Bea"]);
  await page.goBack();
  await page.locator("[data-count]", { hasText: "3 members" }).waitFor();
  await page.getByRole("link", { name: "E-mail" }).click();
  await page.getByRole("columnheader", { name: "E-mail" }).and(page.locator("[aria-sort=ascending]")).waitFor();
  assert.equal((await names())[0], "Bea");
  await page.getByLabel("Role").selectOption("Auditor");
  await page.locator("[data-count]", { hasText: "1 of 3 match" }).waitFor();
  assert.match(page.url(), /role=auditor/);
});
