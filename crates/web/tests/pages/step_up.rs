//! What reveals or replaces secrets, or changes members, asks again who it is, and then goes on with all that was sent.

use countersign_domain::values::{EmailAddress, PersonName};
use countersign_domain::{MemberId, Role};
use countersign_persistence::{sign_in, testing};
use countersign_web::admin::PAGES;
use countersign_web::step_up::FORMS;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::site::{PASSWORD, Site};
use crate::totp;

type Sent = Vec<(String, String)>;

fn sent(fields: &[(&str, &str)]) -> Sent {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn borrowed(fields: &Sent) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

async fn age(site: &Site) {
    testing::age_confirmations(&site.store, site.organization).await;
}

/// A member who signs in by links alone.
async fn without_password(site: &Site, role: Role) -> (MemberId, Browser) {
    let email = format!("{}@acme.example", testing::random_id().simple());
    let (email, name) = (EmailAddress::parse(&email).unwrap(), PersonName::parse("Lin").unwrap());
    let context = testing::operator(site.organization);
    let member = sign_in::add_member(&site.store, &context, email, name, role, None).await.unwrap();
    let browser = site.browser();
    browser.get(&site.link(member).await).await.location();
    (member, browser)
}

/// Switches sign-in codes on; answers the secret.
async fn switch_codes_on(site: &Site, browser: &Browser) -> String {
    let path = site.path("/profile/sign-in-codes");
    let form = browser.open(&path).await;
    let secret = form.between_all("id=\"totp-secret\">", "<").remove(0).replace(' ', "");
    let (nonce, code) = (form.hidden("nonce"), totp::code(&secret, 0));
    let on = browser.submit(&form, &path, &[("action", "switch-on"), ("nonce", &nonce), ("code", &code)]).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.body);
    secret
}

/// What a form does that takes a fresh proof.
struct Case {
    pattern: &'static str,
    path: String,
    fields: Sent,
    /// What is on the record afterwards.
    events: &'static [&'static str],
}

/// A case for each form of the table, in an organization with things to try them on.
async fn cases(site: &Site, owner: &Browser) -> Vec<Case> {
    let third_party = site.third_party(owner, "Brightside").await;
    let third_party_version = owner.open(&third_party).await.hidden("version");
    let new_client = [("client_id", "payroll"), ("secret", "generate"), ("expires_in", "600"), ("active", "on")];
    let made = owner.fill_in(&site.path("/clients/new"), &new_client).await;
    let client =
        made.between_all("method=\"post\" action=\"", "\"").into_iter().find(|path| path != "/logout").unwrap();
    let client_version = made.hidden("version");
    let (member, _) = site.member(Role::Admin).await;
    let member_path = site.path(&format!("/members/{member}"));
    let member_version = owner.open(&member_path).await.hidden("version");
    let signed_in = site.browser();
    signed_in.get(&site.link(member).await).await.location();
    switch_codes_on_for(site, member).await;
    let case =
        |pattern, path: String, fields: &[(&str, &str)], events| Case { pattern, path, fields: sent(fields), events };
    let name = "Grace \"Amazing\" <Hopper>";
    vec![
        case(
            "/o/{org}/third-parties/new",
            site.path("/third-parties/new"),
            &[("name", "Initech"), ("mode", "manual"), ("note", "Two\r\nlines & \"more\"")],
            &["ThirdPartyAdded", "ClientRegistered", "ClientSecretAdded"],
        ),
        case(
            "/o/{org}/third-parties/{id}",
            third_party,
            &[("version", &third_party_version), ("name", "Renamed"), ("mode", "manual"), ("action", "add-token")],
            &["ThirdPartyRenamed", "TokenIssued"],
        ),
        case(
            "/o/{org}/clients/new",
            site.path("/clients/new"),
            &[("client_id", "export"), ("secret", "generate"), ("expires_in", "600"), ("active", "on")],
            &["ClientRegistered", "ClientSettingsChanged", "ClientSecretAdded"],
        ),
        case(
            "/o/{org}/clients/{id}",
            client,
            &[
                ("version", &client_version),
                ("active", "on"),
                ("expires_in", "600"),
                ("grant_types[client_credentials]", "on"),
                ("pkce_required", "on"),
                ("action", "new-secret"),
                ("client_secret", "what they have used since 2014"),
            ],
            &["ClientSettingsChanged", "ClientSecretAdded"],
        ),
        case(
            "/o/{org}/members/new",
            site.path("/members/new"),
            &[("email", "grace@acme.example"), ("name", name), ("role", "admin")],
            &["MemberAdded", "MemberSignInLinkCreated"],
        ),
        case(
            "/o/{org}/members/{id}",
            member_path.clone(),
            &[
                ("version", &member_version),
                ("name", name),
                ("role", "auditor"),
                ("active", "on"),
                ("save_reason", "Moved"),
            ],
            &["MemberRenamed", "MemberRoleChanged"],
        ),
        case(
            "/o/{org}/members/{id}/sign-in-link",
            format!("{member_path}/sign-in-link"),
            &[("reason", "Lost")],
            &["MemberSignInLinkCreated"],
        ),
        case(
            "/o/{org}/members/{id}/end-sessions",
            format!("{member_path}/end-sessions"),
            &[("reason", "Lost laptop")],
            &["MemberSessionEnded"],
        ),
        case(
            "/o/{org}/members/{id}/reset-sign-in-codes",
            format!("{member_path}/reset-sign-in-codes"),
            &[("reason", "Lost telephone")],
            &["MemberTotpDisabled"],
        ),
        case(
            "/o/{org}/settings/api-keys/new",
            site.path("/settings/api-keys/new"),
            &[("client_id", "warehouse"), ("scopes[audit:read]", "on")],
            &["ClientRegistered", "ClientSettingsChanged", "ClientSecretAdded"],
        ),
    ]
}

