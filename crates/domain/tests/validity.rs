//! Whether a token gives access: every denial, their order, and the diagnosis made of them.

#![expect(clippy::unwrap_used, reason = "a failing test panics")]

use countersign_domain::SecretError;
use countersign_domain::token::TokenStatus;
use countersign_domain::validity::{
    AuthorizationStanding, Check, CheckOutcome, Circumstances, Denial, RequestOutcome, Standing, TokenFacts, check,
    diagnosis,
};
use jiff::{SignedDuration, Timestamp};

/// Circumstances that a test can change one by one, unlike [`Circumstances`], which borrow.
#[derive(Clone)]
struct Setting {
    token: TokenFacts,
    organization_suspended: bool,
    third_party: Option<Standing>,
    client: Option<Standing>,
    authorization: Option<AuthorizationStanding>,
    required_scope: Option<&'static str>,
}

impl Setting {
    /// A token for which nothing stands in the way.
    fn good() -> Self {
        Self {
            token: TokenFacts {
                status: TokenStatus::Active,
                expires_at: Some(now() + SignedDuration::from_secs(1)),
                scopes: vec!["read".into(), "write".into()],
            },
            organization_suspended: false,
            third_party: Some(Standing::On),
            client: Some(Standing::On),
            authorization: Some(AuthorizationStanding::On),
            required_scope: Some("read"),
        }
    }

    fn check(&self) -> Result<(), Denial> {
        check(&Circumstances {
            token: &self.token,
            organization_suspended: self.organization_suspended,
            third_party: self.third_party,
            client: self.client,
            authorization: self.authorization,
            required_scope: self.required_scope,
            now: now(),
        })
    }
}

fn now() -> Timestamp {
    "2026-03-14T09:26:53.589793Z".parse().unwrap()
}

type Fault = (fn(&mut Setting), Denial);

/// Every way to spoil a token, with what is said about it, in the order in which it must be said. Ways that exclude
/// one another stand at the same place.
fn faults() -> Vec<Vec<Fault>> {
    vec![
        vec![(|setting| setting.organization_suspended = true, Denial::OrganizationSuspended)],
        vec![
            (|setting| setting.third_party = Some(Standing::Off), Denial::ThirdPartyDisabled),
            (|setting| setting.third_party = Some(Standing::Deleted), Denial::ThirdPartyDeleted),
        ],
        vec![
            (|setting| setting.client = Some(Standing::Off), Denial::ClientInactive),
            (|setting| setting.client = Some(Standing::Deleted), Denial::ClientDeleted),
        ],
        vec![
            (|setting| setting.token.status = TokenStatus::Inactive, Denial::TokenInactive),
            (|setting| setting.token.status = TokenStatus::Revoked, Denial::TokenRevoked),
        ],
        vec![
            (|setting| setting.authorization = Some(AuthorizationStanding::Revoked), Denial::AuthorizationRevoked),
            (|setting| setting.authorization = Some(AuthorizationStanding::MemberInactive), Denial::MemberInactive),
        ],
        vec![(|setting| setting.token.expires_at = Some(now()), Denial::Expired { at: now() })],
        vec![(|setting| setting.required_scope = Some("admin"), Denial::ScopeMissing { scope: "admin".into() })],
    ]
}

/// Every denial, in the order of the checks that they fail.
fn all_denials() -> Vec<Denial> {
    let before = [Denial::Mistyped, Denial::Foreign, Denial::Unknown, Denial::WrongCredentials];
    before.into_iter().chain(faults().into_iter().flatten().map(|(_, denial)| denial)).collect()
}

#[test]
fn a_token_gives_access_when_nothing_stands_in_the_way() {
    assert_eq!(Setting::good().check(), Ok(()));
}

#[test]
fn a_token_bound_to_nothing_gives_access() {
    let setting =
        Setting { third_party: None, client: None, authorization: None, required_scope: None, ..Setting::good() };
    assert_eq!(setting.check(), Ok(()));
}

#[test]
fn every_fault_alone_is_named() {
    for (spoil, denial) in faults().into_iter().flatten() {
        let mut setting = Setting::good();
        spoil(&mut setting);
        assert_eq!(setting.check(), Err(denial));
    }
}

#[test]
fn of_two_faults_the_first_is_named() {
    let faults = faults();
    let mut pairs = 0;
    for (place, earlier) in faults.iter().enumerate() {
        for (spoil, denial) in earlier {
            for (spoil_too, _) in faults[place + 1..].iter().flatten() {
                for order in [[spoil, spoil_too], [spoil_too, spoil]] {
                    let mut setting = Setting::good();
                    for spoil in order {
                        spoil(&mut setting);
                    }
                    assert_eq!(setting.check().as_ref(), Err(denial));
                }
                pairs += 1;
            }
        }
    }
    // 1 × 10 + 2 × 8 + 2 × 6 + 2 × 4 + 2 × 2 + 1 × 1
    assert_eq!(pairs, 51);
}

#[test]
fn of_all_faults_the_first_is_named() {
    let mut setting = Setting::good();
    for (spoil, denial) in faults().into_iter().rev().filter_map(|place| place.into_iter().next()) {
        spoil(&mut setting);
        assert_eq!(setting.check(), Err(denial));
    }
}

