//! What every handler shares.

use std::net::IpAddr;

use countersign_domain::values::HostName;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::{Store, clock};
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use url::Url;

use crate::assets::Assets;
use crate::changes::sign_in::Strangers;
use crate::failed_attempts::FailedAttempts;
use crate::oauth::{ClientFailures, VerifiedSecrets};
use crate::operations;
use crate::password::PasswordPool;
use crate::server::WebOptions;
use crate::templates::{TemplateError, Templates};

/// The shared state.
pub(crate) struct AppState {
    pub store: Store,
    pub templates: Templates,
    pub assets: Assets,
    pub passwords: PasswordPool,
    pub verified_secrets: VerifiedSecrets,
    pub client_failures: ClientFailures,
    pub failed_attempts: FailedAttempts,
    pub strangers: Strangers,
    pub metrics: Option<PrometheusHandle>,
    /// Without a slash at the end.
    pub base_url: String,
    pub trusted_proxies: Vec<IpAddr>,
    pub started_at: Timestamp,
    /// Threads that answer requests.
    pub workers: usize,
}

impl AppState {
    pub fn new(store: Store, base_url: &str, options: &WebOptions) -> Result<Self, TemplateError> {
        let assets = Assets::new();
        Ok(Self {
            store,
            templates: Templates::new(&assets)?,
            assets,
            passwords: PasswordPool::default(),
            verified_secrets: VerifiedSecrets::default(),
            client_failures: ClientFailures::default(),
            failed_attempts: FailedAttempts::default(),
            strangers: Strangers::default(),
            metrics: operations::install_recorder(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            trusted_proxies: options.trusted_proxies.clone(),
            started_at: clock::now(),
            workers: options.workers.max(1),
        })
    }

    /// The issuer identifier of an organization (RFC 8414 section 2) that people are told: under its own host name, if
    /// it has one.
    pub fn issuer(&self, organization: &OrganizationEntry) -> String {
        match &organization.host {
            Some(host) => self.issuer_of_host(host),
            None => self.issuer_of_slug(&organization.slug),
        }
    }

    /// Every issuer identifier of an organization: that under the installation's address and, with a host name of its
    /// own, that one.
    pub fn issuers(&self, slug: &str, host: Option<&str>) -> Vec<String> {
        [self.issuer_of_slug(slug)].into_iter().chain(host.map(|host| self.issuer_of_host(host))).collect()
    }

    /// Whether the host name is the installation's.
    pub fn is_own_host(&self, host: &HostName) -> bool {
        is_host_of(&self.base_url, host)
    }

    /// The issuer identifier of an organization under the installation's address.
    pub fn issuer_of_slug(&self, slug: &str) -> String {
        format!("{}/t/{slug}", self.base_url)
    }

    /// The issuer identifier of an organization under its own host name: `https`, but for names under `.localhost` on
    /// an installation without it, which is one to try things on.
    pub fn issuer_of_host(&self, host: &str) -> String {
        let plain = self.base_url.strip_prefix("http://").filter(|_| host.ends_with(".localhost"));
        match plain.map(|here| here.rsplit_once(':').map_or("", |(_, port)| port)) {
            Some("") => format!("http://{host}"),
            Some(port) => format!("http://{host}:{port}"),
            None => format!("https://{host}"),
        }
    }

    /// Whether cookies can be `Secure`: they can't on the plain HTTP of a loopback address.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

fn is_host_of(base_url: &str, host: &HostName) -> bool {
    Url::parse(base_url).is_ok_and(|url| url.host_str() == Some(host.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_name_of_the_installation_is_known_whatever_its_port() {
        let host = |text: &str| HostName::parse(text).unwrap();
        assert!(is_host_of("https://access.example.com", &host("Access.Example.com")));
        assert!(is_host_of("http://dev.localhost:8080", &host("dev.localhost")));
        assert!(!is_host_of("https://access.example.com", &host("example.com")));
        assert!(!is_host_of("https://access.example.com", &host("access.example.com.example")));
    }
}
