//! Who may do what: the whole table, spelled out, so that no change of it goes unseen.

use countersign_domain::{Right, Role};

/// Every right and the roles that have it.
const TABLE: [(Right, &[Role]); 8] = [
    (Right::UseOwnProfile, &[Role::Owner, Role::Admin, Role::Developer, Role::Auditor]),
    (Right::ReadThirdParties, &[Role::Owner, Role::Admin, Role::Auditor]),
    (Right::ManageThirdParties, &[Role::Owner, Role::Admin]),
    (Right::ReadAudit, &[Role::Owner, Role::Admin, Role::Auditor]),
    (Right::ReadMembers, &[Role::Owner, Role::Admin, Role::Auditor]),
    (Right::ManageMembers, &[Role::Owner]),
    (Right::ReadSettings, &[Role::Owner, Role::Admin, Role::Auditor]),
    (Right::ManageSettings, &[Role::Owner]),
];

#[test]
fn every_role_has_exactly_the_rights_in_the_table() {
    for (right, roles) in TABLE {
        for role in Role::ALL {
            assert_eq!(role.allows(right), roles.contains(&role), "{role:?} and {right:?}");
        }
    }
}

#[test]
fn the_table_is_complete() {
    assert_eq!(TABLE.map(|(right, _)| right), Right::ALL);
    assert_eq!(Role::ALL, [Role::Owner, Role::Admin, Role::Developer, Role::Auditor]);
}

#[test]
fn an_auditor_changes_nothing() {
    for right in [Right::ManageThirdParties, Right::ManageMembers, Right::ManageSettings] {
        assert!(!Role::Auditor.allows(right), "{right:?}");
    }
}

#[test]
fn roles_are_written_as_they_are_read() {
    for (role, name) in Role::ALL.into_iter().zip(["owner", "admin", "developer", "auditor"]) {
        assert_eq!(role.as_str(), name);
        assert_eq!(name.parse(), Ok(role));
        assert_eq!(serde_json::to_value(role).unwrap(), name);
    }
    for name in ["", "Owner", " owner", "operator"] {
        assert!(name.parse::<Role>().is_err(), "{name:?}");
    }
}
