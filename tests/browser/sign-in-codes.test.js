// The second factor: codes of an authenticator app, and recovery codes.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { addMember, createOrganization } from "./support/organization.js";
import { countersign } from "./support/server.js";
import { enterCode, press, signIn, switchCodesOn, totp } from "./support/steps.js";

const organization = await createOrganization("Sign-in codes");
const PASSWORD = "correct horse battery staple";
let count = 0;

function somebody() {
  count += 1;
  const email = `person${count}@codes.example`;
  return addMember(organization, "admin", { password: PASSWORD, email, name: `Person ${count}` });
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";
  scenario(`switched on, asked for, used once, ${how} JavaScript`, async ({ open }) => {
    const member = await somebody();
    const page = await open({ javaScript });
    await page.goto("/login");
    await signIn(page, member);
    const { secret, recoveryCodes } = await switchCodesOn(page, organization, member);
    assert.equal(recoveryCodes.length, 10);
    for (const code of recoveryCodes) assert.match(code, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
    if (javaScript) {
      await page.reload();
      await page.getByText("You have 10 recovery codes left.").waitFor();
      assert.equal(await page.locator("#revealed").count(), 0);
    }

    await press(page, "Sign out");
    await page.goto(`${organization.path}/audit?q=codes`);
    await signIn(page, member);
    await page.getByRole("heading", { level: 1, name: "Enter your sign-in code" }).waitFor();
    await enterCode(page, "000");
    await page.getByRole("alert").getByText("Enter the 6 digits").waitFor();
    const code = totp(secret, 1);
    await enterCode(page, code);
    await page.waitForURL("**/audit?q=codes");
    await page.getByText("Switched sign-in codes on").first().waitFor();

    await press(page, "Sign out");
    await page.goto("/login");
    await signIn(page, member);
    await enterCode(page, code);
    await page.getByRole("alert").getByText("This code is wrong, or was used before").waitFor();
    await enterCode(page, recoveryCodes[0].toLowerCase());
    await page.waitForURL(`**${organization.path}`);
    await page.goto(`${organization.path}/profile`);
    await page.getByText("9 recovery codes left").waitFor();
  });
}

scenario("the page is for a telephone's camera, a link and a person's fingers", async ({ open }) => {
  const member = await somebody();
  const page = await open();
  await page.goto("/login");
  await signIn(page, member);
  await page.goto(`${organization.path}/profile/sign-in-codes`);
  const secret = await page.locator("#totp-secret").textContent();
  assert.match(secret, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  const link = new URL(await page.getByRole("link", { name: "open it in the app" }).getAttribute("href"));
  assert.equal(link.protocol, "otpauth:");
  assert.equal(link.searchParams.get("secret"), secret.replaceAll(" ", ""));
  assert.equal(link.searchParams.get("issuer"), organization.name);
  const box = await page.getByRole("img", { name: /^QR code/ }).boundingBox();
  assert.ok(box.width > 150 && Math.abs(box.width - box.height) < 2, JSON.stringify(box));
});

scenario("who has lost everything is let in again by the operator", async ({ open }) => {
  const member = await somebody();
  const page = await open();
  await page.goto("/login");
  await signIn(page, member);
  await switchCodesOn(page, organization, member);
  await press(page, "Sign out");
  await countersign(["member", "reset-second-factor", organization.slug, member.email, "--reason", "Telephone lost"]);
  await page.goto("/login");
  await signIn(page, member);
  await page.waitForURL(`**${organization.path}`);
  await page.goto(`${organization.path}/audit?q=codes`);
  await page.getByText("Switched sign-in codes off").first().waitFor();
});
