// A browser for each test file, a context for each person, and a watch over what pages must never do.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { launch } from "./chromium.js";
import { signInLink } from "./organization.js";
import { ready } from "./server.js";

let launched;

/** The browser of this test file. */
function browser() {
  launched ??= launch();
  return launched;
}

after(async () => {
  if (launched) await (await launched).close();
});

/** A browser session of one person, with a list of what went wrong in it. */
async function openSession({ javaScript = true, width = 1280, elsewhere = [], ...options } = {}) {
  const context = await (await browser()).newContext({
    baseURL: ready().base_url,
    javaScriptEnabled: javaScript,
    viewport: { width, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const faults = [];
  const origins = [new URL(ready().base_url).origin, ...elsewhere];
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && !origins.includes(url.origin)) faults.push(`request to ${url.origin}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.status()} from ${new URL(response.url()).pathname}`);
  });
  context.on("weberror", (error) => faults.push(`script error: ${error.error()}`));
  context.on("console", (message) => {
    // That a page was answered with 4xx is what some tests are about.
    const isAnswer = message.text().startsWith("Failed to load resource: the server responded with a status of 4");
    if (message.type() === "error" && !isAnswer) faults.push(`console: ${message.text()}`);
  });
  if (javaScript) {
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
      });
    });
  }
  const page = await context.newPage();
  return { context, page, faults };
}

/**
 * A test with browser sessions. `body` gets `open`, which opens a session and answers its page, signed in if
 * `organization` and `role` are given; it may go to the origins `elsewhere` too. When the test is over, no session may have asked another origin for anything,
 * broken the content security policy, or seen a script fail.
 */
export function scenario(name, body) {
  test(name, async (t) => {
    const sessions = [];
    const open = async ({ organization, role, ...options } = {}) => {
      const session = await openSession(options);
      sessions.push(session);
      if (organization) await session.page.goto(await signInLink(organization, role));
      return session.page;
    };
    try {
      await body({ open, t });
      assert.deepEqual(sessions.flatMap((session) => session.faults), [], "faults seen by the browser");
    } catch (error) {
      await keepPicture(sessions, name);
      throw error;
    } finally {
      for (const session of sessions) await session.context.close();
    }
  });
}

/** With COUNTERSIGN_TEST_PICTURES set, keeps in that directory what the person saw when a test failed. */
async function keepPicture(sessions, name) {
  const directory = process.env.COUNTERSIGN_TEST_PICTURES;
  if (!directory) return;
  for (const [index, { page }] of sessions.entries()) {
    const file = `${directory}/${name.replaceAll(/[^a-z0-9]+/gi, "-")}-${index}.png`;
    await page.screenshot({ path: file, fullPage: true }).catch(() => {});
  }
}
