// "Why does it not work?": the Test page, and the same answer for the third party's own call.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { scenario } from "./support/browser.js";
import { accessTest, createOrganization } from "./support/organization.js";
import { addThirdParty, addToken, enabled, save, testAccess } from "./support/steps.js";

const organization = await createOrganization("Diagnoses");

/** The same string with one character of its middle changed: a typo. */
function mistyped(token) {
  const at = Math.floor(token.length / 2);
  return token.slice(0, at) + (token[at] === "x" ? "y" : "x") + token.slice(at + 1);
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";
  scenario(`a typo, a foreign string and another organization's token are told apart, ${how} JavaScript`, async ({ open }) => {
    const elsewhere = await createOrganization("Elsewhere");
    const there = await open({ organization: elsewhere });
    await addThirdParty(there, elsewhere, { name: "Their payroll" });
    const foreign = await addToken(there);

    const page = await open({ organization, javaScript });
    const { path } = await addThirdParty(page, organization, { name: `Told apart ${javaScript}` });
    const token = await addToken(page);
    const cases = [
      [mistyped(token), /mistyped or incomplete/, /checksum/],
      [token.slice(0, -3), /mistyped or incomplete/, /checksum/],
      ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", /not a token of Countersign/, /begins with cs_/],
      [foreign, /this organization never issued it/, /same organization/],
    ];
    for (const [presented, headline, todo] of cases) {
      const shown = await testAccess(page, path, presented);
      assert.match(shown.headline, headline);
      assert.equal(shown.checks[0].state, "Failed");
      assert.match(shown.checks[0].text, todo);
      assert.ok(shown.checks.slice(1).every((check) => check.state === "Not reached"));
      assert.ok(!(await page.content()).includes(presented), "what was pasted is not shown again");
      const { status, diagnosis } = await accessTest(organization, presented);
      assert.equal(status, 401);
      assert.equal(diagnosis.failed.check, "token-recognized");
      assert.match(diagnosis.failed.message, headline);
      assert.equal(diagnosis.third_party, undefined, "nothing is said about a token that is not theirs");
    }
  });
}

scenario("without a token everything but the token is tested", async ({ open }) => {
  const page = await open({ organization });
  const { path } = await addThirdParty(page, organization, { name: "No token at hand" });
  const before = await testAccess(page, path);
  assert.match(before.headline, /not Enabled/);
  await page.goto(path);
  await enabled(page).check();
  await save(page);
  const after = await testAccess(page, path);
  assert.doesNotMatch(after.headline, /^No access/);
  assert.equal(after.checks[0].state, "Not tested");
});

scenario("the command of the Test page works in a shell, and its call is seen", async ({ open }) => {
  const page = await open({ organization });
  const { path } = await addThirdParty(page, organization, { name: "By curl" });
  const token = await addToken(page);
  await enabled(page).check();
  await save(page);
  await page.goto(`${path}/test`);
  await page.getByText("Waiting for the first call.").waitFor();
  const command = (await page.getByLabel("Command", { exact: true }).textContent()).trim();
  assert.match(command, /PASTE_THE_OAUTH_TOKEN/);
  const answer = execFileSync("sh", ["-c", `${command.replace("PASTE_THE_OAUTH_TOKEN", token)} -s`], { encoding: "utf8" });
  assert.match(answer, /"active":true/);
  // Uses are counted in memory and written every few seconds.
  const lastCall = page.getByText(/Last call .* from 127\.0\.0\.1/);
  for (let tries = 0; tries < 100 && (await lastCall.count()) === 0; tries += 1) {
    await sleep(200);
    await page.reload();
  }
  assert.equal(await lastCall.count(), 1);
  await page.goto(path);
  assert.doesNotMatch(await page.getByRole("region", { name: "OAuth Tokens" }).getByRole("row").nth(1).textContent(), /Never/);
  await page.goto(`${organization.path}/third-parties?q=By+curl`);
  assert.doesNotMatch(await page.getByRole("row").nth(1).textContent(), /Never/);
});

scenario("a call without a token, or with one in the address, is told how to send it", async () => {
  const without = await fetch(`${organization.issuer}/access-test`);
  assert.equal(without.status, 401);
  assert.match(without.headers.get("www-authenticate"), /^Bearer realm="[^"]+"$/);
  const inAddress = await fetch(`${organization.issuer}/access-test?access_token=abc`);
  assert.equal(inAddress.status, 400);
  assert.match(inAddress.headers.get("www-authenticate"), /error="invalid_request"/);
});

scenario("the page that waits for the first call says when it came, without being asked", async ({ open }) => {
  const page = await open({ organization });
  const { path } = await addThirdParty(page, organization, { name: "About to call" });
  const token = await addToken(page);
  await enabled(page).check();
  await save(page);
  await page.goto(`${path}/test`);
  await page.getByText("Waiting for the first call.").waitFor();
  const { status } = await accessTest(organization, token);
  assert.equal(status, 200);
  const news = /^Last call .+ from 127\.0\.0\.1\.$/;
  await page.locator("#announcer").filter({ hasText: news }).waitFor({ state: "attached" });
  assert.match(await page.locator("#last-call").textContent(), news);
  assert.equal(await page.getByText("Waiting for the first call.").count(), 0);
});
