// The adapter of oidc-provider for what the bench does: one table for all models, a row for each token, durable when the
// client is answered.

import pg from 'pg';

// Of each process. Of 4, 8, 16 and 20 none was clearly faster.
const CONNECTIONS = 12;

const SCHEMA = `
  CREATE TABLE oidc_payloads (
    model text NOT NULL,
    id text NOT NULL,
    payload jsonb NOT NULL,
    grant_id text,
    user_code text,
    uid text,
    expires_at timestamptz,
    PRIMARY KEY (model, id)
  );
  CREATE INDEX ON oidc_payloads (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX ON oidc_payloads (user_code) WHERE user_code IS NOT NULL;
  CREATE INDEX ON oidc_payloads (uid) WHERE uid IS NOT NULL;`;

const UPSERT = `
  INSERT INTO oidc_payloads VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')
  ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
    user_code = excluded.user_code, uid = excluded.uid, expires_at = excluded.expires_at`;

const FIND = 'SELECT payload FROM oidc_payloads WHERE model = $1 AND id = $2 AND expires_at > now()';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: CONNECTIONS });

// The server ends when the bench does, maybe a little before this process.
pool.on('error', () => process.exit());

export async function createTable() {
  await pool.query(SCHEMA);
}

// A statement with a name is prepared once on each connection.
class PostgreSql {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload, expiresIn) {
    const { grantId, userCode, uid } = payload;
    const values = [this.model, id, payload, grantId, userCode, uid, expiresIn];
    await pool.query({ name: 'upsert', text: UPSERT, values });
  }

  async find(id) {
    const { rows } = await pool.query({ name: 'find', text: FIND, values: [this.model, id] });
    return rows[0]?.payload;
  }
}

export const postgresql = (model) => new PostgreSql(model);
