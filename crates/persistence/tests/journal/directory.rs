//! The directory: a switch that was turned off is obeyed at once here, and within a second by other processes, also
//! when the link between them is cut or falls silent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use countersign_domain::client::ClientType;
use countersign_domain::validity::Denial;
use countersign_domain::values::ClientIdentifier;
use countersign_domain::{
    Client, ClientCommand, ClientId, OrganizationCommand, OrganizationId, Secret, SecretKind, ThirdParty,
    ThirdPartyCommand, ThirdPartyId, Token, TokenCommand, TokenId,
};
use countersign_persistence::private_postgres::DatabaseUrls;
use countersign_persistence::{ChangeError, Store, StoreError, UnitOfWork, clock, testing};
use futures_util::future;
use tokio::time::{sleep, timeout};

use super::proxy::{Proxy, Stall};
use super::support::{change, command, connect, issue_command, store};

/// Whatever the load of the machine, a change must be obeyed elsewhere within this time.
const LIMIT: Duration = Duration::from_secs(1);

/// A token that works.
struct Access {
    organization: OrganizationId,
    third_party: ThirdPartyId,
    client: ClientId,
    token: TokenId,
    text: String,
}

impl Access {
    async fn give(store: &Store) -> Self {
        let organization = testing::organization(store).await;
        let third_party = testing::third_party(store, organization, "Initech").await.unwrap();
        let give = change(store, organization, async |unit: &UnitOfWork| {
            unit.execute::<ThirdParty>(third_party.uuid(), ThirdPartyCommand::Enable).await?;
            let client = unit
                .create::<Client>(ClientCommand::Register {
                    identifier: ClientIdentifier::parse("initech").unwrap(),
                    client_type: ClientType::Confidential,
                    third_party: Some(third_party),
                    scopes: Vec::new(),
                    redirect_uris: Vec::new(),
                })
                .await?;
            let secret = Secret::generate(SecretKind::ManualToken, unit.services());
            let mut issue = issue_command(&secret, third_party, secret.last_four());
            if let TokenCommand::IssueManual { client: bound, .. } = &mut issue {
                *bound = client.into();
            }
            let token = unit.create::<Token>(issue).await?;
            Ok::<_, ChangeError>((client.into(), token.into(), secret.expose().to_owned()))
        });
        let (client, token, text) = give.await.result.unwrap();
        Self { organization, third_party, client, token, text }
    }

    /// What a store says of the token.
    async fn check(&self, store: &Store) -> Result<Result<(), Denial>, StoreError> {
        let organization = store.directory().organization(self.organization).await?.unwrap();
        let verdict =
            store.directory().check_token(&organization, &self.text, Some("orders:read"), clock::now()).await?;
        Ok(verdict.result)
    }

    async fn turn(&self, store: &Store, switch: Switch, on: bool) {
        let done = match switch {
            Switch::ThirdParty => {
                let switch = if on { ThirdPartyCommand::Enable } else { ThirdPartyCommand::Disable };
                command(store, self.organization, self.third_party, switch).await
            }
            Switch::Client => {
                let switch = if on { ClientCommand::Activate } else { ClientCommand::Deactivate };
                change(store, self.organization, async |unit| {
                    unit.execute::<Client>(self.client.uuid(), switch.clone()).await
                })
                .await
                .result
            }
            Switch::Token => {
                let switch = if on { TokenCommand::Activate } else { TokenCommand::Deactivate };
                change(store, self.organization, async |unit| {
                    unit.execute::<Token>(self.token.uuid(), switch.clone()).await
                })
                .await
                .result
            }
            Switch::Organization => {
                let switch = if on { OrganizationCommand::Resume } else { OrganizationCommand::Suspend };
                testing::command_organization(store, self.organization, switch).await
            }
        };
        done.unwrap();
    }
}

#[derive(Debug, Clone, Copy)]
enum Switch {
    ThirdParty,
    Client,
    Token,
    Organization,
}

const SWITCHES: [Switch; 4] = [Switch::ThirdParty, Switch::Client, Switch::Token, Switch::Organization];

/// Two stores, as two processes have them, that trust their caches and have the token in them.
async fn two_processes(urls: &DatabaseUrls, second_url: &str) -> (Store, Store, Access) {
    let (first, second) = (store(&urls.serve), store(second_url));
    let access = Access::give(&first).await;
    until_trusted(&[&first, &second]).await;
    warm(&access, &[&first, &second]).await;
    (first, second, access)
}

