//! Every event in words. The matches name every event, so that a new one can't be forgotten.

use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::member::{SignInFailure, SignInMethod};
use countersign_domain::organization::ExportFormat;
use countersign_domain::{
    AuthorizationEvent, Change, ClientEvent, ClientSettings, ConsentEvent, JournalEvent, MemberEvent,
    OrganizationEvent, Personal, SecretKind, ThirdPartyEvent, TokenEvent,
};
use jiff::Timestamp;

use super::super::tokens::masked_token;
use super::super::{ERASED, masked};
use super::FieldChange;
use crate::projections::Disclosed;

/// What people call the things that an event refers to, and the personal data that was not erased.
pub(super) struct Labels<'a> {
    pub third_party: Option<&'a str>,
    pub client: Option<&'a str>,
    pub token: Option<&'a str>,
    pub member: Option<&'a str>,
    pub disclosed: &'a Disclosed,
}

impl Labels<'_> {
    fn third_party(&self) -> &str {
        self.third_party.unwrap_or("a third party")
    }

    fn client(&self) -> String {
        format!("client {}", self.client.unwrap_or("(unknown)"))
    }

    fn token(&self) -> String {
        format!("token {}", self.token.unwrap_or("(unknown)"))
    }

    fn member(&self) -> &str {
        self.member.unwrap_or(ERASED)
    }

    fn reveal(&self, personal: &Personal) -> String {
        self.disclosed.get(&personal.sha256).cloned().unwrap_or_else(|| ERASED.to_owned())
    }

    fn first(&self, field: &'static str, personal: Option<&Personal>) -> Option<FieldChange> {
        personal.map(|personal| first(field, self.reveal(personal)))
    }

    /// What changed of a person's data; `None` where only the commitment did, or nothing.
    fn changed(&self, field: &'static str, change: &Change<Option<Personal>>) -> Option<FieldChange> {
        let Change { from, to } = change;
        if from == to {
            return None;
        }
        let words = |personal: &Option<Personal>| personal.as_ref().map(|personal| self.reveal(personal));
        let (from, to) = (words(from), words(to));
        (from != to || from.as_deref() == Some(ERASED)).then_some(FieldChange { field, from, to })
    }
}

type Words = (String, Vec<FieldChange>);

/// What happened, as a sentence without its subject (that is the actor), and what changed by it.
pub(super) fn describe(event: &JournalEvent, labels: &Labels<'_>) -> Words {
    match event {
        JournalEvent::Organization(event) => organization(event),
        JournalEvent::Member(event) => member(event, labels),
        JournalEvent::ThirdParty(event) => third_party(event, labels),
        JournalEvent::Client(event) => client(event, labels),
        JournalEvent::Token(event) => token(event, labels),
        JournalEvent::Authorization(event) => authorization(event, labels),
        JournalEvent::Consent(event) => consent(event, labels),
    }
}

fn organization(event: &OrganizationEvent) -> Words {
    match event {
        OrganizationEvent::OrganizationCreated { slug, name, maximum_token_months } => (
            format!("Created the organization {name}"),
            vec![
                first("Name", name.clone()),
                first("Name in URLs", slug.clone()),
                first("Longest life of a manual token", months(*maximum_token_months)),
            ],
        ),
        OrganizationEvent::OrganizationRenamed { name } => {
            (format!("Renamed the organization to {}", name.to), vec![changed("Name", &name.from, &name.to)])
        }
        OrganizationEvent::OrganizationSuspended {} => {
            ("Suspended the organization".to_owned(), vec![switched("Suspended", true)])
        }
        OrganizationEvent::OrganizationResumed {} => {
            ("Resumed the organization".to_owned(), vec![switched("Suspended", false)])
        }
        OrganizationEvent::TokenLifetimeLimited { months: change } => (
            format!("Limited the life of manual tokens to {}", months(change.to)),
            vec![changed("Longest life of a manual token", &months(change.from), &months(change.to))],
        ),
        OrganizationEvent::HostNameChanged { host } => {
            let words = match &host.to {
                Some(name) => format!("Gave the organization the host name {name}"),
                None => "Took the organization's host name away".to_owned(),
            };
            (words, vec![FieldChange { field: "Host name", from: host.from.clone(), to: host.to.clone() }])
        }
        OrganizationEvent::DefaultTokenLifetimeChanged { months: change } => (
            format!("Set the life of manual tokens to {} unless a date is chosen", months(change.to)),
            vec![changed("Life of a manual token", &months(change.from), &months(change.to))],
        ),
        OrganizationEvent::AccessTokenLifetimeLimited { seconds } => {
            let words = match seconds.to {
                Some(seconds) => format!("Limited the life of access tokens to {seconds} s"),
                None => "Took the limit of the life of access tokens away".to_owned(),
            };
            let shown = |seconds: Option<u32>| seconds.map(|seconds| format!("{seconds} s"));
            let change = FieldChange {
                field: "Longest life of an access token",
                from: shown(seconds.from),
                to: shown(seconds.to),
            };
            (words, vec![change])
        }
        OrganizationEvent::DefaultAccessTokenLifetimeChanged { seconds } => (
            format!("Set the life of access tokens to {} s where a client says nothing else", seconds.to),
            vec![changed("Life of an access token", &format!("{} s", seconds.from), &format!("{} s", seconds.to))],
        ),
        OrganizationEvent::SignInCodesRequired {} => {
            ("Required sign-in codes of all members".to_owned(), vec![switched("Sign-in codes required", true)])
        }
        OrganizationEvent::SignInCodesMadeOptional {} => {
            ("Made sign-in codes optional".to_owned(), vec![switched("Sign-in codes required", false)])
        }
        OrganizationEvent::AuditExported { format, filters, up_to, .. } => {
            let format = match format {
                ExportFormat::Csv => "CSV",
                ExportFormat::Ndjson => "NDJSON",
            };
            let filters = lines(filters).map(|filters| first("Filtered by", filters));
            (format!("Exported the audit timeline up to no. {up_to} as {format}"), filters.into_iter().collect())
        }
    }
}

