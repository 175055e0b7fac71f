//! The list of third parties and the page of one.

use countersign_domain::client::SecretProof;
use countersign_domain::third_party::Mode;
use countersign_domain::token::{TokenKind, TokenStatus};
use countersign_domain::{
    Client, ClientCommand, ThirdParty, ThirdPartyCommand, ThirdPartyId, Token, TokenCommand, VerifierId,
};
use countersign_persistence::clock;
use countersign_persistence::queries::third_parties::{ThirdPartyList, ThirdPartySort, ThirdPartySummary, get, list};
use countersign_persistence::queries::{Page, clients};
use countersign_persistence::testing::random_id;
use jiff::{SignedDuration, Timestamp};

use crate::support::{World, at, world};

async fn listed(world: &World, query: &ThirdPartyList) -> Page<ThirdPartySummary> {
    list(&world.store, world.organization, query, clock::now()).await.unwrap()
}

fn names(page: &Page<ThirdPartySummary>) -> Vec<&str> {
    page.items.iter().map(|item| item.name.as_str()).collect()
}

fn all() -> ThirdPartyList {
    ThirdPartyList { page: 1, ..ThirdPartyList::default() }
}

async fn summary(world: &World, id: ThirdPartyId, now: Timestamp) -> ThirdPartySummary {
    let page = list(&world.store, world.organization, &all(), now).await.unwrap();
    page.items.into_iter().find(|item| item.id == id).unwrap()
}

