//! The list of clients and the page of one.

use countersign_domain::authorization::Grant;
use countersign_domain::client::ClientType;
use countersign_domain::third_party::Mode;
use countersign_domain::values::{ClientIdentifier, EmailAddress};
use countersign_domain::{
    AccessTokenLifetimes, Authorization, AuthorizationCommand, Client, ClientCommand, ClientId, ClientSettings, Digest,
    GrantType, MemberId, Role, SettingsBounds, Token, TokenCommand, TokenId,
};
use countersign_persistence::clock;
use countersign_persistence::queries::Cut;
use countersign_persistence::queries::clients::list::{
    ClientFilter, ClientList, ClientSort, count, identifiers, lifetime_in_words, page,
};
use countersign_persistence::queries::clients::{ActiveTokens, ClientDetail, active_tokens, api_keys, get};
use countersign_persistence::testing::random_id;
use jiff::SignedDuration;

use crate::support::{World, at, world};

const WHOLE: Cut = Cut { page: 1, size: 100 };

/// Registers a client without a third party.
async fn client(world: &World, identifier: &str) -> ClientId {
    let register = ClientCommand::Register {
        identifier: ClientIdentifier::parse(identifier).unwrap(),
        client_type: ClientType::Confidential,
        third_party: None,
        scopes: Vec::new(),
        redirect_uris: Vec::new(),
    };
    world.create::<Client>(register).await.into()
}

async fn set_lifetime(world: &World, client: ClientId, seconds: u32) {
    let initial = ClientSettings::initial(ClientType::Confidential, Vec::new());
    let settings = ClientSettings { access_token_lifetime: Some(seconds), ..initial };
    let command = ClientCommand::ChangeSettings { settings, bounds: SettingsBounds::of_operator(24) };
    world.execute::<Client>(client.uuid(), command).await;
}

/// A code for the member to the client, with these last characters.
async fn code(world: &World, client: ClientId, member: MemberId, last_four: &str) {
    let grant = Grant {
        client,
        third_party: None,
        member,
        scopes: Vec::new(),
        redirect_uri: format!("https://partner.example/{last_four}"),
        redirect_uri_was_sent: true,
        code: Digest::of(&random_id().to_string()),
        code_last_four: last_four.into(),
        code_challenge: None,
    };
    world.create::<Authorization>(AuthorizationCommand::Grant(grant)).await;
}

async fn access_token(world: &World, client: ClientId, last_four: &str) -> TokenId {
    let issue = TokenCommand::IssueAccess {
        third_party: None,
        client,
        digest: Digest::of(&random_id().to_string()),
        last_four: last_four.into(),
        scopes: Vec::new(),
        lifetime: Some(SignedDuration::from_hours(1)),
        authorization: None,
    };
    world.create::<Token>(issue).await.into()
}

async fn listed(world: &World, list: &ClientList) -> String {
    let found = page(&world.store, world.organization, list, WHOLE).await.unwrap();
    assert_eq!(found.total, found.items.len() as u64);
    let all = identifiers(&world.store, world.organization, list).await.unwrap();
    assert_eq!(all, found.items.iter().map(|client| client.id).collect::<Vec<_>>());
    found.items.into_iter().map(|client| client.identifier).collect::<Vec<_>>().join(" ")
}

async fn filtered(world: &World, filter: ClientFilter) -> String {
    let total = count(&world.store, world.organization, &filter).await.unwrap();
    let names = listed(world, &ClientList { filter, ..ClientList::default() }).await;
    assert_eq!(total, names.split_whitespace().count() as u64);
    names
}

async fn detail(world: &World, id: ClientId) -> ClientDetail {
    get(&world.store, world.organization, id).await.unwrap().unwrap()
}

/// Three clients that differ in everything: alpha (off, 600 s, code of Ann), Bravo (code and token), charlie (automatic).
async fn three(world: &World) -> [ClientId; 3] {
    let automatic = world.third_party_with("Brightside", None, None, Mode::Automatic).await;
    let [ann, noor] = [
        world.member("ann@acme.example", "Ann O'Hara", Role::Developer).await,
        world.member("Desk@Noor.example", "Zoë 100%", Role::Developer).await,
    ];
    let ids = [client(world, "alpha_1").await, client(world, "Bravo").await, world.client("charlie", automatic).await];
    set_lifetime(world, ids[0], 600).await;
    world.execute::<Client>(ids[0].uuid(), ClientCommand::Deactivate).await;
    code(world, ids[0], ann, "aaaa").await;
    code(world, ids[1], ann, "bbbb").await;
    code(world, ids[1], noor, "cccc").await;
    access_token(world, ids[1], "dddd").await;
    access_token(world, ids[1], "eeee").await;
    ids
}

