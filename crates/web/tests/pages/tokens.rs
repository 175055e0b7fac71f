//! A token's own page, the test page, and the timeline.

use countersign_domain::Role;
use reqwest::StatusCode;

use crate::browser::Browser;
use crate::site::Site;

/// Adds a third party with a token; answers its path, the token's path, and the token.
async fn with_token(site: &Site, admin: &Browser, name: &str) -> (String, String, String) {
    let path = site.third_party(admin, name).await;
    let page = admin.open(&path).await;
    let version = page.hidden("version");
    let fields = [("version", version.as_str()), ("name", name), ("mode", "manual"), ("action", "add-token")];
    let made = admin.submit(&page, &path, &fields).await;
    let id = made.between_all("name=\"shown[", "]\"").remove(0);
    (path.clone(), format!("{path}/tokens/{id}"), made.secret("cs_mt_"))
}

#[tokio::test]
async fn a_token_is_switched_and_revoked_on_its_page() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (_, token, _) = with_token(&site, &admin, "Brightside").await;
    let page = admin.open(&token).await;
    page.must_have("TokenIssued");
    page.must_have("The third party is not Enabled. An admin of the organization can tick Enabled");
    page.must_have("Never");
    let revoke = [("action", "revoke"), ("shown", "active"), ("active", "on"), ("reason", "Seen in a ticket")];
    let revoked = admin.submit(&page, &token, &revoke).await;
    assert_eq!(revoked.location(), format!("{token}?done=token-revoked"));
    let after = admin.open(&format!("{token}?done=token-revoked")).await;
    after.must_have("The token is revoked for good.");
    after.must_have("Seen in a ticket");
    after.must_not_have("name=\"active\"");
    let again = admin.submit(&page, &token, &[("action", "save"), ("shown", "inactive"), ("active", "on")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    again.must_have("The token was revoked");
    site.stop().await;
}

#[tokio::test]
async fn a_token_is_found_only_under_its_own_third_party() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (first, token, _) = with_token(&site, &admin, "First").await;
    let second = site.third_party(&admin, "Second").await;
    let elsewhere = token.replace(&first, &second);
    assert_eq!(admin.get(&elsewhere).await.status, StatusCode::NOT_FOUND);
    let sent = admin.submit(&admin.open(&token).await, &elsewhere, &[("action", "revoke")]).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.get(&format!("{first}/tokens/nonsense")).await.status, StatusCode::NOT_FOUND);
    admin.open(&token).await.must_have("name=\"active\"");
    site.stop().await;
}

#[tokio::test]
async fn the_test_page_names_the_first_failing_check() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (path, _, token) = with_token(&site, &admin, "Brightside").await;
    let test = format!("{path}/test");
    let page = admin.open(&test).await;
    page.must_have("Waiting for the first call");
    page.must_have("PASTE_THE_OAUTH_TOKEN");
    let mistyped = token.replace("cs_mt_", "cs_mt_x");
    let cases = [
        (token.as_str(), "No access: The third party is not Enabled"),
        (mistyped.as_str(), "No access: The token is mistyped or incomplete"),
        ("gho_16C7e42F292c6912E7710c838347Ae178B4a", "No access: This is not a token of Countersign"),
        ("", "No access: The third party is not Enabled"),
    ];
    for (presented, headline) in cases {
        let result = admin.submit(&page, &test, &[("token", presented)]).await;
        assert_eq!(result.status, StatusCode::OK);
        result.must_have(headline);
        result.must_have("Not reached");
        assert!(presented.is_empty() || !result.has(presented), "the token is not shown again");
    }
    let without = admin.submit(&page, &test, &[("token", " ")]).await;
    without.must_have("Tested without a token");
    without.must_have("No token was pasted.");
    without.must_have("Not tested");
    site.stop().await;
}

#[tokio::test]
async fn the_timeline_is_filtered_and_paged_by_its_address() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (path, _, _) = with_token(&site, &admin, "Brightside").await;
    for number in 0..60 {
        countersign_persistence::testing::third_party(&site.store, site.organization, &format!("Partner {number}"))
            .await
            .unwrap();
    }
    let audit = site.path("/audit");
    let first = admin.open(&audit).await;
    assert_eq!(first.body.matches("<li id=\"event-").count(), 50);
    let older = first.between_all("rel=\"next\" href=\"", "\"").remove(0);
    let second = admin.open(&older).await;
    second.must_have("OrganizationCreated");
    let newer = second.between_all("rel=\"prev\" href=\"", "\"").remove(0);
    admin.open(&newer).await.must_have("Partner 59");

    let issued = admin.open(&format!("{audit}?type=TokenIssued")).await;
    assert_eq!(issued.body.matches("<li id=\"event-").count(), 1);
    issued.must_have("<option value=\"TokenIssued\" selected>Token issued</option>");
    issued.must_have("Clear filters");
    let of_one = admin.open(&format!("{audit}?third_party={}", path.rsplit('/').next().unwrap())).await;
    of_one.must_have("Brightside");
    of_one.must_not_have("Partner");
    admin.open(&format!("{audit}?actor=operator&from=2001-01-01&to=2001-01-02")).await.must_have("No event matches");
    let wrong = admin.get(&format!("{audit}?from=yesterday&q=kept")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.must_have("<a href=\"#field-from\">Enter a date like 2026-11-20</a>");
    assert_eq!(wrong.input("q"), "kept");
    site.stop().await;
}
