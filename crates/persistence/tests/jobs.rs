//! Jobs: whoever works on them may be killed at any moment, and the result is the same.

// The futures of a unit of work nest deeply.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use countersign_domain::organization::ExportFormat;
use countersign_domain::values::{EmailAddress, PersonName, ThirdPartyName};
use countersign_domain::{Actor, JobId, MemberId, OrganizationId, Role, ThirdParty, ThirdPartyCommand};
use countersign_persistence::jobs::{self, Job, JobState, KEPT, Step, Work};
use countersign_persistence::queries::audit::AuditFilter;
use countersign_persistence::{ChangeError, Context, Store, clock, sign_in, testing};
use jiff::{SignedDuration, Timestamp};

/// A database of its own, so that every job in it is of one test; and an organization with that many third parties.
struct World {
    store: Store,
    organization: OrganizationId,
    member: MemberId,
    urls: countersign_persistence::private_postgres::DatabaseUrls,
}

impl World {
    async fn new(third_parties: usize) -> Self {
        let urls = testing::fresh_database().await;
        let store = testing::store(&urls);
        let organization = testing::organization(&store).await;
        let context = testing::operator(organization);
        let email = EmailAddress::parse("ada@acme.example").unwrap();
        let name = PersonName::parse("=Ada").unwrap();
        let member = sign_in::add_member(&store, &context, email, name, Role::Auditor, None).await.unwrap();
        let numbers = (0..third_parties).collect::<Vec<_>>();
        for some in numbers.chunks(200) {
            store
                .change(&context, async |unit| {
                    for number in some {
                        let add = ThirdPartyCommand::Add {
                            name: ThirdPartyName::parse(&format!("Partner {number}")).unwrap(),
                            contact: countersign_domain::third_party::Contact::default(),
                            requirements: None,
                            mode: countersign_domain::third_party::Mode::Manual,
                        };
                        unit.create::<ThirdParty>(add).await?;
                    }
                    Ok::<_, ChangeError>(())
                })
                .await
                .unwrap();
        }
        Self { store, organization, member, urls }
    }

    async fn export(&self, format: ExportFormat, filter: &AuditFilter) -> JobId {
        let context = Context { actor: Actor::Member(self.member), ..testing::operator(self.organization) };
        jobs::request_audit_export(&self.store, &context, format, filter).await.unwrap()
    }

    async fn job(&self, id: JobId) -> Job {
        jobs::get(&self.store, self.organization, id).await.unwrap().unwrap()
    }

    async fn pieces(&self, id: JobId) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        while let Some(piece) =
            jobs::result_piece(&self.store, self.organization, id, i32::try_from(pieces.len()).unwrap()).await.unwrap()
        {
            pieces.push(piece);
        }
        pieces
    }

    async fn result(&self, id: JobId) -> String {
        String::from_utf8(self.pieces(id).await.concat()).unwrap()
    }
}

fn later(by: SignedDuration) -> Timestamp {
    clock::now() + by
}

async fn finish(work: &mut Work) {
    while work.step().await.unwrap() == Step::More {}
}

#[tokio::test]
async fn a_killed_workers_job_goes_on_elsewhere_with_the_same_result() {
    let world = World::new(1000).await;
    let filter = AuditFilter::default();
    let whole = world.export(ExportFormat::Ndjson, &filter).await;
    let mut work = jobs::claim(&world.store, clock::now()).await.unwrap().unwrap();
    assert_eq!(work.job(), whole);
    finish(&mut work).await;
    let whole = world.result(whole).await;

    let interrupted = world.export(ExportFormat::Ndjson, &filter).await;
    let mut first = jobs::claim(&world.store, clock::now()).await.unwrap().unwrap();
    assert_eq!(first.step().await.unwrap(), Step::More);
    assert_eq!(first.step().await.unwrap(), Step::More);
    let other = testing::store(&world.urls);
    assert!(jobs::claim(&other, clock::now()).await.unwrap().is_none(), "it is held");
    let job = world.job(interrupted).await;
    assert_eq!((job.state, job.done, job.total), (JobState::Running, 400, Some(1003)));
    let mut second = jobs::claim(&other, later(SignedDuration::from_mins(1))).await.unwrap().unwrap();
    assert_eq!(first.step().await.unwrap(), Step::Lost, "it is somebody else's by now");
    finish(&mut second).await;
    let job = world.job(interrupted).await;
    assert_eq!((job.state, job.done, job.total), (JobState::Done, 1003, Some(1003)));
    let result = world.result(interrupted).await;
    assert_eq!(job.size, result.len() as u64);
    // The second has a line more: that the first was asked for.
    assert_eq!(result.lines().take(1002).collect::<Vec<_>>(), whole.lines().collect::<Vec<_>>());
    let positions = result
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["position"].as_u64().unwrap());
    assert_eq!(positions.collect::<Vec<_>>(), (1..=1003).collect::<Vec<_>>(), "none is missing, none is twice");
}

#[tokio::test]
async fn of_many_who_want_a_job_one_gets_it() {
    let world = World::new(0).await;
    for _ in 0..3 {
        world.export(ExportFormat::Csv, &AuditFilter::default()).await;
    }
    let stores = (0..8).map(|_| testing::store(&world.urls)).collect::<Vec<_>>();
    let now = clock::now();
    let claims = stores.iter().map(|store| jobs::claim(store, now));
    let mut claimed = futures_util::future::join_all(claims).await.into_iter().filter_map(Result::unwrap);
    let mut taken = claimed.by_ref().map(|work| work.job()).collect::<Vec<_>>();
    while let Some(work) = jobs::claim(&world.store, now).await.unwrap() {
        taken.push(work.job());
    }
    let count = taken.len();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!((count, taken.len()), (3, 3));
}

