//! What `dev` tells the programs that started it. The shape is a contract with them.

use countersign_domain::ThirdPartyId;
use serde::Serialize;

use super::Seeded;
use super::demo::{Demo, DemoClient, DemoPublicClient, Login, Logins};
use crate::error::CommandError;

/// Everything that is needed to use a running `dev`.
#[derive(Debug, Serialize)]
pub struct Ready<'a> {
    pub base_url: &'a str,
    pub database_url: &'a str,
    pub sign_in_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_url: Option<&'a str>,
    pub organizations: Vec<ReadyOrganization<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<ReadyOperator<'a>>,
}

/// Who runs the installation.
#[derive(Debug, Serialize)]
pub struct ReadyOperator<'a> {
    #[serde(flatten)]
    pub login: &'a Login,
    pub sign_in_url: String,
}

/// A demo organization.
#[derive(Debug, Serialize)]
pub struct ReadyOrganization<'a> {
    pub slug: &'a str,
    pub issuer: String,
    #[serde(flatten)]
    pub logins: &'a Logins,
    pub client: &'a DemoClient,
    pub public_client: &'a DemoPublicClient,
    pub third_party: ReadyThirdParty,
    pub token: &'a str,
}

/// Its third party.
#[derive(Debug, Serialize)]
pub struct ReadyThirdParty {
    pub id: ThirdPartyId,
}

/// Puts it together.
pub fn describe<'a>(
    base_url: &'a str,
    database_url: &'a str,
    sign_in_url: &'a str,
    metrics_url: Option<&'a str>,
    demo: &'a Demo,
    seeded: &[Seeded],
) -> Ready<'a> {
    let organizations = demo.organizations.iter().zip(seeded).map(|(shown, seeded)| ReadyOrganization {
        slug: &shown.slug,
        issuer: format!("{base_url}/t/{}", shown.slug),
        logins: &shown.logins,
        client: &shown.client,
        public_client: &shown.public_client,
        third_party: ReadyThirdParty { id: seeded.third_party },
        token: &shown.token,
    });
    Ready { base_url, database_url, sign_in_url, metrics_url, organizations: organizations.collect(), operator: None }
}

/// The content of the ready file.
pub fn to_json(ready: &Ready<'_>) -> Result<String, CommandError> {
    let text = serde_json::to_string_pretty(ready).map_err(|error| CommandError::System("no JSON", error.into()))?;
    Ok(format!("{text}\n"))
}
