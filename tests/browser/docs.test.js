// The reference of the API, and Swagger UI with a policy of its own.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";

  scenario(`the reference is read from its contents on, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ javaScript });
    await page.goto("/login");
    await page.getByRole("contentinfo").getByRole("link", { name: "API reference" }).click();
    await page.getByRole("heading", { level: 1, name: "API reference" }).waitFor();
    const contents = page.getByRole("region", { name: "Contents" });
    await contents.getByRole("link", { name: "Adds a third party with its Client ID and Client Secret" }).click();
    assert.equal(new URL(page.url()).hash, "#add_third_party");
    const operation = page.getByRole("article", { name: "Adds a third party with its Client ID and Client Secret" });
    assert.equal(await operation.getByRole("heading", { level: 3 }).evaluate((heading) => heading.getBoundingClientRect().top < innerHeight), true);
    await operation.getByText("ManageThirdParties: Owner, Admin").waitFor();
    const body = operation.getByRole("table", { name: "Body" });
    assert.match(await body.getByRole("row", { name: /^name/ }).textContent(), /string\s*Required/);
    assert.match(await body.getByRole("row", { name: /^mode/ }).textContent(), /Optional/);
    await operation.getByRole("table", { name: "Answers" }).getByRole("rowheader", { name: "201" }).waitFor();
    assert.match(await operation.locator("pre").textContent(), /^curl -X POST [^]*\/api\/v1\/orgs\/acme\/third-parties'$/);
    await operation.getByRole("link", { name: "AddedThirdParty" }).click();
    await page.getByRole("article", { name: "AddedThirdParty" }).getByRole("row", { name: /^client_secret/ }).waitFor();
  });
}

scenario("Swagger UI lists the operations under its own policy", async ({ open }) => {
  const page = await open();
  await page.goto("/docs/api");
  await page.getByRole("link", { name: "Try it out" }).click();
  await page.waitForURL("**/docs/api/try/");
  await page.locator("#operations-Sessions-create_session").waitFor();
  assert.ok((await page.locator(".opblock").count()) > 40);
});
