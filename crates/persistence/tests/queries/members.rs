//! The list of members: filters, orders, pages.

use countersign_domain::member::SignInMethod;
use countersign_domain::{Member, MemberCommand, MemberId, Role, SessionId};
use countersign_persistence::queries::Cut;
use countersign_persistence::queries::members::{self, MemberFilter, MemberList, MemberSort};
use countersign_persistence::sign_in::{self, NewSecondFactor};
use countersign_persistence::testing::random_id;

use crate::support::{World, world};

async fn names(world: &World, list: MemberList) -> Vec<String> {
    let cut = Cut { page: 1, size: 100 };
    let page = members::page(&world.store, world.organization, &list, cut).await.unwrap();
    let all = members::identifiers(&world.store, world.organization, &list).await.unwrap();
    assert_eq!(page.items.iter().map(|member| member.id).collect::<Vec<_>>(), all);
    page.items.into_iter().map(|member| member.name.unwrap_or_else(|| "-".to_owned())).collect()
}

async fn filtered(world: &World, filter: MemberFilter) -> Vec<String> {
    let count = members::count(&world.store, world.organization, &filter).await.unwrap();
    let found = names(world, MemberList { filter, ..MemberList::default() }).await;
    assert_eq!(count, found.len() as u64);
    found
}

async fn signed_in(world: &World, member: MemberId) {
    let sign_in = MemberCommand::SignIn { session: SessionId(random_id()), method: SignInMethod::Link };
    world.execute::<Member>(member.uuid(), sign_in).await;
}

/// Ann the owner, bob the deactivated admin, Cem the auditor with sign-in codes.
async fn three() -> (World, [MemberId; 3]) {
    let world = world().await;
    world.neighbour().await.member("ann@other.example", "Ann of Globex", Role::Owner).await;
    let cem = world.member("cem@b.example", "Cem 100%", Role::Auditor).await;
    let ann = world.member("ann@c.example", "Ann", Role::Owner).await;
    let bob = world.member("Bob@a.example", "bob", Role::Admin).await;
    world.execute::<Member>(bob.uuid(), MemberCommand::Deactivate).await;
    let factor = NewSecondFactor { secret: vec![7; 20], used_step: 0, recovery_codes: Vec::new() };
    sign_in::enable_totp(&world.store, &world.operator(), cem, factor).await.unwrap();
    (world, [ann, bob, cem])
}

#[tokio::test]
async fn each_column_filters_by_a_part_of_what_it_shows() {
    let (world, _) = three().await;
    let text = |text: &str| Some(text.to_owned());
    let by = MemberFilter::default;
    let expected: [(MemberFilter, &[&str]); 12] = [
        (by(), &["Ann", "bob", "Cem 100%"]),
        (MemberFilter { name: text("B"), ..by() }, &["bob"]),
        (MemberFilter { name: text("0%"), ..by() }, &["Cem 100%"]),
        (MemberFilter { name: text("_"), ..by() }, &[]),
        (MemberFilter { email: text("BOB@"), ..by() }, &["bob"]),
        (MemberFilter { email: text(" "), ..by() }, &["Ann", "bob", "Cem 100%"]),
        (MemberFilter { search: text("a.example"), ..by() }, &["bob"]),
        (MemberFilter { search: text("cem"), ..by() }, &["Cem 100%"]),
        (MemberFilter { role: Some(Role::Owner), ..by() }, &["Ann"]),
        (MemberFilter { asks_for_code: Some(true), ..by() }, &["Cem 100%"]),
        (MemberFilter { active: Some(false), ..by() }, &["bob"]),
        (MemberFilter { active: Some(true), asks_for_code: Some(false), name: text("n"), ..by() }, &["Ann"]),
    ];
    for (filter, expected) in expected {
        assert_eq!(filtered(&world, filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn every_column_sorts_both_ways_with_the_unknown_last() {
    let (world, [ann, _, cem]) = three().await;
    signed_in(&world, cem).await;
    signed_in(&world, ann).await;
    let sorted = async |sort, descending| names(&world, MemberList { sort, descending, ..MemberList::default() }).await;
    let never = MemberFilter { last_signed_in: Some("nev".into()), ..MemberFilter::default() };
    assert_eq!(filtered(&world, never).await, ["bob"]);
    let at_some_time = MemberFilter { last_signed_in: Some("20".into()), ..MemberFilter::default() };
    assert_eq!(filtered(&world, at_some_time).await, ["Ann", "Cem 100%"]);
    let (ann, bob, cem) = ("Ann", "bob", "Cem 100%");
    for (sort, up, down) in [
        (MemberSort::Name, [ann, bob, cem], [cem, bob, ann]),
        (MemberSort::Email, [ann, bob, cem], [cem, bob, ann]),
        (MemberSort::Role, [ann, bob, cem], [cem, bob, ann]),
        (MemberSort::AsksForCode, [ann, bob, cem], [cem, ann, bob]),
        (MemberSort::Active, [bob, ann, cem], [ann, cem, bob]),
        (MemberSort::LastSignedIn, [cem, ann, bob], [ann, cem, bob]),
    ] {
        assert_eq!(sorted(sort, false).await, up, "{sort:?}");
        assert_eq!(sorted(sort, true).await, down, "{sort:?}");
    }
}

#[tokio::test]
async fn pages_hold_all_once_and_one_past_the_end_is_the_last() {
    let (world, _) = three().await;
    let page = async |page, size| {
        let cut = Cut { page, size };
        let page = members::page(&world.store, world.organization, &MemberList::default(), cut).await.unwrap();
        (page.items.into_iter().filter_map(|member| member.name).collect::<Vec<_>>(), page.total, page.page, page.pages)
    };
    assert_eq!(page(1, 2).await, (vec!["Ann".into(), "bob".into()], 3, 1, 2));
    assert_eq!(page(2, 2).await, (vec!["Cem 100%".into()], 3, 2, 2));
    assert_eq!(page(9, 2).await, (vec!["Cem 100%".into()], 3, 2, 2));
    assert_eq!(page(0, 9).await.0.len(), 3);
}

#[tokio::test]
async fn a_sign_in_and_a_password_show() {
    let (world, [ann, ..]) = three().await;
    let get = async || members::get(&world.store, world.organization, ann).await.unwrap().unwrap();
    let before = get().await;
    assert_eq!((before.last_signed_in_at, before.has_password), (None, false));
    signed_in(&world, ann).await;
    sign_in::set_password(&world.store, &world.operator(), ann, "$argon2id$…".into()).await.unwrap();
    let after = get().await;
    assert!(after.last_signed_in_at.is_some_and(|at| at >= before.added_at));
    assert!(after.has_password);
}
