// Every page in every state that a person can meet, for the checks that hold for all of them.

import { authorizationUrl, registerClient } from "./client.js";
import { ageConfirmations } from "./database.js";
import { accessTest, addMember, createOrganization, operators, signInLink } from "./organization.js";
import { active, addThirdParty, addToken, enabled, enterCode, fill, follow, press, save, seedThirdParties, showInactive, signIn, switchCodesOn } from "./steps.js";
import { countersign, ready } from "./server.js";

const PASSWORD = "correct horse battery staple";
// Words that no line is long enough for.
const WORD = "Straßenverkehrsgesellschaftsbeteiligungsverwaltung".repeat(2);
const ASCII_WORD = WORD.replaceAll("ß", "s");
const LONG = `Meridian ${WORD.slice(0, 80)}`;

/** Two organizations: one with everything, one with nothing. */
export async function prepare(open) {
  const full = await createOrganization("All states");
  const empty = await createOrganization("No states");
  const owner = await open({ organization: full });
  const thirdParty = await addThirdParty(owner, full, {
    name: LONG, contactName: WORD, contactEmail: `${"tom.okafor".repeat(6)}@meridian-fleet.example`,
    note: WORD.repeat(4),
  });
  await fill(owner, { callbackUrl: `https://meridian-fleet.example/${"callback".repeat(20)}` });
  const inactive = await addToken(owner);
  const token = await addToken(owner);
  await enabled(owner).check();
  await (await active(owner, inactive)).uncheck();
  await save(owner);
  await seedThirdParties(owner, full, Array.from({ length: 60 }, (_, index) => `Partner ${index}`));
  const [eager, careful] = await Promise.all(["eager", "careful"].map((name) =>
    addMember(full, "developer", { password: PASSWORD, email: `${name}@${full.slug}.example`, name })));
  const page = await open();
  await page.goto("/login");
  await signIn(page, careful);
  await switchCodesOn(page, full, careful);
  const colleague = await addMember(full, "developer", { email: `${"grace.hopper".repeat(5)}@meridian-fleet.example`, name: LONG });
  const proof = await createOrganization("Proof state");
  const proving = await addMember(proof, "owner", { password: PASSWORD });
  const person = await addMember(full, "developer", { password: PASSWORD });
  await addMember(empty, "developer", { password: PASSWORD, email: person.email, name: person.name });
  const client = await registerClient(full, {
    client_id: ASCII_WORD, type: "public", redirect_uris: ["https://meridian-fleet.example/callback"],
    scopes: ["records:read", ASCII_WORD],
  });
  const secretKeeper = await registerClient(full, {
    client_id: `${ASCII_WORD}-confidential`, redirect_uris: [`https://meridian-fleet.example/${"callback".repeat(20)}`],
    scopes: [ASCII_WORD], pkce_required: false, may_introspect: true, expires_in: 600,
  });
  const clientPath = `${full.path}/clients/${secretKeeper.id}`;
  await getToken(full, secretKeeper);
  const apiKey = await registerClient(full, {
    client_id: `${ASCII_WORD}-api-key`, api_access: true, scopes: ["third-parties:manage", "audit:read", "members:read"],
  });
  const apiKeyPath = `${full.path}/clients/${apiKey.id}`;
  const suspended = await createOrganization("Suspended state");
  await addMember(suspended, "owner");
  await countersign(["org", "suspend", suspended.slug]);
  return {
    suspended, client, clientPath, apiKeyPath, full, empty, thirdParty, token, inactive, person, eager, careful, colleague, proof, proving,
  };
}

/** Lets a client get a token, so that its page has something to show. */
async function getToken(organization, { client_id, client_secret }) {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
  await fetch(`${organization.issuer}/oauth2/token`, { method: "POST", body });
}

