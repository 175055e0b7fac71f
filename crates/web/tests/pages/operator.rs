//! The pages of those who run the installation.

use countersign_domain::Role;
use countersign_domain::values::OrganizationName;
use countersign_persistence::{clock, sign_in, testing};
use jiff::SignedDuration;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::site::{Site, new_organization};

/// A member of the operators' organization, signed in.
pub async fn operator(site: &Site, role: Role) -> Browser {
    let name = OrganizationName::parse("Operators").unwrap();
    let organization = site.store.organization_of_operators(name, testing::operator).await.unwrap();
    let email = format!("{}-{}@countersign.example", role.as_str(), testing::random_id().simple());
    let member = site.member_of(organization.id, role, &email).await;
    let lifetime = SignedDuration::from_mins(15);
    let secret = sign_in::create_link(&site.store, organization.id, member, clock::now(), lifetime).await.unwrap();
    let browser = site.browser();
    let answer = browser.get(&format!("/o/operator/sign-in/{}", secret.expose())).await;
    assert_eq!(answer.location(), "/o/operator");
    browser
}

fn slugs(page: &Page) -> Vec<String> {
    let rows = page.between_all("<th scope=\"row\"><a href=\"/operator/organizations/", "\"");
    rows.into_iter().collect()
}

/// A part of slugs that no other test has.
fn unused() -> String {
    format!("s{}", &testing::random_id().simple().to_string()[..10])
}

#[tokio::test]
async fn an_operator_begins_with_the_organizations() {
    let site = Site::start().await;
    let browser = operator(&site, Role::Owner).await;
    assert_eq!(browser.get("/o/operator").await.location(), "/operator");
    assert_eq!(browser.get("/operator").await.location(), "/operator/organizations");
    let page = browser.open(&format!("/operator/organizations?slug={}", site.slug)).await;
    assert_eq!(slugs(&page), [site.slug.as_str()]);
    for link in ["/operator/organizations", "/operator/health", "/o/operator/audit", "/o/operator/profile"] {
        page.must_have(&format!("href=\"{link}\""));
    }
    page.must_not_have("third-parties");
    page.must_not_have("/o/operator/clients");
    let none = browser.open(&format!("/operator/organizations?slug={}", unused())).await;
    none.must_have("No organization matches");
    none.must_have("Clear filters");
    assert!(slugs(&browser.open("/operator/organizations?slug=operator").await).iter().all(|slug| slug != "operator"));
    browser.open("/operator/organizations?slug=%00%25_&state=%00&after=%00&before=%00").await;
    site.stop().await;
}

#[tokio::test]
async fn the_list_goes_on_and_back_by_its_links() {
    let site = Site::start().await;
    let part = unused();
    for number in 0..120 {
        testing::create_organization(&site.store, &format!("{part}-{number:03}")).await.unwrap();
    }
    let browser = operator(&site, Role::Owner).await;
    let mut page = browser.open(&format!("/operator/organizations?slug={part}")).await;
    page.must_have("120 organizations match");
    let (mut seen, first) = (slugs(&page), slugs(&page));
    while let Some(next) = page.between_all("rel=\"next\" href=\"", "\"").pop() {
        page = browser.open(&next).await;
        seen.extend(slugs(&page));
    }
    assert_eq!(seen, (0..120).map(|number| format!("{part}-{number:03}")).collect::<Vec<_>>());
    while let Some(previous) = page.between_all("rel=\"prev\" href=\"", "\"").pop() {
        page = browser.open(&previous).await;
    }
    assert_eq!(slugs(&page), first);
    site.stop().await;
}

