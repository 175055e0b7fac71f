// Takes the pictures of docs/images/ from a fresh server: `npm run screenshots`.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./support/chromium.js";
import { accessTest, organizationOf } from "./support/organization.js";
import { ADDRESS_VARIABLE, ready, startServer } from "./support/server.js";
import { active, addThirdParty, addToken, enabled, save, testAccess } from "./support/steps.js";

const WIDTH = 1280;
const images = fileURLToPath(new URL("../../docs/images", import.meta.url));

/** What the pictures show, besides the demo's own third party. */
const THIRD_PARTIES = [
  { name: "Brightside Payroll", contactName: "Noor Haddad", contactEmail: "noor@brightside.example" },
  { name: "Fjord Analytics", contactName: "Ingrid Solberg", contactEmail: "ingrid@fjord.example" },
  {
    name: "Nimbus CRM",
    contactName: "Mia Chen",
    contactEmail: "mia@nimbus.example",
    mode: "Automatic",
    callbackUrl: "https://nimbus.example/callback",
  },
];

async function takeAll(page) {
  const organization = organizationOf("acme", "Acme Ltd");
  await page.goto(ready().sign_in_url);
  const added = [];
  for (const thirdParty of THIRD_PARTIES) {
    const { path } = await addThirdParty(page, organization, thirdParty);
    if (thirdParty.mode === "Automatic") continue;
    const token = await addToken(page);
    await enabled(page).check();
    await save(page);
    await accessTest(organization, token);
    added.push({ path, token });
  }
  const [brightside, fjord] = added;
  await page.goto(fjord.path);
  await enabled(page).uncheck();
  await save(page);

  await page.goto(`${organization.path}/third-parties`);
  await take(page, "third-parties");

  await page.goto(brightside.path);
  const token = await addToken(page);
  await take(page, "third-party");

  await (await active(page, token)).uncheck();
  await save(page);
  await testAccess(page, brightside.path, token);
  await take(page, "test-access");

  await page.goto(`${organization.path}/audit?q=Brightside`);
  await take(page, "audit", 900);
}

/** Keeps a picture of the page, as high as its content but no higher than said. */
async function take(page, name, highest = 1700) {
  await page.setViewportSize({ width: WIDTH, height: 600 });
  const content = await page.evaluate(() => document.documentElement.scrollHeight);
  const height = Math.min(content, highest);
  await page.setViewportSize({ width: WIDTH, height });
  await page.screenshot({ path: join(images, `${name}.png`) });
}

mkdirSync(images, { recursive: true });
const server = await startServer();
process.env[ADDRESS_VARIABLE] = server.address;
const browser = await launch();
try {
  const page = await browser.newPage({ baseURL: ready().base_url, viewport: { width: WIDTH, height: 600 }, reducedMotion: "reduce" });
  await takeAll(page);
} finally {
  await browser.close();
  await server.stop();
}
