// OAuth clients: the list with its filters, orders and pages; adding, changing and deleting one; its secrets.

import assert from "node:assert/strict";
import { scenario } from "./support/browser.js";
import { registerClient } from "./support/client.js";
import { createOrganization } from "./support/organization.js";
import { addThirdParty, event, follow, press, revealed, save } from "./support/steps.js";

const organization = await createOrganization("Clients");
/** Where lists stay as they were seeded, and where clients come and go. */
const busy = await createOrganization("Busy clients");
const list = `${organization.path}/clients`;
const shown = (page) => page.locator("#results tbody th > a").allTextContents();
/** Waits until the line above the list says so. */
const counted = (page, text) => page.locator("[data-count]", { hasText: text }).waitFor();
const header = (page, name) => page.getByRole("columnheader", { name });
const filter = (page, name) => page.getByRole("search").getByLabel(name, { exact: true });
const NAMES = Array.from({ length: 60 }, (_, index) => `app-${String(index + 1).padStart(3, "0")}`);

let seeded;
/** The clients above, made once; the tokens of the first live shorter, the last is not Active. */
function seed(page) {
  seeded ??= (async () => {
    for (const client_id of NAMES) await registerClient(organization, { client_id, expires_in: client_id === "app-001" ? 777 : 3600 });
    await page.goto(`${list}?client_id=app-060`);
    await follow(page, page.getByRole("link", { name: "app-060", exact: true }));
    await page.getByLabel("Active", { exact: true }).uncheck();
    await save(page);
    await tokenFor("app-002", (await addSecret(page, "app-002")));
  })();
  return seeded;
}

async function addSecret(page, name) {
  await page.goto(`${list}?client_id=${name}`);
  await follow(page, page.getByRole("link", { name, exact: true }));
  await press(page, "New Client Secret");
  return (await revealed(page))[1];
}

async function tokenFor(clientId, secret, { issuer } = organization) {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: secret });
  const answer = await fetch(`${issuer}/oauth2/token`, { method: "POST", body });
  return { status: answer.status, ...(await answer.json()) };
}

async function accessStatus(token) {
  return (await fetch(`${busy.issuer}/access-test`, { headers: { Authorization: `Bearer ${token}` } })).status;
}

