//! Third parties from their first day to their last.

use countersign_domain::Role;
use countersign_persistence::clock;
use reqwest::StatusCode;

use crate::browser::Page;
use crate::site::Site;

const HOSTILE: &str = "<script>alert(1)</script>\"'&{{page.csrf}}";

#[tokio::test]
async fn from_adding_to_access_and_back() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let list = site.path("/third-parties");
    admin.open(&list).await.must_have("No third parties yet");

    let fields = [
        ("name", "Brightside Payroll"),
        ("contact_name", "Noor Haddad"),
        ("contact_email", "noor@brightside.example"),
        ("note", "Reads payslips only.\r\nReviewed with Noor."),
        ("mode", "manual"),
        ("callback_url", ""),
    ];
    let added = admin.fill_in(&site.path("/third-parties/new"), &fields).await;
    assert_eq!(added.status, StatusCode::OK);
    assert_eq!(added.headers["cache-control"], "no-store");
    added.must_have("They are shown only this once");
    let secret = added.secret("cs_sk_");
    let client_id = added.between_all("<code id=\"client-id\">", "<").remove(0);
    let path = added.between_all("method=\"post\" action=\"", "\"").into_iter().find(|path| path != "/logout").unwrap();

    let page = admin.open(&path).await;
    page.must_not_have(&secret);
    page.must_have(&format!("cs_sk_…{}", &secret[secret.len() - 4..]));
    page.must_have(&client_id);
    page.must_have("Reviewed with Noor.");
    page.must_have("Share the Client ID, Client Secret and OAuth Token with <strong>Brightside Payroll</strong> only");

    let version = page.hidden("version");
    let mut all = fields.to_vec();
    all.extend([("version", version.as_str()), ("enabled", "on"), ("action", "add-token")]);
    let made = admin.submit(&page, &path, &all).await;
    assert_eq!(made.status, StatusCode::OK);
    let token = made.secret("cs_mt_");
    made.must_have("<tr class=\"fresh\">");
    made.must_have("Clearing it stops 1 active token");
    let test = site.path(&path[site.path("").len()..]) + "/test";
    let tested = admin.fill_in(&test, &[("token", &token)]).await;
    tested.must_have("This token gives access");
    tested.must_have(&format!("cs_mt_…{}", &token[token.len() - 4..]));
    tested.must_not_have(&token);
    tested.must_have(&format!("{}/t/{}/access-test", site.base_url, site.slug));

    // Clearing Active stops it; ticking it again brings it back.
    let page = admin.open(&path).await;
    page.must_not_have(&token);
    let shown = page.between_all("name=\"shown[", "]\"").remove(0);
    let (shown, active) = (format!("shown[{shown}]"), format!("active[{shown}]"));
    let version = page.hidden("version");
    let mut save = fields.to_vec();
    save.extend([("version", version.as_str()), ("enabled", "on"), ("action", "save"), (&shown, "active")]);
    assert_eq!(admin.submit(&page, &path, &save).await.location(), format!("{path}?done=saved"));
    admin.open(&format!("{path}?done=saved")).await.must_have("Saved.");
    let stopped = admin.fill_in(&test, &[("token", &token)]).await;
    stopped.must_have("No access: The token is not Active");
    stopped.must_have("tick Active beside the token");
    let page = admin.open(&path).await;
    page.must_have("Show inactive and expired (1)");
    *save.last_mut().unwrap() = (&shown, "inactive");
    save.push((&active, "on"));
    admin.submit(&page, &path, &save).await.location();
    admin.fill_in(&test, &[("token", &token)]).await.must_have("This token gives access");

    let row = admin.open(&list).await;
    row.must_have("Brightside Payroll");
    row.must_have("Noor Haddad, noor@brightside.example");
    row.must_have("1 third party");
    site.stop().await;
}

