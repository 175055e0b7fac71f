// The page of a third party: what is shown once, what is kept, what is guarded.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { scenario } from "./support/browser.js";
import { accessTest, createOrganization } from "./support/organization.js";
import {
  active, addThirdParty, addToken, enabled, event, fill, ownPath, press, revealed, save, seedThirdParties, showInactive,
} from "./support/steps.js";

const organization = await createOrganization("Third party pages");

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";
  scenario(`secrets are shown once, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    const { clientId, clientSecret, path } = await addThirdParty(page, organization, { name: `Once ${how}` });
    assert.match(clientSecret, /^cs_sk_[0-9A-Za-z]+$/);
    assert.notEqual(clientId, "");
    await page.getByText("Share the Client ID, Client Secret and OAuth Token with").waitFor();
    const token = await addToken(page);
    assert.ok(!(await page.content()).includes(clientSecret), "the secret is gone with the next page");
    assert.ok((await page.locator("tr.fresh").textContent()).includes(token));
    await page.goto(path);
    const text = await page.content();
    assert.ok(!text.includes(token) && !text.includes(clientSecret));
    assert.ok(text.includes(`…${token.slice(-4)}`) && text.includes(`…${clientSecret.slice(-4)}`));
    assert.ok(text.includes(clientId));
  });

  scenario(`a failed save keeps every field, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await seedThirdParties(page, organization, [`Taken ${how}`]);
    const { path } = await addThirdParty(page, organization, { name: `Failing ${how}` });
    const token = await addToken(page);
    const typed = {
      contactName: "Noor Haddad",
      contactEmail: "not an address",
      note: "Reviewed on 3 May\nwith Noor <noor@brightside.example>",
      callbackUrl: "http://brightside.example/callback",
    };
    await page.getByLabel("Third Party Name").fill("");
    await fill(page, { ...typed, mode: "Automatic" });
    await enabled(page).check();
    await (await active(page, token)).uncheck();
    await press(page, /^Save/);

    const summary = page.getByRole("alert", { name: "There is a problem" });
    await summary.waitFor();
    assert.equal(await summary.getByRole("listitem").count(), 3);
    assert.match(await page.title(), /^Error: /);
    assert.equal(await page.getByLabel("Third Party Name").inputValue(), "");
    assert.equal(await page.getByLabel(/^Contact name/).inputValue(), typed.contactName);
    assert.equal(await page.getByLabel(/^Contact e-mail/).inputValue(), typed.contactEmail);
    assert.equal(await page.getByLabel(/^Requirements note/).inputValue(), typed.note);
    assert.equal(await page.getByLabel(/^Callback URL/).inputValue(), typed.callbackUrl);
    assert.equal(await page.getByRole("radio", { name: "Automatic" }).isChecked(), true);
    assert.equal(await enabled(page).isChecked(), true);
    assert.equal(await (await active(page, token)).isChecked(), false);

    // The error stands in the summary, leads to its field, and is read with it.
    const email = page.getByLabel(/^Contact e-mail/);
    assert.equal(await email.getAttribute("aria-invalid"), "true");
    const describedBy = await email.getAttribute("aria-describedby");
    assert.notEqual(await page.locator(`#${describedBy.trim().split(" ").at(-1)}`).textContent(), "");
    await summary.getByRole("listitem").nth(1).getByRole("link").click();
    assert.equal(new URL(page.url()).hash, "#field-contact_email");

    // Nothing was saved: not the fields that were right either.
    const other = await page.context().newPage();
    await other.goto(path);
    assert.equal(await enabled(other).isChecked(), false);
    assert.equal(await other.getByLabel(/^Contact name/).inputValue(), "");
    await other.close();

    // A name that is taken: beside its field, in words.
    await page.getByLabel("Third Party Name").fill(`TAKEN ${how}`);
    await fill(page, { contactEmail: "noor@brightside.example", callbackUrl: "https://brightside.example/callback" });
    await press(page, /^Save/);
    await summary.waitFor();
    assert.match(await summary.textContent(), /name/i);
    assert.equal(await page.getByLabel("Third Party Name").getAttribute("aria-invalid"), "true");
    await page.getByLabel("Third Party Name").fill(`Mended ${how}`);
    await save(page);
    assert.equal(await page.getByLabel(/^Requirements note/).inputValue(), typed.note);
    assert.equal((await accessTest(organization, token)).diagnosis.failed.check, "token-active");
  });

  scenario(`a new third party that is refused keeps every field, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await page.goto(`${organization.path}/third-parties/new`);
    await fill(page, { contactName: "Ida", contactEmail: "ida", note: "A note", mode: "Automatic", callbackUrl: "ftp://x" });
    await press(page, /^Save/);
    const summary = page.getByRole("alert", { name: "There is a problem" });
    await summary.waitFor();
    assert.equal(await summary.getByRole("listitem").count(), 3);
    assert.equal(await page.getByLabel(/^Contact name/).inputValue(), "Ida");
    assert.equal(await page.getByLabel(/^Contact e-mail/).inputValue(), "ida");
    assert.equal(await page.getByLabel(/^Requirements note/).inputValue(), "A note");
    assert.equal(await page.getByLabel(/^Callback URL/).inputValue(), "ftp://x");
    assert.equal(await page.getByRole("radio", { name: "Automatic" }).isChecked(), true);
    if (javaScript) assert.equal(await summary.evaluate((element) => element === document.activeElement), true);
  });

  scenario(`two windows: the later save is refused and can be repeated, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    const { path } = await addThirdParty(page, organization, { name: `Two windows ${how}` });
    await page.goto(path);
    const other = await open({ organization, role: "admin", javaScript });
    await other.goto(path);
    await fill(other, { contactName: "From the other window" });
    await save(other);

    await fill(page, { note: "From this window" });
    await press(page, /^Save/);
    await page.getByRole("alert", { name: "There is a problem" }).waitFor();
    assert.match(await page.locator("main").textContent(), /From the other window/, "what is saved now is shown");
    assert.equal(await page.getByLabel(/^Requirements note/).inputValue(), "From this window");
    await other.reload();
    assert.equal(await other.getByLabel(/^Requirements note/).inputValue(), "", "nothing was overwritten");

    await fill(page, { contactName: "From the other window" });
    await save(page);
    assert.equal(await page.getByLabel(/^Requirements note/).inputValue(), "From this window");
    assert.equal(await page.getByLabel(/^Contact name/).inputValue(), "From the other window");
  });
}

