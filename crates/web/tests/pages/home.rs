//! An organization's first page.

use countersign_domain::validity::{Check, RequestOutcome};
use countersign_domain::{Role, ThirdPartyId};
use countersign_persistence::clock;
use countersign_persistence::usage::DecidedRequest;

use crate::browser::{Browser, Page};
use crate::site::Site;

/// Adds a token to a third party; answers the path of its page.
async fn add_token(admin: &Browser, path: &str, name: &str, expires_on: &str) -> String {
    let page = admin.open(path).await;
    let version = page.hidden("version");
    let fields = [
        ("version", version.as_str()),
        ("name", name),
        ("mode", "manual"),
        ("enabled", "on"),
        ("expires_on", expires_on),
        ("action", "add-token"),
    ];
    let made = admin.submit(&page, path, &fields).await;
    assert_eq!(made.status, 200, "{}", made.body);
    format!("{path}/tokens/{}", made.between_all("name=\"shown[", "]\"").remove(0))
}

/// The page once it shows what was counted, a few seconds late.
async fn once(browser: &Browser, path: &str, text: &str) -> Page {
    for _ in 0..200 {
        let page = browser.open(path).await;
        if page.has(text) {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{text:?} never came")
}

fn in_days(days: i64) -> String {
    let then = clock::now() + jiff::SignedDuration::from_hours(24 * days);
    then.strftime("%Y-%m-%d").to_string()
}

#[tokio::test]
async fn first_steps_lead_on_until_all_are_done() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let home = site.path("");
    let empty = admin.open(&home).await;
    empty.must_have("First steps");
    empty.must_have(&format!("href=\"{}\">Add a third party</a>", site.path("/third-parties/new")));
    empty.must_not_have("Done<");
    empty.must_not_have("Expires within 30 days");

    let path = site.third_party(&admin, "Brightside").await;
    let added = admin.open(&home).await;
    added.must_have(&format!("href=\"{path}#tokens-title\">Add an OAuth Token</a>"));
    assert_eq!(added.between_all("<li class=\"passed\">", "</li>").len(), 1);
    added.must_have("Expires within 30 days");

    let token = add_token(&admin, &path, "Brightside", "").await;
    let with_token = admin.open(&home).await;
    assert_eq!(with_token.between_all("<li class=\"passed\">", "</li>").len(), 2);
    with_token.must_have(&format!("href=\"{path}/test\">Hand it over and test the access</a>"));

    let token = token.rsplit('/').next().unwrap().parse::<uuid::Uuid>().unwrap();
    site.store.usage().count(site.organization, token.into(), clock::now(), "192.0.2.7");
    once(&admin, &token_path(&path, token), "from 192.0.2.7").await;
    admin.open(&home).await.must_not_have("First steps");
    site.stop().await;
}

fn token_path(third_party: &str, token: uuid::Uuid) -> String {
    format!("{third_party}/tokens/{token}")
}

#[tokio::test]
async fn what_expires_soon_fails_and_changed_is_there() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside & Co").await;
    let soon = add_token(&admin, &path, "Brightside & Co", &in_days(12)).await;
    let later = add_token(&admin, &path, "Brightside & Co", "").await;
    let third_party = path.rsplit('/').next().unwrap().parse::<uuid::Uuid>().unwrap();
    let outcomes = [RequestOutcome::Allowed, RequestOutcome::Allowed, RequestOutcome::Refused(Check::NotExpired)];
    for outcome in outcomes {
        let third_party = Some(ThirdPartyId(third_party));
        let request = DecidedRequest { token: uuid::Uuid::nil().into(), third_party, outcome };
        site.store.usage().count_request(site.organization, request, clock::now(), "192.0.2.7");
    }

    let counted = "Requests in 30 days: 2 allowed, 1 refused (token expired)";
    let home = once(&admin, &site.path(""), counted).await;
    let expiring = home.between_all("<h2 id=\"expiring-title\">", "</section>").remove(0);
    assert!(expiring.contains(&soon) && !expiring.contains(&later), "{expiring}");
    home.must_have("Requests refused: 1");
    home.must_have(&format!("href=\"{path}/test\""));
    home.must_have(&format!("href=\"{}\"", site.path(&format!("/audit?third_party&#x3D;{third_party}"))));
    home.must_have("<td>2</td><td>1</td>");
    assert_eq!(home.between_all("<li id=\"event-", "\"").len(), 8, "the last of what happened");
    admin.open(&path).await.must_have(counted);
    let another = site.third_party(&admin, "Another").await;
    admin.open(&another).await.must_have("Requests in 30 days: 0 allowed, 0 refused");

    let auditor = site.signed_in(Role::Auditor).await;
    let read = auditor.open(&site.path("")).await;
    read.must_have("Requests refused: 1");
    read.must_not_have("/test\"");
    site.stop().await;
}
