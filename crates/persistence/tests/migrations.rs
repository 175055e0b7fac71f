//! Migrations, and what `serve` asks of the database before it starts.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

use countersign_persistence::migrate::{MIGRATIONS, MigrationError, check, migrate};
use countersign_persistence::private_postgres::{DatabaseUrls, Options, PrivatePostgres};
use countersign_persistence::testing;
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A database without anything in it.
async fn empty_database() -> DatabaseUrls {
    let name = format!("empty_{}", testing::random_id().simple());
    testing::server().await.create_database(&name).await.unwrap()
}

async fn run(owner_url: &str, sql: &str) {
    connect(owner_url).await.batch_execute(sql).await.unwrap();
}

/// A server of its own, because roles belong to the whole server.
async fn own_server(name: &str) -> PrivatePostgres {
    PrivatePostgres::start(Options::new(testing::data_dir(name)).fresh()).await.unwrap()
}

fn names() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|migration| migration.name).collect()
}

#[test]
fn every_file_is_a_migration_and_they_are_numbered_without_gaps() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut files = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect::<Vec<_>>();
    files.sort();
    assert_eq!(files, names().iter().map(|name| format!("{name}.sql")).collect::<Vec<_>>());
    for (number, name) in (1..).zip(names()) {
        assert!(name.starts_with(&format!("{number:04}_")), "{name} is number {number}");
    }
}

#[tokio::test]
async fn migrating_again_does_nothing() {
    let urls = empty_database().await;
    assert_eq!(migrate(&urls.owner).await.unwrap(), names());
    assert_eq!(migrate(&urls.owner).await.unwrap(), [""; 0]);
    check(&urls.serve).await.unwrap();
}

/// Two databases, because they share the roles that migrations make.
#[tokio::test]
async fn of_many_at_once_each_migration_is_applied_by_one() {
    let server = own_server("concurrent").await;
    let mut runs = Vec::new();
    for name in ["one", "two"] {
        let urls = server.create_database(name).await.unwrap();
        runs.extend((0..5).map(|_| {
            (
                name,
                tokio::spawn({
                    let urls = urls.clone();
                    async move { migrate(&urls.owner).await }
                }),
            )
        }));
    }
    let mut applied = Vec::new();
    for (name, run) in runs {
        applied.extend(run.await.unwrap().unwrap().into_iter().map(|step| (name, step)));
    }
    applied.sort_unstable();
    let expected = ["one", "two"].iter().flat_map(|name| names().into_iter().map(move |step| (*name, step)));
    assert_eq!(applied, expected.collect::<Vec<_>>());
    for name in ["one", "two"] {
        check(&server.database(name).serve).await.unwrap();
    }
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let urls = testing::fresh_database().await;
    let next = MIGRATIONS.len() + 1;
    let sql = format!("INSERT INTO schema_migrations (version, name, sha256) VALUES ({next}, 'from_the_future', '')");
    run(&urls.owner, &sql).await;
    for result in [migrate(&urls.owner).await.map(drop), check(&urls.serve).await] {
        match result {
            Err(MigrationError::Newer { found, known }) => assert_eq!((found, known), (next, MIGRATIONS.len())),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_altered_migration_is_refused() {
    let urls = testing::fresh_database().await;
    run(&urls.owner, "UPDATE schema_migrations SET sha256 = sha256(sha256) WHERE version = 2").await;
    for result in [migrate(&urls.owner).await.map(drop), check(&urls.serve).await] {
        match result {
            Err(MigrationError::Altered(name)) => assert_eq!(name, MIGRATIONS[1].name),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_older_database_is_refused_by_check() {
    let (empty, behind) = (empty_database().await, testing::fresh_database().await);
    let newest = MIGRATIONS.len();
    run(&behind.owner, &format!("DELETE FROM schema_migrations WHERE version = {newest}")).await;
    for (urls, expected) in [(empty, 0), (behind, newest - 1)] {
        match check(&urls.serve).await {
            Err(MigrationError::Older { found, known }) => assert_eq!((found, known), (expected, newest)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_migration_that_is_missing_in_between_is_refused() {
    let urls = testing::fresh_database().await;
    run(&urls.owner, "DELETE FROM schema_migrations WHERE version = 2").await;
    for result in [migrate(&urls.owner).await.map(drop), check(&urls.serve).await] {
        assert!(matches!(result, Err(MigrationError::Altered(_))), "{result:?}");
    }
}

/// Each row: what is done, and how it is undone.
const TOO_MANY_RIGHTS: [(&str, &str); 9] = [
    ("GRANT UPDATE ON events TO countersign_app", "REVOKE UPDATE ON events FROM countersign_app"),
    ("GRANT UPDATE (record) ON events TO countersign_app", "REVOKE UPDATE (record) ON events FROM countersign_app"),
    ("GRANT DELETE ON events TO PUBLIC", "REVOKE DELETE ON events FROM PUBLIC"),
    ("GRANT TRUNCATE ON events TO countersign_serve", "REVOKE TRUNCATE ON events FROM countersign_serve"),
    ("GRANT TRIGGER ON events TO countersign_app", "REVOKE TRIGGER ON events FROM countersign_app"),
    ("ALTER ROLE countersign_app SUPERUSER", "ALTER ROLE countersign_app NOSUPERUSER"),
    ("ALTER ROLE countersign_serve BYPASSRLS", "ALTER ROLE countersign_serve NOBYPASSRLS"),
    ("GRANT postgres TO countersign_app", "REVOKE postgres FROM countersign_app"),
    ("GRANT countersign_owner TO countersign_app", "REVOKE countersign_owner FROM countersign_app"),
];

#[tokio::test]
async fn a_role_with_too_many_rights_is_refused() {
    let server = own_server("rights").await;
    let urls = server.database("countersign");
    migrate(&urls.owner).await.unwrap();
    let (superuser, owner) = (testing::superuser(&server).await, connect(&urls.owner).await);
    for (grant, revoke) in TOO_MANY_RIGHTS {
        let client = if grant.contains(" ON ") { &owner } else { &superuser };
        check(&urls.serve).await.unwrap();
        client.batch_execute(grant).await.unwrap();
        let result = check(&urls.serve).await;
        assert!(matches!(result, Err(MigrationError::TooManyRights(_))), "{grant}: {result:?}");
        client.batch_execute(revoke).await.unwrap();
    }
    let result = check(&urls.owner).await;
    assert!(result.is_err(), "the owner does not serve");
}

#[tokio::test]
async fn a_role_that_is_not_a_member_is_refused() {
    let server = own_server("member").await;
    let urls = server.database("countersign");
    migrate(&urls.owner).await.unwrap();
    testing::superuser(&server).await.batch_execute("REVOKE countersign_app FROM countersign_serve").await.unwrap();
    let result = check(&urls.serve).await;
    assert!(matches!(result, Err(MigrationError::NotAMember)), "{result:?}");
    assert_eq!(migrate(&urls.owner).await.unwrap(), [""; 0], "it grants the membership again");
    check(&urls.serve).await.unwrap();
}
