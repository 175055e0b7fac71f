//! Saves that are refused keep what was typed, and nothing is saved by half.

use countersign_domain::Role;
use reqwest::StatusCode;

use crate::browser::{Browser, Page, with_defaults};
use crate::site::Site;

fn with<'a>(page: &'a Page, version: &'a str, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    assert_eq!(page.status, StatusCode::OK);
    let defaults = [("version", version), ("name", "Brightside"), ("mode", "manual"), ("action", "save")];
    with_defaults(&defaults, fields)
}

async fn save(admin: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = admin.open(path).await;
    let version = page.hidden("version");
    admin.submit(&page, path, &with(&page, &version, fields)).await
}

#[tokio::test]
async fn a_failed_save_keeps_every_field_and_names_each_problem() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside").await;
    let fields = [
        ("name", " "),
        ("contact_name", "Noor"),
        ("contact_email", "noor at brightside"),
        ("note", "Kept <as> typed"),
        ("mode", "automatic"),
        ("callback_url", "http://brightside.example/callback"),
        ("enabled", "on"),
        ("expires_on", "2001-01-01"),
        ("action", "add-token"),
    ];
    let failed = save(&admin, &path, &fields).await;
    assert_eq!(failed.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["name", "contact_email", "callback_url", "expires_on"] {
        failed.must_have(&format!("<a href=\"#field-{field}\">"));
        failed.must_have(&format!("id=\"error-{field}\""));
    }
    assert_eq!(failed.input("contact_name"), "Noor");
    assert_eq!(failed.input("contact_email"), "noor at brightside");
    assert_eq!(failed.input("callback_url"), "http://brightside.example/callback");
    failed.must_have("Kept &lt;as&gt; typed</textarea>");
    failed.must_have("value=\"2001-01-01\"");
    failed.must_have("value=\"automatic\" aria-describedby=\"hint-automatic\" checked");
    failed.must_have("<title>Error: ");
    let saved = admin.open(&path).await;
    assert_eq!(saved.input("name"), "Brightside");
    saved.must_have("No tokens yet.");

    let new = site.path("/third-parties/new");
    let taken = admin.fill_in(&new, &[("name", "BRIGHTSIDE"), ("contact_name", "Kim"), ("mode", "manual")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    taken.must_have("Another third party has this name");
    assert_eq!(taken.input("name"), "BRIGHTSIDE");
    assert_eq!(taken.input("contact_name"), "Kim");
    site.stop().await;
}

#[tokio::test]
async fn an_overtaken_save_keeps_what_was_typed_and_shows_what_is_saved() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside").await;
    let old = admin.open(&path).await;
    let version = old.hidden("version");
    save(&admin, &path, &[("name", "Brightside Ltd"), ("enabled", "on")]).await.location();
    let overtaken = admin.submit(&old, &path, &with(&old, &version, &[("contact_name", "Noor")])).await;
    assert_eq!(overtaken.status, StatusCode::CONFLICT);
    overtaken.must_have("nothing was saved now");
    overtaken.must_have("Saved at present: Brightside Ltd");
    overtaken.must_have("Saved at present: Enabled");
    assert_eq!(overtaken.input("name"), "Brightside");
    assert_eq!(overtaken.input("contact_name"), "Noor");
    // Whoever looked at both may save over it.
    let version = overtaken.hidden("version");
    let again = admin.submit(&overtaken, &path, &with(&old, &version, &[("contact_name", "Noor")])).await;
    assert_eq!(again.location(), format!("{path}?done=saved"));
    assert_eq!(admin.open(&path).await.input("name"), "Brightside");
    site.stop().await;
}

#[tokio::test]
async fn a_repeated_submission_makes_no_second_secret() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside").await;
    let page = admin.open(&path).await;
    let version = page.hidden("version");
    let add = with(&page, &version, &[("action", "add-token")]);
    assert_eq!(admin.submit(&page, &path, &add).await.status, StatusCode::OK);
    let repeated = admin.submit(&page, &path, &add).await;
    assert_eq!(repeated.status, StatusCode::CONFLICT);
    repeated.must_have("its first copy was carried out");
    admin.open(&path).await.must_have("1 active token");

    let made = save(&admin, &path, &[("action", "new-secret")]).await;
    made.secret("cs_sk_");
    made.must_have("Two secrets are the most");
    let third = save(&admin, &path, &[("action", "new-secret")]).await;
    assert_eq!(third.status, StatusCode::CONFLICT);
    third.must_have("The client has two secrets already");
    let page = admin.open(&path).await;
    let old = page.between_all("name=\"remove_secret[", "]\"").remove(1);
    let removed = save(&admin, &path, &[(&format!("remove_secret[{old}]"), "on")]).await;
    removed.location();
    assert_eq!(admin.open(&path).await.between_all("name=\"remove_secret[", "]\"").len(), 1);
    site.stop().await;
}

#[tokio::test]
async fn saving_does_not_undo_what_others_switched() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside").await;
    save(&admin, &path, &[("action", "add-token")]).await.secret("cs_mt_");
    let page = admin.open(&path).await;
    let id = page.between_all("name=\"shown[", "]\"").remove(0);
    let token = format!("{path}/tokens/{id}");
    let off = admin.fill_in(&token, &[("shown", "active"), ("action", "save")]).await;
    assert_eq!(off.location(), format!("{token}?done=saved"));
    // The page is still the old one, with the box ticked as it was.
    let (shown, active, version) = (format!("shown[{id}]"), format!("active[{id}]"), page.hidden("version"));
    let fields = with(&page, &version, &[(&shown, "active"), (&active, "on"), ("contact_name", "Noor")]);
    admin.submit(&page, &path, &fields).await.location();
    admin.open(&path).await.must_have("Show inactive and expired (1)");
    site.stop().await;
}

#[tokio::test]
async fn a_chosen_day_is_kept_within_the_limits() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside").await;
    let latest = admin.open(&path).await.between_all("Latest possible: ", ".").remove(0);
    let add = |day| [("action", "add-token"), ("expires_on", day)];
    let made = save(&admin, &path, &add(&latest)).await;
    assert_eq!(made.status, StatusCode::OK);
    made.must_have(&format!("<span class=\"exact\">{latest}"));
    let late = save(&admin, &path, &add("2999-12-31")).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    late.must_have("Choose a date within 24 months");
    let past = save(&admin, &path, &add("2020-02-29")).await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    past.must_have("Choose a date in the future");
    let none = save(&admin, &path, &add("soon")).await;
    none.must_have("Enter a date like");
    // A date left behind in the field doesn't hinder a plain save.
    save(&admin, &path, &[("expires_on", "soon")]).await.location();
    site.stop().await;
}
