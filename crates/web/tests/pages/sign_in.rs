//! Signing in and out.

use countersign_domain::Role;
use countersign_persistence::sign_in::FREE_FAILURES;
use reqwest::StatusCode;
use reqwest::header::{RETRY_AFTER, SET_COOKIE};

use crate::site::{PASSWORD, Site, new_organization};

#[tokio::test]
async fn a_link_signs_in_once() {
    let site = Site::start().await;
    let (member, email) = site.member(Role::Admin).await;
    let link = site.link(member).await;
    let browser = site.browser();
    let answer = browser.get(&link).await;
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert_eq!(answer.location(), site.path(""));
    browser.open(&site.path("")).await.must_have("<h1>Home</h1>");
    browser.open(&site.path("/third-parties")).await.must_have(&email);
    // The same person again is where the link leads; anybody else learns that it is used up.
    assert_eq!(browser.get(&link).await.location(), site.path(""));
    let again = site.browser().get(&link).await;
    assert_eq!(again.status, StatusCode::GONE);
    again.must_have("was used already, or has expired");
    let mistyped = site.browser().get(&link[..link.len() - 1]).await;
    assert_eq!(mistyped.status, StatusCode::GONE);
    site.stop().await;
}

#[tokio::test]
async fn a_password_signs_in_and_leads_back() {
    let site = Site::start().await;
    let (_, email) = site.member(Role::Auditor).await;
    let browser = site.browser();
    let wanted = site.path("/audit?q=a%26b&type=TokenIssued");
    let asked = browser.get(&wanted).await;
    let login = asked.location().to_owned();
    assert!(login.starts_with("/login?return_to=%2Fo%2F"), "{login}");
    let form = browser.open(&login).await;
    let return_to = form.hidden("return_to");
    assert_eq!(return_to, wanted);
    let fields = [("email", email.as_str()), ("password", PASSWORD), ("return_to", &return_to)];
    let answer = browser.submit(&form, "/login", &fields).await;
    assert_eq!(answer.location(), wanted);
    browser.open(&wanted).await;
    assert_eq!(browser.get("/").await.location(), "/orgs");
    assert_eq!(browser.get("/orgs").await.location(), site.path(""));
    site.stop().await;
}

#[tokio::test]
async fn return_to_never_leaves_the_site() {
    let site = Site::start().await;
    let (_, email) = site.member(Role::Admin).await;
    for address in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "/.//evil.example"]
    {
        let browser = site.browser();
        let fields = [("email", email.as_str()), ("password", PASSWORD), ("return_to", address)];
        let answer = browser.fill_in("/login", &fields).await;
        assert_eq!(answer.location(), site.path(""), "{address:?}");
    }
    let form = site.browser().open("/login?return_to=%2F%2Fevil.example").await;
    assert_eq!(form.hidden("return_to"), "");
    site.stop().await;
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_then_locked_out() {
    let site = Site::start().await;
    let (_, email) = site.member(Role::Admin).await;
    let browser = site.browser();
    for _ in 0..=FREE_FAILURES {
        let refused = browser.fill_in("/login", &[("email", &email), ("password", "not this one")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.must_have("E-mail address or password is wrong");
        assert_eq!(refused.input("email"), email);
        assert_eq!(refused.input("password"), "");
    }
    let locked = browser.fill_in("/login", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    locked.must_have("Too many attempts");
    let wait: u64 = locked.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    locked.must_have(&format!("Try again in {wait} second"));
    let unknown = browser.fill_in("/login", &[("email", "nobody@acme.example"), ("password", "whatever")]).await;
    unknown.must_have("E-mail address or password is wrong");
    let empty = browser.fill_in("/login", &[("email", ""), ("password", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    empty.must_have("href=\"#field-email\"");
    empty.must_have("href=\"#field-password\"");
    site.stop().await;
}

#[tokio::test]
async fn a_member_of_several_organizations_chooses() {
    let site = Site::start().await;
    let (_, email) = site.member(Role::Owner).await;
    let (other, other_slug) = new_organization(&site.store).await;
    let (_, foreign_slug) = new_organization(&site.store).await;
    site.member_of(other, Role::Developer, &email).await;
    let browser = site.browser();
    let answer = browser.fill_in("/login", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/orgs");
    let picker = browser.open("/orgs").await;
    picker.must_have(&format!("href=\"/o/{other_slug}\""));
    picker.must_have(&format!("href=\"{}\"", site.path("")));
    picker.must_have("Developer");
    picker.must_not_have(&foreign_slug);
    browser.open(&site.path("/third-parties")).await.must_have("href=\"/orgs\"");
    assert_eq!(browser.get(&format!("/o/{other_slug}")).await.location(), format!("/o/{other_slug}/profile"));
    // One sign-out ends it everywhere.
    assert_eq!(browser.submit(&picker, "/logout", &[]).await.location(), "/login?done=signed-out");
    assert!(browser.get(&format!("/o/{other_slug}/profile")).await.location().starts_with("/login?"));
    site.stop().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let site = Site::start().await;
    let (member, _) = site.member(Role::Admin).await;
    let browser = site.browser();
    let answer = browser.get(&site.link(member).await).await;
    let stolen = answer.headers[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = browser.open(&site.path("/third-parties")).await;
    let out = browser.submit(&page, "/logout", &[]).await;
    assert_eq!(out.location(), "/login?done=signed-out");
    browser.open("/login?done=signed-out").await.must_have("You are signed out.");
    let thief = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = format!("{}{}", site.base_url, site.path("/third-parties"));
    let refused = thief.get(url).header("cookie", stolen).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SEE_OTHER);
    // What was being filled in says why it was not saved.
    let late = browser.submit(&page, &site.path("/third-parties/new"), &[("name", "Late")]).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    late.must_have("Your session has ended");
    assert_eq!(late.hidden("return_to"), site.path("/third-parties/new"));
    site.stop().await;
}

#[tokio::test]
async fn forms_from_elsewhere_are_refused() {
    let site = Site::start().await;
    let (_, email) = site.member(Role::Admin).await;
    let admin = site.signed_in(Role::Admin).await;
    let form = site.path("/third-parties/new");
    let other = site.signed_in(Role::Admin).await.open(&form).await;
    let foreign = other.hidden("csrf");
    for csrf in ["", "0123456789abcdef0123456789abcdef", foreign.as_str()] {
        let refused = admin.post(&form, &[("csrf", csrf), ("name", "Forged"), ("mode", "manual")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        refused.must_have("Form out of date");
        assert_eq!(admin.post("/logout", &[("csrf", csrf)]).await.status, StatusCode::FORBIDDEN);
    }
    admin.open(&site.path("/third-parties")).await.must_not_have("Forged");
    let stranger = site.browser();
    stranger.open("/login").await;
    let fields = [("csrf", foreign.as_str()), ("email", email.as_str()), ("password", PASSWORD)];
    assert_eq!(stranger.post("/login", &fields).await.status, StatusCode::FORBIDDEN);
    site.stop().await;
}
