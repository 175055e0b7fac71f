//! Checking the projections against the journal, and rebuilding them.

// The futures of a unit of work nest deeply.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_domain::client::ClientType;
use countersign_domain::third_party::{Contact, Mode};
use countersign_domain::values::{ClientIdentifier, EmailAddress, Scope, ThirdPartyName};
use countersign_domain::{
    Client as OauthClient, ClientCommand, ConsentId, Digest, OrganizationId, ThirdParty, ThirdPartyCommand,
};
use countersign_persistence::private_postgres::DatabaseUrls;
use countersign_persistence::projections::rebuild::{
    CheckReport, Fault, MAXIMUM_DIFFERENCES, Progress, RebuildError, check, rebuild,
};
use countersign_persistence::{ChangeError, Store, StoreError, UnitOfWork, migrate, testing};
use support::{EMAIL, History, NAME, connect, history};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// A database of its own, because a check looks at every organization and only one can run at a time.
struct Case {
    urls: DatabaseUrls,
    store: Store,
    owner: Client,
}

impl Case {
    async fn new() -> Self {
        let urls = testing::fresh_database().await;
        Self { store: testing::store(&urls), owner: connect(&urls.owner).await, urls }
    }

    async fn check(&self) -> CheckReport {
        check(&self.urls.owner, &testing::master_key_ring(), |_| {}).await.unwrap()
    }

    async fn rebuild(&self) -> CheckReport {
        rebuild(&self.urls.owner, &testing::master_key_ring(), |_| {}).await.unwrap()
    }

    /// Runs statements behind the program's back.
    async fn tamper(&self, organization: OrganizationId, sql: &str) {
        let sql = format!("BEGIN; SET LOCAL countersign.org_id = '{organization}'; {sql}; COMMIT");
        self.owner.batch_execute(&sql).await.unwrap();
    }

    /// Begins a check and gives it up once it is midway through an organization.
    async fn interrupted_check(&self) {
        let midway = Arc::new(tokio::sync::Notify::new());
        let (told, url) = (Arc::clone(&midway), self.urls.owner.clone());
        let run = tokio::spawn(async move {
            let progress = |progress: Progress| {
                if progress.position > 0 && progress.position < progress.head {
                    told.notify_one();
                }
            };
            check(&url, &testing::master_key_ring(), progress).await
        });
        midway.notified().await;
        run.abort();
        assert!(run.await.unwrap_err().is_cancelled());
    }

    async fn shadow_exists(&self) -> bool {
        let sql = "SELECT to_regnamespace('countersign_shadow') IS NOT NULL";
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }
}

/// Adds third parties, `count` in one append; returns how it came out.
async fn add_third_parties(store: &Store, organization: OrganizationId, count: u32) -> Result<(), ChangeError> {
    store
        .change(&testing::operator(organization), async |unit| {
            for _ in 0..count {
                let name = testing::random_id().to_string();
                let add = ThirdPartyCommand::Add {
                    name: ThirdPartyName::parse(&name).unwrap(),
                    contact: Contact { name: None, email: EmailAddress::parse("contact@partner.example").ok() },
                    requirements: None,
                    mode: Mode::Manual,
                };
                unit.create::<ThirdParty>(add).await?;
            }
            Ok(())
        })
        .await
}

/// The differences, one a line.
fn lines(report: &CheckReport) -> Vec<String> {
    report.differences.iter().map(ToString::to_string).collect()
}

async fn slug_of(case: &Case, organization: OrganizationId) -> String {
    case.store.directory().organization(organization).await.unwrap().unwrap().slug.clone()
}

