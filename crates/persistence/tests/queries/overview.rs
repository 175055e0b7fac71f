//! What expires, what was never used, and how old tokens are: only of tokens that matter to people.

use countersign_domain::client::SecretProof;
use countersign_domain::token::TokenKind;
use countersign_domain::{
    Actor, Client, ClientCommand, ClientId, Digest, SecretId, ThirdParty, ThirdPartyCommand, ThirdPartyId, Token,
    TokenCommand, TokenId, VerifierId,
};
use countersign_persistence::clock;
use countersign_persistence::queries::audit::{AuditCursor, AuditFilter, AuditPage, timeline};
use countersign_persistence::queries::clients;
use countersign_persistence::queries::expirations::{self, Credential, Expiration, ExpirationFilter};
use countersign_persistence::queries::overview::{FirstSteps, first_steps, never_used, token_ages};
use countersign_persistence::testing::random_id;
use jiff::{SignedDuration, Timestamp};

use crate::support::{World, at, world};

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn listed(world: &World, filter: &ExpirationFilter) -> Vec<Expiration> {
    let page = expirations::page(&world.store, world.organization, filter, 1, 100).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    assert_eq!(expirations::count(&world.store, world.organization, filter).await.unwrap(), page.total);
    page.items
}

fn a_year(now: Timestamp) -> ExpirationFilter {
    ExpirationFilter::between(now, now + DAY * 365)
}

/// Issues an access token, as a client gets it by itself.
async fn access_token(
    world: &World,
    third_party: Option<ThirdPartyId>,
    client: ClientId,
    lifetime: Option<SignedDuration>,
) -> TokenId {
    let issue = TokenCommand::IssueAccess {
        third_party,
        client,
        digest: Digest::of(&random_id().to_string()),
        last_four: "a9F2".into(),
        scopes: vec!["read".into()],
        lifetime,
        authorization: None,
    };
    let context = world.on_a_page(Actor::Client(client), "none");
    let issued = world.store.change::<_, countersign_persistence::ChangeError>(&context, async |unit| {
        unit.create::<Token>(issue.clone()).await
    });
    issued.await.unwrap().into()
}

async fn ending_secret(world: &World, client: ClientId, proof: SecretProof, expires_at: Option<Timestamp>) -> SecretId {
    world.execute::<Client>(client.uuid(), ClientCommand::AddSecret { proof, expires_at }).await;
    let detail = clients::get(&world.store, world.organization, client).await.unwrap().unwrap();
    detail.secrets.last().unwrap().id
}

fn generated() -> SecretProof {
    SecretProof::Generated { digest: Digest::of(&random_id().to_string()), last_four: "Zk81".into() }
}

#[tokio::test]
async fn tokens_and_secrets_with_an_end_are_listed_by_when_it_is() {
    let world = world().await;
    let now = clock::now();
    let initech = world.third_party("Initech").await;
    let client = world.client("initech", initech).await;
    let (later, later_mask) = world.token(initech, client, Some(now + DAY * 20)).await;
    let (sooner, _) = world.token(initech, client, Some(now + DAY * 10)).await;
    access_token(&world, Some(initech), client, None).await;
    let access = access_token(&world, Some(initech), client, Some(DAY * 30)).await;
    let secret = ending_secret(&world, client, generated(), Some(now + DAY * 15)).await;
    let chosen = SecretProof::Chosen { verifier: VerifierId(random_id()) };
    let chosen = ending_secret(&world, client, chosen, Some(now + DAY * 16)).await;
    world.used(later, 3, at("2026-01-02T00:00:00Z")).await;
    world.used_secret(secret, at("2026-01-03T00:00:00Z")).await;

    let found = listed(&world, &a_year(now)).await;
    let expected = [
        Credential::Token(TokenKind::Manual, sooner),
        Credential::ClientSecret(secret),
        Credential::ClientSecret(chosen),
        Credential::Token(TokenKind::Manual, later),
        Credential::Token(TokenKind::Access, access),
    ];
    assert_eq!(found.iter().map(|one| one.credential).collect::<Vec<_>>(), expected);
    assert_eq!(found[3].masked, later_mask);
    assert_eq!((found[1].masked.as_str(), found[2].masked.as_str()), ("cs_sk_…Zk81", "chosen by a person"));
    assert!(found.iter().all(|one| one.third_party == Some((initech, "Initech".into()))));
    assert!(found.iter().all(|one| one.client == Some((client, "initech".into()))));
    let used = found.iter().map(|one| one.last_used_at).collect::<Vec<_>>();
    assert_eq!(used, [None, Some(at("2026-01-03T00:00:00Z")), None, Some(at("2026-01-02T00:00:00Z")), None]);

    let between = ExpirationFilter::between(now + DAY * 10, now + DAY * 15);
    assert_eq!(listed(&world, &between).await.len(), 1, "the first instant counts, the last does not");
    let second = expirations::page(&world.store, world.organization, &a_year(now), 2, 2).await.unwrap();
    assert_eq!((second.items, second.total, second.pages), (found[2..4].to_vec(), 5, 3));
    let past_the_end = expirations::page(&world.store, world.organization, &a_year(now), 9, 2).await.unwrap();
    assert_eq!((past_the_end.items, past_the_end.page), (found[4..].to_vec(), 3));
}

