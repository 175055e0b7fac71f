//! What keeps organizations apart in the database, and the journal as it was written. Every table is looked at, so that
//! a new one can't be forgotten.

// The futures of a unit of work nest deeply.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_domain::organization::ExportFormat;
use countersign_domain::validity::RequestOutcome;
use countersign_domain::{Digest, OrganizationId};
use countersign_persistence::jobs::{self, Step};
use countersign_persistence::private_postgres::DatabaseUrls;
use countersign_persistence::queries::audit::AuditFilter;
use countersign_persistence::sign_in::{
    NewSecondFactor, NewSession, SESSION_LIFETIME, create_link, create_session, enable_totp, record_failure,
};
use countersign_persistence::usage::DecidedRequest;
use countersign_persistence::{clock, testing};
use support::{History, connect, history};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

/// The tables that belong to the installation rather than to an organization.
const INSTALLATION_WIDE: [&str; 7] = [
    "job_queue",
    "organization_hosts",
    "organization_slugs",
    "schema_migrations",
    "session_directory",
    "sign_in_directory",
    "suspended_organizations",
];

/// Settings that may not show the rows of an organization. `$other` stands for another one.
const STRANGERS: [&str; 9] = [
    "",
    "SET LOCAL countersign.org_id = ''",
    "SET LOCAL countersign.org_id = 'garbage'",
    "SET LOCAL countersign.org_id = '00000000-0000-0000-0000-000000000000'",
    "SET LOCAL countersign.org_id = '$other'",
    "SET LOCAL countersign.batch = ''",
    "SET LOCAL countersign.batch = 'garbage'",
    "SET LOCAL countersign.batch = '$other'",
    "SET LOCAL countersign.org_id = '$other'; SET LOCAL countersign.batch = '$other,$other'",
];

/// A table with an `org_id`, and two organizations with rows in it.
struct Tenants {
    urls: DatabaseUrls,
    owner: Client,
    tables: Vec<String>,
    here: OrganizationId,
    other: OrganizationId,
}

impl Tenants {
    async fn new() -> Self {
        Self::on(testing::database().await.clone()).await
    }

    async fn on(urls: DatabaseUrls) -> Self {
        let owner = connect(&urls.owner).await;
        let tables = strings(
            &owner,
            "SELECT table_name::text FROM information_schema.columns \
             WHERE table_schema = 'public' AND column_name = 'org_id' ORDER BY 1",
        )
        .await;
        let (here, other) = (rich_history(&urls).await, rich_history(&urls).await);
        Self { urls, owner, tables, here, other }
    }