#[tokio::test]
async fn credentials_that_the_third_party_brings_are_taken_and_never_shown() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let new = site.path("/third-parties/new");
    admin.open(&new).await.must_have("Fill these in only if the third party has its own already");
    let secret = "what they have used since 2014";
    let form = |name, client_id, client_secret| {
        [("name", name), ("mode", "manual"), ("client_id", client_id), ("client_secret", client_secret)]
    };

    let both = admin.fill_in(&new, &form("Brightside", "brightside", secret)).await;
    let (path, done) = both.location().split_once('?').unwrap();
    assert_eq!(done, "done=third-party-added-by-chosen-secret");
    let page = admin.open(both.location()).await;
    page.must_have("The Client Secret is the one that you entered.");
    page.must_have("<code id=\"client-id\">brightside</code>");
    page.must_have("chosen by a person");
    page.must_not_have(secret);
    let version = page.hidden("version");
    let enable = [("version", version.as_str()), ("name", "Brightside"), ("mode", "manual"), ("enabled", "on")];
    admin.submit(&page, path, &enable).await.location();
    let token = async |presented: &str| {
        let request = reqwest::Client::new().post(format!("{}/t/{}/oauth2/token", site.base_url, site.slug));
        let request = request.basic_auth("brightside", Some(presented));
        request.form(&[("grant_type", "client_credentials")]).send().await.unwrap().status()
    };
    assert_eq!(token(secret).await, StatusCode::OK);
    assert_eq!(token("what they have used since 2015").await, StatusCode::UNAUTHORIZED);

    let generated = admin.fill_in(&new, &form("Quill", "quill", "")).await;
    assert_eq!(generated.status, StatusCode::OK);
    generated.secret("cs_sk_");
    generated.must_have("<code id=\"client-id\">quill</code>");

    let events = || site.store.pool().read(site.organization, "SELECT 1 FROM events", &[]);
    let before = events().await.unwrap().len();
    let taken = admin.fill_in(&new, &form("Another", "quill", secret)).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    taken.must_have("Another client has this Client ID");
    taken.must_have("Enter the Client Secret again");
    taken.must_not_have("Another third party has this name");
    taken.must_not_have(secret);
    assert_eq!((taken.input("name"), taken.input("client_id")), ("Another".into(), "quill".into()));
    let short = admin.fill_in(&new, &form("Another", "another", "too short")).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    short.must_have("<a href=\"#field-client_secret\">");
    short.must_have("Use 16 to 200 printable ASCII characters");
    short.must_not_have("too short");
    assert_eq!(events().await.unwrap().len(), before);
    site.stop().await;
}

#[tokio::test]
async fn deleting_says_what_stops_and_keeps_the_history() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Quill Documents").await;
    let page = admin.open(&path).await;
    let version = page.hidden("version");
    let fields =
        [("version", version.as_str()), ("name", "Quill Documents"), ("mode", "manual"), ("action", "add-token")];
    let token = admin.submit(&page, &path, &fields).await.secret("cs_mt_");

    let delete = format!("{path}/delete");
    let confirm = admin.open(&delete).await;
    confirm.must_have("Stops 1 active token at once");
    let version = confirm.hidden("version");
    let long = "x".repeat(4001);
    let refused = admin.submit(&confirm, &delete, &[("version", &version), ("reason", &long)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("Use at most 4000 characters");
    refused.must_have(&long);
    let stale = admin.submit(&confirm, &delete, &[("version", "0")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    stale.must_have("so it was not deleted");
    let deleted = admin.submit(&confirm, &delete, &[("version", &version), ("reason", "The contract ended")]).await;
    let list = format!("{}?done=third-party-deleted", site.path("/third-parties"));
    assert_eq!(deleted.location(), list);
    let listed = admin.open(&list).await;
    listed.must_have("The third party is deleted.");
    listed.must_not_have("Quill");

    let gone = admin.open(&path).await;
    gone.must_have("This third party was deleted");
    gone.must_not_have("data-save-button");
    assert_eq!(admin.get(&delete).await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.submit(&confirm, &path, &fields).await.status, StatusCode::NOT_FOUND);
    let other = site.third_party(&admin, "Another").await;
    let tested = admin.fill_in(&format!("{other}/test"), &[("token", &token)]).await;
    tested.must_have("No access: The third party was deleted");
    tested.must_have("not issued for Another but for Quill Documents");
    let audit = admin.open(&site.path("/audit?q=Quill")).await;
    audit.must_have("The contract ended");
    audit.must_have("ThirdPartyDeleted");
    site.stop().await;
}

#[tokio::test]
async fn hostile_names_are_only_text() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let fields = [("name", HOSTILE), ("contact_name", HOSTILE), ("note", HOSTILE), ("mode", "manual")];
    let added = admin.fill_in(&site.path("/third-parties/new"), &fields).await;
    let path = added.between_all("method=\"post\" action=\"", "\"").into_iter().find(|path| path != "/logout").unwrap();
    let search = site.path("/third-parties?q=%3Cscript%3E&sort=%22%3E&order=%3Cb%3E&page=%27");
    let taken = admin.fill_in(&site.path("/third-parties/new"), &fields).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let login = site.browser().fill_in("/login", &[("email", HOSTILE), ("password", "x")]).await;
    let mut pages = vec![added, taken, login];
    let (delete, test) = (format!("{path}/delete"), format!("{path}/test"));
    let audit = site.path("/audit?q=%3Cscript%3E&actor=%22%3E&type=%3Cb%3E");
    for path in [&path, &delete, &test, &search, &audit] {
        pages.push(admin.open(path).await);
    }
    pages.push(admin.get("/%3Cscript%3Ealert(1)%3C/script%3E").await);
    for page in &pages {
        page.must_not_have("<script>alert");
        assert_eq!(page.body.matches("<script").count(), 1, "only our own script");
        assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    }
    pages[3].must_have("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;{{page.csrf}}");
    site.stop().await;
}

#[tokio::test]
async fn the_list_is_searched_sorted_and_paged_by_its_address() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    for number in 1..=27 {
        countersign_persistence::testing::third_party(&site.store, site.organization, &format!("Partner {number:02}"))
            .await
            .unwrap();
    }
    let list = site.path("/third-parties");
    let names = |page: &Page| page.names().iter().map(|name| name[name.len() - 2..].to_owned()).collect::<Vec<_>>();
    let first = admin.open(&list).await;
    assert_eq!(names(&first).len(), 25);
    first.must_have("showing 1 to 25");
    first.must_have("aria-sort=\"ascending\"");
    let next = first.between_all("rel=\"next\" href=\"", "\"").remove(0);
    let second = admin.open(&next).await;
    assert_eq!(names(&second), ["26", "27"]);
    second.must_have("aria-current=\"page\"><span class=\"visually-hidden\">Page </span>2");
    let down = first.between_all("<a class=\"sort\" href=\"", "\"").remove(0);
    let down_page = admin.open(&down).await;
    assert_eq!(names(&down_page)[0], "27");
    down_page.must_have("aria-sort=\"descending\"");
    let everything = admin
        .open(&first.between_all("<li><a href=\"", "\"").into_iter().rfind(|href| href.contains("all")).unwrap())
        .await;
    assert_eq!(names(&everything).len(), 27);
    everything.must_have("Show pages");
    let found = admin.open(&format!("{list}?q=NER+1&sort=name&order=descending")).await;
    assert_eq!(names(&found), ["19", "18", "17", "16", "15", "14", "13", "12", "11", "10"]);
    found.must_have("10 of 27 match<");
    let kept = found.between_all("<a class=\"sort\" href=\"", "\"");
    assert!(kept.iter().all(|href| href.contains("q=NER+1")), "{kept:?}");
    admin.open(&format!("{list}?q=100%25")).await.must_have("No third party matches");
    assert_eq!(names(&admin.open(&format!("{list}?page=99")).await), ["26", "27"]);
    site.stop().await;
}

#[tokio::test]
async fn the_last_use_of_a_secret_stands_beside_it() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let path = site.third_party(&admin, "Brightside").await;
    let page = admin.open(&path).await;
    page.must_have(", never used</span>");
    let secret = page.between_all("name=\"remove_secret[", "]\"").remove(0).parse().unwrap();
    site.store.usage().count_secret(site.organization, secret, clock::now());
    site.store.close().await;
    admin.open(&path).await.must_have(", last used <time");
    site.stop().await;
}

