//! The list of third parties and the page of one.

use countersign_domain::client::SecretProof;
use countersign_domain::third_party::Mode;
use countersign_domain::token::{TokenKind, TokenStatus};
use countersign_domain::{
    Client, ClientCommand, ThirdParty, ThirdPartyCommand, ThirdPartyId, Token, TokenCommand, VerifierId,
};
use countersign_persistence::clock;
use countersign_persistence::queries::third_parties::get;
use countersign_persistence::queries::third_parties::list::{
    ThirdPartyFilter, ThirdPartyList, ThirdPartySort, ThirdPartySummary, count, identifiers, page,
};
use countersign_persistence::queries::{Cut, Page, clients};
use countersign_persistence::testing::random_id;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::support::{World, at, world};

const WHOLE: Cut = Cut { page: 1, size: 100 };

async fn cut(world: &World, list: &ThirdPartyList, number: u32, size: u32) -> Page<ThirdPartySummary> {
    let cut = Cut { page: number, size };
    page(&world.store, world.organization, list, cut, clock::now()).await.unwrap()
}

/// All that are listed; the counts and the ways of reading them agree.
async fn listed(world: &World, list: &ThirdPartyList) -> Page<ThirdPartySummary> {
    let now = clock::now();
    let found = page(&world.store, world.organization, list, WHOLE, now).await.unwrap();
    assert_eq!(found.total, found.items.len() as u64);
    assert_eq!(count(&world.store, world.organization, &list.filter, now).await.unwrap(), found.total);
    let all = identifiers(&world.store, world.organization, list, now).await.unwrap();
    assert_eq!(all, found.items.iter().map(|item| item.id).collect::<Vec<_>>());
    found
}

fn names(page: &Page<ThirdPartySummary>) -> Vec<&str> {
    page.items.iter().map(|item| item.name.as_str()).collect()
}

fn all() -> ThirdPartyList {
    ThirdPartyList::default()
}

fn filtered(filter: ThirdPartyFilter) -> ThirdPartyList {
    ThirdPartyList { filter, ..all() }
}

async fn summary(world: &World, id: ThirdPartyId, now: Timestamp) -> ThirdPartySummary {
    let page = page(&world.store, world.organization, &all(), WHOLE, now).await.unwrap();
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
        let filter = ThirdPartyFilter { search: Some(search.to_owned()), ..ThirdPartyFilter::default() };
        assert_eq!(names(&listed(&world, &filtered(filter)).await), expected, "{search:?}");
    }
}