#[tokio::test]
async fn each_column_is_filtered_by_a_part_without_regard_to_case_and_all_together() {
    let world = world().await;
    let [_, bravo, _] = three(&world).await;
    let found = detail(&world, bravo).await;
    let (code_created, token_created) = (found.last_code.unwrap().created_at, found.last_token.unwrap().created_at);
    let text = |text: &str| Some(text.to_owned());
    let day = code_created.strftime("%Y-%m-%d").to_string();
    let minute = token_created.strftime("-%d %H:%M utc").to_string();
    let none = ClientFilter::default;
    let cases = [
        (none(), "alpha_1 Bravo charlie"),
        (ClientFilter { identifier: text(" RAV "), ..none() }, "Bravo"),
        (ClientFilter { identifier: text("_"), ..none() }, "alpha_1"),
        (ClientFilter { identifier: text("%"), ..none() }, ""),
        (ClientFilter { identifier: text("\0"), ..none() }, "alpha_1 Bravo charlie"),
        (ClientFilter { search: text("BRIGHT"), ..none() }, "charlie"),
        (ClientFilter { search: text("r"), ..none() }, "Bravo charlie"),
        (ClientFilter { code_created_at: text(&day), ..none() }, "alpha_1 Bravo"),
        (ClientFilter { code_created_at: text("1999"), ..none() }, ""),
        (ClientFilter { token_created_at: text(&minute), ..none() }, "Bravo"),
        (ClientFilter { code_created_at: text("EVE"), ..none() }, "charlie"),
        (ClientFilter { token_created_at: text("never"), ..none() }, "alpha_1 charlie"),
        (ClientFilter { expires_in: text("600"), ..none() }, "alpha_1 Bravo"),
        (ClientFilter { expires_in: text("e"), ..none() }, "Bravo charlie"),
        (ClientFilter { expires_in: text("%"), ..none() }, ""),
        (ClientFilter { expires_in: text("3600 (DEF"), ..none() }, "Bravo"),
        (ClientFilter { expires_in: text("does not"), ..none() }, "charlie"),
        (ClientFilter { passthru_user: text("o'HARA"), ..none() }, "alpha_1"),
        (ClientFilter { passthru_user: text("desk@noor"), ..none() }, "Bravo"),
        (ClientFilter { passthru_user: text("ZOË 100%"), ..none() }, "Bravo"),
        (ClientFilter { passthru_user: text("NONE"), ..none() }, "charlie"),
        (ClientFilter { active: Some(false), ..none() }, "alpha_1"),
        (ClientFilter { active: Some(true), ..none() }, "Bravo charlie"),
    ];
    for (filter, expected) in cases {
        assert_eq!(filtered(&world, filter.clone()).await, expected, "{filter:?}");
    }
    let together = ClientFilter {
        search: text("a"),
        identifier: text("BRA"),
        code_created_at: text(&day),
        token_created_at: text(&minute),
        expires_in: text("36"),
        passthru_user: text("zoë"),
        active: Some(true),
        zone: None,
        lifetimes: AccessTokenLifetimes::default(),
    };
    assert_eq!(filtered(&world, together.clone()).await, "Bravo");
    assert_eq!(filtered(&world, ClientFilter { expires_in: text("37"), ..together }).await, "");
    world.erase_everybody().await;
    let nobody = "UPDATE members SET name = NULL, email = NULL WHERE org_id = $1";
    world.store.pool().write(world.organization, nobody, &[&world.organization.uuid()]).await.unwrap();
    let erased = ClientFilter { passthru_user: text("erased"), ..none() };
    assert_eq!(filtered(&world, erased).await, "alpha_1 Bravo");
}