/// Registers a client of each type and number of scopes, as clients were before they had settings.
async fn register_clients(store: &Store, organization: OrganizationId) {
    let kinds = [ClientType::Confidential, ClientType::Public];
    for (client_type, scopes) in kinds.into_iter().flat_map(|kind| [(kind, &["read", "write"][..]), (kind, &[])]) {
        let identifier = ClientIdentifier::parse(&format!("{client_type:?} {}", scopes.len())).unwrap();
        let register = ClientCommand::Register {
            identifier,
            client_type,
            third_party: None,
            scopes: scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect(),
            redirect_uris: Vec::new(),
        };
        let create = async |unit: &UnitOfWork| unit.create::<OauthClient>(register.clone()).await;
        store.change(&testing::operator(organization), create).await.unwrap();
    }
}

#[tokio::test]
async fn settings_of_older_clients_are_migrated_to_what_their_events_say() {
    let case = Case::new().await;
    let organization = testing::organization(&case.store).await;
    register_clients(&case.store, organization).await;
    // The table as it was before the migration of settings, with the same rows, and without what came later.
    let undo = "DROP INDEX clients_api_keys; ALTER TABLE clients RENAME COLUMN settings TO scopes; \
                ALTER TABLE clients ALTER COLUMN scopes TYPE text USING translate(scopes ->> 'scopes', '[]\",', '')";
    case.owner.batch_execute(undo).await.unwrap();
    case.owner.batch_execute(include_str!("../../../migrations/0006_client_settings.sql")).await.unwrap();
    let report = case.check().await;
    assert!(report.differences.is_empty(), "{:?}", lines(&report));
    // What the check would say of a row that is not as its events have it.
    case.tamper(organization, "UPDATE clients SET settings = settings || '{\"pkce_required\": false}'").await;
    assert_eq!(case.check().await.differences.len(), 4);
}

#[tokio::test]
async fn overviews_of_older_clients_are_made_as_their_events_say() {
    let case = Case::new().await;
    for _ in 0..2 {
        let organization = history(&case.store).await.organization;
        register_clients(&case.store, organization).await;
    }
    case.owner.batch_execute("DROP TABLE client_overviews").await.unwrap();
    case.owner.batch_execute(include_str!("../../../migrations/0009_client_overviews.sql")).await.unwrap();
    let report = case.check().await;
    assert!(report.differences.is_empty(), "{:?}", lines(&report));
}

#[tokio::test]
async fn secrets_of_older_clients_are_made_as_their_events_say() {
    let case = Case::new().await;
    for _ in 0..2 {
        history(&case.store).await;
    }
    let undo = "DROP TABLE client_secrets, request_outcomes, request_totals; \
                DROP INDEX lasting_tokens_by_end, lasting_tokens_by_age, deleted_third_parties, deleted_clients, revoked_authorizations, \
                    events_but_routine, events_of_failed_authentication";
    case.owner.batch_execute(undo).await.unwrap();
    case.owner.batch_execute(include_str!("../../../migrations/0014_home.sql")).await.unwrap();
    let report = case.check().await;
    assert!(report.differences.is_empty(), "{:?}", lines(&report));
}

#[tokio::test]
async fn projections_are_what_the_journal_says() {
    let case = Case::new().await;
    for _ in 0..2 {
        history(&case.store).await;
    }
    let seen = Mutex::new(Vec::new());
    let see = |progress| seen.lock().unwrap().push(progress);
    let report = check(&case.urls.owner, &testing::master_key_ring(), see).await.unwrap();
    assert_eq!(lines(&report), [""; 0]);
    assert_eq!((report.organizations, report.differing_rows), (2, 0));

    let seen = seen.into_inner().unwrap();
    let ends = seen.iter().filter(|progress| progress.position == progress.head);
    assert_eq!(ends.clone().map(|progress| progress.head).sum::<u64>(), report.events);
    assert_eq!(ends.count(), 2);
    assert!(!case.shadow_exists().await);
    // Neither is there anything to mend.
    assert_eq!(case.rebuild().await, report);
}