fn member(event: &MemberEvent, labels: &Labels<'_>) -> Words {
    let member = labels.member();
    match event {
        MemberEvent::MemberAdded { email, name, role } => (
            format!("Added the member {} as {}", labels.reveal(name), role.as_str()),
            vec![
                first("E-mail", labels.reveal(email)),
                first("Name", labels.reveal(name)),
                first("Role", role.as_str().to_owned()),
            ],
        ),
        MemberEvent::MemberRenamed { name } => {
            (format!("Renamed the member {member}"), labels.changed("Name", name).into_iter().collect())
        }
        MemberEvent::MemberRoleChanged { role } => (
            format!("Made the member {member} {}", role.to.as_str()),
            vec![changed("Role", role.from.as_str(), role.to.as_str())],
        ),
        MemberEvent::MemberPasswordSet { .. } => (format!("Set a new password for {member}"), Vec::new()),
        MemberEvent::MemberTotpEnabled {} => {
            (format!("Switched sign-in codes on for {member}"), vec![switched("Sign-in codes", true)])
        }
        MemberEvent::MemberTotpDisabled {} => {
            (format!("Switched sign-in codes off for {member}"), vec![switched("Sign-in codes", false)])
        }
        MemberEvent::MemberRecoveryCodesReplaced {} => (format!("Replaced the recovery codes of {member}"), Vec::new()),
        MemberEvent::MemberDeactivated {} => {
            (format!("Deactivated the member {member}"), vec![switched("Active", false)])
        }
        MemberEvent::MemberReactivated {} => {
            (format!("Reactivated the member {member}"), vec![switched("Active", true)])
        }
        MemberEvent::MemberSignInLinkCreated { expires_at } => {
            (format!("Made a one-use sign-in link for {member}, valid until {}", instant(*expires_at)), Vec::new())
        }
        MemberEvent::MemberSignedIn { method, .. } => {
            let method = match method {
                SignInMethod::Password => "a password",
                SignInMethod::Link => "a sign-in link",
                SignInMethod::PasswordAndCode => "a password and a sign-in code",
                SignInMethod::PasswordAndRecoveryCode => "a password and a recovery code",
                SignInMethod::LinkAndCode => "a sign-in link and a sign-in code",
                SignInMethod::LinkAndRecoveryCode => "a sign-in link and a recovery code",
            };
            (format!("Signed in as {member} with {method}"), Vec::new())
        }
        MemberEvent::MemberSessionEnded { .. } => (format!("Ended a session of {member}"), Vec::new()),
        MemberEvent::MemberSignInFailed { cause, count, minute } => {
            let cause = match cause {
                SignInFailure::WrongPassword => "wrong password",
                SignInFailure::WrongCode => "right password, wrong code",
                SignInFailure::LockedOut => "locked out after too many wrong passwords or codes",
            };
            (failures(*count, "attempt", &format!("to sign in as {member}"), cause, *minute), Vec::new())
        }
    }
}