#[tokio::test]
async fn lifetimes_are_found_and_sorted_as_the_organization_cuts_them() {
    let world = world().await;
    three(&world).await;
    let endless = client(&world, "delta").await;
    set_lifetime(&world, endless, 86_400).await;
    let maximum = |maximum| AccessTokenLifetimes { default: 900, maximum };
    let filter =
        |text: &str, lifetimes| ClientFilter { expires_in: Some(text.into()), lifetimes, ..Default::default() };
    for (text, limit, expected) in [
        ("900 (default)", None, "Bravo"),
        ("86400", None, "delta"),
        ("does not", Some(7200), ""),
        ("7200 (cut", Some(7200), "charlie delta"),
        ("600", Some(7200), "alpha_1"),
        ("300 (cut", Some(300), "alpha_1 charlie delta"),
        ("300 (default)", Some(300), "Bravo"),
    ] {
        assert_eq!(filtered(&world, filter(text, maximum(limit))).await, expected, "{text} {limit:?}");
    }
    for (limit, expected) in [
        (None, "alpha_1 Bravo delta charlie"),
        (Some(7200), "alpha_1 Bravo charlie delta"),
        (Some(300), "alpha_1 Bravo charlie delta"),
    ] {
        let filter = ClientFilter { lifetimes: maximum(limit), ..ClientFilter::default() };
        let list = ClientList { filter, sort: ClientSort::ExpiresIn, ..ClientList::default() };
        assert_eq!(listed(&world, &list).await, expected, "{limit:?}");
    }
    let lives = |lifetime, is_automatic, limit| lifetime_in_words(lifetime, is_automatic, maximum(limit));
    assert_eq!(lives(Some(7200), false, Some(7200)), "7200");
    assert_eq!(lives(Some(7201), true, Some(7200)), "7200 (cut by the maximum)");
}