#[tokio::test]
async fn each_column_is_filtered_by_a_part_of_what_it_shows_and_all_together() {
    let world = world().await;
    let soon = at("2040-05-06T07:08:09Z");
    for (name, mode, enabled, expires_at, used_at) in [
        ("Alpha", Mode::Automatic, true, Some(soon), Some("2026-01-10T23:59:59.999999Z")),
        ("bravo", Mode::Manual, true, Some(soon + SignedDuration::from_mins(52)), Some("2025-12-31T00:00:00Z")),
        ("charlie", Mode::Manual, false, None, None),
    ] {
        let id = world.third_party_with(name, None, None, mode).await;
        if enabled {
            world.enable(id).await;
        }
        if let Some(expires_at) = expires_at {
            let client = world.client(&format!("client of {name}"), id).await;
            let (token, _) = world.token(id, client, None).await;
            let set = "UPDATE tokens SET expires_at = $3 WHERE org_id = $1 AND token_id = $2";
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&world.organization.uuid(), &token.uuid(), &expires_at];
            world.store.pool().write(world.organization, set, &parameters).await.unwrap();
            if let Some(used_at) = used_at {
                world.used(token, 1, at(used_at)).await;
            }
        }
    }
    let endless = world.third_party("delta").await;
    let client = world.client("client of delta", endless).await;
    let (token, _) = world.token(endless, client, None).await;
    let forget = "UPDATE tokens SET expires_at = NULL WHERE org_id = $1 AND token_id = $2";
    world.store.pool().write(world.organization, forget, &[&world.organization.uuid(), &token.uuid()]).await.unwrap();
    let none = ThirdPartyFilter::default;
    let expiry = |text: &str| ThirdPartyFilter { next_expiry: Some(text.to_owned()), ..none() };
    let berlin = || TimeZone::get("Europe/Berlin").ok();
    let use_at = |text: &str| ThirdPartyFilter { last_used: Some(text.to_owned()), ..none() };
    let cases = [
        (none(), "Alpha bravo charlie delta"),
        (ThirdPartyFilter { enabled: Some(true), ..none() }, "Alpha bravo"),
        (ThirdPartyFilter { enabled: Some(false), ..none() }, "charlie delta"),
        (ThirdPartyFilter { mode: Some(Mode::Automatic), ..none() }, "Alpha"),
        (ThirdPartyFilter { mode: Some(Mode::Manual), ..none() }, "bravo charlie delta"),
        (expiry("2040"), "Alpha bravo"),
        (expiry("2040-05-06 08"), "bravo"),
        (expiry("07:08"), "Alpha"),
        (expiry(":0"), "Alpha bravo"),
        (expiry(" utc "), "Alpha bravo"),
        (expiry("2041"), ""),
        (expiry("NOT EXP"), "delta"),
        (expiry("no active"), "charlie"),
        (expiry("no"), "charlie delta"),
        (expiry("%"), ""),
        (expiry("\0"), "Alpha bravo charlie delta"),
        (use_at("2026-01-10 23:59 UTC"), "Alpha"),
        (use_at("2026-01-11"), ""),
        (use_at("00:"), "bravo"),
        (use_at("31"), "bravo"),
        (use_at("never"), "charlie delta"),
        (use_at("_"), ""),
        // Where it is an hour later than in UTC.
        (ThirdPartyFilter { zone: berlin(), ..use_at("2026-01-11") }, "Alpha"),
        (ThirdPartyFilter { zone: berlin(), ..use_at("2026-01-10") }, ""),
        (ThirdPartyFilter { zone: berlin(), ..use_at("01:") }, "bravo"),
        (ThirdPartyFilter { zone: berlin(), ..use_at("11 00:5") }, "Alpha"),
        (ThirdPartyFilter { zone: berlin(), ..use_at("utc") }, ""),
    ];
    for (filter, expected) in cases {
        for sort in [ThirdPartySort::Name, ThirdPartySort::NextExpiry, ThirdPartySort::LastUsed] {
            let list = ThirdPartyList { sort, ..filtered(filter.clone()) };
            let page = listed(&world, &list).await;
            let mut found = names(&page);
            found.sort_by_key(|name| name.to_lowercase());
            assert_eq!(found.join(" "), expected, "{list:?}");
        }
    }
    let together = ThirdPartyFilter {
        search: Some("A".into()),
        enabled: Some(true),
        mode: Some(Mode::Manual),
        next_expiry: Some("2040-05".into()),
        last_used: Some("2025".into()),
        zone: None,
    };
    assert_eq!(names(&listed(&world, &filtered(together.clone())).await), ["bravo"]);
    let narrower = ThirdPartyFilter { last_used: Some("2026".into()), ..together };
    assert!(names(&listed(&world, &filtered(narrower)).await).is_empty());
}

#[tokio::test]
async fn pages_are_cut_from_the_sorted_whole() {
    let world = world().await;
    assert_eq!(cut(&world, &all(), 7, 3).await, Page { items: vec![], total: 0, page: 1, pages: 1 });
    for name in ["g", "b", "E", "a", "F", "c", "D"] {
        world.third_party(name).await;
    }
    let page = async |page, page_size| {
        let page = cut(&world, &all(), page, page_size).await;
        (names(&page).concat(), page.total, page.page, page.pages)
    };
    assert_eq!(page(1, 3).await, ("abc".to_owned(), 7, 1, 3));
    assert_eq!(page(2, 3).await, ("DEF".to_owned(), 7, 2, 3));
    assert_eq!(page(3, 3).await, ("g".to_owned(), 7, 3, 3));
    assert_eq!(page(4, 3).await, ("g".to_owned(), 7, 3, 3), "past the end");
    assert_eq!(page(u32::MAX, 3).await, ("g".to_owned(), 7, 3, 3));
    assert_eq!(page(0, 3).await, ("abc".to_owned(), 7, 1, 3));
    assert_eq!(page(1, 7).await, ("abcDEFg".to_owned(), 7, 1, 1), "a full last page is the last");
    assert_eq!(page(2, u32::MAX).await, ("abcDEFg".to_owned(), 7, 1, 1));
    assert_eq!(page(9, 0).await, ("g".to_owned(), 7, 7, 7), "a page has at least one row");
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
            one_by_one.extend(cut(&world, &ThirdPartyList { sort, descending, ..all() }, page, 1).await.items);
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