#[tokio::test]
async fn a_wrong_row_is_named_and_mended() {
    let case = Case::new().await;
    let other = history(&case.store).await;
    let History { organization, member, third_party, client, token, authorization } = history(&case.store).await;
    let forged = testing::random_id();
    case.tamper(
        organization,
        &format!(
            "UPDATE third_parties SET enabled = false, contact_name = 'Mallory' WHERE third_party_id = '{third_party}';
             UPDATE members SET verifier_id = NULL WHERE member_id = '{member}';
             UPDATE authorizations SET revoked = true WHERE authorization_id = '{authorization}';
             DELETE FROM consents;
             DELETE FROM clients WHERE client_id = '{client}';
             INSERT INTO tokens SELECT org_id, '{forged}', kind, status, third_party_id, client_id, '\\x00', last_four,
                 scopes, issued_at, expires_at FROM tokens WHERE token_id = '{token}';
             UPDATE unique_names SET holder_id = '{forged}' WHERE kind = 'member_email' AND holder_id = '{member}'"
        ),
    )
    .await;

    let slug = slug_of(&case, organization).await;
    let expected = [
        format!("{slug}: members member_id={member}: differs in verifier_id"),
        format!("{slug}: third_parties third_party_id={third_party}: differs in contact_name, enabled"),
        format!("{slug}: clients client_id={client}: missing"),
        format!("{slug}: tokens token_id={forged}: not in the journal"),
        format!("{slug}: authorizations authorization_id={authorization}: differs in revoked"),
        format!("{slug}: consents consent_id={}: missing", ConsentId::of(member, client)),
        format!("{slug}: unique_names kind=member_email, holder_id={member}: differs in holder_id"),
    ];
    let report = case.check().await;
    assert_eq!(lines(&report), expected);
    assert_eq!(report.differing_rows, 7);
    assert_eq!(case.check().await, report, "a check changes nothing");
    assert_eq!(case.rebuild().await, report);
    assert_eq!(case.check().await.differing_rows, 0);
    assert!(case.store.directory().client(other.organization, other.client).await.unwrap().is_some());
}

#[tokio::test]
async fn a_report_is_bounded() {
    let case = Case::new().await;
    let organization = testing::organization(&case.store).await;
    add_third_parties(&case.store, organization, 150).await.unwrap();
    case.tamper(organization, "UPDATE third_parties SET name = 'Mallory'; DELETE FROM unique_names").await;
    let report = case.check().await;
    assert_eq!((report.differing_rows, report.differences.len()), (300, MAXIMUM_DIFFERENCES));
    assert!(report.differences.iter().all(|difference| difference.fault == Fault::Altered(vec!["name".into()])));
    assert_eq!(case.rebuild().await.differing_rows, 300);
    assert_eq!(case.check().await.differing_rows, 0);
}

#[tokio::test]
async fn an_interrupted_run_is_gone_on_with() {
    let case = Case::new().await;
    let History { organization, .. } = history(&case.store).await;
    for _ in 0..10 {
        add_third_parties(&case.store, organization, 250).await.unwrap();
    }
    case.interrupted_check().await;
    assert!(case.shadow_exists().await);
    let refused = connect(&case.urls.serve).await.execute("SELECT FROM countersign_shadow.members", &[]).await;
    assert_eq!(refused.unwrap_err().code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));

    // What happened before and what happens after the interruption is compared.
    case.tamper(organization, "UPDATE members SET role = 'auditor'; UPDATE tokens SET status = 'active'").await;
    add_third_parties(&case.store, organization, 250).await.unwrap();
    let seen = Mutex::new(Vec::new());
    let see = |progress: Progress| seen.lock().unwrap().push(progress.position);
    let report = check(&case.urls.owner, &testing::master_key_ring(), see).await.unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen[0] >= 1000, "it began again from {}", seen[0]);
    assert_eq!(seen.last(), Some(&report.events));
    let tables = report.differences.iter().map(|difference| difference.table).collect::<Vec<_>>();
    assert_eq!(tables, ["members", "tokens"]);
    assert!(!case.shadow_exists().await);

    case.interrupted_check().await;
    assert_eq!(case.rebuild().await.differing_rows, 2);
    assert_eq!(case.check().await.differing_rows, 0);
}

