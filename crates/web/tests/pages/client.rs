//! One OAuth client: adding it, changing it, its secrets, and its end.

use countersign_domain::Role;
use countersign_persistence::clock;
use reqwest::{StatusCode, Url};

use crate::browser::{Browser, Page, with_defaults};
use crate::site::Site;

const CHOSEN: &str = "what they have used since 2014";
const CALLBACK: &str = "https://partner.example/callback";

/// Adds a client on the page, with a secret that is generated; answers its path and the secret.
async fn add(site: &Site, admin: &Browser, fields: &[(&str, &str)]) -> (String, String) {
    let added = admin.fill_in(&site.path("/clients/new"), &filled_in(fields)).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    let path = added.between_all("<form method=\"post\" action=\"", "\"").into_iter().find(|path| path != "/logout");
    (path.unwrap(), added.secret("cs_sk_"))
}

fn filled_in<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let defaults = [("secret", "generate"), ("expires_in", "3600"), ("active", "on"), ("type", "confidential")];
    with_defaults(&defaults, fields)
}

/// Sends the form of a client's page as it stands there, but for these fields; an empty value clears one.
async fn save(admin: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = admin.open(path).await;
    submit(admin, path, &page, fields).await
}

async fn submit(admin: &Browser, path: &str, page: &Page, fields: &[(&str, &str)]) -> Page {
    let (version, expires_in) = (page.hidden("version"), page.input("expires_in"));
    let uris = page.between_all("<textarea id=\"field-redirect_uris\"", "</textarea>").remove(0);
    let uris = uris.split_once('>').unwrap().1.to_owned();
    let scopes = page.input("scopes");
    let ticked = ["active", "pkce_required", "may_introspect"]
        .into_iter()
        .chain(["grant_types[authorization_code]", "grant_types[refresh_token]", "grant_types[client_credentials]"])
        .filter(|name| {
            let tags = page.between_all(&format!("name=\"{name}\" value=\"on\""), ">");
            tags.first().is_some_and(|rest| rest.ends_with(" checked"))
        });
    let mut all = vec![
        ("version", version.as_str()),
        ("expires_in", &expires_in),
        ("redirect_uris", &uris),
        ("scopes", &scopes),
        ("action", "save"),
    ];
    all.extend(ticked.map(|name| (name, "on")));
    for (name, value) in fields {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    admin.submit(page, path, &all).await
}

/// What the token endpoint answers to client credentials.
async fn token(site: &Site, client_id: &str, secret: &str) -> (StatusCode, serde_json::Value) {
    let request = reqwest::Client::new().post(format!("{}/t/{}/oauth2/token", site.base_url, site.slug));
    let request = request.basic_auth(client_id, Some(secret)).form(&[("grant_type", "client_credentials")]);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn access_test(site: &Site, token: &serde_json::Value) -> StatusCode {
    let request = reqwest::Client::new().get(format!("{}/t/{}/access-test", site.base_url, site.slug));
    request.bearer_auth(token["access_token"].as_str().unwrap()).send().await.unwrap().status()
}

#[tokio::test]
async fn a_client_is_added_with_a_generated_secret_and_gets_tokens() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let form = admin.open(&site.path("/clients/new")).await;
    assert_eq!(form.input("expires_in"), "3600");
    form.must_have("name=\"active\" value=\"on\" aria-describedby=\"hint-active\" checked");
    form.must_have(&format!("href=\"{}\">Back</a>", site.path("/clients")));
    let fields =
        [("client_id", "payroll"), ("expires_in", "600"), ("redirect_uris", CALLBACK), ("scopes", "read write")];
    let (path, secret) = add(&site, &admin, &fields).await;
    let page = admin.open(&path).await;
    page.must_not_have(&secret);
    page.must_have(&format!("cs_sk_…{}", &secret[secret.len() - 4..]));
    page.must_have("never used");
    page.must_have(CALLBACK);
    assert_eq!((page.input("expires_in").as_str(), page.input("scopes").as_str()), ("600", "read write"));
    let (status, issued) = token(&site, "payroll", &secret).await;
    assert_eq!((status, issued["expires_in"].as_u64()), (StatusCode::OK, Some(600)));

    let after = admin.open(&path).await;
    let access_token = issued["access_token"].as_str().unwrap();
    after.must_have(&format!("cs_at_…{}", &access_token[access_token.len() - 4..]));
    after.must_not_have(access_token);
    after.must_have("Clearing it stops 1 active token at once; never used");
    let unix = after.between_all("Token created at (Unix seconds)</dt><dd>", "<").remove(0).parse::<i64>().unwrap();
    assert!((clock::now().as_second() - unix).abs() < 60);
    admin.open(&site.path("/audit?type=ClientRegistered")).await.must_have(&format!("href=\"{path}\">payroll</a>"));
    site.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_new_client_is_said_beside_the_field_and_in_the_summary() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let new = site.path("/clients/new");
    let wrong = [
        ("client_id", " "),
        ("secret", "own"),
        ("client_secret", "too short"),
        ("expires_in", "an hour"),
        ("third_party", "Nobody"),
        ("redirect_uris", "https://one.example/\r\nhttp://two.example/"),
        ("scopes", "a \\"),
        ("active", ""),
    ];
    let refused = admin.fill_in(&new, &filled_in(&wrong)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["client_id", "client_secret", "expires_in", "third_party", "redirect_uris", "scopes"] {
        refused.must_have(&format!("<a href=\"#field-{field}\">"));
        refused.must_have(&format!("id=\"error-{field}\""));
    }
    refused.must_have("Enter a Client ID");
    refused.must_have("“http://two.example/”: ");
    refused.must_not_have("too short");
    assert_eq!((refused.input("expires_in").as_str(), refused.input("third_party").as_str()), ("an hour", "Nobody"));
    refused.must_have("value=\"own\" checked");
    refused.must_not_have("name=\"active\" value=\"on\" aria-describedby=\"hint-active\" checked");

    let none = admin.fill_in(&new, &filled_in(&[("client_id", "a"), ("secret", "own")])).await;
    none.must_have("Enter the Client Secret, or let one be generated");
    let brief = admin.fill_in(&new, &filled_in(&[("client_id", "a"), ("expires_in", "59")])).await;
    assert_eq!(brief.status, StatusCode::UNPROCESSABLE_ENTITY);
    brief.must_have("<a href=\"#field-expires_in\">Choose a lifetime from 60 seconds");
    let public = [("client_id", "a"), ("type", "public"), ("secret", "own"), ("client_secret", CHOSEN)];
    admin.fill_in(&new, &filled_in(&public)).await.must_have("A public client has no Client Secret");

    add(&site, &admin, &[("client_id", "taken")]).await;
    let events = site.store.pool().read(site.organization, "SELECT 1 FROM events", &[]).await.unwrap().len();
    let own = [("client_id", "taken"), ("secret", "own"), ("client_secret", CHOSEN)];
    let taken = admin.fill_in(&new, &filled_in(&own)).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    taken.must_have("Another client has this Client ID");
    taken.must_have("Enter the Client Secret again");
    taken.must_not_have(CHOSEN);
    let after = site.store.pool().read(site.organization, "SELECT 1 FROM events", &[]).await.unwrap().len();
    assert_eq!(events, after);
    site.stop().await;
}

#[tokio::test]
async fn a_client_can_have_its_own_secret_none_at_all_or_a_third_party() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let new = site.path("/clients/new");
    let own = [("client_id", "own"), ("secret", "own"), ("client_secret", CHOSEN), ("active", "")];
    let added = admin.fill_in(&new, &filled_in(&own)).await;
    let (path, done) = added.location().split_once('?').unwrap();
    assert_eq!(done, "done=client-added-by-chosen-secret");
    let page = admin.open(path).await;
    page.must_have("chosen by a person");
    page.must_have("While it is not Active");
    assert_eq!(token(&site, "own", CHOSEN).await.0, StatusCode::UNAUTHORIZED);
    save(&admin, path, &[("active", "on")]).await.location();
    assert_eq!(token(&site, "own", CHOSEN).await.0, StatusCode::OK);

    let public = [("client_id", "app"), ("type", "public"), ("redirect_uris", CALLBACK)];
    let added = admin.fill_in(&new, &filled_in(&public)).await;
    assert!(added.location().ends_with("?done=client-added-without-secret"));
    let path = added.location().split_once('?').unwrap().0.to_owned();
    let page = admin.open(&path).await;
    page.must_have("Public: it can't keep a secret");
    page.must_not_have("New Client Secret");
    let refused = save(&admin, &path, &[("pkce_required", "")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("<a href=\"#field-pkce_required\">A public client must use PKCE</a>");
    let forced = save(&admin, &path, &[("action", "new-secret")]).await;
    assert_eq!(forced.status, StatusCode::CONFLICT);
    forced.must_have("A public client has no secret");

    let third_party = site.third_party(&admin, "Brightside").await;
    let link = admin.open(&third_party).await.between_all("href=\"", "\"").into_iter();
    let link = link.filter(|href| href.contains("/clients/new?third_party=")).collect::<Vec<_>>().remove(0);
    assert_eq!(admin.open(&link).await.input("third_party"), "Brightside");
    let (path, _) = add(&site, &admin, &[("client_id", "second"), ("third_party", "BRIGHTSIDE")]).await;
    admin.open(&path).await.must_have(&format!("<a href=\"{third_party}\">Brightside</a>"));
    admin.open(&third_party).await.must_have(&format!("<a href=\"{path}\">second</a>"));
    site.stop().await;
}

#[tokio::test]
async fn only_what_is_writable_is_changed() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (path, secret) = add(&site, &admin, &[("client_id", "payroll")]).await;
    let forged = [
        ("client_id", "forged"),
        ("type", "public"),
        ("third_party", "forged"),
        ("code_created_at", "1"),
        ("token_created_at", "1"),
        ("passthru_user", "forged"),
        ("access_token", "forged"),
        ("redirect_uri", "https://forged.example/"),
        ("expires_in", "120"),
        ("scopes", "read"),
        ("grant_types[authorization_code]", ""),
        ("grant_types[refresh_token]", ""),
        ("may_introspect", "on"),
    ];
    let events = || site.store.pool().read(site.organization, "SELECT event_type FROM events ORDER BY position", &[]);
    let before = events().await.unwrap().len();
    assert_eq!(save(&admin, &path, &forged).await.location(), format!("{path}?done=saved"));
    let after = events().await.unwrap();
    let made = after[before..].iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>();
    assert_eq!(made, ["ClientSettingsChanged"]);
    let page = admin.open(&path).await;
    page.must_not_have("forged");
    page.must_have("<code id=\"client-id\">payroll</code>");
    let (status, issued) = token(&site, "payroll", &secret).await;
    assert_eq!(
        (status, issued["expires_in"].as_u64(), issued["scope"].as_str()),
        (StatusCode::OK, Some(120), Some("read"))
    );
    save(&admin, &path, &[]).await.location();
    assert_eq!(events().await.unwrap().len(), after.len() + 1, "nothing changed but for the token");
    site.stop().await;
}

#[tokio::test]
async fn a_refused_or_overtaken_save_keeps_what_was_typed() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (path, _) = add(&site, &admin, &[("client_id", "payroll"), ("scopes", "read")]).await;
    let no_grants = [
        ("grant_types[authorization_code]", ""),
        ("grant_types[refresh_token]", ""),
        ("grant_types[client_credentials]", ""),
        ("redirect_uris", CALLBACK),
    ];
    let refused = save(&admin, &path, &no_grants).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("<a href=\"#field-grant_types\">Choose at least one grant type</a>");
    refused.must_have(CALLBACK);
    let old = admin.open(&path).await;
    save(&admin, &path, &[("scopes", "read write"), ("active", ""), ("pkce_required", "")]).await.location();
    let overtaken = submit(&admin, &path, &old, &[("expires_in", "900")]).await;
    assert_eq!(overtaken.status, StatusCode::CONFLICT);
    overtaken.must_have("nothing was saved now");
    for saved in ["read write", "not Active", "off"] {
        overtaken.must_have(&format!("Saved at present: {saved}"));
    }
    assert_eq!(overtaken.input("expires_in"), "900");
    submit(&admin, &path, &overtaken, &[]).await.location();
    assert_eq!(admin.open(&path).await.input("scopes"), "read");
    site.stop().await;
}

#[tokio::test]
async fn a_secret_is_replaced_with_an_overlap_and_shown_once() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (path, old) = add(&site, &admin, &[("client_id", "payroll")]).await;
    let past = save(&admin, &path, &[("action", "new-secret"), ("secret_expires_on", "2020-01-01")]).await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    past.must_have("<a href=\"#field-secret_expires_on\">Choose a date in the future</a>");
    let page = admin.open(&path).await;
    let fields = [("action", "new-secret"), ("overlap", "day"), ("scopes", "read")];
    let made = submit(&admin, &path, &page, &fields).await;
    let new = made.secret("cs_sk_");
    made.must_have("The new Client Secret is shown below, this once.");
    made.must_have("expires <time");
    made.must_have("Two secrets are the most");
    assert_eq!(made.input("scopes"), "read");
    for secret in [&old, &new] {
        assert_eq!(token(&site, "payroll", secret).await.0, StatusCode::OK);
    }
    let repeated = submit(&admin, &path, &page, &fields).await;
    assert_eq!(repeated.status, StatusCode::CONFLICT);
    repeated.must_have("its first copy was carried out");
    let page = admin.open(&path).await;
    page.must_not_have(&new);
    let second = page.between_all("name=\"remove_secret[", "]\"").remove(1);
    save(&admin, &path, &[(&format!("remove_secret[{second}]"), "on")]).await.location();
    assert_eq!(token(&site, "payroll", &old).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(token(&site, "payroll", &new).await.0, StatusCode::OK);
    let chosen = [("action", "new-secret"), ("client_secret", CHOSEN)];
    save(&admin, &path, &chosen).await.location();
    assert_eq!(token(&site, "payroll", CHOSEN).await.0, StatusCode::OK);
    site.stop().await;
}

#[tokio::test]
async fn deleting_says_what_stops_and_nothing_comes_back_with_the_same_client_id() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (path, secret) = add(&site, &admin, &[("client_id", "payroll")]).await;
    let (first, second) = (token(&site, "payroll", &secret).await.1, token(&site, "payroll", &secret).await.1);
    assert_eq!(access_test(&site, &first).await, StatusCode::OK);
    let delete = format!("{path}/delete");
    let confirm = admin.open(&delete).await;
    confirm.must_have("Stops 2 active tokens at once");
    let version = confirm.hidden("version");
    let stale = admin.submit(&confirm, &delete, &[("version", "0"), ("reason", "Kept")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    stale.must_have("so it was not deleted");
    stale.must_have("Kept</textarea>");
    let deleted = admin.submit(&confirm, &delete, &[("version", &version), ("reason", "The contract ended")]).await;
    assert_eq!(deleted.location(), site.path("/clients?done=client-deleted"));
    admin.open(deleted.location()).await.must_have("The client is deleted.");
    for issued in [&first, &second] {
        assert_eq!(access_test(&site, issued).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(token(&site, "payroll", &secret).await.0, StatusCode::UNAUTHORIZED);
    let gone = admin.open(&path).await;
    gone.must_have("This client was deleted");
    gone.must_not_have("data-save-button");
    assert_eq!(admin.get(&delete).await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.submit(&confirm, &path, &[("version", &version)]).await.status, StatusCode::NOT_FOUND);

    let (again, other) = add(&site, &admin, &[("client_id", "payroll")]).await;
    assert_ne!(again, path);
    assert_eq!(access_test(&site, &first).await, StatusCode::UNAUTHORIZED);
    assert_eq!(token(&site, "payroll", &secret).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(token(&site, "payroll", &other).await.0, StatusCode::OK);
    let history = admin.open(&path).await.between_all("<a class=\"btn\" href=\"", "\"").remove(0);
    let history = admin.open(&history).await;
    history.must_have("The contract ended");
    assert_eq!(history.between_all("<span class=\"kind\">operator", "<"), [""; 0]);
    site.stop().await;
}

#[tokio::test]
async fn an_auditor_reads_a_client_and_is_offered_nothing() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let fields = [("client_id", "payroll"), ("redirect_uris", CALLBACK), ("scopes", "read")];
    let (path, _) = add(&site, &admin, &fields).await;
    let auditor = site.signed_in(Role::Auditor).await;
    let page = auditor.open(&path).await;
    for shown in ["payroll", CALLBACK, "read", "cs_sk_…", "Required", "0 active tokens, never used"] {
        page.must_have(shown);
    }
    assert_eq!(page.between_all("method=\"post\" action=\"", "\""), ["/logout"]);
    page.must_not_have("/delete");
    let csrf = page.hidden("csrf");
    assert_eq!(auditor.post(&path, &[("csrf", &csrf), ("action", "save")]).await.status, StatusCode::FORBIDDEN);
    site.stop().await;
}

#[tokio::test]
async fn the_last_code_and_the_passthru_user_are_shown_and_found() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (path, _) = add(&site, &admin, &[("client_id", "payroll"), ("redirect_uris", CALLBACK)]).await;
    save(&admin, &path, &[("pkce_required", "")]).await.location();
    let mut url = Url::parse(&format!("{}/t/{}/oauth2/authorize", site.base_url, site.slug)).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", "payroll"),
        ("redirect_uri", CALLBACK),
    ]);
    let request = &url.as_str()[site.base_url.len()..];
    let consent = admin.open(request).await;
    let decide = consent.between_all("method=\"post\" action=\"", "\"");
    let decide = decide.into_iter().find(|action| action != "/logout").unwrap_or_else(|| request.to_owned());
    let code = admin.submit(&consent, &decide, &[("decision", "allow"), ("action", "allow")]).await;
    let code = Url::parse(code.location()).unwrap();
    let (_, code) = code.query_pairs().find(|(name, _)| name == "code").unwrap();
    let page = admin.open(&path).await;
    page.must_have(&format!("cs_ac_…{}", &code[code.len() - 4..]));
    page.must_not_have(&code);
    page.must_have(&format!("<dd>{CALLBACK}</dd>"));
    page.must_have("Some admin");
    let today = clock::now().strftime("%Y-%m-%d");
    let found = admin.open(&site.path(&format!("/clients?passthru_user=SOME+ADM&code_created_at={today}"))).await;
    found.must_have("1 of 1 match");
    site.stop().await;
}

#[tokio::test]
async fn hostile_names_are_only_text() {
    const HOSTILE: &str = "<script>alert(1)</script>\"'&{{page.csrf}}<!--rows-->";
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let (path, _) = add(&site, &admin, &[("client_id", HOSTILE)]).await;
    let list = site.path("/clients");
    let hostile = [("client_id", HOSTILE), ("scopes", HOSTILE), ("redirect_uris", HOSTILE), ("third_party", HOSTILE)];
    let mut pages = vec![
        admin.fill_in(&site.path("/clients/new"), &filled_in(&hostile)).await,
        save(&admin, &path, &[("redirect_uris", HOSTILE), ("scopes", HOSTILE), ("overlap", HOSTILE)]).await,
    ];
    let filtered = format!("{list}?client_id=%3Cscript%3E&expires_in=%22%3E&passthru_user=%3Cb%3E&page=all");
    for path in [&list, &format!("{list}?page=all"), &path, &format!("{path}/delete"), &filtered] {
        pages.push(admin.open(path).await);
    }
    for page in &pages {
        page.must_not_have("<script>alert");
        page.must_not_have("<!--rows-->");
        assert_eq!(page.body.matches("<script").count(), 1, "only our own script");
        assert!(page.body.trim_end().ends_with("</html>"));
    }
    pages[3].must_have("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;{{page.csrf}}");
    site.stop().await;
}
