//! The members: the list, adding one, changing one.

use countersign_domain::{MemberId, Role};
use reqwest::{StatusCode, Url};

use crate::browser::{Browser, Page};
use crate::site::Site;

/// An owner who is signed in, with the path of its own page.
async fn owner(site: &Site) -> (Browser, String) {
    let (member, _) = site.member(Role::Owner).await;
    let browser = site.browser();
    browser.get(&site.link(member).await).await.location();
    (browser, path_of(site, member))
}

fn path_of(site: &Site, member: MemberId) -> String {
    site.path(&format!("/members/{member}"))
}

/// Sends the form of a member's page with these fields.
async fn save(browser: &Browser, page: &Page, path: &str, name: &str, role: &str, active: bool) -> Page {
    let version = page.hidden("version");
    let mut fields = vec![("version", version.as_str()), ("name", name), ("role", role)];
    fields.extend(active.then_some(("active", "on")));
    browser.submit(page, path, &fields).await
}

fn names(page: &Page) -> Vec<String> {
    let cells = page.between_all("<th scope=\"row\"><a href=\"", "</a>");
    cells.iter().map(|cell| cell.split_once('>').unwrap().1.to_owned()).collect()
}

#[tokio::test]
async fn the_list_filters_sorts_and_pages_in_the_address() {
    let site = Site::start().await;
    let (owner, _) = owner(&site).await;
    for _ in 0..26 {
        site.member(Role::Developer).await;
    }
    site.member_of(site.organization, Role::Auditor, "zoe@acme.example").await;
    let list = async |query: &str| owner.open(&site.path(&format!("/members?{query}"))).await;
    let first = list("").await;
    first.must_have("28 members, showing 1 to 25");
    first.must_have("aria-current=\"page\">Members</a>");
    assert_eq!(names(&list("page=2").await).len(), 3);
    assert_eq!(names(&list("page=all").await).len(), 28);
    assert_eq!(names(&list("sort=role").await)[0], "Some owner");
    let last = list("sort=role&order=descending").await;
    assert_eq!(names(&last)[0], "Some auditor");
    last.must_have("aria-sort=\"descending\"");
    let zoe = list("email=ZOE%40&codes=no&active=yes&role=auditor").await;
    assert_eq!(names(&zoe), ["Some auditor"]);
    zoe.must_have("1 of 28 match");
    assert_eq!(zoe.input("email"), "ZOE@");
    zoe.must_have("<option value=\"auditor\" selected>");
    let none = list("name=nobody").await;
    none.must_have("No member matches");
    none.must_have("Clear filters");
    list("role=boss&active=perhaps&sort=colour").await.must_have("28 members, showing 1 to 25");
    site.stop().await;
}

