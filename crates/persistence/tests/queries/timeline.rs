//! The timeline: filters, pages, personal data, isolation.

use countersign_domain::third_party::Mode;
use countersign_domain::{
    Actor, MemberId, Role, ThirdParty, ThirdPartyCommand, ThirdPartyId, Token, TokenCommand, TokenId,
};
use countersign_persistence::queries::ERASED;
use countersign_persistence::queries::audit::{
    AuditCursor, AuditEntries, AuditEntry, AuditFilter, AuditPage, LONGEST_PAGE, entry, timeline,
};
use countersign_persistence::testing::random_id;
use jiff::SignedDuration;

use crate::support::{World, world};

async fn page(world: &World, filter: &AuditFilter, cursor: AuditCursor, limit: u32) -> AuditEntries {
    timeline(&world.store, world.organization, filter, AuditPage { cursor, limit }).await.unwrap()
}

/// The positions that pass a filter, oldest first.
async fn positions(world: &World, filter: AuditFilter) -> Vec<u64> {
    let page = page(world, &filter, AuditCursor::Newest, LONGEST_PAGE).await;
    page.entries.iter().rev().map(|entry| entry.position).collect()
}

async fn at_position(world: &World, position: u64) -> AuditEntry {
    entry(&world.store, world.organization, position).await.unwrap().unwrap()
}

fn text(text: &str) -> AuditFilter {
    AuditFilter { text: Some(text.to_owned()), ..AuditFilter::default() }
}

fn actor(actor: &str) -> AuditFilter {
    AuditFilter { actor: Some(actor.to_owned()), ..AuditFilter::default() }
}

/// Positions 1 to 10 of an organization.
struct Story {
    world: World,
    /// Added at position 2.
    ann: MemberId,
    /// Added by the operator at position 3, switched on by Ann at 6, off by its client at 9.
    quoted: ThirdPartyId,
    /// Added at position 4.
    other: ThirdPartyId,
    /// Issued at position 7 for the client of 5, switched off at 8, revoked at 10.
    token: TokenId,
    client: countersign_domain::ClientId,
}

