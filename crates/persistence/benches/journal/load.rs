//! The load on the journal: callers that each issue one manual token after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_domain::values::Scope;
use countersign_domain::{Actor, MemberId, OrganizationId, Secret, SecretKind, Token, TokenCommand};
use countersign_persistence::{ChangeError, Context, Source, Store, Via, testing};
use futures_util::future;

use crate::report::Measured;

const THREADS: usize = 2;

/// How many organizations the callers issue tokens for.
#[derive(Clone, Copy)]
pub enum Tenants {
    One,
    Many,
}

impl Tenants {
    pub fn of(self, organizations: &[OrganizationId]) -> &[OrganizationId] {
        match self {
            Self::One => &organizations[..1],
            Self::Many => organizations,
        }
    }
}

pub async fn organizations(store: &Store, count: usize) -> Vec<OrganizationId> {
    let mut created = Vec::with_capacity(count);
    while created.len() < count {
        let some = (0..(count - created.len()).min(100)).map(|_| testing::organization(store));
        created.extend(future::join_all(some).await);
    }
    created
}

/// Issues tokens for so long with so many callers, after a tenth of that time to warm up. The callers share a few
/// threads with a runtime each, as the handlers of the web server do.
pub async fn run(store: &Store, organizations: &[OrganizationId], callers: usize, duration: Duration) -> Measured {
    let organizations: Arc<[_]> = organizations.into();
    let begin = Instant::now() + duration / 10;
    let end = begin + duration;
    let threads = (0..THREADS).map(|thread| {
        let (store, organizations) = (store.clone(), Arc::clone(&organizations));
        tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let callers =
                (thread..callers).step_by(THREADS).map(|caller| call(&store, &organizations, caller, begin, end));
            runtime.block_on(future::join_all(callers)).concat()
        })
    });
    let latencies = future::join_all(threads).await.into_iter().flat_map(Result::unwrap).collect();
    crate::measured(latencies, 1, duration)
}

/// One caller, and how long each of its calls between the two instants took.
async fn call(
    store: &Store,
    organizations: &[OrganizationId],
    caller: usize,
    begin: Instant,
    end: Instant,
) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for turn in 0.. {
        // A prime step: callers spread over the organizations and don't march in line.
        let organization = organizations[(caller + turn * 389) % organizations.len()];
        let started = Instant::now();
        issue(store, organization).await.unwrap();
        let answered = Instant::now();
        if answered >= end {
            break;
        }
        if answered >= begin {
            latencies.push(answered - started);
        }
    }
    latencies
}

pub async fn issue(store: &Store, organization: OrganizationId) -> Result<(), ChangeError> {
    let context = Context {
        organization,
        actor: Actor::Member(MemberId(organization.uuid())),
        via: Via::Api,
        request: testing::random_id(),
        source: Some(Source { address: "192.0.2.7".into(), user_agent: "bench".into() }),
        reason: None,
    };
    store
        .change(&context, async |unit| {
            let secret = Secret::generate(SecretKind::ManualToken, unit.services());
            let issue = TokenCommand::IssueManual {
                third_party: organization.uuid().into(),
                client: organization.uuid().into(),
                digest: secret.digest(),
                last_four: secret.last_four(),
                scopes: vec![Scope::parse("orders:read").unwrap(), Scope::parse("orders:write").unwrap()],
                expires_at: None,
                default_months: 6,
                maximum_months: 24,
            };
            unit.create::<Token>(issue).await.map(drop)
        })
        .await
}
