// What people do on the pages, in their words: by labels and roles, not by the markup.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

/** Presses a button that sends a form; waits for the page that is the answer. */
export async function press(page, name) {
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name }).click()]);
}

/** Follows a link; waits for its page. */
export async function follow(page, link) {
  await Promise.all([page.waitForEvent("load"), link.click()]);
}

/** Adds a third party from the list; answers what the page reveals. */
export async function addThirdParty(page, organization, { name, ...fields }) {
  await page.goto(`${organization.path}/third-parties`);
  await page.getByRole("link", { name: "Add third party" }).click();
  await page.getByLabel("Third Party Name").fill(name);
  await fill(page, fields);
  await press(page, /^Save/);
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  const [clientId, clientSecret] = await revealed(page);
  return { name, clientId, clientSecret, path: await ownPath(page) };
}

const LABELS = {
  contactName: /^Contact name/,
  contactEmail: /^Contact e-mail/,
  note: /^Requirements note/,
  callbackUrl: /^Callback URL/,
};

/** Fills in fields of a third party, by the names above. */
export async function fill(page, fields) {
  for (const [field, value] of Object.entries(fields)) {
    if (field === "mode") await page.getByRole("radio", { name: value }).check();
    else await page.getByLabel(LABELS[field]).fill(value);
  }
}

/** The values that the page shows this once, in its order. */
export async function revealed(page) {
  return page.locator("#revealed dd code").allTextContents();
}

/** The address of the third party whose page is shown. Without a script the bar still shows that of the form before. */
export async function ownPath(page) {
  return page.locator("form[data-save]").getAttribute("action");
}

/** Presses "Add OAuth Token"; answers the token. */
export async function addToken(page) {
  await press(page, "Add OAuth Token");
  await page.getByText("shown only this once").waitFor();
  const token = (await revealed(page)).at(-1);
  assert.match(token, /^cs_[a-z]+_[0-9A-Za-z]{40,}$/);
  return token;
}

/** Saves, by the button or by the keyboard, and waits for the page that says so. */
export async function save(page, how = "button") {
  if (how === "keyboard") await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+s")]);
  else await press(page, /^Save/);
  await page.getByText("Saved.", { exact: true }).waitFor();
}

/** The box Enabled. */
export function enabled(page) {
  return page.getByRole("checkbox", { name: "Enabled", exact: true });
}

/** The box Active of the token with these last four characters; shown even if the token is among the inactive ones. */
export async function active(page, token) {
  const box = page.getByRole("checkbox", { name: new RegExp(`^Active: .*${token.slice(-4)}$`), includeHidden: true });
  await showInactive(page);
  return box;
}

/** Opens the list of inactive tokens, if there is one. */
export async function showInactive(page) {
  const summary = page.getByText(/^Show inactive and expired/);
  if ((await summary.count()) > 0 && (await page.locator("details.past[open]").count()) === 0) await summary.click();
}

/** Tests a token on the Test page; answers the headline and the checks. */
export async function testAccess(page, path, token = "") {
  await page.goto(`${path}/test`);
  await page.getByLabel(/^OAuth Token/).fill(token);
  await press(page, "Test access");
  return testResult(page);
}

/** What the Test page says. */
export async function testResult(page) {
  const result = page.locator("section.result");
  await result.waitFor();
  const checks = [];
  for (const item of await result.getByRole("listitem").all()) {
    checks.push({
      name: await item.locator("strong").first().textContent(),
      state: (await item.locator(".state").textContent()).trim(),
      text: await item.textContent(),
    });
  }
  return { headline: (await result.getByRole("heading").textContent()).trim(), checks };
}

/** The entry of the timeline that contains all of these texts; there has to be exactly one. */
export function event(page, ...texts) {
  return texts.reduce((items, hasText) => items.filter({ hasText }), page.locator("ol.timeline > li"));
}

/** Signs in with a password. */
export async function signIn(page, { email, password }) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await press(page, "Sign in");
}

/** The code that an authenticator app shows so many steps of 30 seconds from now (RFC 6238), for a secret in Base32. */
export function totp(secret, steps = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", key).update(counter).digest();
  const offset = hash.at(-1) & 0xf;
  return String((hash.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, "0");
}

/** Switches sign-in codes on for the member who is signed in; answers the secret and the recovery codes. */
export async function switchCodesOn(page, organization, { password }) {
  await page.goto(`${organization.path}/profile/sign-in-codes`);
  const secret = (await page.locator("#totp-secret").textContent()).replaceAll(" ", "");
  await page.getByLabel("Code", { exact: true }).fill(totp(secret));
  await page.getByLabel("Current password").fill(password);
  await press(page, "Switch on");
  await page.getByText("shown only this once").waitFor();
  const [codes] = await revealed(page);
  return { secret, recoveryCodes: codes.trim().split("\n") };
}

/** Enters a sign-in code or a recovery code. */
export async function enterCode(page, code) {
  await page.getByLabel("Code", { exact: true }).fill(code);
  await press(page, "Sign in");
}

/** Makes third parties quickly, as the form would, without looking at each page. */
export async function seedThirdParties(page, organization, names) {
  await page.goto(`${organization.path}/third-parties/new`);
  const csrf = await page.locator("form[data-save] input[name=csrf]").inputValue();
  for (const name of names) {
    const form = { csrf, name, contact_name: "", contact_email: "", note: "", mode: "manual", callback_url: "" };
    const headers = { Origin: new URL(page.url()).origin };
    const answer = await page.request.post(`${organization.path}/third-parties/new`, { form, headers });
    assert.equal(answer.status(), 200, `adding ${name}`);
  }
}
