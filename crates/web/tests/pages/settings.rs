//! The settings of an organization and its API keys, on the pages.

use countersign_domain::{Digest, OrganizationCommand, Role};
use countersign_persistence::sign_in::{self, NewSecondFactor};
use countersign_persistence::testing;
use countersign_web::admin::PAGES;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::site::{Site, new_organization};

/// What the form of the page sends, with these fields changed.
async fn save(site: &Site, browser: &Browser, page: &Page, changes: &[(&str, &str)]) -> Page {
    let names = [
        "name",
        "host_name",
        "maximum_token_months",
        "default_token_months",
        "maximum_expires_in",
        "default_expires_in",
    ];
    let shown = names.map(|name| (name, page.input(name)));
    let version = page.hidden("version");
    let mut fields = vec![("version", version.as_str())];
    fields.extend(shown.iter().map(|(name, value)| (*name, value.as_str())));
    for change in changes {
        fields.retain(|(name, _)| *name != change.0);
        fields.push(*change);
    }
    browser.submit(page, &site.path("/settings"), &fields).await
}

#[tokio::test]
async fn an_owner_changes_settings_and_others_read_them() {
    let site = Site::start().await;
    let owner = site.signed_in(Role::Owner).await;
    let path = site.path("/settings");
    let page = owner.open(&path).await;
    assert_eq!(page.input("maximum_token_months"), "24");
    page.must_have(&format!("<code id=\"issuer-0\">{}/t/{}</code>", site.base_url, site.slug));
    let host = format!("{}.example", site.slug);
    let changes =
        [("name", "Acme Ltd"), ("host_name", &*host), ("maximum_token_months", "12"), ("maximum_expires_in", "7200")];
    let saved = save(&site, &owner, &page, &changes).await;
    assert_eq!(saved.location(), format!("{path}?done=saved"));
    let page = owner.open(&path).await;
    assert_eq!([page.input("name"), page.input("maximum_token_months")], ["Acme Ltd", "12"]);
    page.must_have(&format!("<code id=\"issuer-1\">https://{host}</code>"));
    for role in [Role::Admin, Role::Auditor] {
        let reader = site.signed_in(role).await;
        let read = reader.open(&path).await;
        read.must_have("Acme Ltd");
        assert_eq!(read.between_all("method=\"post\" action=\"", "\""), ["/logout"], "{role:?}");
    }
    let clients = owner.open(&site.path("/clients/new")).await;
    clients.must_have("from 60 to 7200, which is the organization");
    site.stop().await;
}