#[tokio::test]
async fn the_search_is_literal_and_knows_no_case() {
    let world = world().await;
    world.third_party_with("100% Legal", Some("Ann O'Hara"), Some("ann@legal.example"), Mode::Manual).await;
    world.third_party_with("snake_case", Some("Łukasz Żak"), None, Mode::Manual).await;
    world.third_party_with(r"back\slash", None, Some("DESK@Partner.Example"), Mode::Manual).await;
    world.third_party_with("Žluťoučký kůň", None, None, Mode::Manual).await;
    let cases: [(&str, &[&str]); 14] = [
        ("%", &["100% Legal"]),
        ("_", &["snake_case"]),
        (r"\", &[r"back\slash"]),
        (r"\%", &[]),
        ("LEGAL", &["100% Legal"]),
        ("žluŤOUČKÝ", &["Žluťoučký kůň"]),
        ("ann o'h", &["100% Legal"]),
        ("żak", &["snake_case"]),
        ("desk@partner", &[r"back\slash"]),
        ("example", &["100% Legal", r"back\slash"]),
        ("  kůň  ", &["Žluťoučký kůň"]),
        ("nobody", &[]),
        ("", &["100% Legal", r"back\slash", "snake_case", "Žluťoučký kůň"]),
        ("\0", &["100% Legal", r"back\slash", "snake_case", "Žluťoučký kůň"]),
    ];
    for (search, expected) in cases {
        let page = listed(&world, &ThirdPartyList { search: Some(search.to_owned()), ..all() }).await;
        assert_eq!(names(&page), expected, "{search:?}");
        assert_eq!(page.total, expected.len() as u64, "{search:?}");
    }
}

#[tokio::test]
async fn pages_are_cut_from_the_sorted_whole() {
    let world = world().await;
    let empty = listed(&world, &ThirdPartyList { page: 7, page_size: Some(3), ..ThirdPartyList::default() }).await;
    assert_eq!(empty, Page { items: vec![], total: 0, page: 1, pages: 1 });
    for name in ["g", "b", "E", "a", "F", "c", "D"] {
        world.third_party(name).await;
    }
    let page = async |page, page_size| {
        let page = listed(&world, &ThirdPartyList { page, page_size, ..all() }).await;
        (names(&page).concat(), page.total, page.page, page.pages)
    };
    assert_eq!(page(1, Some(3)).await, ("abc".to_owned(), 7, 1, 3));
    assert_eq!(page(2, Some(3)).await, ("DEF".to_owned(), 7, 2, 3));
    assert_eq!(page(3, Some(3)).await, ("g".to_owned(), 7, 3, 3));
    assert_eq!(page(4, Some(3)).await, ("g".to_owned(), 7, 3, 3), "past the end");
    assert_eq!(page(u32::MAX, Some(3)).await, ("g".to_owned(), 7, 3, 3));
    assert_eq!(page(0, Some(3)).await, ("abc".to_owned(), 7, 1, 3));
    assert_eq!(page(1, Some(7)).await, ("abcDEFg".to_owned(), 7, 1, 1), "a full last page is the last");
    assert_eq!(page(2, Some(u32::MAX)).await, ("abcDEFg".to_owned(), 7, 1, 1));
    assert_eq!(page(9, Some(0)).await, ("g".to_owned(), 7, 7, 7), "a page has at least one row");
    assert_eq!(page(5, None).await, ("abcDEFg".to_owned(), 7, 1, 1));
}

#[tokio::test]
async fn the_list_is_sorted_by_any_column_either_way_with_the_valueless_last() {
    let world = world().await;
    let soon = clock::now() + SignedDuration::from_hours(24 * 30);
    for (name, mode, enabled, days) in [
        ("delta", Mode::Manual, true, Some(0)),
        ("Alpha", Mode::Automatic, false, Some(2)),
        ("bravo", Mode::Manual, false, None),
        ("Charlie", Mode::Automatic, true, Some(1)),
        ("echo", Mode::Manual, false, None),
    ] {
        let id = world.third_party_with(name, None, None, mode).await;
        if enabled {
            world.enable(id).await;
        }
        if let Some(days) = days {
            let client = world.client(&format!("client of {name}"), id).await;
            let (token, _) = world.token(id, client, Some(soon + SignedDuration::from_hours(24 * days))).await;
            world.used(token, 1, at("2026-01-10T00:00:00Z") - SignedDuration::from_hours(24 * days)).await;
        }
    }
    let cases = [
        (ThirdPartySort::Name, false, "Alpha bravo Charlie delta echo"),
        (ThirdPartySort::Name, true, "echo delta Charlie bravo Alpha"),
        (ThirdPartySort::Enabled, false, "Alpha bravo echo Charlie delta"),
        (ThirdPartySort::Enabled, true, "Charlie delta Alpha bravo echo"),
        (ThirdPartySort::Mode, false, "Alpha Charlie bravo delta echo"),
        (ThirdPartySort::Mode, true, "bravo delta echo Alpha Charlie"),
        (ThirdPartySort::NextExpiry, false, "delta Charlie Alpha bravo echo"),
        (ThirdPartySort::NextExpiry, true, "Alpha Charlie delta bravo echo"),
        (ThirdPartySort::LastUsed, false, "Alpha Charlie delta bravo echo"),
        (ThirdPartySort::LastUsed, true, "delta Charlie Alpha bravo echo"),
    ];
    for (sort, descending, expected) in cases {
        let page = listed(&world, &ThirdPartyList { sort, descending, ..all() }).await;
        assert_eq!(names(&page).join(" "), expected, "{sort:?} {descending}");
        let mut one_by_one = Vec::new();
        for page in 1..=5 {
            let query = ThirdPartyList { sort, descending, page, page_size: Some(1), ..all() };
            one_by_one.extend(listed(&world, &query).await.items);
        }
        assert_eq!(one_by_one, page.items, "{sort:?} {descending}: pages neither repeat nor leave out");
    }
}

#[tokio::test]
async fn the_next_expiry_is_that_of_a_token_that_works_now() {
    let world = world().await;
    let id = world.third_party("Initech").await;
    let client = world.client("initech", id).await;
    let now = clock::now();
    let in_days = |days: i64| now + SignedDuration::from_hours(24 * days);
    let none = summary(&world, id, now).await;
    assert_eq!((none.next_expiry, none.never_expires, none.active_tokens, none.last_used_at), (None, false, 0, None));

    let (first, _) = world.token(id, client, Some(in_days(10))).await;
    let (off, _) = world.token(id, client, Some(in_days(5))).await;
    let (revoked, _) = world.token(id, client, Some(in_days(4))).await;
    world.token(id, client, Some(in_days(20))).await;
    world.execute::<Token>(off.uuid(), TokenCommand::Deactivate).await;
    world.execute::<Token>(revoked.uuid(), TokenCommand::Revoke).await;
    world.used(first, 3, at("2026-01-02T00:00:00Z")).await;
    world.used(revoked, 3, at("2026-01-03T00:00:00Z")).await;

    let today = summary(&world, id, now).await;
    assert_eq!((today.next_expiry, today.active_tokens, today.never_expires), (Some(in_days(10)), 2, false));
    assert_eq!(today.last_used_at, Some(at("2026-01-03T00:00:00Z")), "use stays use");
    let later = summary(&world, id, in_days(10)).await;
    assert_eq!(
        (later.next_expiry, later.active_tokens),
        (Some(in_days(20)), 1),
        "an expiry is the first instant after"
    );
    let at_last = summary(&world, id, in_days(20)).await;
    assert_eq!((at_last.next_expiry, at_last.active_tokens), (None, 0));

    world.execute::<Token>(off.uuid(), TokenCommand::Activate).await;
    assert_eq!(summary(&world, id, now).await.next_expiry, Some(in_days(5)));
    world
        .store
        .pool()
        .write(
            world.organization,
            "UPDATE tokens SET expires_at = NULL WHERE org_id = $1 AND token_id = $2",
            &[&world.organization.uuid(), &first.uuid()],
        )
        .await
        .unwrap();
    let lasting = summary(&world, id, in_days(30)).await;
    assert_eq!((lasting.next_expiry, lasting.never_expires, lasting.active_tokens), (None, true, 1));
}

#[tokio::test]
async fn a_deleted_third_party_is_not_listed_but_its_page_stays() {
    let world = world().await;
    let (gone, stays) = (world.third_party("Gone").await, world.third_party("Stays").await);
    world.execute::<ThirdParty>(gone.uuid(), ThirdPartyCommand::Delete).await;
    let page = listed(&world, &all()).await;
    assert_eq!((names(&page), page.total), (vec!["Stays"], 1));
    assert!(get(&world.store, world.organization, gone).await.unwrap().unwrap().deleted);
    assert!(!get(&world.store, world.organization, stays).await.unwrap().unwrap().deleted);
    assert_eq!(get(&world.store, world.organization, random_id().into()).await.unwrap(), None);
}

#[tokio::test]
async fn the_page_shows_the_client_with_its_secrets_and_the_tokens_with_their_use() {
    let world = world().await;
    let id = world.third_party_with("Initech", Some("Ann"), Some("ann@initech.example"), Mode::Automatic).await;
    world.enable(id).await;
    let bare = get(&world.store, world.organization, id).await.unwrap().unwrap();
    assert_eq!((bare.client, bare.tokens), (None, vec![]));

    let replaced = world.client("initech", id).await;
    world.execute::<Client>(replaced.uuid(), ClientCommand::Delete).await;
    let client = world.client("initech", id).await;
    let generated = world.secret(client).await;
    let proof = SecretProof::Chosen { verifier: VerifierId(random_id()) };
    world.execute::<Client>(client.uuid(), ClientCommand::AddSecret { proof, expires_at: None }).await;
    let (older, older_masked) = world.token(id, client, None).await;
    let (newer, _) = world.token(id, client, None).await;
    world.execute::<Token>(newer.uuid(), TokenCommand::Deactivate).await;
    world.used(older, 17, at("2026-01-02T03:04:05Z")).await;

    let found = get(&world.store, world.organization, id).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.mode, found.enabled, found.version), ("Initech", Mode::Automatic, true, 2));
    assert_eq!(found.contact_name.as_deref(), Some("Ann"));
    assert_eq!(found.contact_email.as_deref(), Some("ann@initech.example"));
    assert_eq!(found.requirements, None);
    let shown = found.client.unwrap();
    assert_eq!((shown.id, shown.identifier.as_str(), shown.active), (client, "initech", true));
    assert_eq!(shown.settings.scopes, ["read", "write"]);
    assert_eq!(shown.redirect_uris, ["https://partner.example/callback"]);
    let masked = shown.secrets.iter().map(|secret| secret.masked.clone()).collect::<Vec<_>>();
    assert_eq!(masked, [generated, "chosen by a person".to_owned()]);
    let last_uses = async || {
        let of_third_party = get(&world.store, world.organization, id).await.unwrap().unwrap().client.unwrap().secrets;
        let of_client = clients::get(&world.store, world.organization, client).await.unwrap().unwrap().secrets;
        assert_eq!(of_third_party, of_client);
        of_client.into_iter().map(|secret| secret.last_used_at).collect::<Vec<_>>()
    };
    assert_eq!(last_uses().await, [None, None]);
    world.used_secret(shown.secrets[1].id, at("2026-01-03T03:04:05.678901Z")).await;
    assert_eq!(last_uses().await, [None, Some(at("2026-01-03T03:04:05.678901Z"))]);

    assert_eq!(found.tokens.iter().map(|token| token.id).collect::<Vec<_>>(), [newer, older], "newest first");
    let (newer, older) = (&found.tokens[0], &found.tokens[1]);
    assert_eq!((newer.status, newer.uses, newer.last_used_at), (TokenStatus::Inactive, 0, None));
    assert_eq!((older.status, older.kind, older.uses), (TokenStatus::Active, TokenKind::Manual, 17));
    assert_eq!((&older.masked, older.client, older.third_party), (&older_masked, Some(client), Some(id)));
    assert_eq!(older.last_source.as_deref(), Some("198.51.100.9"));
    assert_eq!(older.last_used_at, Some(at("2026-01-02T03:04:05Z")));
    assert_eq!(older.scopes, ["read"]);
    assert!(older.expires_at.unwrap() > older.issued_at);
}

#[tokio::test]
async fn nothing_of_another_organization_is_read() {
    let world = world().await;
    let neighbour = world.neighbour().await;
    let id = world.third_party("Initech").await;
    neighbour.third_party("Globex").await;
    assert_eq!(names(&listed(&world, &all()).await), ["Initech"]);
    assert_eq!(names(&listed(&neighbour, &all()).await), ["Globex"]);
    assert_eq!(get(&neighbour.store, neighbour.organization, id).await.unwrap(), None);
}