#[test]
fn a_token_expires_at_the_instant_itself() {
    let microsecond = SignedDuration::from_micros(1);
    for (expires_at, valid) in [
        (Some(now() - microsecond), false),
        (Some(now()), false),
        (Some(now() + SignedDuration::from_nanos(1)), true),
        (Some(now() + microsecond), true),
        (None, true),
    ] {
        let mut setting = Setting::good();
        setting.token.expires_at = expires_at;
        let expected = match expires_at {
            Some(at) if !valid => Err(Denial::Expired { at }),
            _ => Ok(()),
        };
        assert_eq!(setting.check(), expected);
    }
}

#[test]
fn a_scope_is_granted_as_a_whole_and_exactly() {
    for (required, granted) in [
        (None, true),
        (Some("read"), true),
        (Some("write"), true),
        (Some("READ"), false),
        (Some("rea"), false),
        (Some("read write"), false),
        (Some("readwrite"), false),
        (Some(""), false),
    ] {
        let setting = Setting { required_scope: required, ..Setting::good() };
        assert_eq!(setting.check().is_ok(), granted, "{required:?}");
    }
}

#[test]
fn a_token_without_scopes_allows_what_needs_none() {
    let mut setting = Setting::good();
    setting.token.scopes.clear();
    assert_eq!(setting.check(), Err(Denial::ScopeMissing { scope: "read".into() }));
    setting.required_scope = None;
    assert_eq!(setting.check(), Ok(()));
}

#[test]
fn every_denial_fails_its_check() {
    use Check::{
        ClientActive, Credentials, NotExpired, Organization, Recognized, Scope, ThirdPartyEnabled, TokenActive,
    };
    let checks: Vec<Check> = all_denials().iter().map(Denial::check).collect();
    assert_eq!(
        checks,
        [
            Recognized,
            Recognized,
            Recognized,
            Credentials,
            Organization,
            ThirdPartyEnabled,
            ThirdPartyEnabled,
            ClientActive,
            ClientActive,
            TokenActive,
            TokenActive,
            TokenActive,
            TokenActive,
            NotExpired,
            Scope,
        ]
    );
}

#[test]
fn checks_stand_in_the_order_in_which_they_are_made() {
    assert!(Check::ALL.is_sorted());
    assert!(all_denials().is_sorted_by_key(Denial::check));
    let mut failing: Vec<Check> = all_denials().iter().map(Denial::check).collect();
    failing.dedup();
    assert_eq!(failing, Check::ALL, "every check can fail");
}

#[test]
fn a_string_that_is_no_secret_is_denied_as_what_it_is() {
    assert_eq!(Denial::from(SecretError::Foreign), Denial::Foreign);
    assert_eq!(Denial::from(SecretError::Mistyped), Denial::Mistyped);
}

#[test]
fn a_diagnosis_shows_all_checks_up_to_the_one_that_failed() {
    for denial in all_denials() {
        let outcomes: Vec<(Check, CheckOutcome)> = diagnosis(Err(&denial)).collect();
        let expected: Vec<(Check, CheckOutcome)> = Check::ALL
            .into_iter()
            .map(|check| match check.cmp(&denial.check()) {
                std::cmp::Ordering::Less => (check, CheckOutcome::Passed),
                std::cmp::Ordering::Equal => (check, CheckOutcome::Failed),
                std::cmp::Ordering::Greater => (check, CheckOutcome::NotReached),
            })
            .collect();
        assert_eq!(outcomes, expected, "{denial}");
    }
}

#[test]
fn a_diagnosis_in_full() {
    use CheckOutcome::{Failed, NotReached, Passed};
    let outcomes: Vec<(&str, CheckOutcome)> =
        diagnosis(Err(&Denial::ClientInactive)).map(|(check, outcome)| (check.name(), outcome)).collect();
    assert_eq!(
        outcomes,
        [
            ("token-recognized", Passed),
            ("credentials", Passed),
            ("organization-active", Passed),
            ("third-party-enabled", Passed),
            ("client-active", Failed),
            ("token-active", NotReached),
            ("not-expired", NotReached),
            ("scope", NotReached),
        ]
    );
}

#[test]
fn a_diagnosis_of_a_good_token_passes_every_check() {
    assert!(diagnosis(Ok(())).eq(Check::ALL.map(|check| (check, CheckOutcome::Passed))));
}

#[test]
fn people_are_told_what_happened_and_what_to_do() {
    let denials = all_denials();
    for denial in &denials {
        assert!(!denial.to_string().is_empty() && !denial.advice().is_empty(), "{denial:?}");
        assert!(!denial.check().title().is_empty(), "{denial:?}");
    }
    let mut messages: Vec<String> = denials.iter().map(ToString::to_string).collect();
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), denials.len(), "no two denials read the same");
    assert_eq!(Denial::Expired { at: now() }.to_string(), "The token expired on 2026-03-14T09:26:53.589793Z");
    assert!(Denial::ScopeMissing { scope: "admin".into() }.to_string().contains("admin"));
}

#[test]
fn outcomes_are_named_by_the_check_that_failed() {
    assert_eq!(RequestOutcome::from(&Setting::good().check()), RequestOutcome::Allowed);
    let mut expired = Setting::good();
    expired.token.expires_at = Some(now());
    let outcome = RequestOutcome::from(&expired.check());
    assert_eq!((outcome.name(), outcome.in_words()), ("not-expired", "token expired"));
    let all = Check::ALL.map(RequestOutcome::Refused).into_iter().chain([RequestOutcome::Allowed]);
    for outcome in all {
        assert_eq!(RequestOutcome::from_name(outcome.name()), Some(outcome));
    }
    assert_eq!(RequestOutcome::from_name("granted"), None);
}