async fn story() -> Story {
    let world = world().await;
    let ann = world.member("ann@acme.example", "Ann Ångström", Role::Admin).await;
    let quoted = world.third_party(r#"Größe "100%_sure" \o/"#).await;
    let other = world.third_party_with("Globex", Some("Hank"), Some("hank@globex.example"), Mode::Automatic).await;
    let client = world.client("quoted-client", quoted).await;
    let on_a_page = world.on_a_page(Actor::Member(ann), "Reviewed with\nthe vendor");
    world.execute_as::<ThirdParty>(&on_a_page, quoted.uuid(), ThirdPartyCommand::Enable).await;
    let (token, _) = world.token(quoted, client, None).await;
    world.execute_as::<Token>(&on_a_page, token.uuid(), TokenCommand::Deactivate).await;
    let by_client = world.on_a_page(Actor::Client(client), "gone");
    world.execute_as::<ThirdParty>(&by_client, quoted.uuid(), ThirdPartyCommand::Disable).await;
    let by_system = world.on_a_page(Actor::System, "expired");
    world.execute_as::<Token>(&by_system, token.uuid(), TokenCommand::Revoke).await;
    Story { world, ann, quoted, other, token, client }
}

#[tokio::test]
async fn each_filter_alone_and_all_together() {
    let Story { world, ann, quoted, other, token, client } = story().await;
    let none = AuditFilter::default;
    assert_eq!(positions(&world, none()).await, (1..=10).collect::<Vec<_>>());
    let cases = [
        (AuditFilter { third_party: Some(quoted), ..none() }, vec![3, 5, 6, 7, 8, 9, 10]),
        (AuditFilter { third_party: Some(other), ..none() }, vec![4]),
        (AuditFilter { client: Some(client), ..none() }, vec![5, 7, 8, 10]),
        (AuditFilter { token: Some(token), ..none() }, vec![7, 8, 10]),
        (AuditFilter { member: Some(ann), ..none() }, vec![2]),
        (AuditFilter { member: Some(quoted.uuid().into()), ..none() }, vec![]),
        (AuditFilter { stream: Some(quoted.uuid()), ..none() }, vec![3, 6, 9]),
        (AuditFilter { stream: Some(random_id()), ..none() }, vec![]),
        (AuditFilter { event_type: Some("ThirdPartyAdded".into()), ..none() }, vec![3, 4]),
        (AuditFilter { event_type: Some("ThirdParty".into()), ..none() }, vec![]),
        (AuditFilter { event_type: Some(" ".into()), ..none() }, (1..=10).collect()),
        (actor("operator"), vec![1, 2, 3, 4, 5, 7]),
        (actor("System"), vec![10]),
        (actor("member"), vec![6, 8]),
        (actor("client"), vec![9]),
        (actor("ÅNGSTR"), vec![6, 8]),
        (actor("ann@acme"), vec![6, 8]),
        (actor("quoted-cl"), vec![9]),
        (actor("%"), vec![]),
        (actor("oper"), vec![]),
        (actor("o\0perator"), vec![1, 2, 3, 4, 5, 7]),
    ];
    for (filter, expected) in cases {
        assert_eq!(positions(&world, filter.clone()).await, expected, "{filter:?}");
    }
    let together = AuditFilter {
        text: Some("token".into()),
        actor: Some("ann".into()),
        event_type: Some("TokenDeactivated".into()),
        third_party: Some(quoted),
        client: Some(client),
        token: Some(token),
        stream: Some(token.uuid()),
        from: Some(at_position(&world, 8).await.occurred_at),
        until: Some(at_position(&world, 9).await.occurred_at),
        ..none()
    };
    assert_eq!(positions(&world, together.clone()).await, [8]);
    assert_eq!(positions(&world, AuditFilter { member: Some(ann), ..together }).await, [0; 0]);
}

#[tokio::test]
async fn the_text_is_found_in_types_records_and_names_literally() {
    let Story { world, ann, .. } = story().await;
    let of_quoted = vec![3, 5, 6, 7, 8, 9, 10];
    let request = at_position(&world, 4).await.request.to_string();
    let cases = [
        ("tokenissued", vec![7]),
        ("GRÖSSE", vec![]),
        ("gRÖßE", of_quoted.clone()),
        (r#""100%_sure" \o"#, of_quoted.clone()),
        ("sure\"", of_quoted.clone()),
        ("sure\" \"", vec![]),
        ("100__sure", vec![]),
        ("%_%", vec![]),
        (r"\\o", vec![]),
        ("Globex", vec![4]),
        ("ångström", vec![2, 6, 8]),
        ("ann@acme.example", vec![2, 6, 8]),
        ("quoted-client", vec![5, 7, 8, 10]),
        (request.as_str(), vec![4]),
        ("hank@globex.example", vec![]),
        ("\0", (1..=10).collect()),
    ];
    for (part, expected) in cases {
        assert_eq!(positions(&world, text(part)).await, expected, "{part:?}");
    }
    let id = ann.to_string();
    assert_eq!(positions(&world, text(&id.to_uppercase())).await, [2, 6, 8], "an identifier, wherever it stands");
}

#[tokio::test]
async fn a_range_takes_its_first_instant_in_and_leaves_its_last_out() {
    let Story { world, .. } = story().await;
    let fourth = at_position(&world, 4).await.occurred_at;
    let seventh = at_position(&world, 7).await.occurred_at;
    let range = |from, until| AuditFilter { from, until, ..AuditFilter::default() };
    assert_eq!(positions(&world, range(Some(fourth), Some(seventh))).await, [4, 5, 6]);
    assert_eq!(positions(&world, range(None, Some(fourth))).await, [1, 2, 3]);
    assert_eq!(positions(&world, range(Some(seventh), None)).await, [7, 8, 9, 10]);
    assert_eq!(positions(&world, range(Some(seventh + SignedDuration::from_hours(1)), None)).await, [0; 0]);
}

#[tokio::test]
async fn pages_go_back_and_forth_by_position() {
    use AuditCursor::{After, Before, Newest};
    let Story { world, .. } = story().await;
    let filter = AuditFilter { actor: Some("operator".into()), ..AuditFilter::default() };
    let see = async |cursor, limit| {
        let page = page(&world, &filter, cursor, limit).await;
        (page.entries.iter().map(|entry| entry.position).collect::<Vec<_>>(), page.newer, page.older)
    };
    assert_eq!(see(Newest, 2).await, (vec![7, 5], None, Some(5)));
    assert_eq!(see(Before(5), 2).await, (vec![4, 3], Some(4), Some(3)));
    assert_eq!(see(Before(3), 2).await, (vec![2, 1], Some(2), None));
    assert_eq!(see(After(2), 2).await, (vec![4, 3], Some(4), Some(3)), "back to the page before, exactly");
    assert_eq!(see(After(4), 2).await, (vec![7, 5], None, Some(5)));
    assert_eq!(see(Newest, 6).await, (vec![7, 5, 4, 3, 2, 1], None, None));
    assert_eq!(see(Newest, 0).await, (vec![7], None, Some(7)), "a page has at least one entry");
    assert_eq!(see(Newest, u32::MAX).await.0.len(), 6);
    assert_eq!(see(After(7), 2).await, (vec![], None, Some(8)));
    assert_eq!(see(Before(8), 2).await, (vec![7, 5], Some(7), Some(5)), "nothing newer leads back");
    assert_eq!(see(Before(1), 2).await, (vec![], Some(0), None));
    assert_eq!(see(After(0), 2).await, (vec![2, 1], Some(2), Some(1)));
    assert_eq!(see(Before(u64::MAX), 2).await.0, [7, 5]);
    assert_eq!(see(After(u64::MAX), 2).await.0, [0; 0]);
}

#[tokio::test]
async fn an_entry_says_who_from_where_why_and_on_what() {
    let Story { world, ann, quoted, token, client, .. } = story().await;
    let seen = at_position(&world, 8).await;
    assert_eq!((seen.position, seen.event_type.as_str()), (8, "TokenDeactivated"));
    assert_eq!((seen.stream_type.as_str(), seen.stream_id, seen.stream_version), ("token", token.uuid(), 2));
    assert_eq!((seen.actor.kind.as_str(), seen.actor.id), ("member", Some(ann.uuid())));
    assert_eq!(seen.actor.name.as_deref(), Some("Ann Ångström"));
    assert_eq!(seen.via, "web");
    let source = seen.source.as_ref().unwrap();
    assert_eq!((source.address.as_str(), source.user_agent.as_str()), ("203.0.113.7", "Mozilla/5.0 \"X\""));
    assert_eq!(seen.reason.as_deref(), Some("Reviewed with\nthe vendor"));
    let third_party = seen.third_party.as_ref().unwrap();
    assert_eq!((third_party.id, third_party.label.as_str()), (quoted, r#"Größe "100%_sure" \o/"#));
    assert_eq!(
        (seen.client.as_ref().unwrap().id, seen.client.as_ref().unwrap().label.as_str()),
        (client, "quoted-client")
    );
    let shown = seen.token.as_ref().unwrap();
    assert_eq!(shown.id, token);
    assert_eq!(seen.sentence, format!("Switched token {} off", shown.label));
    assert!(shown.label.starts_with("cs_mt_…"), "{}", shown.label);
    assert!(seen.raw.starts_with(r#"{"format":1,"#) && seen.raw.contains(&seen.request.to_string()));

    let created = at_position(&world, 1).await;
    assert_eq!((created.actor.kind.as_str(), created.actor.id, created.actor.name), ("operator", None, None));
    assert_eq!((created.source, created.reason, created.third_party, created.token), (None, None, None, None));
    assert_eq!(at_position(&world, 9).await.actor.name.as_deref(), Some("quoted-client"));
    assert_eq!(entry(&world.store, world.organization, 11).await.unwrap(), None);
    assert_eq!(entry(&world.store, world.organization, u64::MAX).await.unwrap(), None);
}

#[tokio::test]
async fn what_was_erased_says_so_and_the_rest_stays() {
    let Story { world, .. } = story().await;
    world.erase_everybody().await;
    let seen = at_position(&world, 8).await;
    let source = seen.source.unwrap();
    assert_eq!((source.address.as_str(), source.user_agent.as_str()), (ERASED, ERASED));
    assert_eq!(seen.reason.as_deref(), Some(ERASED));
    let added = at_position(&world, 4).await;
    assert_eq!(added.sentence, "Added the third party Globex");
    let changes = added.changes.iter().map(|change| (change.field, change.to.as_deref().unwrap())).collect::<Vec<_>>();
    assert_eq!(
        changes,
        [("Name", "Globex"), ("Mode", "automatic"), ("Contact name", ERASED), ("Contact e-mail", ERASED)]
    );
}

#[tokio::test]
async fn nothing_of_another_organization_is_seen() {
    let Story { world, ann, quoted, token, client, .. } = story().await;
    let neighbour = world.neighbour().await;
    neighbour.third_party("Neighbour's own").await;
    assert_eq!(positions(&neighbour, AuditFilter::default()).await, [1, 2]);
    assert_eq!(positions(&neighbour, text("Größe")).await, [0; 0]);
    assert_eq!(positions(&neighbour, actor("Ångström")).await, [0; 0]);
    for filter in [
        AuditFilter { third_party: Some(quoted), ..AuditFilter::default() },
        AuditFilter { client: Some(client), ..AuditFilter::default() },
        AuditFilter { token: Some(token), ..AuditFilter::default() },
        AuditFilter { member: Some(ann), ..AuditFilter::default() },
        AuditFilter { stream: Some(quoted.uuid()), ..AuditFilter::default() },
    ] {
        assert_eq!(positions(&neighbour, filter).await, [0; 0]);
    }
    assert_eq!(entry(&neighbour.store, neighbour.organization, 8).await.unwrap(), None);
    assert_eq!(at_position(&neighbour, 2).await.sentence, "Added the third party Neighbour's own");
}