fn third_party(event: &ThirdPartyEvent, labels: &Labels<'_>) -> Words {
    let third_party = labels.third_party();
    match event {
        ThirdPartyEvent::ThirdPartyAdded { name, contact_name, contact_email, requirements, mode } => {
            let personal = [
                labels.first("Contact name", contact_name.as_ref()),
                labels.first("Contact e-mail", contact_email.as_ref()),
                labels.first("Requirements", requirements.as_ref()),
            ];
            let changes = [first("Name", name.clone()), first("Mode", mode.as_str().to_owned())];
            (
                format!("Added the third party {name}"),
                changes.into_iter().chain(personal.into_iter().flatten()).collect(),
            )
        }
        ThirdPartyEvent::ThirdPartyRenamed { name } => (
            format!("Renamed the third party {} to {}", name.from, name.to),
            vec![changed("Name", &name.from, &name.to)],
        ),
        ThirdPartyEvent::ThirdPartyContactChanged { contact_name, contact_email } => (
            format!("Changed the contact of {third_party}"),
            [labels.changed("Contact name", contact_name), labels.changed("Contact e-mail", contact_email)]
                .into_iter()
                .flatten()
                .collect(),
        ),
        ThirdPartyEvent::ThirdPartyRequirementsChanged { requirements } => (
            format!("Changed the requirements of {third_party}"),
            labels.changed("Requirements", requirements).into_iter().collect(),
        ),
        ThirdPartyEvent::ThirdPartyModeChanged { mode } => (
            format!("Made {third_party} {}", mode.to.as_str()),
            vec![changed("Mode", mode.from.as_str(), mode.to.as_str())],
        ),
        ThirdPartyEvent::ThirdPartyEnabled {} => {
            (format!("Switched {third_party} on"), vec![switched("Enabled", true)])
        }
        ThirdPartyEvent::ThirdPartyDisabled {} => {
            (format!("Switched {third_party} off"), vec![switched("Enabled", false)])
        }
        ThirdPartyEvent::ThirdPartyDeleted { name } => (format!("Deleted the third party {name}"), Vec::new()),
    }
}

fn client(event: &ClientEvent, labels: &Labels<'_>) -> Words {
    let client = labels.client();
    match event {
        ClientEvent::ClientRegistered { identifier, client_type, scopes, redirect_uris, .. } => {
            let client_type = match client_type {
                ClientType::Confidential => "confidential",
                ClientType::Public => "public",
            };
            let lists = [("Scopes", lines(scopes)), ("Callback URLs", lines(redirect_uris))];
            let changes = [first("Client ID", identifier.clone()), first("Client type", client_type.to_owned())];
            let lists = lists.into_iter().filter_map(|(field, text)| text.map(|text| first(field, text)));
            (format!("Registered client {identifier}{}", owner(labels)), changes.into_iter().chain(lists).collect())
        }
        ClientEvent::ClientSecretAdded { proof, expires_at, .. } => {
            let secret = match proof {
                SecretProof::Generated { last_four, .. } => {
                    format!("the secret {}", masked(SecretKind::ClientSecret, last_four))
                }
                SecretProof::Chosen { .. } => "a secret chosen by a person".to_owned(),
            };
            (format!("Added {secret} to {client}"), vec![first("Expires", expiry(*expires_at))])
        }
        ClientEvent::ClientSecretRemoved { .. } => (format!("Removed a secret of {client}"), Vec::new()),
        ClientEvent::ClientRedirectUrisChanged { redirect_uris } => (
            format!("Changed the callback URLs of {client}"),
            vec![FieldChange {
                field: "Callback URLs",
                from: lines(&redirect_uris.from),
                to: lines(&redirect_uris.to),
            }],
        ),
        ClientEvent::ClientSettingsChanged { settings } => {
            (format!("Changed what {client} may do"), settings_changes(&settings.from, &settings.to))
        }
        ClientEvent::ClientSecretLimited { expires_at, .. } => (
            format!("Changed when a secret of {client} expires"),
            vec![changed("Expires", &expiry(expires_at.from), &expiry(expires_at.to))],
        ),
        ClientEvent::ClientActivated {} => (format!("Switched {client} on"), vec![switched("Active", true)]),
        ClientEvent::ClientDeactivated {} => (format!("Switched {client} off"), vec![switched("Active", false)]),
        ClientEvent::ClientDeleted { identifier } => (format!("Deleted client {identifier}"), Vec::new()),
        ClientEvent::AuthenticationFailed { cause, count, minute } => {
            (failures(*count, "authentication", &format!("of {client}"), cause.in_words(), *minute), Vec::new())
        }
    }
}