    /// All rows of the organization in a table, as the owner sees them.
    async fn rows(&self, table: &str) -> Vec<serde_json::Value> {
        let scope = format!("BEGIN; SET LOCAL countersign.org_id = '{}'", self.here);
        self.owner.batch_execute(&scope).await.unwrap();
        let sql = format!("SELECT to_jsonb(t) FROM {table} t ORDER BY to_jsonb(t)::text");
        let rows = self.owner.query(&sql, &[]).await.unwrap();
        self.owner.batch_execute("COMMIT").await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// An organization with rows in every table.
async fn rich_history(urls: &DatabaseUrls) -> OrganizationId {
    let store = testing::store(urls);
    let History { organization, member, third_party, token, .. } = history(&store).await;
    let now = clock::now();
    let session = NewSession {
        member,
        session: testing::random_id().into(),
        digest: Digest::of(&testing::random_id().to_string()),
        address: "192.0.2.7".into(),
        user_agent: "a browser".into(),
        now,
        lifetime: SESSION_LIFETIME,
    };
    create_session(&store, organization, &session).await.unwrap();
    create_link(&store, organization, member, now, SESSION_LIFETIME).await.unwrap();
    record_failure(&store, organization, member, now).await.unwrap();
    let second_factor =
        NewSecondFactor { secret: vec![7; 20], used_step: 1, recovery_codes: vec![Digest::of("recovery code")] };
    enable_totp(&store, &testing::operator(organization), member, second_factor).await.unwrap();
    let (format, filter) = (ExportFormat::Csv, AuditFilter::default());
    let context = testing::operator(organization);
    let job = jobs::request_audit_export(&store, &context, format, &filter).await.unwrap();
    // Other tests' jobs are waiting too: each is worked on by whoever takes it first.
    while let Some(mut work) = jobs::claim(&store, clock::now()).await.unwrap() {
        while work.step().await.unwrap() == Step::More {}
    }
    while !jobs::get(&store, organization, job).await.unwrap().unwrap().state.is_final() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let request = DecidedRequest { token, third_party: Some(third_party), outcome: RequestOutcome::Allowed };
    store.usage().count_request(organization, request, now, "192.0.2.7");
    store.usage().count_secret(organization, testing::random_id().into(), now);
    store.close().await;
    organization
}

/// A connection as `serve` makes them.
async fn connect_app(urls: &DatabaseUrls) -> Client {
    let mut config: tokio_postgres::Config = urls.serve.parse().unwrap();
    let (client, connection) = config.options("-c role=countersign_app").connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn strings(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Runs a statement in a transaction that is rolled back: the number of rows, or why it was refused.
async fn attempt(client: &Client, settings: &str, sql: &str) -> Result<u64, SqlState> {
    client.batch_execute(&format!("BEGIN; {settings}")).await.unwrap();
    let result = client.execute(sql, &[]).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    result.map_err(|error| error.code().unwrap().clone())
}

async fn refuses(client: &Client, sql: &str) {
    assert_eq!(attempt(client, "", sql).await, Err(SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
}

#[tokio::test]
async fn every_table_belongs_to_organizations_or_is_known_not_to() {
    let tenants = Tenants::new().await;
    let sql = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1";
    let all = strings(&tenants.owner, sql).await;
    let without = all.into_iter().filter(|table| !tenants.tables.contains(table)).collect::<Vec<_>>();
    assert_eq!(without, INSTALLATION_WIDE);

    // A view reads with the rights of its owner, and with its policies only as far as they bind that one.
    let sql = "SELECT table_name::text FROM information_schema.tables \
               WHERE table_schema = 'public' AND table_type <> 'BASE TABLE'";
    assert_eq!(strings(&tenants.owner, sql).await, [""; 0]);
}

#[tokio::test]
async fn every_tenant_table_is_keyed_and_guarded_by_organization() {
    let tenants = Tenants::new().await;
    let policies = |table: &str| {
        format!(
            "SELECT concat_ws(' ', policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies \
                 WHERE schemaname = 'public' AND tablename = '{table}' ORDER BY policyname"
        )
    };
    let expected = strings(&tenants.owner, &policies("events")).await;
    assert_eq!(expected.len(), 2);
    // The same, with the setting read once a statement.
    let setting = "(NULLIF(current_setting('countersign.org_id'::text, true), ''::text))::uuid";
    let read_once = |policy: &String| policy.replace(setting, &format!("( SELECT {setting} AS \"nullif\")"));
    let expected_of_listed = expected.iter().map(read_once).collect::<Vec<_>>();
    assert_ne!(expected_of_listed, expected);
    for table in &tenants.tables {
        let sql = format!(
            "SELECT a.attname::text, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c \
             JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary \
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
             WHERE c.oid = 'public.{table}'::regclass"
        );
        let row = tenants.owner.query_one(&sql, &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), "org_id", "the first column of the primary key of {table}");
        assert!(row.get::<_, bool>(1) && row.get::<_, bool>(2), "row-level security of {table} is enabled and forced");
        let listed = ["client_overviews", "client_secrets", "third_parties", "token_usage", "tokens"];
        let expected = if listed.contains(&table.as_str()) { &expected_of_listed } else { &expected };
        assert_eq!(&strings(&tenants.owner, &policies(table)).await, expected, "the policies of {table}");
    }
}

#[tokio::test]
async fn nobody_sees_the_rows_of_another_organization() {
    let tenants = Tenants::new().await;
    let app = connect_app(&tenants.urls).await;
    let own = format!("SET LOCAL countersign.org_id = '{}'", tenants.here);
    for table in &tenants.tables {
        assert!(!tenants.rows(table).await.is_empty(), "{table} is empty: let rich_history() fill it");
        let select = format!("SELECT 1 FROM {table} WHERE org_id = '{}'", tenants.here);
        assert_ne!(attempt(&app, &own, &select).await, Ok(0), "{table} shows the rows of its own organization");
        for (who, client) in [("app", &app), ("owner", &tenants.owner)] {
            for stranger in STRANGERS {
                let settings = stranger.replace("$other", &tenants.other.to_string());
                let seen = attempt(client, &settings, &select).await;
                let refused = Err(SqlState::INVALID_TEXT_REPRESENTATION);
                let expected = if stranger.contains("garbage") { refused } else { Ok(0) };
                assert_eq!(seen, expected, "{who} reads {table} after {settings:?}");
                // Without a condition, too: only rows of the organization that is set.
                let sql = format!("SELECT 1 FROM {table} WHERE org_id <> '{}'", tenants.other);
                assert_eq!(attempt(client, &settings, &sql).await, expected, "{who} reads all of {table}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_changes_the_rows_of_another_organization() {
    let tenants = Tenants::new().await;
    let app = connect_app(&tenants.urls).await;
    for table in &tenants.tables {
        let before = tenants.rows(table).await;
        let (here, other) = (tenants.here, tenants.other);
        let row = before[0].to_string().replace('\'', "''");
        let written = "SELECT quote_ident(column_name) FROM information_schema.columns \
                       WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name = ";
        let columns = strings(&tenants.owner, &format!("{written} '{table}'")).await.join(", ");
        let changes = [
            format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, '{row}')"
            ),
            format!("UPDATE {table} SET org_id = org_id WHERE org_id = '{here}'"),
            format!("UPDATE {table} SET org_id = '{here}' WHERE org_id = '{other}'"),
            format!("DELETE FROM {table} WHERE org_id = '{here}'"),
            format!("TRUNCATE {table}"),
        ];
        for stranger in STRANGERS {
            let settings = stranger.replace("$other", &other.to_string());
            for change in &changes {
                let outcome = attempt(&app, &settings, change).await;
                let harmless = match &outcome {
                    Ok(rows) => *rows == 0 && !change.starts_with("INSERT") && !change.starts_with("TRUNCATE"),
                    Err(code) => {
                        let garbage = stranger.contains("garbage") && *code == SqlState::INVALID_TEXT_REPRESENTATION;
                        garbage || *code == SqlState::INSUFFICIENT_PRIVILEGE
                    }
                };
                assert!(harmless, "{change} after {settings:?}: {outcome:?}");
            }
        }
        assert_eq!(tenants.rows(table).await, before, "{table}");
    }
}

#[tokio::test]
async fn nobody_changes_the_journal() {
    // What truncates locks whole tables, in an order of its own: beside other tests it would end in a deadlock.
    let tenants = Tenants::on(testing::fresh_database().await).await;
    let (serve, app) = (connect(&tenants.urls.serve).await, connect_app(&tenants.urls).await);
    for client in [&serve, &app, &tenants.owner] {
        for setting in ["countersign.org_id", "countersign.batch"] {
            let settings = format!("SET LOCAL {setting} = '{}'", tenants.here);
            for sql in [
                "UPDATE events SET event_type = event_type",
                "UPDATE events SET record = '' WHERE position = 1",
                "DELETE FROM events",
                "DELETE FROM events WHERE false",
                "TRUNCATE events",
                "TRUNCATE events, org_heads CASCADE",
                "INSERT INTO events SELECT * FROM events WHERE position = 1 \
                 ON CONFLICT (org_id, position) DO UPDATE SET record = ''",
                "MERGE INTO events e USING org_heads h ON e.org_id = h.org_id WHEN MATCHED THEN DELETE",
            ] {
                let outcome = attempt(client, &settings, sql).await;
                assert_eq!(outcome, Err(SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
            }
        }
    }
}

#[tokio::test]
async fn the_role_of_serve_can_not_rise_above_itself() {
    let urls = testing::database().await;
    let tables = strings(
        &connect(&urls.owner).await,
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
    )
    .await;
    let app = connect_app(urls).await;
    let who = app.query_one("SELECT current_user::text, session_user::text", &[]).await.unwrap();
    assert_eq!((who.get(0), who.get(1)), ("countersign_app", "countersign_serve"));
    for client in [&app, &connect(&urls.serve).await] {
        for sql in [
            "SET ROLE countersign_owner",
            "SET SESSION AUTHORIZATION countersign_owner",
            "SET session_replication_role = replica",
            "GRANT countersign_owner TO countersign_app",
            "ALTER ROLE countersign_app BYPASSRLS",
            "CREATE ROLE another",
            "CREATE TABLE another (id integer)",
            "CREATE TEMPORARY TABLE events (id integer)",
            "CREATE VIEW another AS SELECT * FROM events",
            "CREATE FUNCTION another() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "CREATE SCHEMA another",
            "SELECT countersign_make_tenant_table('events', 'ALL')",
            "CREATE TRIGGER another BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION countersign_refuse_change()",
        ] {
            refuses(client, sql).await;
        }
        for table in &tables {
            for sql in ["DISABLE TRIGGER ALL", "DISABLE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"] {
                refuses(client, &format!("ALTER TABLE {table} {sql}")).await;
            }
            refuses(client, &format!("CREATE POLICY everyone ON {table} USING (true)")).await;
            refuses(client, &format!("DROP TABLE {table}")).await;
            refuses(client, &format!("TRUNCATE {table}")).await;
        }
    }

    // What is not scoped by organization can be read, and added to, but not altered.
    let known = INSTALLATION_WIDE.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    for table in known.intersection(&tables.into_iter().collect()) {
        let sql = "SELECT has_any_column_privilege($1, 'UPDATE')";
        assert!(!app.query_one(sql, &[table]).await.unwrap().get::<_, bool>(0), "{table}");
    }
    refuses(&app, "INSERT INTO schema_migrations (version, name, sha256) VALUES (9999, '', '')").await;
    refuses(&app, "DELETE FROM schema_migrations").await;
    refuses(&app, "DELETE FROM organization_slugs").await;
}