async fn until_trusted(stores: &[&Store]) {
    let started = Instant::now();
    while !stores.iter().all(|store| store.directory().is_trusted()) {
        assert!(started.elapsed() < Duration::from_secs(20), "the link does not come back");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn warm(access: &Access, stores: &[&Store]) {
    for store in stores {
        for _ in 0..2 {
            assert_eq!(access.check(store).await.unwrap(), Ok(()));
        }
    }
}

/// How long it takes a store to obey, from now on.
async fn until_obeyed(access: &Access, store: &Store) -> Duration {
    let changed = Instant::now();
    loop {
        let asked = changed.elapsed();
        if access.check(store).await.unwrap().is_err() {
            return asked;
        }
        assert!(asked < LIMIT, "still obeyed nothing after {asked:?}");
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_switch_is_obeyed_here_at_once_and_elsewhere_within_a_second() {
    let urls = testing::fresh_database().await;
    let (first, second, access) = two_processes(&urls, &urls.serve).await;
    for switch in SWITCHES {
        for round in 0..10 {
            warm(&access, &[&first, &second]).await;
            access.turn(&first, switch, false).await;
            assert!(access.check(&first).await.unwrap().is_err(), "{switch:?} at the very next call, round {round}");
            let delay = until_obeyed(&access, &second).await;
            if round == 9 {
                println!("{switch:?}: obeyed elsewhere after {delay:?}");
            }
            access.turn(&first, switch, true).await;
            let on_again = Instant::now();
            while access.check(&second).await.unwrap().is_err() {
                assert!(on_again.elapsed() < LIMIT);
                sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

#[tokio::test]
async fn a_switch_is_obeyed_though_the_link_is_cut() {
    let urls = testing::fresh_database().await;
    let (first, second, access) = two_processes(&urls, &urls.serve).await;
    // A role may end the sessions of its own.
    let serve = connect(&urls.serve).await;
    for switch in SWITCHES {
        until_trusted(&[&first, &second]).await;
        warm(&access, &[&first, &second]).await;
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE query IN ('SELECT 1', 'LISTEN countersign_changes') AND datname = current_database()";
        assert!(serve.query_one(cut, &[]).await.unwrap().get::<_, i64>(0) >= 2);
        access.turn(&first, switch, false).await;
        assert!(access.check(&first).await.unwrap().is_err(), "{switch:?} at the very next call");
        until_obeyed(&access, &second).await;
        access.turn(&first, switch, true).await;
    }
}

#[tokio::test]
async fn a_switch_is_obeyed_though_the_link_falls_silent() {
    let urls = testing::fresh_database().await;
    let proxy = Proxy::start(&urls.serve);
    let (first, second, access) = two_processes(&urls, proxy.url()).await;
    for switch in SWITCHES {
        until_trusted(&[&second]).await;
        warm(&access, &[&first, &second]).await;
        proxy.stall(Stall::Listeners);
        access.turn(&first, switch, false).await;
        let delay = until_obeyed(&access, &second).await;
        println!("{switch:?}: obeyed over a silent link after {delay:?}");
        // The lease has ended and the cache is not used, for as long as the link is silent.
        sleep(LIMIT).await;
        assert!(!second.directory().is_trusted());
        access.turn(&first, switch, true).await;
        assert_eq!(access.check(&second).await.unwrap(), Ok(()));
        access.turn(&first, switch, false).await;
        assert!(access.check(&second).await.unwrap().is_err());
        access.turn(&first, switch, true).await;
        proxy.stall(Stall::None);
    }
}

#[tokio::test]
async fn nothing_is_allowed_from_the_cache_when_all_falls_silent() {
    let urls = testing::fresh_database().await;
    let proxy = Proxy::start(&urls.serve);
    let (first, second, access) = two_processes(&urls, proxy.url()).await;
    proxy.stall(Stall::All);
    access.turn(&first, Switch::Token, false).await;
    sleep(LIMIT).await;
    let asked = Instant::now();
    let answer = timeout(Duration::from_secs(30), access.check(&second)).await.unwrap();
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    proxy.stall(Stall::None);
    assert!(access.check(&second).await.unwrap().is_err());
    access.turn(&first, Switch::Token, true).await;
    until_trusted(&[&second]).await;
    warm(&access, &[&second]).await;
}

/// Readers fill both caches all the time while the switch is turned: what they read before a change must not be kept
/// after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caches_that_are_filled_all_the_time_don_t_keep_what_was_changed() {
    let urls = testing::fresh_database().await;
    let (first, second, access) = two_processes(&urls, &urls.serve).await;
    let (ended, checks) = (AtomicBool::new(false), AtomicU64::new(0));
    let readers = future::join_all([&first, &second, &first, &second, &first, &second].map(|store| {
        let (access, ended, checks) = (&access, &ended, &checks);
        async move {
            while !ended.load(Ordering::Relaxed) {
                let _ = access.check(store).await.unwrap();
                checks.fetch_add(1, Ordering::Relaxed);
                // A cached answer never waits, so without this nobody else would run.
                tokio::task::yield_now().await;
            }
        }
    }));
    let flips = async {
        let mut slowest = Duration::ZERO;
        for turn in 0..400 {
            let switch = SWITCHES[turn / 2 % SWITCHES.len()];
            let on = turn % 2 == 1;
            access.turn(&first, switch, on).await;
            assert_eq!(access.check(&first).await.unwrap().is_ok(), on, "{switch:?} here, turn {turn}");
            let changed = Instant::now();
            while access.check(&second).await.unwrap().is_ok() != on {
                assert!(changed.elapsed() < LIMIT, "{switch:?} elsewhere, turn {turn}");
                tokio::task::yield_now().await;
            }
            slowest = slowest.max(changed.elapsed());
        }
        ended.store(true, Ordering::Relaxed);
        slowest
    };
    let (_, slowest) = tokio::join!(readers, flips);
    println!("{} checks during 400 changes, obeyed elsewhere within {slowest:?}", checks.into_inner());
}
