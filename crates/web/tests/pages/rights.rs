//! Who may open what, and what the others are told.

use countersign_domain::{OrganizationCommand, Right, Role};
use countersign_persistence::testing;
use countersign_web::admin::PAGES;
use reqwest::StatusCode;

use crate::operator::operator;
use crate::site::{Site, new_organization};

/// An address of the page, with things that exist nowhere.
fn address(pattern: &str, slug: &str) -> String {
    let id = testing::random_id().to_string();
    let pattern = pattern.replace("{organization}", slug);
    pattern
        .replace("{org}", slug)
        .replace("{id}", &id)
        .replace("{token}", &id)
        .replace("{job}", &id)
        .replace("{secret}", "none")
}

#[tokio::test]
async fn every_page_refuses_exactly_the_roles_without_its_right() {
    let site = Site::start().await;
    for role in Role::ALL {
        let browser = site.signed_in(role).await;
        let csrf = browser.open(&site.path("/profile")).await.hidden("csrf");
        for page in
            PAGES.iter().filter(|page| page.path.starts_with("/o/{org}") && page.path != "/o/{org}/sign-in/{secret}")
        {
            let right = page.right.expect("every page of an organization takes a right");
            let path = address(page.path, &site.slug);
            let answer = match page.method {
                "GET" => browser.get(&path).await,
                _ => browser.post(&path, &[("csrf", &csrf), ("action", "end-session"), ("session", "none")]).await,
            };
            let refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(refused, !role.allows(right), "{role:?} {} {}: {}", page.method, page.path, answer.status);
            assert!(!answer.status.is_server_error(), "{} {}", page.method, page.path);
            if refused {
                answer.must_have("Your role does not allow this");
            }
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn strangers_are_asked_to_sign_in_and_foreigners_find_nothing() {
    let site = Site::start().await;
    let (_, foreign) = new_organization(&site.store).await;
    let (stranger, owner) = (site.browser(), site.signed_in(Role::Owner).await);
    let csrf = owner.open(&site.path("/profile")).await.hidden("csrf");
    for page in PAGES.iter().filter(|page| page.right.is_some()) {
        for slug in [foreign.as_str(), "no-such-organization", "Not%20a%00slug"] {
            let path = address(page.path, slug);
            let (asked, found) = match page.method {
                "GET" => (stranger.get(&path).await, owner.get(&path).await),
                _ => (stranger.post(&path, &[]).await, owner.post(&path, &[("csrf", &csrf)]).await),
            };
            if page.method == "GET" {
                let beginning = if path.starts_with("/operator") { "%2Foperator" } else { "%2Fo%2F" };
                assert!(asked.location().starts_with(&format!("/login?return_to={beginning}")), "{path}");
            } else {
                assert_eq!(asked.status, StatusCode::UNAUTHORIZED, "{path}");
                asked.must_have("Your session has ended");
            }
            assert_eq!(found.status, StatusCode::NOT_FOUND, "{path}");
            found.must_have("There is nothing at this address, or you may not see it");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn members_of_the_operators_organization_find_what_is_of_it_and_owners_operate() {
    let site = Site::start().await;
    let (_, customer) = new_organization(&site.store).await;
    for role in Role::ALL {
        let browser = operator(&site, role).await;
        let csrf = browser.open("/o/operator/profile").await.hidden("csrf");
        for page in PAGES {
            let Some(right) = page.right else { continue };
            let slug = if page.path.starts_with("/o/") { "operator" } else { &customer };
            let path = address(page.path, slug);
            let answer = match page.method {
                "GET" => browser.get(&path).await,
                _ => browser.post(&path, &[("csrf", &csrf), ("action", "end-session"), ("session", "none")]).await,
            };
            let name = format!("{role:?} {} {}: {}", page.method, page.path, answer.status);
            if !right.is_of(true) {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
            } else if !role.allows(right) {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
            } else {
                assert_ne!(answer.status, StatusCode::FORBIDDEN, "{name}");
                assert!(!page.path.starts_with("/operator") || answer.status != StatusCode::NOT_FOUND, "{name}");
                assert!(!answer.status.is_server_error(), "{name}");
            }
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn an_auditor_reads_everything_and_is_offered_nothing_else() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside").await;
    let page = admin.open(&path).await;
    let version = page.hidden("version");
    let fields = [("version", version.as_str()), ("name", "Brightside"), ("mode", "manual"), ("action", "add-token")];
    let made = admin.submit(&page, &path, &fields).await;
    let token = format!("{path}/tokens/{}", made.between_all("name=\"shown[", "]\"").remove(0));
    let auditor = site.signed_in(Role::Auditor).await;
    let home = [site.path(""), site.path("/third-parties"), path.clone(), token, site.path("/audit")];
    for read in home.into_iter().chain([site.path("/calendar?month=2099-01&third_party=Brightside")]) {
        let page = auditor.open(&read).await;
        page.must_have("Brightside");
        page.must_have("Auditor (read-only)");
        let forms = page.between_all("method=\"post\" action=\"", "\"");
        // Exporting reads too, though a form asks for it.
        let exports = (read == site.path("/audit")).then(|| site.path("/audit/exports"));
        assert_eq!(forms, ["/logout".to_owned()].into_iter().chain(exports).collect::<Vec<_>>(), "{read}");
        page.must_not_have("/third-parties/new");
        page.must_not_have("/delete");
        page.must_not_have("/test\"");
    }
    let csrf = auditor.open(&path).await.hidden("csrf");
    let mut forged = fields.to_vec();
    forged.push(("csrf", &csrf));
    assert_eq!(auditor.post(&path, &forged).await.status, StatusCode::FORBIDDEN);
    site.stop().await;
}

#[tokio::test]
async fn a_developer_is_shown_only_what_opens() {
    let site = Site::start().await;
    let developer = site.signed_in(Role::Developer).await;
    assert_eq!(developer.get(&site.path("")).await.location(), site.path("/profile"));
    let profile = developer.open(&site.path("/profile")).await;
    profile.must_not_have(&site.path("/third-parties"));
    profile.must_not_have(&site.path("/audit"));
    let refused = developer.get(&site.path("/third-parties")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    refused.must_have("Sign out");
    refused.must_have(refused.headers["x-request-id"].to_str().unwrap());
    site.stop().await;
}

#[tokio::test]
async fn a_suspended_organization_can_be_read_but_not_changed() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside").await;
    testing::command_organization(&site.store, site.organization, OrganizationCommand::Suspend).await.unwrap();
    let page = admin.open(&path).await;
    let refused = admin.submit(&page, &path, &[("name", "Changed"), ("mode", "manual")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    refused.must_have("suspended");
    site.stop().await;
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_names_that_change() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.open("/login").await;
    for (start, kind) in [
        ("rel=\"stylesheet\" href=\"", "text/css"),
        ("src=\"", "text/javascript"),
        ("rel=\"icon\" href=\"", "image/svg+xml"),
    ] {
        let path = page.between_all(start, "\"").remove(0);
        let asset = browser.open(&path).await;
        assert_eq!(asset.headers["cache-control"], "public, max-age=31536000, immutable");
        assert!(asset.headers["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        let (stem, rest) = path.split_once('.').unwrap();
        let (fingerprint, extension) = rest.split_once('.').unwrap();
        assert_eq!(fingerprint.len(), 12, "{path}");
        assert_eq!(browser.get(&format!("{stem}.000000000000.{extension}")).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(browser.open("/favicon.ico").await.headers["content-type"], "image/svg+xml");
    assert_eq!(browser.get("/assets/..%2Fstyle.css").await.status, StatusCode::NOT_FOUND);
    let wrong_method = browser.post("/orgs", &[]).await;
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
    site.stop().await;
}

#[test]
fn changing_pages_take_a_right_that_changes() {
    let harmless = [Right::UseOwnProfile, Right::ReadAudit];
    for page in PAGES.iter().filter(|page| page.method == "POST") {
        let Some(right) = page.right else { continue };
        assert!(right.changes() || harmless.contains(&right), "{} {}", page.method, page.path);
    }
}
