// The member's part: what a person does in a browser between the client's authorization request and its callback.

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"' };

/** The browser of one person. Once signed in, it stays so. */
export class Browser {
  #person;
  #cookies = new Map();

  constructor(person) {
    this.#person = person;
  }

  /**
   * Opens an authorization request and goes on until the client is answered. Answers where the browser is sent then,
   * and which pages the person saw.
   */
  async decide(address, decision = "allow") {
    const origin = new URL(address).origin;
    const pages = [];
    let next = { address };
    for (let step = 0; step < 10; step += 1) {
      const answer = await this.#send(next);
      const location = answer.headers.get("location");
      if (location) {
        const target = new URL(location, next.address);
        if (target.origin !== origin) return { callback: location, pages };
        next = { address: target.href };
      } else {
        const form = formOf(await answer.text(), answer);
        const isLogin = form.action === "/login";
        pages.push(isLogin ? "sign in" : "consent");
        const fields = { ...form.hidden, ...(isLogin ? this.#person : { decision }) };
        next = { address: new URL(form.action, next.address).href, fields };
      }
    }
    throw new Error(`No answer for the client after ${pages.join(", ")}`);
  }

  async #send({ address, fields }) {
    const cookies = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    const answer = await fetch(address, {
      method: fields ? "POST" : "GET",
      headers: { "Cookie": cookies.join("; "), "Sec-Fetch-Site": "same-origin" },
      body: fields && new URLSearchParams(fields),
      redirect: "manual",
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      this.#cookies.set(name, value);
    }
    return answer;
  }
}

/** The form for signing in or deciding: pages have others too. */
function formOf(html, answer) {
  for (const [, attributes, content] of html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)) {
    const action = attribute(attributes, "action");
    if (action !== "/login" && !/^\/t\/[^/]+\//.test(action)) continue;
    const inputs = [...content.matchAll(/<input\b([^>]*)>/g)].map(([, input]) => input);
    const hidden = inputs.filter((input) => attribute(input, "type") === "hidden");
    return {
      action,
      hidden: Object.fromEntries(hidden.map((input) => [attribute(input, "name"), attribute(input, "value")])),
    };
  }
  const text = html.replaceAll(/<(head|script|style)\b.*?<\/\1>/gs, "").replaceAll(/<[^>]*>|\s+/g, " ");
  throw new Error(`${answer.status} from ${answer.url}, a page without a known form: ${text.slice(0, 1_000)}`);
}

function attribute(attributes, name) {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (_, hex, decimal, entity) =>
    entity ? ENTITIES[entity] : String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal)));
}