#[tokio::test]
async fn a_refused_save_keeps_what_was_typed_and_saves_nothing() {
    let site = Site::start().await;
    let owner = site.signed_in(Role::Owner).await;
    let (other, _) = new_organization(&site.store).await;
    let taken = format!("{}.example", site.slug);
    let path = site.path("/settings");
    let page = owner.open(&path).await;
    let bad =
        [("name", "Typed"), ("host_name", "https://x"), ("default_token_months", "six"), ("maximum_expires_in", "1h")];
    let refused = save(&site, &owner, &page, &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["host_name", "default_token_months", "maximum_expires_in"] {
        refused.must_have(&format!("<a href=\"#field-{field}\">"));
        refused.must_have(&format!("id=\"error-{field}\""));
    }
    assert_eq!([refused.input("name"), refused.input("host_name")], ["Typed", "https://x"]);
    // A default beyond a new maximum is not cut in silence.
    let refused = save(&site, &owner, &page, &[("maximum_token_months", "3")]).await;
    refused.must_have("Choose 1 to 3 months");
    let refused = save(&site, &owner, &page, &[("sign_in_codes_required", "on")]).await;
    refused.must_have("id=\"error-sign_in_codes_required\"");
    assert_eq!(owner.open(&path).await.input("name"), site.slug);

    let host = OrganizationCommand::SetHostName(Some(taken.parse().unwrap()));
    testing::command_organization(&site.store, other, host).await.unwrap();
    let refused = save(&site, &owner, &page, &[("host_name", &taken)]).await;
    refused.must_have("Another organization has this host name");
    site.stop().await;
}

#[tokio::test]
async fn an_overtaken_form_is_shown_beside_what_is_saved() {
    let site = Site::start().await;
    let (one, other) = (site.signed_in(Role::Owner).await, site.signed_in(Role::Owner).await);
    let path = site.path("/settings");
    let (page, stale) = (one.open(&path).await, other.open(&path).await);
    save(&site, &one, &page, &[("name", "First")]).await.location();
    let refused = save(&site, &other, &stale, &[("name", "Second"), ("maximum_token_months", "12")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.must_have("Saved at present: First");
    refused.must_have("Saved at present: 24");
    assert_eq!(refused.input("name"), "Second");
    let again = [("name", "Second"), ("maximum_token_months", "12")];
    save(&site, &other, &refused, &again).await.location();
    assert_eq!(one.open(&path).await.input("name"), "Second");
    site.stop().await;
}

#[tokio::test]
async fn the_default_and_the_maximum_reach_the_form_of_a_token() {
    let site = Site::start().await;
    let owner = site.signed_in(Role::Owner).await;
    let third_party = site.third_party(&owner, "Brightside").await;
    let offered = async || {
        let page = owner.open(&third_party).await;
        page.between_all("name=\"expires_on\"", ">").remove(0)
    };
    let before = offered().await;
    let page = owner.open(&site.path("/settings")).await;
    let changes = [("maximum_token_months", "2"), ("default_token_months", "1")];
    save(&site, &owner, &page, &changes).await.location();
    assert_ne!(offered().await, before);
    let page = owner.open(&third_party).await;
    let version = page.hidden("version");
    let beyond = countersign_persistence::clock::now() + jiff::SignedDuration::from_hours(24 * 63);
    let day = beyond.strftime("%Y-%m-%d").to_string();
    let fields = [
        ("version", version.as_str()),
        ("name", "Brightside"),
        ("mode", "manual"),
        ("action", "add-token"),
        ("expires_on", &*day),
    ];
    let refused = owner.submit(&page, &third_party, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("Choose a date within 2 months");
    site.stop().await;
}

#[tokio::test]
async fn an_api_key_is_made_within_ones_own_rights_and_shown_with_how_to_try_it() {
    let site = Site::start().await;
    let (owner, admin) = (site.signed_in(Role::Owner).await, site.signed_in(Role::Admin).await);
    let (list, new) = (site.path("/settings/api-keys"), site.path("/settings/api-keys/new"));
    owner.open(&list).await.must_have("No API keys yet");
    let nothing = owner.fill_in(&new, &[("client_id", "sync")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    nothing.must_have("<a href=\"#field-scopes\">");
    assert_eq!(nothing.input("client_id"), "sync");

    let form = admin.open(&new).await;
    form.must_have("name=\"scopes[members:manage]\" value=\"on\" aria-describedby=\"hint-scopes-4\" disabled");
    let forged = admin.submit(&form, &new, &[("scopes[members:manage]", "on"), ("client_id", "mine")]).await;
    assert_eq!(forged.status, StatusCode::UNPROCESSABLE_ENTITY);
    forged.must_have("members:manage goes beyond your own rights");
    admin.open(&list).await.must_have("No API keys yet");

    let fields = [("client_id", "sync"), ("scopes[audit:read]", "on"), ("scopes[members:manage]", "on")];
    let made = owner.fill_in(&new, &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(made.headers["cache-control"], "no-store");
    let secret = made.secret("cs_sk_");
    let commands = made.between_all("<code id=\"try-it\">", "</code>").remove(0);
    assert!(commands.contains(&format!("--data-urlencode client_secret='{secret}'")), "{commands}");
    assert!(commands.contains(&format!("{}/api/v1/orgs/{}/audit", site.base_url, site.slug)), "{commands}");
    let listed = owner.open(&list).await;
    listed.must_have("<code>audit:read</code> <code>members:manage</code>");
    listed.must_have("Never");
    let path = listed.between_all("<th scope=\"row\"><a href=\"", "\"").remove(0);

    // An admin may keep and take what an owner gave, not add to it, and gets no secret that has it.
    let page = admin.open(&path).await;
    page.must_have("API key");
    page.must_not_have("name=\"redirect_uris\"");
    let version = page.hidden("version");
    let with = |extra: &[(&'static str, &'static str)]| {
        let mut fields = vec![("version", version.clone()), ("active", "on".to_owned())];
        fields.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
        fields
    };
    let submit = async |fields: Vec<(&str, String)>| {
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
        admin.submit(&page, &path, &fields).await
    };
    let both = [("scopes[audit:read]", "on"), ("scopes[members:manage]", "on")];
    let secret = submit(with(&[both[0], both[1], ("action", "new-secret")])).await;
    secret.must_have("members:manage goes beyond your own rights");
    let wider = submit(with(&[both[0], both[1], ("scopes[settings:manage]", "on")])).await;
    wider.must_have("settings:manage goes beyond your own rights");
    let none = submit(with(&[])).await;
    none.must_have("Choose at least one scope");
    assert!(submit(with(&both)).await.location().ends_with("?done=saved"));
    assert!(submit(with(&[both[0]])).await.location().ends_with("?done=saved"));
    let narrowed = admin.open(&list).await;
    narrowed.must_have("<code>audit:read</code>");
    narrowed.must_not_have("<code>members:manage</code>");
    site.stop().await;
}

#[tokio::test]
async fn who_must_have_sign_in_codes_is_led_to_set_them_up_from_every_page() {
    const OWN_CODES: &str = "/o/{org}/profile/sign-in-codes";
    let site = Site::start().await;
    let (member, _) = site.member(Role::Owner).await;
    let owner = site.browser();
    owner.get(&site.link(member).await).await.location();
    let code = NewSecondFactor { secret: vec![7; 20], used_step: 0, recovery_codes: vec![Digest::of("code")] };
    sign_in::enable_totp(&site.store, &testing::operator(site.organization), member, code).await.unwrap();
    let without = site.signed_in(Role::Owner).await;
    let page = owner.open(&site.path("/settings")).await;
    save(&site, &owner, &page, &[("sign_in_codes_required", "on")]).await.location();

    let set_up = site.path("/profile/sign-in-codes");
    let form = without.open(&format!("{set_up}?done=sign-in-codes-required")).await;
    form.must_have("Your organization requires sign-in codes");
    let csrf = form.hidden("csrf");
    let of_members =
        PAGES.iter().filter(|page| page.right.is_some() && page.path.starts_with("/o/") && page.path != OWN_CODES);
    for page in of_members {
        let id = testing::random_id().to_string();
        let path =
            page.path.replace("{org}", &site.slug).replace("{id}", &id).replace("{token}", &id).replace("{job}", &id);
        let answer = match page.method {
            "GET" => without.get(&path).await,
            _ => without.post(&path, &[("csrf", &csrf)]).await,
        };
        assert_eq!(answer.location(), format!("{set_up}?done=sign-in-codes-required"), "{} {path}", page.method);
    }
    assert_eq!(owner.get(&site.path("/settings")).await.status, StatusCode::OK);
    let own = owner.open(&set_up).await;
    own.must_not_have("value=\"switch-off\"");
    let refused =
        owner.submit(&own, &set_up, &[("action", "switch-off"), ("current_password", crate::site::PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("they stay on");
    crate::sign_in_codes::switch_on(&site, &without).await;
    assert_eq!(without.get(&site.path("/settings")).await.status, StatusCode::OK);
    site.stop().await;
}