#[tokio::test]
async fn what_another_version_left_is_not_used() {
    let case = Case::new().await;
    history(&case.store).await;
    case.owner
        .batch_execute(
            "CREATE SCHEMA countersign_shadow; COMMENT ON SCHEMA countersign_shadow IS 'Countersign 0.0.1';
             CREATE TABLE countersign_shadow.members (LIKE members)",
        )
        .await
        .unwrap();
    assert_eq!(case.check().await.differing_rows, 0);
    assert!(!case.shadow_exists().await);
}

#[tokio::test]
async fn an_erased_value_is_named_where_it_still_stands_and_removed() {
    let case = Case::new().await;
    let History { organization, member, .. } = history(&case.store).await;
    let slug = slug_of(&case, organization).await;
    erase(&case, organization, member.uuid()).await;

    let report = case.check().await;
    assert_eq!(
        lines(&report),
        [
            format!("{slug}: members member_id={member}: differs in email, name"),
            format!("{slug}: unique_names kind=member_email, holder_id={member}: not in the journal"),
        ]
    );
    let told = format!("{report:?}").to_lowercase();
    assert!(!told.contains(&EMAIL.to_lowercase()) && !told.contains(&NAME.to_lowercase()), "{told}");

    case.rebuild().await;
    assert_eq!(case.check().await.differing_rows, 0);
    let sql = "SELECT email, name FROM members WHERE member_id = $1";
    let rows = case.store.pool().read(organization, sql, &[&member.uuid()]).await.unwrap();
    assert_eq!((rows[0].get(0), rows[0].get(1)), (None::<String>, None::<String>));
}

#[tokio::test]
async fn what_an_interrupted_run_read_before_an_erasure_does_not_come_back() {
    let case = Case::new().await;
    let History { organization, member, .. } = history(&case.store).await;
    for _ in 0..10 {
        add_third_parties(&case.store, organization, 250).await.unwrap();
    }
    case.interrupted_check().await;
    erase(&case, organization, member.uuid()).await;
    // An erasure reaches the projections, too.
    case.tamper(
        organization,
        &format!(
            "UPDATE members SET email = NULL, name = NULL WHERE member_id = '{member}';
             DELETE FROM unique_names WHERE holder_id = '{member}'"
        ),
    )
    .await;
    assert_eq!(lines(&case.check().await), [""; 0]);
}

/// Deletes what opens the commitments to a member's data.
async fn erase(case: &Case, organization: OrganizationId, member: uuid::Uuid) {
    let sql = "SELECT record FROM events WHERE stream_id = $1 AND event_type = 'MemberAdded'";
    let rows = case.store.pool().read(organization, sql, &[&member]).await.unwrap();
    let record: serde_json::Value = serde_json::from_slice(rows[0].get(0)).unwrap();
    let subject: uuid::Uuid = record["event"]["payload"]["email"]["subject"].as_str().unwrap().parse().unwrap();
    let sql = "DELETE FROM disclosures WHERE subject_id = $1";
    case.store.pool().write(organization, sql, &[&subject]).await.unwrap();
}