#[tokio::test]
async fn the_list_is_filtered_by_each_column_and_shown_whole_part_by_part() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let list = site.path("/third-parties");
    let path = site.third_party(&admin, "Quill Documents").await;
    let page = admin.open(&path).await;
    let version = page.hidden("version");
    let enable = [("version", version.as_str()), ("name", "Quill Documents"), ("mode", "manual"), ("enabled", "on")];
    admin.submit(&page, &path, &enable).await.location();
    let seed = "INSERT INTO third_parties (org_id, third_party_id, name, mode, enabled, deleted, added_at, version) \
                SELECT $1, gen_random_uuid(), 'Partner ' || lpad(n::text, 4, '0'), 'automatic', false, false, now(), 1 \
                FROM generate_series(1, 1001) n";
    site.store.pool().write(site.organization, seed, &[&site.organization.uuid()]).await.unwrap();

    let first = admin.open(&list).await;
    first.must_have("1002 third parties, showing 1 to 25");
    assert_eq!((first.names().len(), first.names()[0].as_str()), (25, "Partner 0001"));
    for query in ["q=DOCU", "enabled=yes", "enabled=En", "mode=man"] {
        assert_eq!(admin.open(&format!("{list}?{query}")).await.names(), ["Quill Documents"], "{query}");
    }
    let found = admin
        .open(&format!("{list}?mode=a&used=NEVER&expires=no+active&q=partner+00&enabled=n&order=descending"))
        .await;
    found.must_have("99 of 1002 match");
    found.must_have("<option value=\"automatic\" selected>");
    assert_eq!(found.names()[0], "Partner 0099");
    let next = found.between_all("rel=\"next\" href=\"", "\"").remove(0);
    assert_eq!(
        next,
        format!("{list}?q=partner+00&enabled=no&mode=automatic&expires=no+active&used=NEVER&order=descending&page=2")
    );
    assert_eq!(admin.open(&next).await.names()[0], "Partner 0074");
    admin.open(&format!("{list}?used=2026&q=q")).await.must_have("No third party matches");

    let all = admin.open(&format!("{list}?page=all&order=descending")).await;
    let shown = all.names();
    assert_eq!((shown.len(), shown[0].as_str(), shown[1001].as_str()), (1002, "Quill Documents", "Partner 0001"));
    assert!(all.headers.get("content-length").is_none(), "sent part by part");
    assert!(all.body.trim_end().ends_with("</html>"));
    let more = seed.replace("'Partner '", "'Another '").replace("1001)", "4000)");
    site.store.pool().write(site.organization, &more, &[&site.organization.uuid()]).await.unwrap();
    let asked = admin.open(&format!("{list}?page=all")).await;
    assert_eq!(asked.names().len(), 25);
    asked.must_have("5002 third parties on one page take a while");
    let anyway = asked.between_all("or <a href=\"", "\"").remove(0);
    assert_eq!(admin.open(&anyway).await.names().len(), 5002);
    site.stop().await;
}