#[tokio::test]
async fn an_organization_is_begun_with_its_first_owner() {
    let site = Site::start().await;
    let browser = operator(&site, Role::Owner).await;
    let (slug, form) = (unused(), "/operator/organizations/new");
    let email = format!("ada@{slug}.example");
    let owner = [("owner_email", email.as_str()), ("owner_name", "Ada Adler")];
    let fields = [&[("slug", slug.as_str()), ("name", "Acme Energy"), ("reason", "Contract 17")], &owner[..]].concat();
    let added = browser.fill_in(form, &fields).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    added.must_have("shown only this once");
    let link = added.between_all("<code id=\"revealed-0\">", "</code>").remove(0);
    let path = link.strip_prefix(&site.base_url).unwrap().to_owned();
    assert!(path.starts_with(&format!("/o/{slug}/sign-in/cs_sl_")), "{path}");

    let owner = site.browser();
    assert_eq!(owner.get(&path).await.location(), format!("/o/{slug}"));
    let timeline = owner.open(&format!("/o/{slug}/audit?type=OrganizationCreated")).await;
    timeline.must_have("The operator");
    timeline.must_have("Reason: Contract 17");
    timeline.must_not_have("Some owner");
    timeline.must_not_have("countersign.example");
    assert_eq!(owner.get("/operator/organizations").await.status, StatusCode::NOT_FOUND);

    let again = browser.fill_in(form, &[("slug", slug.as_str()), ("name", "Again"), ("owner_name", "Bob")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    again.must_have("or leave both empty");
    assert_eq!(again.input("name"), "Again");
    for (taken, words) in [
        (slug.as_str(), "Another organization has this name in URLs"),
        ("operator", "reserved for those who run the installation"),
        ("new", "reserved for those who run the installation"),
        ("Not a slug", "href=\"#field-slug\""),
    ] {
        let refused = browser.fill_in(form, &[("slug", taken), ("name", "Kept")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{taken}");
        refused.must_have(words);
        assert_eq!((refused.input("slug").as_str(), refused.input("name").as_str()), (taken, "Kept"));
    }
    site.stop().await;
}

#[tokio::test]
async fn a_suspension_says_what_stops_and_is_undone() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    site.third_party(&admin, "Brightside").await;
    let browser = operator(&site, Role::Owner).await;
    let path = format!("/operator/organizations/{}", site.slug);
    browser.open(&path).await.must_have("Active");
    let form = browser.open(&format!("{path}/suspend")).await;
    form.must_have("No active token stops");
    form.must_have("its one member can change nothing");
    let suspend = format!("{path}/suspend");
    let done = browser.submit(&form, &suspend, &[("reason", "Contract ended")]).await;
    assert_eq!(done.location(), format!("{path}?done=organization-suspended"));
    browser.open(&path).await.must_have("Suspended");
    let listed = browser.open(&format!("/operator/organizations?state=suspended&slug={}", site.slug)).await;
    assert_eq!(slugs(&listed), [site.slug.as_str()]);
    assert_eq!(admin.get(&site.path("/third-parties/new")).await.status, StatusCode::FORBIDDEN);
    // As the page says: whoever signs in meanwhile can read.
    site.signed_in(Role::Auditor).await.open(&site.path("/third-parties")).await.must_have("Brightside");
    let resume = browser.fill_in(&format!("{path}/resume"), &[("reason", &"long ".repeat(9000))]).await;
    assert_eq!(resume.status, StatusCode::UNPROCESSABLE_ENTITY);
    let resumed = browser.fill_in(&format!("{path}/resume"), &[]).await;
    assert_eq!(resumed.location(), format!("{path}?done=organization-resumed"));
    let listed = browser.open(&format!("/operator/organizations?state=suspended&slug={}", site.slug)).await;
    assert!(slugs(&listed).is_empty());
    let timeline = admin.open(&site.path("/audit")).await;
    timeline.must_have("suspended the organization");
    timeline.must_have("Reason: Contract ended");
    site.stop().await;
}

#[tokio::test]
async fn name_and_host_name_are_changed_unless_somebody_was_faster() {
    let site = Site::start().await;
    let (_, other) = new_organization(&site.store).await;
    let browser = operator(&site, Role::Owner).await;
    let path = format!("/operator/organizations/{}", site.slug);
    let host = format!("{}.example", site.slug);
    let page = browser.open(&path).await;
    let version = page.hidden("version");
    let fields =
        [("version", version.as_str()), ("name", "Renamed"), ("host_name", host.as_str()), ("reason", "Moved")];
    assert_eq!(browser.submit(&page, &path, &fields).await.location(), format!("{path}?done=saved"));
    browser.open(&path).await.must_have(&format!("https://{host}"));
    let overtaken = browser.submit(&page, &path, &[("version", &version), ("name", "Mine"), ("host_name", "")]).await;
    assert_eq!(overtaken.status, StatusCode::CONFLICT);
    overtaken.must_have("Saved at present: Renamed");
    assert_eq!(overtaken.input("name"), "Mine");

    let path = format!("/operator/organizations/{other}");
    let page = browser.open(&path).await;
    let version = page.hidden("version");
    for (host, words) in
        [(host.as_str(), "Another organization has this host name"), ("127.0.0.1", "href=\"#field-host_name\"")]
    {
        let fields = [("version", version.as_str()), ("name", "Other"), ("host_name", host)];
        let refused = browser.submit(&page, &path, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{host}");
        refused.must_have(words);
    }
    for slug in ["operator", "no-such-organization", "Not%20a%00slug"] {
        assert_eq!(
            browser.get(&format!("/operator/organizations/{slug}")).await.status,
            StatusCode::NOT_FOUND,
            "{slug}"
        );
    }
    site.stop().await;
}

#[tokio::test]
async fn health_is_told_check_by_check() {
    let site = Site::start().await;
    let page = operator(&site, Role::Owner).await.open("/operator/health").await;
    for check in ["Database", "Clock", "Version", "Sealed values", "Directory", "Journal"] {
        page.must_have(&format!("<strong>{check}</strong>"));
    }
    page.must_have("PostgreSQL");
    page.must_have(&format!("<dd>{}</dd>", env!("CARGO_PKG_VERSION")));
    page.must_have(&site.base_url);
    site.stop().await;
}
