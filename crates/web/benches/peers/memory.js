// The adapter of oidc-provider for what the bench does. Its own in-memory adapter forgets all but the last 1,000 entries.

const SWEEP = 60_000;

class Memory {
  #entries = new Map();

  constructor() {
    setInterval(() => this.#sweep(), SWEEP).unref();
  }

  async upsert(id, payload, expiresIn) {
    this.#entries.set(id, { payload, expiresAt: Date.now() + expiresIn * 1000 });
  }

  async find(id) {
    const entry = this.#entries.get(id);
    return entry && entry.expiresAt > Date.now() ? entry.payload : undefined;
  }

  #sweep() {
    const now = Date.now();
    for (const [id, { expiresAt }] of this.#entries) {
      if (expiresAt <= now) this.#entries.delete(id);
    }
  }
}

// One for each model.
export const memory = () => new Memory();