async fn switch_codes_on_for(site: &Site, member: MemberId) {
    let factor = sign_in::NewSecondFactor { secret: vec![7; 20], used_step: 0, recovery_codes: Vec::new() };
    sign_in::enable_totp(&site.store, &testing::operator(site.organization), member, factor).await.unwrap();
}

/// Sends what the page that asks carries along, with a proof.
async fn prove(browser: &Browser, asked: &Page, path: &str, name: &str, proof: &str) -> Page {
    let carried = asked.carried(path);
    let mut fields = borrowed(&carried);
    fields.push((name, proof));
    browser.submit(asked, path, &fields).await
}

#[tokio::test]
async fn every_form_of_the_table_waits_for_the_password_and_then_does_all_of_it() {
    let site = Site::start().await;
    let owner = site.signed_in(Role::Owner).await;
    let cases = cases(&site, &owner).await;
    let mut walked = cases.iter().map(|case| case.pattern).collect::<Vec<_>>();
    // Whose form asks for the password itself is another test's matter.
    walked.push("/o/{org}/profile/sign-in-codes");
    for form in FORMS {
        assert!(walked.contains(&form.path), "{} is not tried", form.path);
        assert!(PAGES.iter().any(|page| page.path == form.path && page.method == "POST"), "{} is no page", form.path);
    }
    assert_eq!(walked.len(), FORMS.len());
    for Case { pattern, path, fields, events } in cases {
        age(&site).await;
        let before = site.journal().await;
        let form = owner.open(&site.path("/profile")).await;
        let asked = owner.submit(&form, &path, &borrowed(&fields)).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN, "{pattern}: {}", asked.body);
        asked.must_have("<h1>Confirm that it is you</h1>");
        assert_eq!(asked.headers["cache-control"], "no-store");
        assert_eq!(asked.carried(&path), fields, "{pattern}");
        let wrong = prove(&owner, &asked, &path, "confirm_password", "not this one").await;
        assert_eq!(wrong.status, StatusCode::FORBIDDEN, "{pattern}");
        wrong.must_have("This is not your password");
        wrong.must_not_have("not this one");
        assert_eq!(wrong.carried(&path), fields, "{pattern}");
        assert_eq!(site.journal().await, before, "{pattern}: nothing may be done before the proof");

        let done = prove(&owner, &wrong, &path, "confirm_password", PASSWORD).await;
        assert!(matches!(done.status, StatusCode::OK | StatusCode::SEE_OTHER), "{pattern}: {}", done.body);
        let after = site.journal().await;
        assert_eq!(after[before.len()..], *events, "{pattern}");
        done.must_not_have(PASSWORD);
    }
    // What was typed came through whole.
    let names = owner.open(&site.path("/members")).await;
    assert!(names.has("Grace &quot;Amazing&quot; &lt;Hopper&gt;"), "{}", names.body);
    let list = owner.open(&site.path("/third-parties?q=Initech")).await;
    let initech = list.between_all("<th scope=\"row\"><a href=\"", "\"").remove(0);
    owner.open(&initech).await.must_have("Two\nlines &amp; &quot;more&quot;</textarea>");
    site.stop().await;
}

