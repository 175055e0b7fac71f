//! What came of checking a token, for people and programs: every check with its outcome, and what to do about the
//! first that failed.

use countersign_domain::secret;
use countersign_domain::validity::{self, Check, CheckOutcome, Denial};
use countersign_persistence::directory::{OrganizationEntry, Verdict};
use countersign_persistence::queries::masked;
use jiff::Timestamp;
use serde::Serialize;

/// The diagnosis of a presented token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "active": false, "organization": "Acme Energy", "third_party": "Brightside Payroll", "token": "cs_mt_…a9F2",
    "expires_at": "2027-05-20T14:05:00Z",
    "failed": {
        "check": "third-party-enabled", "message": "The third party is not Enabled",
        "advice": "An admin of the organization can tick Enabled on the third party's page"
    },
    "checks": [
        { "check": "token-recognized", "title": "The token is recognized", "outcome": "passed" },
        { "check": "third-party-enabled", "title": "The third party is Enabled", "outcome": "failed" },
        { "check": "client-active", "title": "The client is Active", "outcome": "not_reached" }
    ]
}))]
pub(crate) struct Diagnosis {
    /// Whether the token gives access.
    pub active: bool,
    /// The name of the organization.
    pub organization: String,
    /// The name of the third party that the token was issued for, where the token is recognized.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_party: Option<String>,
    /// The token as people tell it apart, where it is recognized.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When the token expires; null if it never does or is not recognized.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The first check that failed; absent if all passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedCheck>,
    /// Every check in the order in which they are made.
    pub checks: Vec<CheckResult>,
}

/// The check that stopped the token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FailedCheck {
    /// The check's name, as in `checks`.
    pub check: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// One check.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CheckResult {
    /// A stable name.
    pub check: &'static str,
    /// What is checked, in words.
    pub title: &'static str,
    /// How it came out.
    pub outcome: Outcome,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It holds.
    Passed,
    /// It is the first that doesn't.
    Failed,
    /// A check before it failed.
    NotReached,
}

impl From<CheckOutcome> for Outcome {
    fn from(outcome: CheckOutcome) -> Self {
        match outcome {
            CheckOutcome::Passed => Self::Passed,
            CheckOutcome::Failed => Self::Failed,
            CheckOutcome::NotReached => Self::NotReached,
        }
    }
}

impl Diagnosis {
    /// The diagnosis that a verdict on a presented token amounts to. Of the token itself it keeps the last four
    /// characters, and those only when the organization issued it.
    pub fn of(organization: &OrganizationEntry, presented: &str, verdict: &Verdict) -> Self {
        let denial = verdict.result.as_ref().err();
        let kind = secret::parse(presented).ok().map(|parsed| parsed.kind);
        Self {
            active: denial.is_none(),
            organization: organization.name.clone(),
            third_party: verdict.third_party.as_ref().map(|third_party| third_party.name.clone()),
            token: verdict.token.as_ref().zip(kind).map(|(token, kind)| masked(kind, &token.last_four)),
            expires_at: verdict.token.as_ref().and_then(|token| token.facts.expires_at),
            failed: denial.map(FailedCheck::of),
            checks: validity::diagnosis(denial.map_or(Ok(()), Err))
                .map(|(check, outcome)| CheckResult {
                    check: check.name(),
                    title: check.title(),
                    outcome: outcome.into(),
                })
                .collect(),
        }
    }

    /// The diagnosis of a request that presents no token.
    pub fn without_token(organization: &OrganizationEntry) -> Self {
        let nothing =
            Verdict { token: None, client: None, third_party: None, authorization: None, result: Err(Denial::Unknown) };
        let failed = FailedCheck {
            check: Check::Recognized.name(),
            message: "No token was sent".to_owned(),
            advice: "Send the token in the header Authorization, after the word Bearer and a space",
        };
        Self { failed: Some(failed), ..Self::of(organization, "", &nothing) }
    }
}

impl FailedCheck {
    fn of(denial: &Denial) -> Self {
        Self { check: denial.check().name(), message: denial.to_string(), advice: denial.advice() }
    }
}
