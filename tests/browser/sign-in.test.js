// Signing in and out, the lock-out, sessions, the password.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { addMember, createOrganization, signInLink } from "./support/organization.js";
import { countersign } from "./support/server.js";
import { press, signIn } from "./support/steps.js";

const organization = await createOrganization("Sign-in");
const PASSWORD = "correct horse battery staple";
let count = 0;

/** A member of this organization with a password, for one test. */
function somebody(role = "admin", password = PASSWORD) {
  count += 1;
  return addMember(organization, role, { password, email: `person${count}@sign-in.example`, name: `Person ${count}` });
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";
  scenario(`by password, to where one wanted to go, and out again, ${how} JavaScript`, async ({ open }) => {
    const member = await somebody();
    const page = await open({ javaScript });
    await page.goto(`${organization.path}/audit?q=signed`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();

    await signIn(page, { email: member.email, password: "wrong horse battery staple" });
    await page.getByRole("alert").getByText("E-mail address or password is wrong").waitFor();
    assert.equal(await page.getByLabel("E-mail").inputValue(), member.email);
    assert.equal(await page.getByLabel("Password").inputValue(), "", "a password is never sent back");

    await signIn(page, member);
    await page.waitForURL("**/audit?q=signed");
    await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();
    const [cookie] = (await page.context().cookies()).filter((one) => one.httpOnly && one.value.startsWith("cs_"));
    assert.equal(cookie.sameSite, "Lax");

    await press(page, "Sign out");
    await page.getByText("You are signed out.").waitFor();
    await page.goto(`${organization.path}/third-parties`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.context().addCookies([cookie]);
    await page.goto(`${organization.path}/third-parties`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });
}

scenario("an unknown address is answered like a wrong password; empty fields are named", async ({ open }) => {
  const page = await open();
  await page.goto("/login");
  await signIn(page, { email: "nobody@sign-in.example", password: PASSWORD });
  await page.getByRole("alert").getByText("E-mail address or password is wrong").waitFor();
  await signIn(page, { email: "", password: "" });
  const summary = page.getByRole("alert", { name: "There is a problem" });
  await summary.getByText("Enter your e-mail address").waitFor();
  await summary.getByText("Enter your password").waitFor();
});

scenario("too many wrong passwords: wait, with the right one too; a new password from the operator ends it", async ({ open }) => {
  const member = await somebody();
  const page = await open();
  await page.goto("/login");
  const tooMany = page.getByText("Too many attempts.");
  let tries = 0;
  while ((await tooMany.count()) === 0) {
    tries += 1;
    assert.ok(tries < 12, "there is no lock-out");
    await signIn(page, { email: member.email, password: `guess number ${tries}` });
  }
  assert.ok(tries > 3, "a few mistakes are forgiven");
  await signIn(page, member);
  assert.match(await page.locator("main").textContent(), /Try again in \d+ seconds?/);

  await countersign(["member", "set-password", organization.slug, member.email], "another horse battery\n");
  await signIn(page, { email: member.email, password: "another horse battery" });
  await page.waitForURL(`**${organization.path}`);
});

scenario("the printed link works once", async ({ open }) => {
  const link = await signInLink(organization, "owner");
  const page = await open();
  await page.goto(link);
  await page.waitForURL(`**${organization.path}`);
  await page.goto(link);
  await page.waitForURL(`**${organization.path}`, { timeout: 5_000 });
  const other = await open();
  const answer = await other.goto(link);
  assert.equal(answer.status(), 410);
  await other.getByText("This sign-in link was used already, or has expired.").waitFor();
});

scenario("sessions are listed and can be ended", async ({ open }) => {
  const member = await somebody();
  const pages = [];
  for (let index = 0; index < 3; index += 1) {
    const page = await open();
    await page.goto("/login");
    await signIn(page, member);
    await page.waitForURL(`**${organization.path}`);
    pages.push(page);
  }
  const [mine, second, third] = pages;
  await mine.goto(`${organization.path}/profile`);
  const table = mine.getByRole("table", { name: "Sessions" });
  assert.equal(await table.getByRole("row").count(), 4);
  assert.match(await table.getByRole("row").nth(1).textContent(), /This session/);
  assert.match(await table.getByRole("row").nth(1).textContent(), /127\.0\.0\.1/);

  await table.getByRole("button", { name: /^Sign out/ }).first().click();
  await mine.getByText("The session is signed out.").waitFor();
  assert.equal(await table.getByRole("row").count(), 3);
  await second.reload();
  await third.reload();
  const out = [];
  for (const page of [second, third]) out.push(await page.getByRole("heading", { name: "Sign in" }).count());
  assert.equal(out.reduce((sum, one) => sum + one), 1, "exactly one is out, at once");

  await press(mine, "Sign out all other sessions");
  await mine.getByText("All other sessions are signed out.").waitFor();
  for (const page of [second, third]) {
    await page.reload();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  }
  await mine.reload();
  await mine.getByRole("heading", { level: 1, name: "Profile" }).waitFor();
});

scenario("a form sent after the session ended says so, and leads back", async ({ open }) => {
  const member = await somebody();
  const page = await open();
  await page.goto("/login");
  await signIn(page, member);
  await page.waitForURL(`**${organization.path}`);
  await page.goto(`${organization.path}/third-parties/new`);
  await page.getByLabel("Third Party Name").fill("Too late");
  await page.context().clearCookies();
  await press(page, /^Save/);
  await page.getByText("What you sent was not saved.").waitFor();
  await signIn(page, member);
  await page.waitForURL("**/third-parties/new");
});

scenario("changing the password: the old one, a good new one, and everybody else is out", async ({ open }) => {
  const member = await somebody("developer");
  const page = await open();
  const other = await open();
  for (const one of [page, other]) {
    await one.goto("/login");
    await signIn(one, member);
    await one.waitForURL("**/profile");
  }
  const change = async (current, next) => {
    await page.getByLabel("Current password").fill(current);
    await page.getByLabel("New password").fill(next);
    await press(page, "Change password");
  };
  const summary = page.getByRole("alert", { name: "There is a problem" });
  await change("not my password", "a new long password");
  await summary.getByRole("link").first().click();
  assert.equal(new URL(page.url()).hash, "#field-current_password");
  await change(PASSWORD, "short");
  await summary.getByText(/12 characters/).waitFor();
  await change(PASSWORD, "a new long password");
  await page.getByText("Your password is changed").waitFor();
  await other.reload();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  await signIn(other, member);
  await other.getByText("E-mail address or password is wrong").first().waitFor();
  await signIn(other, { email: member.email, password: "a new long password" });
  await other.waitForURL("**/profile");
});

scenario("a person of two organizations chooses, and can switch", async ({ open }) => {
  const second = await createOrganization("Second home");
  const email = "both@sign-in.example";
  await addMember(organization, "auditor", { password: PASSWORD, email, name: "Bo Both" });
  await addMember(second, "owner", { password: PASSWORD, email, name: "Bo Both" });
  const page = await open();
  await page.goto("/login");
  await signIn(page, { email, password: PASSWORD });
  await page.waitForURL("**/orgs");
  assert.equal(await page.getByRole("main").getByRole("link").count(), 2);
  await page.getByRole("link", { name: /Second home\s*Owner/ }).click();
  await page.waitForURL(`**${second.path}`);
  await page.getByRole("link", { name: /^Switch/ }).click();
  await page.getByRole("link", { name: /^Sign-in\s*Auditor/ }).click();
  await page.waitForURL(`**${organization.path}`);
});