#[tokio::test]
async fn a_proof_lasts_for_a_while_and_signing_in_is_one() {
    let site = Site::start().await;
    let owner = site.signed_in(Role::Owner).await;
    let new = site.path("/third-parties/new");
    let add = async |name| owner.fill_in(&new, &[("name", name), ("mode", "manual")]).await;
    assert_eq!(add("Signed in just now").await.status, StatusCode::OK);
    age(&site).await;
    let asked = add("Asked for").await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert_eq!(prove(&owner, &asked, &new, "confirm_password", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(add("Not asked for again").await.status, StatusCode::OK);
    age(&site).await;
    // What reveals nothing goes on without.
    let own = [("name", "Their own"), ("mode", "manual"), ("client_secret", "what they have used since 2014")];
    assert_eq!(owner.fill_in(&new, &own).await.status, StatusCode::SEE_OTHER);
    site.stop().await;
}

#[tokio::test]
async fn wrong_passwords_are_locked_out_as_sign_ins_are() {
    let site = Site::start().await;
    let (owner, email) = site.member(Role::Owner).await;
    let browser = site.browser();
    browser.get(&site.link(owner).await).await.location();
    let new = site.path("/third-parties/new");
    age(&site).await;
    let mut asked = browser.fill_in(&new, &[("name", "Initech"), ("mode", "manual")]).await;
    for _ in 0..6 {
        asked = prove(&browser, &asked, &new, "confirm_password", "not this one").await;
    }
    let locked = prove(&browser, &asked, &new, "confirm_password", PASSWORD).await;
    assert_eq!(locked.status, StatusCode::FORBIDDEN);
    locked.must_have("Too many tries: wait");
    let fields = [("email", email.as_str()), ("password", PASSWORD)];
    assert_eq!(site.browser().fill_in("/login", &fields).await.status, StatusCode::TOO_MANY_REQUESTS);
    site.stop().await;
}

#[tokio::test]
async fn who_has_no_password_proves_it_by_a_code() {
    let site = Site::start().await;
    let (_, browser) = without_password(&site, Role::Admin).await;
    let secret = switch_codes_on(&site, &browser).await;
    let path = site.path("/profile/sign-in-codes");
    let renew = [("action", "new-recovery-codes")];
    assert_eq!(browser.fill_in(&path, &renew).await.status, StatusCode::OK, "proved by signing in");
    age(&site).await;
    let before = site.journal().await;
    let asked = browser.fill_in(&path, &renew).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    asked.must_not_have("name=\"confirm_password\"");
    let wrong = prove(&browser, &asked, &path, "confirm_code", "000-000").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    wrong.must_have("id=\"error-confirm_code\"");
    let by_password = prove(&browser, &asked, &path, "confirm_password", PASSWORD).await;
    assert_eq!(by_password.status, StatusCode::FORBIDDEN);
    assert_eq!(site.journal().await, before);
    let code = totp::code(&secret, 1);
    let done = prove(&browser, &wrong, &path, "confirm_code", &code).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    done.must_have("Your new recovery codes are shown below");
    // A code is taken once, here too.
    age(&site).await;
    let asked = browser.fill_in(&path, &renew).await;
    assert_eq!(prove(&browser, &asked, &path, "confirm_code", &code).await.status, StatusCode::FORBIDDEN);
    site.stop().await;
}

#[tokio::test]
async fn who_has_nothing_to_prove_it_by_is_told_what_to_do() {
    let site = Site::start().await;
    let (member, browser) = without_password(&site, Role::Owner).await;
    let new = site.path("/members/new");
    let fields = [("email", "grace@acme.example"), ("name", "Grace"), ("role", "admin")];
    age(&site).await;
    let before = site.journal().await;
    let asked = browser.fill_in(&new, &fields).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    asked.must_have("You have neither a password nor sign-in codes");
    for proof in ["", PASSWORD] {
        assert_eq!(prove(&browser, &asked, &new, "confirm_password", proof).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(site.journal().await, before);
    // A password set in another window will do.
    let set = [("action", "change-password"), ("new_password", PASSWORD)];
    browser.fill_in(&site.path("/profile"), &set).await.location();
    let asked = browser.submit(&asked, &new, &borrowed(&asked.carried(&new))).await;
    asked.must_have("name=\"confirm_password\"");
    assert_eq!(prove(&browser, &asked, &new, "confirm_password", PASSWORD).await.status, StatusCode::OK);
    // So will another sign-in.
    let (_, other) = without_password(&site, Role::Owner).await;
    age(&site).await;
    assert_eq!(other.fill_in(&new, &fields).await.status, StatusCode::FORBIDDEN);
    let again = site.browser();
    again.get(&site.link(member).await).await.location();
    let added = again.fill_in(&new, &[("email", "other@acme.example"), ("name", "Other"), ("role", "admin")]).await;
    assert_eq!(added.status, StatusCode::OK);
    site.stop().await;
}

#[tokio::test]
async fn a_form_that_asks_for_the_password_itself_asks_once() {
    let site = Site::start().await;
    let (member, _) = site.member(Role::Admin).await;
    let browser = site.browser();
    browser.get(&site.link(member).await).await.location();
    age(&site).await;
    let path = site.path("/profile/sign-in-codes");
    let form = browser.open(&path).await;
    let secret = form.between_all("id=\"totp-secret\">", "<").remove(0).replace(' ', "");
    let (nonce, code) = (form.hidden("nonce"), totp::code(&secret, 0));
    let fields = [("action", "switch-on"), ("nonce", nonce.as_str()), ("code", &code)];
    let refused = browser.submit(&form, &path, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("This is not your current password");
    let mut with_password = fields.to_vec();
    with_password.push(("current_password", PASSWORD));
    assert_eq!(browser.submit(&form, &path, &with_password).await.status, StatusCode::OK);
    site.stop().await;
}
