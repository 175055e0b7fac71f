//! Exports of the timeline on the pages.

use countersign_domain::Role;
use countersign_persistence::clock;
use countersign_persistence::jobs::{self, Step};
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::site::Site;

/// Presses a button for a file below the timeline; answers the job's path.
async fn export(browser: &Browser, site: &Site, query: &str, format: &str) -> String {
    let page = browser.open(&site.path(&format!("/audit{query}"))).await;
    let form = page.body.split("/audit/exports\">").nth(1).unwrap().split("</form>").next().unwrap().to_owned();
    let form = Page { status: page.status, headers: page.headers.clone(), body: form };
    let names = ["q", "actor", "type", "third_party", "client", "from", "to", "zone"];
    let fields = names.map(|name| (name, form.hidden(name)));
    let mut fields = fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
    fields.push(("format", format));
    browser.submit(&form, &site.path("/audit/exports"), &fields).await.location().to_owned()
}

/// Works on whatever waits, since these servers have no workers; answers a job's page once nothing is done any more.
async fn finished(site: &Site, browser: &Browser, path: &str) -> Page {
    let waiting = browser.open(path).await;
    waiting.must_have("<noscript><meta http-equiv=\"refresh\"");
    waiting.must_have("data-live");
    waiting.must_have("<progress");
    loop {
        while let Some(mut work) = jobs::claim(&site.store, clock::now()).await.unwrap() {
            while work.step().await.unwrap() == Step::More {}
        }
        let page = browser.open(path).await;
        if !page.has("http-equiv=\"refresh\"") {
            page.must_not_have("data-live");
            return page;
        }
    }
}

#[tokio::test]
async fn what_is_filtered_is_exported_and_downloaded() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    site.third_party(&admin, "=Brightside").await;
    site.third_party(&admin, "Quill").await;
    let auditor = site.signed_in(Role::Auditor).await;
    auditor.open(&site.path("/jobs")).await.must_have("No exports");
    let page = auditor.open(&site.path("/audit?type=ThirdPartyAdded")).await;
    page.must_have("Export these 2 lines:");
    let none = auditor.open(&site.path("/audit?q=nothing-like-that")).await;
    none.must_not_have("/audit/exports");
    let path = export(&auditor, &site, "?type=ThirdPartyAdded&q=bright", "csv").await;
    let page = finished(&site, &auditor, &path).await;
    page.must_have("Ready");
    page.must_have("1 of 1 lines");
    page.must_have("<code>text</code> <code>event</code>");
    let file = auditor.open(&format!("{path}/result")).await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"countersign-"));
    assert_eq!(file.body.matches("\r\n").count(), 2);
    file.must_have(",'=Brightside,");
    file.must_not_have("Quill");
    let listed = admin.open(&site.path("/jobs")).await;
    listed.must_have(&path);
    listed.must_have("Some auditor");
    admin.open(&site.path("/audit?type=AuditExported")).await.must_have("exported the audit timeline up to no.");

    let removed = admin.fill_in(&path, &[("action", "remove")]).await;
    assert_eq!(removed.location(), site.path("/jobs?done=job-removed"));
    for path in [path.clone(), format!("{path}/result")] {
        assert_eq!(auditor.get(&path).await.status, StatusCode::NOT_FOUND);
    }
    site.stop().await;
}

#[tokio::test]
async fn an_export_without_a_format_is_refused() {
    let site = Site::start().await;
    let auditor = site.signed_in(Role::Auditor).await;
    let page = auditor.open(&site.path("/audit")).await;
    for format in ["", "xlsx"] {
        let refused = auditor.submit(&page, &site.path("/audit/exports"), &[("format", format)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    site.stop().await;
}