#[tokio::test]
async fn what_clients_get_every_hour_and_what_is_over_for_good_is_left_out() {
    let world = world().await;
    let now = clock::now();
    let (initech, globex) = (world.third_party("Initech").await, world.third_party("Globex").await);
    let client = world.client("initech", initech).await;
    let of_globex = world.client("globex", globex).await;
    let deleted = world.client("deleted", initech).await;
    for lifetime in [SignedDuration::from_secs(3600), DAY] {
        access_token(&world, Some(initech), client, Some(lifetime)).await;
    }
    let (off, _) = world.token(initech, client, Some(now + DAY * 5)).await;
    world.execute::<Token>(off.uuid(), TokenCommand::Deactivate).await;
    let (revoked, _) = world.token(initech, client, Some(now + DAY * 5)).await;
    world.execute::<Token>(revoked.uuid(), TokenCommand::Revoke).await;
    world.token(globex, of_globex, Some(now + DAY * 5)).await;
    world.token(initech, deleted, Some(now + DAY * 5)).await;
    ending_secret(&world, deleted, generated(), Some(now + DAY * 5)).await;
    let removed = ending_secret(&world, client, generated(), Some(now + DAY * 5)).await;
    world.execute::<Client>(client.uuid(), ClientCommand::RemoveSecret(removed)).await;
    world.execute::<Client>(deleted.uuid(), ClientCommand::Delete).await;
    world.execute::<ThirdParty>(globex.uuid(), ThirdPartyCommand::Delete).await;

    assert_eq!(listed(&world, &a_year(now)).await, []);
    assert_eq!(token_ages(&world.store, world.organization, now).await.unwrap(), [0; 5]);
    let unused = never_used(&world.store, world.organization, now + DAY, now, 10).await.unwrap();
    assert_eq!(unused, []);

    world.execute::<Token>(off.uuid(), TokenCommand::Activate).await;
    assert_eq!(listed(&world, &a_year(now)).await.len(), 1, "what is switched on again counts again");
}

#[tokio::test]
async fn a_secret_whose_end_is_set_later_is_listed_from_then_on() {
    let world = world().await;
    let now = clock::now();
    let initech = world.third_party("Initech").await;
    let client = world.client("initech", initech).await;
    let secret = ending_secret(&world, client, generated(), None).await;
    assert_eq!(listed(&world, &a_year(now)).await, []);
    let limit = |expires_at| ClientCommand::LimitSecret { secret, expires_at };
    world.execute::<Client>(client.uuid(), limit(Some(now + DAY * 7))).await;
    let found = listed(&world, &a_year(now)).await;
    assert_eq!(found.iter().map(|one| one.credential).collect::<Vec<_>>(), [Credential::ClientSecret(secret)]);
}

#[tokio::test]
async fn expirations_are_filtered_by_third_party_and_stay_within_the_organization() {
    let world = world().await;
    let neighbour = world.neighbour().await;
    let now = clock::now();
    for name in ["Initech 100%", "Initrode", "Globex"] {
        let third_party = world.third_party(name).await;
        let client = world.client(name, third_party).await;
        world.token(third_party, client, Some(now + DAY * 9)).await;
        ending_secret(&world, client, generated(), Some(now + DAY * 9)).await;
    }
    let by_name = |name: &str| ExpirationFilter { third_party_name: Some(name.to_owned()), ..a_year(now) };
    for (name, expected) in [("", 6), ("init", 4), ("100%", 2), ("%", 2), ("nobody", 0), ("  GLOBEX ", 2)] {
        assert_eq!(listed(&world, &by_name(name)).await.len(), expected, "{name:?}");
    }
    let one = listed(&world, &by_name("globex")).await[0].third_party.clone().unwrap().0;
    assert_eq!(listed(&world, &ExpirationFilter { third_party: Some(one), ..a_year(now) }).await.len(), 2);
    assert_eq!(listed(&neighbour, &a_year(now)).await, []);
}

