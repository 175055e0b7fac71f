//! Who may sign in, and how members come to be.

use countersign_domain::{DomainError, Member, MemberCommand, MemberError, MemberId, OrganizationCommand, Role};
use countersign_persistence::projections::unique_names::NameKind;
use countersign_persistence::sign_in::{Candidate, candidates, email_digest, record_failure, set_password};
use countersign_persistence::{ChangeError, StoreError, clock, testing};

use crate::support::{PHC, add, command, count, member, store};

#[tokio::test]
async fn a_member_of_several_organizations_is_found_in_each_of_them() {
    let store = store().await;
    let (here, there, elsewhere) =
        (testing::organization(&store).await, testing::organization(&store).await, testing::organization(&store).await);
    let local = testing::random_id().simple().to_string();
    let email = format!("Ånn.{local}@Acme.Example");
    let first = add(&store, here, &email, Some(PHC)).await.unwrap();
    let second = add(&store, there, &email.to_lowercase(), None).await.unwrap();
    add(&store, elsewhere, &format!("bob.{local}@acme.example"), Some(PHC)).await.unwrap();
    testing::command_organization(&store, there, OrganizationCommand::Suspend).await.unwrap();
    record_failure(&store, here, first, clock::now()).await.unwrap();

    let found = candidates(&store, &format!("  åNN.{}@ACME.example ", local.to_uppercase())).await.unwrap();
    assert_eq!(found.len(), 2);
    let of = |organization| found.iter().find(|candidate| candidate.organization == organization).unwrap();
    let Candidate { member, role, phc, failures, suspended, last_failed_at, .. } = of(here).clone();
    assert_eq!((member, role, phc.as_deref(), failures, suspended), (first, Role::Admin, Some(PHC), 1, false));
    assert!(last_failed_at.is_some());
    let entry = store.directory().organization(there).await.unwrap().unwrap();
    assert_eq!((of(there).slug.as_str(), of(there).organization_name.as_str()), (&*entry.slug, &*entry.name));
    let Candidate { member, phc, failures, suspended, last_failed_at, .. } = of(there).clone();
    assert_eq!((member, phc, failures, suspended, last_failed_at), (second, None, 0, true, None));
    assert!(!format!("{found:?}").contains("argon2id"), "a verifier is not printed");

    command(&store, here, first, MemberCommand::Deactivate).await;
    let found = candidates(&store, &email).await.unwrap();
    assert_eq!(found.iter().map(|candidate| candidate.member).collect::<Vec<_>>(), [second]);
    assert_eq!(candidates(&store, "nobody@acme.example").await.unwrap(), []);
    assert_eq!(candidates(&store, "").await.unwrap(), []);
    assert_eq!(candidates(&store, "\0").await.unwrap(), []);
}

#[tokio::test]
async fn an_address_listed_for_an_organization_without_such_a_member_leads_nowhere() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let email = format!("{}@acme.example", testing::random_id().simple());
    let refused = store
        .change(&testing::operator(organization), async |unit| {
            unit.list_for_sign_in(email_digest(&email));
            unit.execute::<Member>(testing::random_id(), MemberCommand::Deactivate).await
        })
        .await;
    assert!(matches!(refused, Err(ChangeError::Refused(DomainError::Member(MemberError::Unknown)))));
    let own = member(&store, organization).await;
    store
        .change::<_, ChangeError>(&testing::operator(organization), async |unit| {
            unit.list_for_sign_in(email_digest(&email));
            unit.execute::<Member>(own.uuid(), MemberCommand::Deactivate).await
        })
        .await
        .unwrap();
    assert_eq!(candidates(&store, &email).await.unwrap(), []);
}

#[test]
fn addresses_are_compared_without_regard_to_case() {
    assert_eq!(email_digest("Ann@Acme.Example"), email_digest(" ann@acme.example "));
    assert_eq!(email_digest("ÅNN@acme.example"), email_digest("ånn@acme.example"));
    assert_ne!(email_digest("ann@acme.example"), email_digest("bnn@acme.example"));
}

#[tokio::test]
async fn a_member_is_added_in_one_append_and_a_new_password_replaces_the_old() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let email = format!("{}@acme.example", testing::random_id().simple());
    let ann = add(&store, organization, &email, Some(PHC)).await.unwrap();
    let sql = "SELECT event_type FROM events WHERE org_id = $1 AND occurred_at = (SELECT max(occurred_at) FROM events) \
               ORDER BY position";
    let rows = store.pool().read(organization, sql, &[&organization.uuid()]).await.unwrap();
    let types = rows.iter().map(|row| row.get(0)).collect::<Vec<String>>();
    assert_eq!(types, ["MemberAdded", "MemberPasswordSet"]);
    assert!(matches!(
        add(&store, organization, &email.to_uppercase(), None).await,
        Err(ChangeError::Store(StoreError::NameTaken(NameKind::MemberEmail)))
    ));

    set_password(&store, &testing::operator(organization), ann, "$argon2id$new".to_owned()).await.unwrap();
    assert_eq!(candidates(&store, &email).await.unwrap()[0].phc.as_deref(), Some("$argon2id$new"));
    assert_eq!(count(&store, organization, "verifiers").await, 1, "the old verifier is gone");

    let unknown = MemberId(testing::random_id());
    let refused = set_password(&store, &testing::operator(organization), unknown, PHC.to_owned()).await;
    assert!(matches!(refused, Err(ChangeError::Refused(DomainError::Member(MemberError::Unknown)))));
    let neighbour = testing::organization(&store).await;
    let refused = set_password(&store, &testing::operator(neighbour), ann, PHC.to_owned()).await;
    assert!(matches!(refused, Err(ChangeError::Refused(DomainError::Member(MemberError::Unknown)))));
    assert_eq!(count(&store, neighbour, "verifiers").await, 0);
}