scenario("copy, download, and an address that can be reloaded", async ({ open }) => {
  const page = await open({ organization });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  const { clientId, clientSecret, path } = await addThirdParty(page, organization, { name: "Copied & kept" });
  assert.equal(new URL(page.url()).pathname, path, "the answer to adding has the third party's own address");

  await page.getByRole("button", { name: "Copy Client Secret" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await clipboard(), clientSecret);
  await page.locator("#credentials-title ~ dl").getByRole("button", { name: "Copy Client ID" }).click();
  await page.waitForFunction((text) => navigator.clipboard.readText().then((read) => read === text), clientId);

  const token = await addToken(page);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download as text file" }).click(),
  ]);
  assert.match(download.suggestedFilename(), /^countersign-.*copied-kept\.txt$/);
  const text = readFileSync(await download.path(), "utf8");
  assert.ok(text.includes(`OAuth Token: ${token}\n`) && text.includes(`Client ID: ${clientId}\n`), text);

  // Reloading asks for the page again; it sends no form and makes no second token.
  await page.reload();
  assert.equal(await page.getByRole("row").count(), 2);
  assert.equal((await revealed(page)).length, 0);
});

scenario("sending the same form again makes no second token", async ({ open }) => {
  const page = await open({ organization, javaScript: false });
  await addThirdParty(page, organization, { name: "Twice" });
  const again = await page.locator("form[data-save]").evaluate((form) => Object.fromEntries(new FormData(form)));
  const path = await ownPath(page);
  await addToken(page);
  const answer = await page.request.post(path, {
    form: { ...again, action: "add-token" },
    headers: { Origin: new URL(page.url()).origin },
  });
  assert.equal(answer.status(), 409);
  await page.goto(path);
  assert.equal(await page.getByRole("checkbox", { name: /^Active: / }).count(), 1);
});