#[tokio::test]
async fn runs_while_appends_go_on() {
    let case = Case::new().await;
    let History { organization, third_party, .. } = history(&case.store).await;
    let stop = AtomicBool::new(false);
    let append = || async {
        let mut appends = 0;
        while !stop.load(Ordering::Relaxed) {
            add_third_parties(&case.store, organization, 3).await.unwrap();
            appends += 1;
            // The runs are to overlap with appends, not to drown in them.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        appends
    };
    let run = async {
        for _ in 0..3 {
            assert_eq!(lines(&case.check().await), [""; 0]);
            let sql = format!("UPDATE third_parties SET name = 'Mallory' WHERE third_party_id = '{third_party}'");
            case.tamper(organization, &sql).await;
            assert_eq!(case.check().await.differing_rows, 1);
            assert_eq!(case.rebuild().await.differing_rows, 1);
        }
        stop.store(true, Ordering::Relaxed);
    };
    let ((), first, second, third) = tokio::join!(run, append(), append(), append());
    assert!(first.min(second).min(third) > 5);
    assert_eq!(lines(&case.check().await), [""; 0]);
}

#[tokio::test]
async fn a_process_that_serves_forgets_what_was_wrong() {
    let case = Case::new().await;
    let History { organization, token, .. } = history(&case.store).await;
    let directory = case.store.directory();
    while !directory.is_trusted() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let forged = Digest::of("forged");
    let sql = format!("UPDATE tokens SET digest = '\\x{}' WHERE token_id = '{token}'", hex::encode(forged.0));
    case.tamper(organization, &sql).await;
    assert!(directory.token(organization, forged).await.unwrap().is_some());

    assert_eq!(case.rebuild().await.differing_rows, 1);
    // The notice comes on another connection than the answer.
    let mut found = true;
    for _ in 0..100 {
        found = directory.token(organization, forged).await.unwrap().is_some();
        if !found {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!found);
}

#[tokio::test]
async fn a_second_run_is_refused() {
    let case = Case::new().await;
    testing::organization(&case.store).await;
    case.owner.batch_execute("BEGIN; LOCK TABLE org_heads").await.unwrap();
    let url = case.urls.owner.clone();
    let first = tokio::spawn(async move { check(&url, &testing::master_key_ring(), |_| {}).await });
    let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'org_heads'::regclass AND NOT granted)";
    while !case.owner.query_one(waiting, &[]).await.unwrap().get::<_, bool>(0) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let second = rebuild(&case.urls.owner, &testing::master_key_ring(), |_| {}).await;
    assert!(matches!(second, Err(RebuildError::UnderWay)), "{second:?}");
    case.owner.batch_execute("COMMIT").await.unwrap();
    assert_eq!(first.await.unwrap().unwrap().organizations, 1);
}

#[tokio::test]
async fn what_can_not_be_replayed_is_named() {
    let case = Case::new().await;
    let slug = slug_of(&case, history(&case.store).await.organization).await;
    let ring = countersign_persistence::sealing::MasterKeyRing::parse(
        &countersign_persistence::sealing::MasterKeyRing::generate(),
    );
    match check(&case.urls.owner, &ring.unwrap(), |_| {}).await {
        Err(RebuildError::Organization { slug: named, source: StoreError::Sealing(_) }) => assert_eq!(named, slug),
        other => panic!("{other:?}"),
    }

    // The owner can switch the trigger off; that is what the signed checkpoints are for.
    let organization = case.store.directory().organization_by_slug(&slug).await.unwrap().unwrap().id;
    let alter =
        |sql: &str| format!("ALTER TABLE events DISABLE TRIGGER ALL; {sql}; ALTER TABLE events ENABLE TRIGGER ALL");
    case.tamper(organization, &alter("UPDATE events SET record = '{}' WHERE position = 7")).await;
    let report = check(&case.urls.owner, &testing::master_key_ring(), |_| {}).await;
    assert!(matches!(report, Err(RebuildError::Event { position: 7, .. })), "{report:?}");
    case.tamper(organization, &alter("DELETE FROM events WHERE position = 7")).await;
    let report = rebuild(&case.urls.owner, &testing::master_key_ring(), |_| {}).await;
    assert!(matches!(report, Err(RebuildError::Missing { position: 7, .. })), "{report:?}");
}

#[tokio::test]
async fn a_database_of_another_version_is_refused() {
    let urls = testing::server().await.create_database("rebuild_version").await.unwrap();
    let report = check(&urls.owner, &testing::master_key_ring(), |_| {}).await;
    assert!(matches!(report, Err(RebuildError::Version(migrate::MigrationError::Older { .. }))), "{report:?}");
}