#[tokio::test]
async fn what_expires_is_counted_from_one_instant_to_the_next() {
    let world = world().await;
    let initech = world.third_party("Initech").await;
    let client = world.client("initech", initech).await;
    for end in ["2031-01-31T23:59:59Z", "2031-02-01T00:00:00Z", "2031-02-28T23:59:59Z", "2031-04-01T00:00:00Z"] {
        world.token(initech, client, Some(at(end))).await;
    }
    let filter = ExpirationFilter::between(at("2031-01-01T00:00:00Z"), at("2031-04-01T00:00:00Z"));
    let months = ["2031-01-01T00:00:00Z", "2031-02-01T00:00:00Z", "2031-03-01T00:00:00Z"].map(at);
    let counts = expirations::counts(&world.store, world.organization, &filter, &months).await.unwrap();
    assert_eq!(counts, [1, 2, 0]);
}

#[tokio::test]
async fn tokens_that_wait_for_their_first_use_are_found_and_ages_counted() {
    let world = world().await;
    let initech = world.third_party("Initech").await;
    let client = world.client("initech", initech).await;
    let in_years = Some(clock::now() + DAY * 1000);
    let (unused, mask) = world.token(initech, client, in_years).await;
    let (used, _) = world.token(initech, client, in_years).await;
    world.used(used, 1, clock::now()).await;
    access_token(&world, None, client, Some(SignedDuration::from_secs(3600))).await;
    let now = clock::now();
    let found = never_used(&world.store, world.organization, now, now, 10).await.unwrap();
    assert_eq!(found.iter().map(|token| (token.id, token.masked.clone())).collect::<Vec<_>>(), [(unused, mask)]);
    assert_eq!(found[0].third_party, Some((initech, "Initech".into())));
    let earlier = never_used(&world.store, world.organization, now - DAY * 7, now, 10).await.unwrap();
    assert_eq!(earlier, [], "they are not old enough");

    // The clock of the tests can't be turned back, but the question can be asked later.
    for (days, expected) in [
        (0, [2, 0, 0, 0, 0]),
        (45, [0, 2, 0, 0, 0]),
        (120, [0, 0, 2, 0, 0]),
        (300, [0, 0, 0, 2, 0]),
        (400, [0, 0, 0, 0, 2]),
    ] {
        let ages = token_ages(&world.store, world.organization, now + DAY * days).await.unwrap();
        assert_eq!(ages, expected, "after {days} days");
    }
}

#[tokio::test]
async fn first_steps_are_done_one_by_one() {
    let world = world().await;
    let steps = async || first_steps(&world.store, world.organization).await.unwrap();
    assert_eq!(steps().await, FirstSteps::default());
    let first = world.third_party("Initech").await;
    let newest = world.third_party("Globex").await;
    assert_eq!(steps().await, FirstSteps { third_party: Some(newest), ..FirstSteps::default() });
    let client = world.client("initech", first).await;
    let (token, _) = world.token(first, client, None).await;
    let with_token = FirstSteps { third_party: Some(newest), with_token: Some(first), used: false };
    assert_eq!(steps().await, with_token);
    world.used(token, 1, clock::now()).await;
    assert_eq!(steps().await, FirstSteps { used: true, ..with_token });
    for third_party in [first, newest] {
        world.execute::<ThirdParty>(third_party.uuid(), ThirdPartyCommand::Delete).await;
    }
    assert_eq!(steps().await, FirstSteps { used: true, ..FirstSteps::default() });
}

#[tokio::test]
async fn what_clients_do_by_themselves_is_not_among_the_changes() {
    let world = world().await;
    let initech = world.third_party("Initech").await;
    let client = world.client("initech", initech).await;
    let (manual, _) = world.token(initech, client, None).await;
    for _ in 0..20 {
        access_token(&world, Some(initech), client, Some(SignedDuration::from_secs(3600))).await;
    }
    world.execute::<Token>(manual.uuid(), TokenCommand::Revoke).await;
    let filter = AuditFilter { without_routine: true, ..AuditFilter::default() };
    let page = AuditPage { cursor: AuditCursor::Newest, limit: 4 };
    let entries = timeline(&world.store, world.organization, &filter, page).await.unwrap().entries;
    let types = entries.iter().map(|entry| entry.event_type.as_str()).collect::<Vec<_>>();
    assert_eq!(types, ["TokenRevoked", "TokenIssued", "ClientRegistered", "ThirdPartyAdded"]);
}
