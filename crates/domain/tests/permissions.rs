//! Who may do what: the whole table, spelled out, so that no change of it goes unseen.

use countersign_domain::{ApiScope, Right, Rights, Role};

/// Every right and the roles that have it.
const TABLE: [(Right, &[Role]); 9] = [
    (Right::UseOwnProfile, &[Role::Owner, Role::Admin, Role::Developer, Role::Auditor]),
    (Right::ReadThirdParties, &[Role::Owner, Role::Admin, Role::Auditor]),
    (Right::ManageThirdParties, &[Role::Owner, Role::Admin]),
    (Right::ReadAudit, &[Role::Owner, Role::Admin, Role::Auditor]),
    (Right::ReadMembers, &[Role::Owner, Role::Admin, Role::Auditor]),
    (Right::ManageMembers, &[Role::Owner]),
    (Right::ReadSettings, &[Role::Owner, Role::Admin, Role::Auditor]),
    (Right::ManageSettings, &[Role::Owner]),
    (Right::OperateInstallation, &[Role::Owner]),
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
fn the_operators_organization_has_rights_of_its_own() {
    let of = |operators| Right::ALL.into_iter().filter(|right| right.is_of(operators)).collect::<Vec<_>>();
    let shared = [Right::UseOwnProfile, Right::ReadAudit, Right::ReadMembers, Right::ManageMembers];
    assert_eq!(of(true), [&shared[..], &[Right::OperateInstallation]].concat());
    assert!(!of(false).contains(&Right::OperateInstallation), "owners of other organizations run no installation");
    assert_eq!(of(false).len(), Right::ALL.len() - 1);
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

/// Every scope of API keys and the rights that it gives.
const SCOPES: [(&str, &[Right]); 7] = [
    ("third-parties:read", &[Right::ReadThirdParties]),
    ("third-parties:manage", &[Right::ReadThirdParties, Right::ManageThirdParties]),
    ("audit:read", &[Right::ReadAudit]),
    ("members:read", &[Right::ReadMembers]),
    ("members:manage", &[Right::ReadMembers, Right::ManageMembers]),
    ("settings:read", &[Right::ReadSettings]),
    ("settings:manage", &[Right::ReadSettings, Right::ManageSettings]),
];

#[test]
fn every_scope_gives_exactly_the_rights_in_the_table() {
    assert_eq!(SCOPES.map(|(name, _)| name), ApiScope::ALL.map(ApiScope::as_str));
    for (name, rights) in SCOPES {
        let scope = name.parse::<ApiScope>().unwrap();
        let given = Rights::of_scopes(&[name.to_owned()]);
        for right in Right::ALL {
            assert_eq!(given.allow(right), rights.contains(&right), "{name} and {right:?}");
        }
        assert!(given.cover(scope), "{name}");
    }
    assert!("members".parse::<ApiScope>().is_err());
    assert_eq!(Rights::of_scopes(&["members".into(), "*".into()]), Rights::of_scopes(&[]));
}

#[test]
fn every_right_has_a_scope_but_those_of_a_profile_and_of_operators() {
    for right in Right::ALL {
        let scope = ApiScope::giving(right);
        let without = [Right::UseOwnProfile, Right::OperateInstallation].contains(&right);
        assert_eq!(scope.is_none(), without, "{right:?}");
        // The least: a scope to manage is needed only for what only it gives.
        let is_manage = scope.is_some_and(|scope| scope.as_str().ends_with(":manage"));
        assert_eq!(is_manage, right.changes() && !without, "{right:?}");
    }
}