/// The settings that differ.
fn settings_changes(from: &ClientSettings, to: &ClientSettings) -> Vec<FieldChange> {
    let grants = |settings: &ClientSettings| {
        let names = settings.grant_types.iter().map(|grant| grant.as_str().to_owned());
        lines(&names.collect::<Vec<_>>())
    };
    let lifetime = |settings: &ClientSettings| {
        Some(settings.access_token_lifetime.map_or_else(|| "Default".to_owned(), |seconds| format!("{seconds} s")))
    };
    let yes_or_no = |on: bool| Some(if on { "Yes" } else { "No" }.to_owned());
    let fields: [(&'static str, Option<String>, Option<String>); 6] = [
        ("Scopes", lines(&from.scopes), lines(&to.scopes)),
        ("Grant types", grants(from), grants(to)),
        ("PKCE required", yes_or_no(from.pkce_required), yes_or_no(to.pkce_required)),
        ("Access tokens live", lifetime(from), lifetime(to)),
        ("May introspect", yes_or_no(from.may_introspect), yes_or_no(to.may_introspect)),
        ("API key", yes_or_no(from.api_access), yes_or_no(to.api_access)),
    ];
    let differing = fields.into_iter().filter(|(_, from, to)| from != to);
    differing.map(|(field, from, to)| FieldChange { field, from, to }).collect()
}

fn token(event: &TokenEvent, labels: &Labels<'_>) -> Words {
    let token = labels.token();
    match event {
        TokenEvent::TokenIssued { kind, last_four, scopes, expires_at, .. } => {
            let token = masked_token(*kind, last_four);
            let scopes = lines(scopes).map(|scopes| first("Scopes", scopes));
            (
                format!("Added token {token}{}", owner(labels)),
                [first("Expires", expiry(*expires_at))].into_iter().chain(scopes).collect(),
            )
        }
        TokenEvent::TokenActivated {} => (format!("Switched {token} on"), vec![switched("Active", true)]),
        TokenEvent::TokenDeactivated {} => (format!("Switched {token} off"), vec![switched("Active", false)]),
        TokenEvent::TokenRevoked {} => (format!("Revoked {token}"), Vec::new()),
    }
}

fn authorization(event: &AuthorizationEvent, labels: &Labels<'_>) -> Words {
    let client = labels.client();
    match event {
        AuthorizationEvent::AuthorizationGranted { grant, code_expires_at } => {
            let scopes = lines(&grant.scopes).map(|scopes| first("Scopes", scopes));
            let details = [
                first("Redirect URI", grant.redirect_uri.clone()),
                first("Authorization code expires", expiry(Some(*code_expires_at))),
            ];
            (format!("Authorized {client}"), details.into_iter().chain(scopes).collect())
        }
        AuthorizationEvent::CodeRedeemed { .. } => (format!("Redeemed the authorization code of {client}"), Vec::new()),
        AuthorizationEvent::CodeReplayed {} => (
            format!("An authorization code of {client} was presented again: everything it gave was revoked"),
            Vec::new(),
        ),
        AuthorizationEvent::RefreshTokenRotated { .. } => {
            (format!("Replaced the refresh token of {client} by its successor"), Vec::new())
        }
        AuthorizationEvent::RefreshTokenReused {} => {
            (format!("A refresh token of {client} was used again: all tokens of its family were revoked"), Vec::new())
        }
        AuthorizationEvent::AuthorizationRevoked {} => (format!("Revoked the authorization of {client}"), Vec::new()),
    }
}

fn consent(event: &ConsentEvent, labels: &Labels<'_>) -> Words {
    let client = labels.client();
    match event {
        ConsentEvent::ConsentGiven { scopes, .. } => (
            format!("Consented to the access of {client}"),
            lines(scopes).map(|scopes| first("Scopes", scopes)).into_iter().collect(),
        ),
        ConsentEvent::ConsentWithdrawn {} => (format!("Withdrew the consent to the access of {client}"), Vec::new()),
    }
}

/// For whom a client or token is, where it is for somebody.
fn owner(labels: &Labels<'_>) -> String {
    labels.third_party.map(|name| format!(" for {name}")).unwrap_or_default()
}

/// A value that was not there before.
fn first(field: &'static str, to: String) -> FieldChange {
    FieldChange { field, from: None, to: Some(to) }
}

fn changed(field: &'static str, from: &str, to: &str) -> FieldChange {
    FieldChange { field, from: Some(from.to_owned()), to: Some(to.to_owned()) }
}

fn switched(field: &'static str, on: bool) -> FieldChange {
    let words = |on| if on { "Yes" } else { "No" };
    changed(field, words(!on), words(on))
}

/// One value a line, or nothing.
fn lines(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join("\n"))
}

fn months(count: u16) -> String {
    format!("{count} {}", if count == 1 { "month" } else { "months" })
}

fn expiry(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "Does not expire".to_owned(), instant)
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// "3 attempts to sign in as Ann failed: wrong password (in the minute from 2026-03-14 09:26:00 UTC)".
fn failures(count: u32, what: &str, whose: &str, cause: &str, minute: Timestamp) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural} {whose} failed: {cause} (in the minute from {})", instant(minute))
}
