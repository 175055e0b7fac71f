//! The journal against a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use countersign_domain::OrganizationCommand;
use countersign_persistence::{ChangeError, StoreError, testing};

#[tokio::test]
async fn a_change_is_recorded_and_projected() {
    let store = testing::store(testing::database().await);
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    let found = store.directory().third_party(organization, third_party).await.unwrap().unwrap();
    assert_eq!(found.name, "Initech");
    assert!(matches!(
        testing::third_party(&store, organization, "INITECH").await,
        Err(ChangeError::Store(StoreError::NameTaken(_)))
    ));
    testing::command_organization(&store, organization, OrganizationCommand::Suspend).await.unwrap();
    assert!(store.directory().organization(organization).await.unwrap().unwrap().suspended);
    let rows = store
        .pool()
        .read(organization, "SELECT position, event_type FROM events ORDER BY position", &[])
        .await
        .unwrap();
    let types = rows.iter().map(|row| (row.get(0), row.get(1))).collect::<Vec<(i64, String)>>();
    assert_eq!(
        types,
        [(1, "OrganizationCreated".into()), (2, "ThirdPartyAdded".into()), (3, "OrganizationSuspended".into())]
    );
}