#[tokio::test]
async fn api_keys_are_listed_apart_with_their_last_use() {
    let world = world().await;
    let [alpha, bravo, _] = three(&world).await;
    for id in [bravo, alpha] {
        let settings = ClientSettings {
            scopes: vec!["audit:read".into()],
            grant_types: vec![GrantType::ClientCredentials],
            api_access: true,
            ..ClientSettings::initial(ClientType::Confidential, Vec::new())
        };
        let command = ClientCommand::ChangeSettings { settings, bounds: SettingsBounds::of_operator(24) };
        world.execute::<Client>(id.uuid(), command).await;
    }
    let keys = api_keys::list(&world.store, world.organization).await.unwrap();
    let shown = keys.iter().map(|key| (key.identifier.as_str(), key.active, key.last_used_at.is_some()));
    assert_eq!(shown.collect::<Vec<_>>(), [("alpha_1", false, false), ("Bravo", true, true)]);
    assert!(keys.iter().all(|key| key.scopes == ["audit:read"]));
    // A call counts too, not only getting a token.
    let token = detail(&world, bravo).await.last_token.unwrap();
    let later = token.created_at + SignedDuration::from_mins(5);
    world.used(token.id, 1, later).await;
    let keys = api_keys::list(&world.store, world.organization).await.unwrap();
    assert_eq!(keys[1].last_used_at, Some(later));
    world.execute::<Client>(bravo.uuid(), ClientCommand::Delete).await;
    assert_eq!(api_keys::list(&world.store, world.organization).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_list_is_sorted_by_any_column_either_way_with_the_valueless_last() {
    let world = world().await;
    three(&world).await;
    let cases = [
        (ClientSort::Identifier, "alpha_1 Bravo charlie", "charlie Bravo alpha_1"),
        (ClientSort::CodeCreated, "alpha_1 Bravo charlie", "Bravo alpha_1 charlie"),
        (ClientSort::TokenCreated, "Bravo alpha_1 charlie", "Bravo alpha_1 charlie"),
        (ClientSort::ExpiresIn, "alpha_1 Bravo charlie", "charlie Bravo alpha_1"),
        (ClientSort::PassthruUser, "alpha_1 Bravo charlie", "Bravo alpha_1 charlie"),
        (ClientSort::Active, "alpha_1 Bravo charlie", "Bravo charlie alpha_1"),
    ];
    for (sort, ascending, descending) in cases {
        for (is_descending, expected) in [(false, ascending), (true, descending)] {
            let list = ClientList { sort, descending: is_descending, ..ClientList::default() };
            assert_eq!(listed(&world, &list).await, expected, "{sort:?} {is_descending}");
            let mut one_by_one = Vec::new();
            for number in 1..=3 {
                let cut = Cut { page: number, size: 1 };
                one_by_one.extend(page(&world.store, world.organization, &list, cut).await.unwrap().items);
            }
            let names = one_by_one.iter().map(|client| client.identifier.as_str()).collect::<Vec<_>>();
            assert_eq!(names.join(" "), expected, "{sort:?} {is_descending}: pages neither repeat nor leave out");
        }
    }
}

#[tokio::test]
async fn pages_are_cut_from_the_sorted_whole() {
    let world = world().await;
    let cut = async |number, size| {
        let found =
            page(&world.store, world.organization, &ClientList::default(), Cut { page: number, size }).await.unwrap();
        let names = found.items.iter().map(|client| client.identifier.as_str()).collect::<String>();
        (names, found.total, found.page, found.pages)
    };
    assert_eq!(cut(7, 3).await, (String::new(), 0, 1, 1));
    for name in ["d", "B", "a", "C"] {
        client(&world, name).await;
    }
    assert_eq!(cut(1, 3).await, ("aBC".into(), 4, 1, 2));
    assert_eq!(cut(2, 3).await, ("d".into(), 4, 2, 2));
    assert_eq!(cut(u32::MAX, 3).await, ("d".into(), 4, 2, 2), "past the end");
    assert_eq!(cut(0, 4).await, ("aBCd".into(), 4, 1, 1));
    assert_eq!(cut(9, 0).await, ("d".into(), 4, 4, 4), "a page has at least one row");
}

#[tokio::test]
async fn a_client_is_shown_with_its_last_code_and_token() {
    let world = world().await;
    let [_, bravo, charlie] = three(&world).await;
    let shown = detail(&world, bravo).await;
    let last_code = shown.last_code.unwrap();
    assert_eq!(
        (last_code.masked.as_str(), last_code.redirect_uri.as_str()),
        ("cs_ac_…cccc", "https://partner.example/cccc")
    );
    assert_eq!(
        (last_code.passthru_user.name.as_str(), last_code.passthru_user.email.as_deref()),
        ("Zoë 100%", Some(EmailAddress::parse("Desk@Noor.example").unwrap().as_str()))
    );
    assert_eq!(shown.last_token.unwrap().masked, "cs_at_…eeee");
    let other = detail(&world, charlie).await;
    assert_eq!((other.last_code, other.last_token, other.is_automatic), (None, None, true));
    assert_eq!(other.third_party_name.as_deref(), Some("Brightside"));

    world.execute::<Client>(bravo.uuid(), ClientCommand::Delete).await;
    let gone = detail(&world, bravo).await;
    assert!(gone.deleted);
    assert_eq!((gone.last_code, gone.last_token), (None, None));
    assert_eq!(listed(&world, &ClientList::default()).await, "alpha_1 charlie");
    // A token that was being issued meanwhile brings nothing back.
    access_token(&world, bravo, "ffff").await;
    assert_eq!(listed(&world, &ClientList::default()).await, "alpha_1 charlie");
}

#[tokio::test]
async fn the_tokens_that_work_now_are_counted_with_their_last_use() {
    let world = world().await;
    let third_party = world.third_party("Brightside").await;
    let id = world.client("brightside", third_party).await;
    let now = clock::now();
    let active = async |now| active_tokens(&world.store, world.organization, id, now).await.unwrap();
    assert_eq!(active(now).await, ActiveTokens::default());
    let (manual, _) = world.token(third_party, id, Some(now + SignedDuration::from_hours(48))).await;
    let (off, _) = world.token(third_party, id, None).await;
    world.execute::<Token>(off.uuid(), TokenCommand::Deactivate).await;
    let brief = access_token(&world, id, "aaaa").await;
    access_token(&world, client(&world, "another").await, "bbbb").await;
    world.used(manual, 1, at("2026-01-02T00:00:00Z")).await;
    world.used(off, 1, at("2026-01-04T00:00:00Z")).await;
    world.used(brief, 1, at("2026-01-03T00:00:00Z")).await;
    let use_at = |time| Some((at(time), "198.51.100.9".to_owned()));
    let expected = ActiveTokens { count: 2, is_at_least: false, last_use: use_at("2026-01-03T00:00:00Z") };
    assert_eq!(active(now).await, expected);
    let later = active(now + SignedDuration::from_hours(2)).await;
    assert_eq!(later, ActiveTokens { count: 1, is_at_least: false, last_use: use_at("2026-01-02T00:00:00Z") });
}

#[tokio::test]
async fn nothing_of_another_organization_is_read() {
    let world = world().await;
    let neighbour = world.neighbour().await;
    let id = client(&world, "mine").await;
    client(&neighbour, "theirs").await;
    assert_eq!(listed(&world, &ClientList::default()).await, "mine");
    assert_eq!(listed(&neighbour, &ClientList::default()).await, "theirs");
    assert_eq!(get(&neighbour.store, neighbour.organization, id).await.unwrap(), None);
}