scenario("unsaved changes are announced and guarded", async ({ open }) => {
  const page = await open({ organization });
  const { path } = await addThirdParty(page, organization, { name: "Guarded" });
  const note = page.getByText("Unsaved changes");
  assert.equal(await note.isVisible(), false);
  await page.getByLabel(/^Contact name/).pressSequentially("Ada");
  await note.waitFor();

  const dialogs = [];
  let leave = false;
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.type());
    return leave ? dialog.accept() : dialog.dismiss();
  });
  await page.getByRole("link", { name: "Audit", exact: true }).click({ noWaitAfter: true });
  await page.waitForTimeout(200);
  assert.deepEqual(dialogs, ["beforeunload"]);
  assert.equal(new URL(page.url()).pathname, path);
  assert.equal(await page.getByLabel(/^Contact name/).inputValue(), "Ada");

  leave = true;
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await page.waitForURL("**/audit");
  await page.goto(path);
  assert.equal(await page.getByLabel(/^Contact name/).inputValue(), "");

  // What was undone is no change, and saving asks nothing.
  dialogs.length = 0;
  await page.getByLabel(/^Contact name/).pressSequentially("A");
  await page.keyboard.press("Backspace");
  assert.equal(await note.isVisible(), false);
  await page.getByLabel(/^Contact name/).pressSequentially("Grace");
  await save(page, "keyboard");
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await page.waitForURL("**/audit");
  assert.deepEqual(dialogs, []);
});

scenario("Enter in a field saves; it adds no token", async ({ open }) => {
  const page = await open({ organization });
  await addThirdParty(page, organization, { name: "Enter" });
  await page.getByLabel(/^Contact name/).fill("Noor");
  await page.getByLabel(/^Contact name/).press("Enter");
  await page.getByText("Saved.", { exact: true }).waitFor();
  assert.equal(await page.getByRole("checkbox", { name: /^Active: / }).count(), 0);
  await page.getByText("No tokens yet.").waitFor();
});

scenario("a token lives six calendar months, or until a day that the organization allows", async ({ open }) => {
  const page = await open({ organization });
  await addThirdParty(page, organization, { name: "Dates" });
  await addToken(page);
  const row = page.locator("tr.fresh");
  const [createdAt, expiresAt] = await row.locator("td time").evaluateAll((all) => all.slice(0, 2).map((time) => time.dateTime));
  assert.equal(expiresAt.slice(0, 19), sixMonthsAfter(createdAt).slice(0, 19));

  const day = page.getByLabel(/^Expires on/);
  const chosen = new Date(Date.now() + 45 * 86_400_000).toISOString().slice(0, 10);
  await day.fill(chosen);
  await addToken(page);
  assert.equal((await row.locator("td time").nth(1).getAttribute("datetime")).slice(0, 10), chosen);
  assert.equal(await day.inputValue(), "", "the choice is for one token");

  const latest = await day.getAttribute("max");
  for (const refused of ["2020-01-01", `${Number(latest.slice(0, 4)) + 1}${latest.slice(4)}`]) {
    await day.fill(refused);
    await press(page, "Add OAuth Token");
    const summary = page.getByRole("alert", { name: "There is a problem" });
    await summary.waitFor();
    await summary.getByRole("link").click();
    assert.equal(new URL(page.url()).hash, "#field-expires_on");
    assert.equal(await day.inputValue(), refused);
  }
  assert.equal(await page.getByRole("checkbox", { name: /^Active: / }).count(), 2);
});

/** Six calendar months later: the same day of the month, or its last one; the same time of day. */
function sixMonthsAfter(instant) {
  const at = new Date(instant);
  const day = at.getUTCDate();
  at.setUTCDate(1);
  at.setUTCMonth(at.getUTCMonth() + 6);
  const lastDay = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  at.setUTCDate(Math.min(day, lastDay));
  return at.toISOString();
}

scenario("a second Client Secret works beside the first until that is removed", async ({ open }) => {
  const page = await open({ organization });
  const { clientSecret } = await addThirdParty(page, organization, { name: "Rotating" });
  await press(page, "New Client Secret");
  await page.getByText("shown only this once").waitFor();
  const second = (await revealed(page)).at(-1);
  assert.notEqual(second, clientSecret);
  const boxes = page.getByRole("checkbox", { name: /^Remove / });
  assert.equal(await boxes.count(), 2);
  assert.equal(await page.getByRole("button", { name: "New Client Secret" }).count(), 0, "two are the most");
  await page.getByRole("checkbox", { name: new RegExp(`^Remove .*${clientSecret.slice(-4)}$`) }).check();
  await save(page);
  assert.equal(await boxes.count(), 1);
  const credentials = await page.getByRole("region", { name: "Credentials" }).textContent();
  assert.ok(credentials.includes(second.slice(-4)) && !credentials.includes(clientSecret.slice(-4)));
});

