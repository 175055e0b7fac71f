//! The calendar of what expires, and its file.

use countersign_domain::Role;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use reqwest::StatusCode;

use crate::browser::Browser;
use crate::site::Site;

/// The day on which the tokens of these tests expire: the 10th, two months from now.
fn day() -> jiff::civil::Date {
    let today = countersign_persistence::clock::now().to_zoned(TimeZone::UTC).date();
    today.first_of_month().checked_add(2.months()).unwrap().with().day(10).build().unwrap()
}

async fn token(site: &Site, admin: &Browser, name: &str) -> String {
    let path = site.third_party(admin, name).await;
    let page = admin.open(&path).await;
    let (version, expires_on) = (page.hidden("version"), day().to_string());
    let fields = [
        ("version", version.as_str()),
        ("name", name),
        ("mode", "manual"),
        ("expires_on", &expires_on),
        ("action", "add-token"),
    ];
    admin.submit(&page, &path, &fields).await.secret("cs_mt_")
}

fn month_of(day: jiff::civil::Date) -> String {
    day.strftime("%Y-%m").to_string()
}

#[tokio::test]
async fn a_token_stands_under_its_day_in_its_month() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let calendar = site.path("/calendar");
    let empty = admin.open(&calendar).await;
    empty.must_have("Nothing expires in the next 90 days");
    empty.must_not_have("rel=\"prev\"");

    let brightside = token(&site, &admin, "Brightside").await;
    let quill = token(&site, &admin, "Quill").await;
    let mask = |token: &str| format!("cs_mt_…{}", &token[token.len() - 4..]);
    let now = admin.open(&calendar).await;
    now.must_have(&format!("Go to {}", day().strftime("%B %Y")));
    let next = now.between_all("rel=\"next\" href=\"", "\"").remove(0);
    let one_on = admin.open(&next).await;
    let month = admin.open(&one_on.between_all("rel=\"next\" href=\"", "\"").remove(0)).await;
    month.must_have(&day().strftime("%A, %-d %B %Y").to_string());
    month.must_have(&mask(&brightside));
    month.must_have(&mask(&quill));
    month.must_have("2 expire");
    month.must_have(&format!("?month&#x3D;{}\">{}</a></th><td>2</td>", month_of(day()), day().strftime("%B %Y")));
    assert_eq!(month.between_all("rel=\"prev\" href=\"", "\"").remove(0), next);

    let filtered = admin.open(&format!("{calendar}?month={}&third_party=QUILL", month_of(day()))).await;
    filtered.must_have(&mask(&quill));
    filtered.must_not_have(&mask(&brightside));
    filtered.must_have("1 expires");
    filtered.must_have(&format!("href=\"{}?third_party&#x3D;QUILL\"", site.path("/calendar.ics")));
    site.stop().await;
}

#[tokio::test]
async fn what_is_no_month_ahead_is_refused_beside_its_field() {
    let site = Site::start().await;
    let auditor = site.signed_in(Role::Auditor).await;
    for (month, error) in [("yesterday", "Enter a month like 2026-12"), ("2020-01", "or a later month")] {
        let refused = auditor.get(&site.path(&format!("/calendar?month={month}&third_party=kept"))).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.must_have("<a href=\"#field-month\">");
        refused.must_have(error);
        assert_eq!((refused.input("month"), refused.input("third_party")), (month.into(), "kept".into()));
    }
    auditor.open(&site.path("/calendar?month=9999-12")).await.must_have("December 9999: nothing expires");
    site.stop().await;
}

#[tokio::test]
async fn the_file_has_an_event_for_each() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let token = token(&site, &admin, "Smith, Jones; Partners").await;
    let file = admin.open(&site.path("/calendar.ics")).await;
    assert_eq!(file.headers["content-type"], "text/calendar; charset=utf-8");
    let disposition = file.headers["content-disposition"].to_str().unwrap();
    assert_eq!(disposition, format!("attachment; filename=\"countersign-{}.ics\"", site.slug));
    let unfolded = file.body.replace("\r\n ", "");
    let lines = unfolded.split_terminator("\r\n").collect::<Vec<_>>();
    assert_eq!(lines.iter().filter(|line| **line == "BEGIN:VEVENT").count(), 1);
    let start = lines.iter().find_map(|line| line.strip_prefix("DTSTART:")).unwrap();
    assert!(start.starts_with(&day().strftime("%Y%m%dT").to_string()), "{start}");
    assert!(lines.contains(&"SUMMARY:OAuth Token of Smith\\, Jones\\; Partners expires"), "{unfolded}");
    let url = lines.iter().find_map(|line| line.strip_prefix("URL:")).unwrap();
    admin.open(url.strip_prefix(&site.base_url).unwrap()).await.must_have(&token[token.len() - 4..]);
    assert!(!unfolded.contains(&token));

    let uid = |body: &str| body.split("UID:").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let again = admin.open(&site.path("/calendar.ics?third_party=smith")).await;
    assert_eq!(uid(&again.body), uid(&file.body), "the same thing has the same identifier in every file");
    let none = admin.open(&site.path("/calendar.ics?third_party=nobody")).await;
    assert!(!none.body.contains("VEVENT") && none.body.ends_with("END:VCALENDAR\r\n"));
    site.stop().await;
}