#[tokio::test]
async fn an_export_holds_what_is_filtered_as_of_the_request() {
    let world = World::new(20).await;
    let filter = AuditFilter { event_type: Some("ThirdPartyAdded".to_owned()), ..AuditFilter::default() };
    let job = world.export(ExportFormat::Csv, &filter).await;
    testing::third_party(&world.store, world.organization, "Too late").await.unwrap();
    finish(&mut jobs::claim(&world.store, clock::now()).await.unwrap().unwrap()).await;
    let result = world.result(job).await;
    assert!(result.starts_with("position,occurred_at,event,"), "{result}");
    assert_eq!(result.matches(",ThirdPartyAdded,").count(), 20);
    assert!(!result.contains("Too late") && !result.contains("OrganizationCreated"));

    let members = AuditFilter { event_type: Some("MemberAdded".to_owned()), ..AuditFilter::default() };
    let job = world.export(ExportFormat::Csv, &members).await;
    finish(&mut jobs::claim(&world.store, clock::now()).await.unwrap().unwrap()).await;
    assert!(world.result(job).await.contains("Added the member =Ada"));

    let nothing = AuditFilter { text: Some("nothing like that".to_owned()), ..AuditFilter::default() };
    for (format, lines) in [(ExportFormat::Csv, 1), (ExportFormat::Ndjson, 0)] {
        let job = world.export(format, &nothing).await;
        finish(&mut jobs::claim(&world.store, clock::now()).await.unwrap().unwrap()).await;
        assert_eq!((world.job(job).await.total, world.result(job).await.lines().count()), (Some(0), lines));
    }
    let sql = "SELECT convert_from(record, 'UTF8') FROM events WHERE event_type = 'AuditExported' ORDER BY position";
    let records = world.store.pool().read(world.organization, sql, &[]).await.unwrap();
    let last: String = records.last().unwrap().get(0);
    assert!(last.contains("\"filters\":[\"text\"]") && !last.contains("nothing like that"), "{last}");
}

#[tokio::test]
async fn results_are_kept_in_small_sealed_pieces() {
    let world = World::new(900).await;
    let job = world.export(ExportFormat::Ndjson, &AuditFilter::default()).await;
    finish(&mut jobs::claim(&world.store, clock::now()).await.unwrap().unwrap()).await;
    let pieces = world.pieces(job).await;
    assert!(pieces.len() > 4, "{}", pieces.len());
    assert!(pieces.iter().all(|piece| piece.len() <= 256 * 1024));
    let sql = "SELECT content FROM job_results WHERE job_id = $1";
    for row in world.store.pool().read(world.organization, sql, &[&job.uuid()]).await.unwrap() {
        assert!(!String::from_utf8_lossy(row.get(0)).contains("Partner"));
    }
    let other = testing::organization(&world.store).await;
    assert!(jobs::get(&world.store, other, job).await.unwrap().is_none());
    assert!(jobs::result_piece(&world.store, other, job, 0).await.unwrap().is_none());
    assert!(!jobs::cancel(&world.store, other, job).await.unwrap());
}

#[tokio::test]
async fn what_is_cancelled_stops_and_what_has_expired_is_gone() {
    let world = World::new(500).await;
    let filter = AuditFilter::default();
    let cancelled = world.export(ExportFormat::Csv, &filter).await;
    let mut work = jobs::claim(&world.store, clock::now()).await.unwrap().unwrap();
    work.step().await.unwrap();
    assert!(jobs::cancel(&world.store, world.organization, cancelled).await.unwrap());
    assert!(!jobs::cancel(&world.store, world.organization, cancelled).await.unwrap(), "once");
    assert_eq!(work.step().await.unwrap(), Step::Lost);
    let job = world.job(cancelled).await;
    assert_eq!((job.state, world.pieces(cancelled).await.len()), (JobState::Cancelled, 0));
    assert!(jobs::claim(&world.store, later(SignedDuration::from_mins(1))).await.unwrap().is_none());

    let done = world.export(ExportFormat::Csv, &filter).await;
    finish(&mut jobs::claim(&world.store, clock::now()).await.unwrap().unwrap()).await;
    assert_eq!(world.job(done).await.expires_at.unwrap(), world.job(done).await.finished_at.unwrap() + KEPT);
    let listed = jobs::list(&world.store, world.organization, None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [done, cancelled]);
    let before = jobs::list(&world.store, world.organization, Some(done), 10).await.unwrap();
    assert_eq!(before.iter().map(|job| job.id).collect::<Vec<_>>(), [cancelled]);
    let removed = world.export(ExportFormat::Csv, &filter).await;
    jobs::remove(&world.store, world.organization, removed).await.unwrap();
    assert_eq!(world.job(removed).await.state, JobState::Queued, "only what is finished is removed");
    finish(&mut jobs::claim(&world.store, clock::now()).await.unwrap().unwrap()).await;
    jobs::remove(&world.store, world.organization, removed).await.unwrap();
    assert!(jobs::get(&world.store, world.organization, removed).await.unwrap().is_none());
    assert!(jobs::claim(&world.store, later(KEPT + SignedDuration::from_hours(1))).await.unwrap().is_none());
    for job in [cancelled, done] {
        assert!(jobs::get(&world.store, world.organization, job).await.unwrap().is_none());
        assert!(world.pieces(job).await.is_empty());
    }
}