scenario("a token's own page: its life, switching, revoking for good", async ({ open }) => {
  const page = await open({ organization });
  await addThirdParty(page, organization, { name: "Life of a token" });
  const token = await addToken(page);
  await enabled(page).check();
  await save(page);
  assert.equal((await accessTest(organization, token)).status, 200);
  const mask = `…${token.slice(-4)}`;
  await page.getByRole("link", { name: new RegExp(`^History of .*${token.slice(-4)}$`) }).click();
  await page.getByRole("heading", { level: 1, name: new RegExp(mask) }).waitFor();

  const box = page.getByRole("checkbox", { name: "Active" });
  await box.uncheck();
  await save(page, "keyboard");
  assert.equal((await accessTest(organization, token)).diagnosis.failed.check, "token-active");
  await box.check();
  await save(page);
  assert.equal((await accessTest(organization, token)).status, 200);

  await page.getByText("Revoke for good…").click();
  await page.getByLabel(/^Reason/).fill("Seen in a support ticket");
  await press(page, "Revoke OAuth Token");
  await page.getByText("The token is revoked for good.").waitFor();
  const { status, diagnosis } = await accessTest(organization, token);
  assert.equal(status, 401);
  assert.match(diagnosis.failed.message, /revoked/);
  assert.equal(await box.count(), 0, "it can't be switched on again");
  const types = await page.locator("ol.timeline dd").filter({ hasText: "no. " }).allTextContents();
  assert.deepEqual(types.map((text) => text.split(" ")[0]), ["TokenRevoked", "TokenActivated", "TokenDeactivated", "TokenIssued"]);
  assert.match(await event(page, "TokenRevoked").textContent(), /Reason: Seen in a support ticket/);

  await page.getByRole("link", { name: "Life of a token" }).first().click();
  await showInactive(page);
  await page.getByText("Revoked", { exact: true }).waitFor();
});

scenario("deleting says what it stops, stops it, and keeps the history", async ({ open }) => {
  const page = await open({ organization });
  const { path } = await addThirdParty(page, organization, { name: "Gone tomorrow" });
  const token = await addToken(page);
  await enabled(page).check();
  await save(page);
  assert.equal((await accessTest(organization, token)).status, 200);
  await page.getByRole("link", { name: "Delete" }).click();
  await page.getByText(/Stops 1 active token at once/).waitFor();
  await page.getByLabel(/^Reason/).fill("Contract ended");
  await press(page, "Delete Gone tomorrow");
  await page.getByText("The third party is deleted.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Gone tomorrow" }).count(), 0);
  const { status, diagnosis } = await accessTest(organization, token);
  assert.equal(status, 401);
  assert.match(diagnosis.failed.message, /deleted/);
  await page.goto(`${organization.path}/audit`);
  const deleted = event(page, "ThirdPartyDeleted", "Gone tomorrow");
  assert.match(await deleted.textContent(), /Reason: Contract ended/);

  // What is gone can be looked at, but not changed.
  await page.goto(path);
  assert.equal(await page.getByRole("button", { name: /^Save/ }).count(), 0);
});

scenario("names are text, whatever they look like", async ({ open }) => {
  const page = await open({ organization });
  const hostile = [
    `<script>document.title = "broken"</script>`,
    `"><img src=x onerror="document.title = 'broken'">`,
    `{{7*7}} \${7*7} %3Cb%3E &amp; '"`,
    `</textarea><b>Österreich 東京 مرحبا 🎉</b>`,
  ];
  for (const name of hostile) {
    const { path } = await addThirdParty(page, organization, { name, contactName: name, note: name });
    const token = await addToken(page);
    assert.equal(await page.getByLabel("Third Party Name").inputValue(), name);
    assert.equal(await page.getByLabel(/^Requirements note/).inputValue(), name);
    const query = encodeURIComponent(name);
    const list = `${organization.path}/third-parties?q=${query}`;
    for (const address of [list, `${path}/test`, `${path}/delete`, `${organization.path}/audit?q=${query}`]) {
      await page.goto(address);
      assert.ok((await page.locator("main").textContent()).includes(name), `${address} shows ${name}`);
      assert.doesNotMatch(await page.title(), /^broken/);
      assert.equal(await page.locator("main script, main img, main b").count(), 0);
    }
    await page.goto(path);
    await page.getByRole("link", { name: new RegExp(`^History of .*${token.slice(-4)}$`) }).click();
    assert.ok((await page.locator("main").textContent()).includes(name));
  }
  await page.goto(`${organization.path}/third-parties?q=${encodeURIComponent(`<b>no such</b>`)}`);
  await page.getByRole("heading", { name: "No third party matches" }).waitFor();
  assert.equal(await page.getByLabel("Name or contact").inputValue(), "<b>no such</b>");
  assert.equal(await page.locator("main b").count(), 0);
});