#[tokio::test]
async fn a_member_is_added_with_a_link_that_is_shown_once() {
    let site = Site::start().await;
    let (owner, _) = owner(&site).await;
    let new = site.path("/members/new");
    let form = owner.open(&new).await;
    for hint in ["Everything, also who the members are", "Reads third parties, clients, members", "within 24 hours"] {
        form.must_have(hint);
    }
    let refused = owner.submit(&form, &new, &[("email", "grace at acme"), ("name", "Grace <H>"), ("role", "")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((refused.input("email"), refused.input("name")), ("grace at acme".into(), "Grace <H>".into()));
    for field in ["email", "role"] {
        refused.must_have(&format!("id=\"error-{field}\""));
        refused.must_have(&format!("id=\"field-{field}\""));
    }
    let fields = [("email", "grace@acme.example"), ("name", "Grace"), ("role", "admin")];
    let added = owner.submit(&form, &new, &fields).await;
    assert_eq!((added.status, added.headers["cache-control"].to_str().unwrap()), (StatusCode::OK, "no-store"));
    let link = added.between_all("id=\"revealed-0\">", "<").remove(0);
    let path = added.between_all("method=\"post\" action=\"", "\"").into_iter().find(|path| path != "/logout").unwrap();
    let grace = site.browser();
    assert_eq!(grace.get(Url::parse(&link).unwrap().path()).await.location(), site.path(""));
    assert_eq!(grace.open(&site.path("/third-parties")).await.status, StatusCode::OK);
    owner.open(&path).await.must_not_have("/sign-in/cs_sl_");
    let taken = owner.submit(&form, &new, &[("email", "GRACE@acme.example"), ("name", "G"), ("role", "admin")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    taken.must_have("Somebody with this e-mail address is a member already");
    // What the owner did stands in the timeline behind History.
    let history = owner.open(&path).await.between_all("<a class=\"btn\" href=\"", "\"").remove(0);
    let timeline = owner.open(&history).await;
    timeline.must_have("added the member Grace as admin");
    timeline.must_have("made a one-use sign-in link for Grace");
    site.stop().await;
}

#[tokio::test]
async fn a_member_is_changed_and_an_overtaken_form_shows_both() {
    let site = Site::start().await;
    let (owner, _) = owner(&site).await;
    let (member, _) = site.member(Role::Developer).await;
    let theirs = site.browser();
    theirs.get(&site.link(member).await).await.location();
    let path = path_of(&site, member);
    let opened = owner.open(&path).await;
    assert_eq!(save(&owner, &opened, &path, "Grace", "admin", true).await.location(), format!("{path}?done=saved"));
    assert_eq!(theirs.open(&site.path("/third-parties")).await.status, StatusCode::OK, "an admin from now on");
    let overtaken = save(&owner, &opened, &path, "Grace Hopper", "auditor", false).await;
    assert_eq!(overtaken.status, StatusCode::CONFLICT);
    overtaken.must_have("Saved at present: Grace");
    overtaken.must_have("Saved at present: admin");
    overtaken.must_have("Saved at present: Active");
    assert_eq!(overtaken.input("name"), "Grace Hopper");
    let out = save(&owner, &overtaken, &path, "Grace Hopper", "auditor", false).await;
    out.location();
    assert!(theirs.get(&site.path("/third-parties")).await.location().starts_with("/login?"));
    let page = owner.open(&path).await;
    page.must_not_have("/sign-in-link");
    let refused = owner.submit(&page, &format!("{path}/sign-in-link"), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.must_have("The member is deactivated");
    assert_eq!(save(&owner, &page, &path, " ", "auditor", true).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    site.stop().await;
}

#[tokio::test]
async fn nobody_changes_their_own_role() {
    let site = Site::start().await;
    let (owner, own) = owner(&site).await;
    let page = owner.open(&own).await;
    page.must_have("Nobody changes their own role or deactivates themselves");
    page.must_not_have("name=\"role\"");
    page.must_not_have("name=\"active\"");
    let before = site.journal().await;
    let forged = save(&owner, &page, &own, "Some owner", "admin", false).await;
    assert_eq!(forged.status, StatusCode::CONFLICT);
    forged.must_have("another owner can");
    assert_eq!(owner.submit(&page, &format!("{own}/reset-sign-in-codes"), &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(site.journal().await, before);
    let version = page.hidden("version");
    owner.submit(&page, &own, &[("version", &version), ("name", "Ada")]).await.location();
    let renamed = owner.open(&own).await;
    renamed.must_have("<h1>Ada</h1>");
    renamed.must_have("<span class=\"badge ok\">");
    site.stop().await;
}

#[tokio::test]
async fn sessions_end_and_codes_are_reset_after_a_page_that_says_what_it_means() {
    let site = Site::start().await;
    let (owner, own) = owner(&site).await;
    let (member, _) = site.member(Role::Admin).await;
    let theirs = site.browser();
    theirs.get(&site.link(member).await).await.location();
    let path = path_of(&site, member);
    owner.open(&path).await.must_have(&format!("{path}/end-sessions"));
    let asks = owner.open(&format!("{path}/end-sessions")).await;
    asks.must_have("of 1 session");
    let long = "x".repeat(5000);
    let refused = owner.submit(&asks, &format!("{path}/end-sessions"), &[("reason", &long)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("id=\"error-reason\"");
    let waiting = site.link(member).await;
    let done = owner.submit(&asks, &format!("{path}/end-sessions"), &[("reason", "Lost laptop")]).await;
    assert_eq!(done.location(), format!("{path}?done=member-signed-out"));
    assert!(theirs.get(&site.path("/profile")).await.location().starts_with("/login?"));
    assert_eq!(site.browser().get(&waiting).await.status, StatusCode::GONE, "the link is void");
    owner.open(&site.path("/audit")).await.must_have("Reason: Lost laptop");
    // One's own other sessions end, this one stays.
    owner.fill_in(&format!("{own}/end-sessions"), &[]).await.location();
    owner.open(&own).await;
    assert_eq!(owner.get(&format!("{path}/no-such-action")).await.status, StatusCode::NOT_FOUND);
    site.stop().await;
}

#[tokio::test]
async fn who_may_only_read_is_offered_nothing_else() {
    let site = Site::start().await;
    let (member, _) = site.member(Role::Developer).await;
    for role in [Role::Admin, Role::Auditor] {
        let reader = site.signed_in(role).await;
        for path in [site.path("/members"), path_of(&site, member)] {
            let page = reader.open(&path).await;
            page.must_have("Some developer");
            assert_eq!(page.between_all("method=\"post\" action=\"", "\""), ["/logout"], "{path}");
            for hidden in ["/members/new", "/sign-in-link", "/end-sessions", "/reset-sign-in-codes"] {
                page.must_not_have(hidden);
            }
        }
    }
    let developer = site.signed_in(Role::Developer).await;
    developer.open(&site.path("/profile")).await.must_not_have("/members\"");
    site.stop().await;
}