const owner = (go) => async (open, world) => {
  const page = await open({ organization: world.full });
  await go(page, world);
  return page;
};
const nobody = (go) => async (open, world) => {
  const page = await open();
  await go(page, world);
  return page;
};
const operator = (go) => async (open, world) => {
  const page = await open({ organization: operators() });
  await go(page, world);
  return page;
};
const as = (role, which, go) => async (open, world) => {
  const page = await open({ organization: world[which], role });
  await go(page, world);
  return page;
};

async function freshThirdParty(page, { full }, name) {
  return addThirdParty(page, full, { name });
}

async function openMember(page, organization, { email }) {
  await page.goto(`${organization.path}/members?email=${encodeURIComponent(email)}`);
  await follow(page, page.getByRole("rowheader").getByRole("link").first());
}

async function askedForProof(page, { proof, proving }) {
  await page.goto("/login");
  await signIn(page, proving);
  await ageConfirmations(proof);
  await page.goto(`${proof.path}/members/new`);
  await page.getByLabel("Name", { exact: true }).fill(WORD);
  await press(page, /^Save/);
}

/** What is shown, by name; each answers a page that shows it. */
export const STATES = {
  "sign in": nobody((page) => page.goto("/login")),
  "sign in, nothing entered": nobody(async (page) => {
    await page.goto("/login");
    await press(page, "Sign in");
  }),
  "sign in, wrong password": nobody(async (page, { person }) => {
    await page.goto("/login");
    await signIn(page, { email: person.email, password: "not the password" });
  }),
  "sign in, locked out": nobody(async (page) => {
    await page.goto("/login");
    while ((await page.getByText("Too many attempts.").count()) === 0) {
      await signIn(page, { email: "nobody@states.example", password: "not the password" });
    }
  }),
  "sign in, link used": nobody((page, { full }) => page.goto(`${full.path}/sign-in/cs_in_used`)),
  "choice of an organization": nobody(async (page, { person }) => {
    await page.goto("/login");
    await signIn(page, { email: person.email, password: PASSWORD });
    await page.waitForURL("**/orgs");
  }),
  "third parties": owner((page, { full }) => page.goto(`${full.path}/third-parties`)),
  "third parties, a middle page": owner((page, { full }) => page.goto(`${full.path}/third-parties?page=2&sort=expires`)),
  "third parties, all": owner((page, { full }) => page.goto(`${full.path}/third-parties?page=all`)),
  "third parties, search": owner((page, { full }) => page.goto(`${full.path}/third-parties?q=meridian`)),
  "third parties, nothing found": owner((page, { full }) => page.goto(`${full.path}/third-parties?q=${"nothing".repeat(20)}`)),
  "third parties, filtered": owner((page, { full }) => page.goto(`${full.path}/third-parties?enabled=no&mode=manual&expires=no&used=never&sort=used`)),
  "third parties, none": as("owner", "empty", (page, { empty }) => page.goto(`${empty.path}/third-parties`)),
  "third parties, none, to an auditor": as("auditor", "empty", (page, { empty }) => page.goto(`${empty.path}/third-parties`)),
  "third parties, to an auditor": as("auditor", "full", (page, { full }) => page.goto(`${full.path}/third-parties`)),
  "add third party": owner((page, { full }) => page.goto(`${full.path}/third-parties/new`)),
  "add third party, refused": owner(async (page, { full }) => {
    await page.goto(`${full.path}/third-parties/new`);
    await fill(page, { contactEmail: "none", mode: "Automatic", callbackUrl: "none" });
    await press(page, /^Save/);
  }),
  "third party, just added": owner(async (page, world) => { await freshThirdParty(page, world, "Just added"); }),
  "third party, token just added": owner(async (page, world) => {
    await freshThirdParty(page, world, "Token just added");
    await addToken(page);
  }),
  "third party": owner(async (page, { thirdParty }) => {
    await page.goto(thirdParty.path);
    await showInactive(page);
    await page.getByText("What is an OAuth token?").click();
    await page.getByLabel(/^Contact name/).pressSequentially("x");
  }),
  "third party, saved": owner(async (page, { thirdParty }) => { await page.goto(`${thirdParty.path}?done=saved`); }),
  "third party, refused": owner(async (page, { thirdParty }) => {
    await page.goto(thirdParty.path);
    await page.getByLabel("Third Party Name").fill("");
    await fill(page, { contactEmail: "none", callbackUrl: "none" });
    await page.getByLabel(/^Expires on/).fill("2020-01-01");
    await press(page, "Add OAuth Token");
  }),
  "third party, changed meanwhile": owner(async (page, world) => {
    const { path } = await freshThirdParty(page, world, "Changed meanwhile");
    await page.goto(path);
    const other = await page.context().newPage();
    await other.goto(path);
    await fill(other, { note: "From another window" });
    await save(other);
    await other.close();
    await enabled(page).check();
    await fill(page, { note: "From this window" });
    await press(page, /^Save/);
  }),
  "third party, to an auditor": as("auditor", "full", async (page, { thirdParty }) => {
    await page.goto(thirdParty.path);
    await showInactive(page);
  }),
  "third party, deletion": owner((page, { thirdParty }) => page.goto(`${thirdParty.path}/delete`)),
  "third party, deleted": owner(async (page, world) => {
    const { path } = await freshThirdParty(page, world, "Deleted");
    await page.goto(`${path}/delete`);
    await press(page, "Delete Deleted");
    await page.goto(path);
  }),
  "test": owner((page, { thirdParty }) => page.goto(`${thirdParty.path}/test`)),
  "test, passed": owner(async (page, { thirdParty, token }) => {
    await page.goto(`${thirdParty.path}/test`);
    await page.getByLabel(/^OAuth Token/).fill(token);
    await press(page, "Test access");
  }),
  "test, failed": owner(async (page, { thirdParty, inactive }) => {
    await page.goto(`${thirdParty.path}/test`);
    await page.getByLabel(/^OAuth Token/).fill(inactive);
    await press(page, "Test access");
  }),
  "test, another third party's token": owner(async (page, world) => {
    const { path } = await freshThirdParty(page, world, "Somebody else");
    await page.goto(`${path}/test`);
    await page.getByLabel(/^OAuth Token/).fill(world.token);
    await press(page, "Test access");
  }),
  "test, without a token": owner(async (page, { thirdParty }) => {
    await page.goto(`${thirdParty.path}/test`);
    await press(page, "Test access");
  }),
  "token": owner(async (page, { thirdParty }) => {
    await page.goto(thirdParty.path);
    await follow(page, page.getByRole("link", { name: /^History of/ }).first());
    await page.getByText("Revoke for good…").click();
  }),
  "token, refused": owner(async (page, { thirdParty }) => {
    await page.goto(thirdParty.path);
    await follow(page, page.getByRole("link", { name: /^History of/ }).first());
    await page.getByText("Revoke for good…").click();
    await page.getByLabel(/^Reason/).fill("very long ".repeat(1000));
    await press(page, "Revoke OAuth Token");
  }),
  "token, inactive": owner(async (page, { thirdParty, inactive }) => {
    await page.goto(thirdParty.path);
    await showInactive(page);
    await follow(page, page.getByRole("link", { name: new RegExp(`^History of .*${inactive.slice(-4)}$`) }));
  }),
  "token, revoked": owner(async (page, world) => {
    await freshThirdParty(page, world, "Revoked");
    await addToken(page);
    await follow(page, page.getByRole("link", { name: /^History of/ }));
    await page.getByText("Revoke for good…").click();
    await press(page, "Revoke OAuth Token");
  }),
  "token, to an auditor": as("auditor", "full", async (page, { thirdParty }) => {
    await page.goto(thirdParty.path);
    await follow(page, page.getByRole("link", { name: /^History of/ }).first());
  }),
  "home": owner(async (page, { full, token, inactive }) => {
    for (const one of [token, inactive]) await accessTest(full, one);
    await page.goto(full.path);
    // What is counted is written every few seconds.
    while ((await page.getByRole("table", { name: "Failing since yesterday" }).count()) === 0) await page.reload();
    for (const summary of await page.getByText("The numbers").all()) await summary.click();
  }),
  "home, first steps": as("owner", "empty", (page, { empty }) => page.goto(empty.path)),
  "home, first steps, to an auditor": as("auditor", "empty", (page, { empty }) => page.goto(empty.path)),
  "calendar": owner(async (page, { full, thirdParty }) => {
    await page.goto(thirdParty.path);
    const month = (await page.locator("table time").nth(1).getAttribute("datetime")).slice(0, 7);
    await page.goto(`${full.path}/calendar?month=${month}`);
    await page.getByText("The numbers").click();
  }),
  "calendar, nothing found": owner((page, { full }) => page.goto(`${full.path}/calendar?third_party=${WORD}`)),
  "calendar, nothing at all": as("auditor", "empty", (page, { empty }) => page.goto(`${empty.path}/calendar`)),
  "calendar, refused": owner((page, { full }) => page.goto(`${full.path}/calendar?month=${WORD}`)),
  "clients": owner((page, { full }) => page.goto(`${full.path}/clients`)),
  "clients, all of them": owner((page, { full }) => page.goto(`${full.path}/clients?page=all`)),
  "clients, filtered and sorted": owner((page, { full }) => page.goto(`${full.path}/clients?client_id=s&active=yes&sort=token_created_at&order=descending`)),
  "clients, nothing found": owner((page, { full }) => page.goto(`${full.path}/clients?client_id=${WORD}`)),
  "clients, none": as("owner", "empty", (page, { empty }) => page.goto(`${empty.path}/clients`)),
  "clients, to an auditor": as("auditor", "full", (page, { full }) => page.goto(`${full.path}/clients`)),
  "new client": owner(async (page, { full }) => {
    await page.goto(`${full.path}/clients/new`);
    await page.getByText(/^More: third party/).click();
  }),
  "new client, refused": owner(async (page, { full }) => {
    await page.goto(`${full.path}/clients/new`);
    await page.getByRole("radio", { name: "The client has its own" }).check();
    await page.getByLabel(/^Expires in/).fill("an hour");
    await page.getByText(/^More: third party/).click();
    await page.getByLabel(/^Third party/).fill(WORD);
    await page.getByLabel("Callback URLs").fill("none");
    await page.getByLabel("Scopes").fill("\\");
    await press(page, /^Save/);
  }),
  "client": owner((page, { clientPath }) => page.goto(clientPath)),
  "client, another secret": owner(async (page, { full }) => {
    const { id } = await registerClient(full, {});
    await page.goto(`${full.path}/clients/${id}`);
    await page.getByLabel("The old one works").selectOption("for one more week");
    await press(page, "New Client Secret");
  }),
  "client, refused": owner(async (page, { clientPath }) => {
    await page.goto(clientPath);
    await page.getByLabel(/^Expires in/).fill("none");
    await page.getByLabel("Callback URLs").fill(WORD);
    for (const grant of await page.getByRole("group", { name: /^How it gets tokens/ }).getByRole("checkbox").all()) await grant.uncheck();
    await page.getByLabel(/^Expires on/).fill("2020-01-01");
    await page.getByLabel("Client Secret (optional)").fill("short");
    await press(page, "New Client Secret");
  }),
  "client, no grant types": owner(async (page, { clientPath }) => {
    await page.goto(clientPath);
    for (const grant of await page.getByRole("group", { name: /^How it gets tokens/ }).getByRole("checkbox").all()) await grant.uncheck();
    await press(page, /^Save/);
  }),
  "client, public": owner(async (page, { full }) => {
    const { id } = await registerClient(full, { type: "public" });
    await page.goto(`${full.path}/clients/${id}`);
    await page.getByText("Rarely changed").click();
  }),
  "client, to an auditor": as("auditor", "full", (page, { clientPath }) => page.goto(clientPath)),
  "client, deletion": owner((page, { clientPath }) => page.goto(`${clientPath}/delete`)),
  "client, deletion in a dialog": owner(async (page, { clientPath }) => {
    await page.goto(clientPath);
    await page.getByRole("link", { name: "Delete", exact: true }).click();
    await page.getByRole("dialog").waitFor();
  }),
  "client, deleted": owner(async (page, { full }) => {
    const { id } = await registerClient(full, {});
    await page.goto(`${full.path}/clients/${id}/delete`);
    await press(page, "Delete client");
    await page.goto(`${full.path}/clients/${id}`);
  }),
  "members": owner((page, { full }) => page.goto(`${full.path}/members`)),
  "members, filtered and sorted": owner((page, { full }) => page.goto(`${full.path}/members?role=developer&active=yes&sort=signed_in&order=descending`)),
  "members, nothing found": owner((page, { full }) => page.goto(`${full.path}/members?name=${WORD}`)),
  "members, oneself alone": as("owner", "empty", (page, { empty }) => page.goto(`${empty.path}/members`)),
  "members, to an auditor": as("auditor", "full", (page, { full }) => page.goto(`${full.path}/members`)),
  "add member": owner((page, { full }) => page.goto(`${full.path}/members/new`)),
  "add member, refused": owner(async (page, { full }) => {
    await page.goto(`${full.path}/members/new`);
    await page.getByLabel("E-mail").fill(WORD);
    await press(page, /^Save/);
  }),
  "member, just added": owner(async (page, { full }) => {
    await page.goto(`${full.path}/members/new`);
    await page.getByLabel("E-mail").fill(`${Date.now()}@meridian-fleet.example`);
    await page.getByLabel("Name", { exact: true }).fill("Just added");
    await page.getByRole("radio", { name: "Auditor" }).check();
    await press(page, /^Save/);
  }),
  "member": owner((page, { full, careful }) => openMember(page, full, careful)),
  "member, oneself": owner(async (page, { full }) => {
    await page.goto(`${full.path}/members?role=owner`);
    await follow(page, page.getByRole("rowheader").getByRole("link").first());
  }),
  "member, changed meanwhile": owner(async (page, { full, colleague }) => {
    await openMember(page, full, colleague);
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByRole("checkbox", { name: "Active", exact: true }).click();
    await press(other, /^Save/);
    await other.close();
    await page.getByRole("radio", { name: "Auditor" }).check();
    await page.getByLabel("Name", { exact: true }).fill(WORD.slice(0, 80));
    await press(page, /^Save/);
  }),
  "member, to an auditor": as("auditor", "full", (page, { full, careful }) => openMember(page, full, careful)),
  "member, sign-in link asked about": owner(async (page, { full, careful }) => {
    await openMember(page, full, careful);
    await page.goto(`${new URL(page.url()).pathname}/sign-in-link`);
  }),
  "member, end of sessions in a dialog": owner(async (page, { full, careful }) => {
    await openMember(page, full, careful);
    await page.getByRole("link", { name: "End all sessions" }).click();
    await page.getByRole("dialog").waitFor();
  }),
  "member, reset of sign-in codes refused": owner(async (page, { full, careful }) => {
    await openMember(page, full, careful);
    await page.goto(`${new URL(page.url()).pathname}/reset-sign-in-codes`);
    await page.getByLabel(/^Reason/).fill("very long ".repeat(1000));
    await press(page, "Reset sign-in codes");
  }),
  "proof of who it is": nobody(askedForProof),
  "proof of who it is, wrong": nobody(async (page, world) => {
    await askedForProof(page, world);
    await page.getByLabel("Password").fill("not it");
    await press(page, "Confirm");
  }),
  "proof of who it is, of whoever has none": owner(async (page, { full }) => {
    await ageConfirmations(full);
    await page.goto(`${full.path}/members/new`);
    await press(page, /^Save/);
  }),
  "API keys": owner((page, { full }) => page.goto(`${full.path}/settings/api-keys`)),
  "API keys, none": as("owner", "empty", (page, { empty }) => page.goto(`${empty.path}/settings/api-keys`)),
  "API keys, none, to an auditor": as("auditor", "empty", (page, { empty }) => page.goto(`${empty.path}/settings/api-keys`)),
  "API key, just added": owner(async (page, { full }) => {
    await page.goto(`${full.path}/settings/api-keys/new`);
    await page.getByLabel("audit:read", { exact: true }).check();
    await press(page, /^Save/);
  }),
  "API key": owner((page, { apiKeyPath }) => page.goto(apiKeyPath)),
  "API key, to an auditor": as("auditor", "full", (page, { apiKeyPath }) => page.goto(apiKeyPath)),
  "new API key": owner((page, { full }) => page.goto(`${full.path}/settings/api-keys/new`)),
  "new API key of an admin, refused": as("admin", "full", async (page, { full }) => {
    await page.goto(`${full.path}/settings/api-keys/new`);
    await page.getByLabel(/^Client ID/).fill(WORD);
    await press(page, /^Save/);
  }),
  "audit": owner((page, { full }) => page.goto(`${full.path}/audit`)),
  "audit, filtered": owner((page, { full }) => page.goto(`${full.path}/audit?q=meridian&type=ThirdPartyAdded`)),
  "audit, nothing found": owner((page, { full }) => page.goto(`${full.path}/audit?to=2020-01-01`)),
  "audit, no date": owner((page, { full }) => page.goto(`${full.path}/audit?from=x&to=y`)),
  "settings": owner((page, { full }) => page.goto(`${full.path}/settings`)),
  "settings, to an auditor": as("auditor", "full", (page, { full }) => page.goto(`${full.path}/settings`)),
  "settings, refused": owner(async (page, { full }) => {
    await page.goto(`${full.path}/settings`);
    await page.getByLabel("Name", { exact: true }).fill("");
    await page.getByLabel("Host name of its own").fill(WORD);
    await page.getByLabel("Longest life of access tokens").fill("an hour");
    await page.getByLabel("Members sign in with a code (TOTP)").check();
    await press(page, /^Save/);
  }),
  "settings, changed meanwhile": as("owner", "empty", async (page, { empty }) => {
    await page.goto(`${empty.path}/settings`);
    const other = await page.context().newPage();
    await other.goto(`${empty.path}/settings`);
    await other.getByLabel("Life of manual tokens (months)", { exact: true }).fill(String(2 + (Date.now() % 20)));
    await save(other);
    await other.close();
    await page.getByLabel("Life of manual tokens (months)", { exact: true }).fill("1");
    await press(page, /^Save/);
  }),
  "exports, none": as("owner", "empty", (page, { empty }) => page.goto(`${empty.path}/jobs`)),
  "exports": owner(async (page, { full }) => {
    await page.goto(`${full.path}/audit?q=meridian`);
    await press(page, "CSV");
    await page.goto(`${full.path}/jobs`);
  }),
  "export": owner(async (page, { full }) => {
    await page.goto(`${full.path}/audit`);
    await press(page, "NDJSON");
    await page.locator(".badge", { hasText: "Ready" }).waitFor();
  }),
  "organizations": operator((page) => page.goto("/operator/organizations?slug=state")),
  "organizations, nothing found": operator((page) => page.goto(`/operator/organizations?slug=${WORD}`)),
  "add organization, refused": operator(async (page) => {
    await page.goto("/operator/organizations/new");
    await page.getByLabel("E-mail of the first owner").fill("none");
    await press(page, /^Save/);
  }),
  "organization, just added": operator(async (page) => {
    await page.goto("/operator/organizations/new");
    await page.getByLabel("Name in URLs").fill(`just-added-${process.pid}`);
    await page.getByLabel("Name", { exact: true }).fill(LONG);
    await page.getByLabel("E-mail of the first owner").fill("ada@states.example");
    await page.getByLabel("Name of the first owner").fill("Ada Adler");
    await press(page, /^Save/);
  }),
  "organization, refused": operator(async (page, { full }) => {
    await page.goto(`/operator/organizations/${full.slug}`);
    await page.getByLabel(/^Host name/).fill(WORD);
    await press(page, /^Save/);
  }),
  "organization, suspended": operator((page, { suspended }) => page.goto(`/operator/organizations/${suspended.slug}`)),
  "organization, suspension": operator((page, { full }) => page.goto(`/operator/organizations/${full.slug}/suspend`)),
  "organization, suspension in a dialog": operator(async (page, { full }) => {
    await page.goto(`/operator/organizations/${full.slug}`);
    await page.getByRole("link", { name: "Suspend", exact: true }).click();
    await page.getByRole("dialog").waitFor();
  }),
  "health": operator((page) => page.goto("/operator/health")),
  "profile": nobody(async (page, { full, person }) => {
    for (let index = 0; index < 2; index += 1) {
      await page.context().clearCookies();
      await page.goto("/login");
      await signIn(page, { email: person.email, password: PASSWORD });
    }
    await page.goto(`${full.path}/profile`);
  }),
  "sign-in codes, set up": nobody(async (page, { full, person }) => {
    await page.goto("/login");
    await signIn(page, { email: person.email, password: PASSWORD });
    await page.goto(`${full.path}/profile/sign-in-codes`);
  }),
  "sign-in codes, refused": nobody(async (page, { full, person }) => {
    await page.goto("/login");
    await signIn(page, { email: person.email, password: PASSWORD });
    await page.goto(`${full.path}/profile/sign-in-codes`);
    await page.getByLabel("Code", { exact: true }).fill("000000");
    await page.getByLabel("Current password").fill(PASSWORD);
    await press(page, "Switch on");
  }),
  "sign-in codes, just switched on": nobody(async (page, { full, eager }) => {
    await page.goto("/login");
    await signIn(page, eager);
    await switchCodesOn(page, full, eager);
  }),
  "sign-in code asked for": nobody(async (page, { careful }) => {
    await page.goto("/login");
    await signIn(page, careful);
    await page.waitForURL("**/login/code");
  }),
  "sign-in code, wrong": nobody(async (page, { careful }) => {
    await page.goto("/login");
    await signIn(page, careful);
    await enterCode(page, "000");
  }),
  "profile, refused": nobody(async (page, { full, person }) => {
    await page.goto("/login");
    await signIn(page, { email: person.email, password: PASSWORD });
    await page.goto(`${full.path}/profile`);
    await page.getByLabel("Current password").fill("not it");
    await page.getByLabel("New password").fill("short");
    await press(page, "Change password");
  }),
  "consent": owner((page, { full, client }) => page.goto(authorizationUrl(full, client).href)),
  "authorization request refused": owner((page, { full, client }) => {
    const url = authorizationUrl(full, client);
    url.searchParams.set("redirect_uri", "https://evil.example/");
    return page.goto(url.href);
  }),
  "API reference": nobody((page) => page.goto("/docs/api")),
  "not found": owner((page, { full }) => page.goto(`${full.path}/nowhere`)),
  "not found, signed out": nobody((page) => page.goto("/nowhere")),
  "not allowed": as("developer", "full", (page, { full }) => page.goto(`${full.path}/third-parties`)),
  "organization of others": owner((page) => page.goto(`/o/${ready().organizations[0].slug}/third-parties`)),
  "organization suspended": nobody(async (page, { suspended }) => {
    await page.goto(await signInLink(suspended, "owner"));
    await page.goto(`${suspended.path}/third-parties/new`);
    if ((await page.getByLabel("Third Party Name").count()) > 0) {
      await page.getByLabel("Third Party Name").fill("Not now");
      await press(page, /^Save/);
    }
  }),
  "session ended": nobody(async (page, { full }) => {
    await page.goto(await signInLink(full, "owner"));
    await page.goto(`${full.path}/third-parties/new`);
    await page.getByLabel("Third Party Name").fill("Too late");
    await page.context().clearCookies();
    await press(page, /^Save/);
  }),
};
