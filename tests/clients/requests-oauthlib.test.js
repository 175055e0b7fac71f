// PyPI `requests-oauthlib`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./support/browser.js";
import { AWKWARD_SUFFIX } from "./support/flows.js";
import { SCOPE, addClient, organizations } from "./support/organizations.js";
import { everyFlowInPython } from "./support/python.js";

const library = everyFlowInPython("requests-oauthlib", "requests_oauthlib_client.py");

test("requests-oauthlib, none: a Client ID that would be another if it were form-encoded", async () => {
  const [organization] = organizations();
  // The library says who the client is by Basic with an empty password, and encodes nothing.
  const client = await addClient(organization, { method: "none", client_id: `public${AWKWARD_SUFFIX}` });
  const application = await library.open(client);
  const { callback } = await new Browser(organization.member).decide(await application.begin(SCOPE));
  assert.ok((await application.finish(callback)).access_token);
});
