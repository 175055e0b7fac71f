// Organizations for tests. Each test file has its own, so that none can disturb another.

import { countersign, ready } from "./server.js";

let count = 0;

/** Creates an organization; the name goes into its slug. */
export async function createOrganization(name) {
  count += 1;
  const slug = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-${process.pid}-${count}`;
  await countersign(["org", "create", slug, "--name", name]);
  return organizationOf(slug, name);
}

/** What tests need to know of an organization that exists. */
export function organizationOf(slug, name) {
  const baseUrl = ready().base_url;
  return { slug, name, path: `/o/${slug}`, url: `${baseUrl}/o/${slug}`, issuer: `${baseUrl}/t/${slug}`, people: new Map() };
}

let ofOperators;

/** The organization of those who run the installation; each test file has an operator of its own. */
export function operators() {
  if (!ofOperators) {
    ofOperators = organizationOf("operator", "Operators");
    const email = `operator-${process.pid}@countersign.example`;
    const added = countersign(["operator", "add", email, "--name", "Otto Operator"]);
    ofOperators.people.set("owner", added.then(() => ({ email })));
  }
  return ofOperators;
}

/** Adds a member; with a password if one is given. */
export async function addMember(organization, role, { password, email, name } = {}) {
  const member = {
    email: email ?? `${role}@${organization.slug}.example`,
    name: name ?? `${role[0].toUpperCase()}${role.slice(1)} of ${organization.name}`,
    role,
    password,
  };
  const how = password ? ["--ask-password"] : [];
  await countersign(
    ["member", "add", organization.slug, member.email, "--name", member.name, "--role", role, ...how],
    password ? `${password}\n` : "",
  );
  organization.people.set(role, member);
  return member;
}

/** A link that signs a member of that role in, who is added if there is none yet. */
export async function signInLink(organization, role = "owner") {
  const member = (await organization.people.get(role)) ?? (await addMember(organization, role));
  return countersign(["member", "sign-in-link", organization.slug, member.email]);
}

/** What a third party does to test its access: the answer's status, challenge and diagnosis. */
export async function accessTest(organization, token) {
  const answer = await fetch(`${organization.issuer}/access-test`, { headers: { Authorization: `Bearer ${token}` } });
  return {
    status: answer.status,
    challenge: answer.headers.get("www-authenticate"),
    diagnosis: await answer.json(),
  };
}
