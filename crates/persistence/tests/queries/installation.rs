//! The operators' list of organizations.

use countersign_domain::OrganizationCommand;
use countersign_domain::values::OrganizationName;
use countersign_persistence::queries::installation::{OrganizationFilter, SlugCursor, organization, organizations};
use countersign_persistence::{clock, testing};

fn slugs(found: &countersign_persistence::queries::installation::Organizations) -> Vec<&str> {
    found.items.iter().map(|item| item.slug.as_str()).collect()
}

#[tokio::test]
async fn organizations_are_filtered_and_paged_by_slug() {
    let store = testing::store(testing::database().await);
    let part = format!("p{}", &testing::random_id().simple().to_string()[..12]);
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(testing::create_organization(&store, &format!("{part}-{number}")).await.unwrap());
    }
    for (id, command) in [(3, OrganizationCommand::Suspend), (4, OrganizationCommand::Suspend)] {
        testing::command_organization(&store, ids[id], command).await.unwrap();
    }
    testing::command_organization(&store, ids[4], OrganizationCommand::Resume).await.unwrap();
    let by_part = OrganizationFilter { slug: Some(part.to_uppercase()), suspended: None };
    let name = |number: usize| format!("{part}-{number}");

    let first = organizations(&store, &by_part, &SlugCursor::First, 2).await.unwrap();
    assert_eq!((slugs(&first), first.total), (vec![&*name(0), &*name(1)], 5));
    assert_eq!((first.previous.clone(), first.next.clone()), (None, Some(name(1))));
    let second = organizations(&store, &by_part, &SlugCursor::After(name(1)), 2).await.unwrap();
    assert_eq!(slugs(&second), [&*name(2), &*name(3)]);
    assert_eq!((second.previous.clone(), second.next.clone()), (Some(name(2)), Some(name(3))));
    let last = organizations(&store, &by_part, &SlugCursor::After(name(3)), 2).await.unwrap();
    assert_eq!((slugs(&last), last.next.clone()), (vec![&*name(4)], None));
    let back = organizations(&store, &by_part, &SlugCursor::Before(name(2)), 2).await.unwrap();
    assert_eq!((slugs(&back), back.previous.clone()), (slugs(&first), None));

    let suspended = OrganizationFilter { suspended: Some(true), ..by_part.clone() };
    let found = organizations(&store, &suspended, &SlugCursor::First, 10).await.unwrap();
    assert_eq!((slugs(&found), found.items[0].suspended), (vec![&*name(3)], true));
    let active = OrganizationFilter { suspended: Some(false), ..by_part };
    assert_eq!(organizations(&store, &active, &SlugCursor::First, 10).await.unwrap().total, 4);
    let literally = OrganizationFilter { slug: Some("%".to_owned()), suspended: None };
    assert_eq!(organizations(&store, &literally, &SlugCursor::First, 10).await.unwrap().total, 0);
}

#[tokio::test]
async fn the_operators_are_no_customer() {
    let store = testing::store(testing::database().await);
    let name = OrganizationName::parse("Operators").unwrap();
    let (one, other) = tokio::join!(
        store.organization_of_operators(name.clone(), testing::operator),
        store.organization_of_operators(name, testing::operator)
    );
    assert_eq!(one.unwrap().id, other.unwrap().id, "there is one, whoever is first");
    let all = OrganizationFilter { slug: Some("operator".to_owned()), suspended: None };
    let found = organizations(&store, &all, &SlugCursor::First, 10).await.unwrap();
    assert!(!slugs(&found).contains(&"operator"));
    assert_eq!(organization(&store, "operator", clock::now()).await.unwrap(), None);
    let refused = testing::create_organization(&store, "operator").await.unwrap_err();
    assert!(refused.to_string().contains("reserved"), "{refused}");
}

#[tokio::test]
async fn how_much_there_is_is_counted() {
    let store = testing::store(testing::database().await);
    let id = testing::organization(&store).await;
    testing::third_party(&store, id, "Initech").await.unwrap();
    let slug = store.directory().organization(id).await.unwrap().unwrap().slug.clone();
    let facts = organization(&store, &slug, clock::now()).await.unwrap().unwrap();
    assert_eq!((facts.members, facts.third_parties, facts.clients, facts.active_tokens), (0, 1, 0, 0));
    assert_eq!((facts.position, facts.summary.id), (2, id));
    assert_eq!(organization(&store, "nobody-has-this", clock::now()).await.unwrap(), None);
}