/** Opens the form for a new client and fills in its Client ID. */
async function begin(page, clientId) {
  await page.goto(`${busy.path}/clients`);
  await follow(page, page.getByRole("link", { name: "Add client" }).first());
  await page.getByLabel("Client ID", { exact: true }).fill(clientId);
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with" : "without";

  scenario(`filters for each column, alone and together, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await seed(page);
    await page.goto(list);
    await counted(page, "60 clients, showing 1 to 25");
    const today = new Date().toISOString().slice(0, 7);
    const cases = [
      ["Client ID", "P-00", 9],
      ["Expires in", "60", 59],
      ["Expires in", "777", 1],
      ["Token created at", today, 1],
      ["Code created at", today, 0],
      ["Code created at", "never", 60],
      ["Passthru user", "nobody", 0],
      ["Passthru user", "NONE", 60],
    ];
    for (const [name, value, count] of cases) {
      await page.goto(list);
      await filter(page, name).fill(value);
      await filter(page, name).press("Enter");
      await counted(page, `${count} of 60 match`);
    }
    await page.goto(list);
    await filter(page, "Active").selectOption("Inactive");
    if (!javaScript) await press(page, "Filter");
    await counted(page, "1 of 60 match");
    assert.deepEqual(await shown(page), ["app-060"]);

    await page.goto(list);
    await filter(page, "Client ID").fill("APP-00");
    await filter(page, "Token created at").fill(today);
    await filter(page, "Active").selectOption("Active");
    await filter(page, "Expires in").fill("36");
    await filter(page, "Expires in").press("Enter");
    // The filters before find the same row.
    await page.waitForURL(/expires_in=36/);
    await counted(page, "1 of 60 match");
    assert.deepEqual(await shown(page), ["app-002"]);
    const { searchParams } = new URL(page.url());
    assert.deepEqual(["client_id", "token_created_at", "active", "expires_in"].map((name) => searchParams.get(name)), ["APP-00", today, "yes", "36"]);

    const colleague = await open({ organization, role: "auditor", javaScript });
    await colleague.goto(page.url());
    assert.deepEqual(await shown(colleague), ["app-002"]);
    assert.equal(await filter(colleague, "Client ID").inputValue(), "APP-00");
    await filter(page, "Passthru user").fill("nobody");
    await filter(page, "Passthru user").press("Enter");
    await page.getByRole("heading", { name: "No client matches" }).waitFor();
    await follow(page, page.getByRole("link", { name: "Clear filters" }));
    await counted(page, "60 clients");
  });

  scenario(`every column sorts both ways, and pages go on, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization, javaScript });
    await seed(page);
    await page.goto(list);
    assert.equal(await header(page, "Client ID").getAttribute("aria-sort"), "ascending");
    const firstDown = {
      "Code created at": "app-001", "Token created at": "app-002", "Expires in (s)": "app-002", "Passthru user": "app-001", "Active": "app-001",
    };
    for (const [column, first] of Object.entries(firstDown)) {
      const link = page.getByRole("link", { name: column, exact: true });
      await follow(page, link);
      assert.equal(await header(page, column).getAttribute("aria-sort"), "ascending", column);
      await follow(page, link);
      assert.equal(await header(page, column).getAttribute("aria-sort"), "descending", column);
      assert.equal(await page.locator("th[aria-sort]").count(), 1);
      assert.equal((await shown(page))[0], first, column);
    }
    await page.goto(`${list}?order=descending`);
    const pager = page.getByRole("navigation", { name: "Pages" });
    await follow(page, pager.getByRole("link", { name: "Next page" }));
    assert.equal((await shown(page))[0], "app-035");
    await follow(page, pager.getByRole("link", { name: "Page 3" }));
    assert.equal((await shown(page)).at(-1), "app-001");
    await follow(page, pager.getByRole("link", { name: "Previous page" }));
    await follow(page, pager.getByRole("link", { name: "Show all" }));
    assert.deepEqual(await shown(page), NAMES.toReversed());
    await follow(page, pager.getByRole("link", { name: "Show pages" }));
    await counted(page, "showing 1 to 25");
  });

  scenario(`a client from its first day to its last, ${how} JavaScript`, async ({ open }) => {
    const page = await open({ organization: busy, javaScript });
    const clientId = `payroll-${how}`;
    await begin(page, "never saved");
    page.once("dialog", (dialog) => dialog.accept());
    await follow(page, page.getByRole("link", { name: "Back", exact: true }));
    assert.equal(await page.getByRole("link", { name: "never saved" }).count(), 0);

    await begin(page, " ");
    await page.getByRole("radio", { name: "The client has its own" }).check();
    await press(page, /^Save/);
    await page.getByRole("alert").getByRole("link", { name: "Enter a Client ID" }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "field-client_id");
    await page.getByText("Enter the Client Secret, or let one be generated").first().waitFor();
    await page.getByLabel("Client ID", { exact: true }).fill(clientId);
    await page.getByRole("radio", { name: /^Generate one/ }).check();
    assert.equal(await page.getByLabel(/^Expires in/).inputValue(), "3600");
    await page.getByText(/^More: third party/).click();
    await page.getByLabel("Callback URLs").fill("https://partner.example/callback\nhttps://partner.example/other");
    await press(page, /^Save/);
    const [id, secret] = await revealed(page);
    assert.equal(id, clientId);
    const path = await page.locator("form[data-save]").getAttribute("action");
    if (javaScript) assert.equal(new URL(page.url()).pathname, path);
    const issued = await tokenFor(clientId, secret, busy);
    assert.equal(issued.status, 200);

    await page.goto(path);
    assert.doesNotMatch(await page.content(), new RegExp(secret));
    await page.getByText(`cs_at_…${issued.access_token.slice(-4)}`).waitFor();
    assert.equal(await page.getByLabel("Callback URLs").inputValue(), "https://partner.example/callback\nhttps://partner.example/other");
    await page.getByLabel(/^Expires in/).fill("300");
    await save(page, javaScript ? "keyboard" : "button");
    assert.equal((await tokenFor(clientId, secret, busy)).expires_in, 300);

    const summary = page.getByText("Rarely changed");
    await summary.click();
    const warning = page.getByText(/^Off, whoever catches a code/);
    assert.equal(await warning.isVisible(), false);
    await page.getByLabel("Require PKCE").uncheck();
    await warning.waitFor();
    await page.getByLabel("Require PKCE").check();

    await page.getByLabel("The old one works").selectOption("for one more day");
    await press(page, "New Client Secret");
    const [, second] = await revealed(page);
    for (const one of [secret, second]) assert.equal((await tokenFor(clientId, one, busy)).status, 200);
    await page.getByText(/expires in 1 day/).waitFor();
    await page.goto(path);
    await page.getByRole("checkbox", { name: new RegExp(`^Remove .*${secret.slice(-4)}$`) }).check();
    await save(page);
    assert.equal((await tokenFor(clientId, secret, busy)).status, 401);
    assert.equal((await tokenFor(clientId, second, busy)).status, 200);

    await page.getByRole("link", { name: "Delete", exact: true }).click();
    const stops = page.getByText(/^Stops \d active tokens at once/);
    await stops.waitFor();
    if (javaScript) {
      const dialog = page.getByRole("dialog", { name: `Delete ${clientId}?` });
      await dialog.waitFor();
      assert.equal(new URL(page.url()).pathname, path);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await page.getByRole("link", { name: "Delete", exact: true }).click();
      await dialog.getByRole("link", { name: "Cancel" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByRole("link", { name: "Delete", exact: true }).click();
      await dialog.waitFor();
    }
    await page.getByLabel(/^Reason/).fill("Contract ended");
    await press(page, "Delete client");
    await page.getByText("The client is deleted.").waitFor();
    assert.equal(await accessStatus(issued.access_token), 401);
    assert.equal((await tokenFor(clientId, second, busy)).status, 401);
    await begin(page, clientId);
    await press(page, /^Save/);
    assert.equal(await accessStatus(issued.access_token), 401);
    assert.equal((await tokenFor(clientId, second, busy)).status, 401);
    await page.goto(path);
    await page.getByText("This client was deleted").waitFor();
    await follow(page, page.getByRole("link", { name: "History" }));
    assert.match(await event(page, "ClientDeleted").textContent(), /Reason: Contract ended/);
    await page.goto((await page.getByRole("link", { name: clientId }).first().getAttribute("href")));
    await page.getByText("This client was deleted").waitFor();
  });
}

scenario("a third party's page leads to its clients and back", async ({ open }) => {
  const page = await open({ organization: busy });
  const thirdParty = await addThirdParty(page, busy, { name: "Brightside" });
  await page.goto(thirdParty.path);
  await follow(page, page.getByRole("link", { name: "Add client" }));
  assert.equal(await page.getByLabel(/^Third party/).inputValue(), "Brightside");
  await page.getByLabel("Client ID", { exact: true }).fill("second-of-brightside");
  await press(page, /^Save/);
  await follow(page, page.getByRole("link", { name: "Brightside", exact: true }));
  await follow(page, page.getByRole("link", { name: thirdParty.clientId, exact: true }));
  await page.getByRole("heading", { level: 1, name: thirdParty.clientId }).waitFor();
  await page.goto(thirdParty.path);
  await page.getByRole("link", { name: "second-of-brightside" }).waitFor();
});

scenario("an auditor reads clients, a developer does not", async ({ open }) => {
  const page = await open({ organization });
  await seed(page);
  const auditor = await open({ organization, role: "auditor" });
  await auditor.goto(list);
  await follow(auditor, auditor.getByRole("link", { name: "app-001", exact: true }));
  await auditor.getByRole("heading", { name: "Last code and token" }).waitFor();
  assert.equal(await auditor.getByRole("main").locator("form, input").count(), 0);
  assert.equal((await auditor.goto(`${list}/new`)).status(), 403);
  const developer = await open({ organization, role: "developer" });
  assert.equal((await developer.goto(list)).status(), 403);
});
