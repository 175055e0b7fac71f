//! The second factor: set up, asked for, used once.

use countersign_domain::member::SignInMethod;
use countersign_domain::{MemberId, Role};
use countersign_persistence::sign_in::{FREE_FAILURES, PENDING_TRIES};
use countersign_persistence::{clock, queries, sign_in, testing};
use reqwest::StatusCode;
use reqwest::header::{RETRY_AFTER, SET_COOKIE};

use crate::browser::{Browser, Page};
use crate::site::{PASSWORD, Site, new_organization};
use crate::totp;

/// A member who has switched sign-in codes on.
struct Guarded {
    member: MemberId,
    email: String,
    secret: String,
    /// The code that switched it on.
    used_code: String,
    recovery_codes: Vec<String>,
    browser: Browser,
}

impl Guarded {
    async fn new(site: &Site) -> Self {
        let (member, email) = site.member(Role::Admin).await;
        let browser = site.browser();
        browser.get(&site.link(member).await).await.location();
        let (secret, used_code, page) = switch_on(site, &browser).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let shown = page.between_all("id=\"revealed-0\">", "</code>").remove(0);
        let recovery_codes = shown.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(recovery_codes.len(), 10, "{shown}");
        Self { member, email, secret, used_code, recovery_codes, browser }
    }

    fn fields(&self) -> [(&str, &str); 2] {
        [("email", &self.email), ("password", PASSWORD)]
    }

    /// The code that the app will show next: that of now was used to switch on.
    fn next_code(&self) -> String {
        totp::code(&self.secret, 1)
    }
}

/// Answers the secret, the code that was used, and the page with the recovery codes.
pub async fn switch_on(site: &Site, browser: &Browser) -> (String, String, Page) {
    let path = site.path("/profile/sign-in-codes");
    let form = browser.open(&path).await;
    let secret = form.between_all("id=\"totp-secret\">", "<").remove(0).replace(' ', "");
    let (nonce, code) = (form.hidden("nonce"), totp::code(&secret, 0));
    let fields = [("action", "switch-on"), ("nonce", nonce.as_str()), ("code", &code), ("current_password", PASSWORD)];
    let page = browser.submit(&form, &path, &fields).await;
    (secret, code, page)
}

async fn last_sign_in(site: &Site, member: MemberId) -> String {
    let sql = "SELECT convert_from(record, 'UTF8') FROM events WHERE org_id = $1 AND stream_id = $2 \
               AND event_type = 'MemberSignedIn' ORDER BY position DESC LIMIT 1";
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&site.organization.uuid(), &member.uuid()];
    site.store.pool().read(site.organization, sql, &parameters).await.unwrap()[0].get(0)
}

fn word(method: SignInMethod) -> String {
    serde_json::to_string(&method).unwrap()
}

#[tokio::test]
async fn setting_up_takes_the_password_and_a_code_and_ends_the_other_sessions() {
    let site = Site::start().await;
    let (member, _) = site.member(Role::Developer).await;
    let (here, elsewhere) = (site.browser(), site.browser());
    here.get(&site.link(member).await).await.location();
    elsewhere.get(&site.link(member).await).await.location();
    let (profile, path) = (site.path("/profile"), site.path("/profile/sign-in-codes"));
    here.open(&profile).await.must_have("Set up sign-in codes");

    let form = here.open(&path).await;
    let secret = form.between_all("id=\"totp-secret\">", "<").remove(0).replace(' ', "");
    assert!(form.between_all("href=\"otpauth://", "\"").remove(0).contains(&format!("secret={secret}&issuer=")));
    form.must_have("<svg class=\"qr\"");
    form.must_not_have("style=");
    let (nonce, code) = (form.hidden("nonce"), totp::code(&secret, 0));
    let send = async |code: &str, password: &str| {
        let fields =
            [("action", "switch-on"), ("nonce", nonce.as_str()), ("code", code), ("current_password", password)];
        here.submit(&form, &path, &fields).await
    };
    let refused = send(&code, "not this one").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("This is not your current password");
    refused.must_not_have(&code);
    let refused = send("00000", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.must_have("This is not the code that the app shows now");
    assert_eq!(refused.between_all("id=\"totp-secret\">", "<").remove(0).replace(' ', ""), secret, "the same again");
    here.open(&profile).await.must_have("Set up sign-in codes");

    let on = send(&code, PASSWORD).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.body);
    assert_eq!(on.headers["cache-control"], "no-store");
    on.must_have("Your recovery codes are shown below, this once");
    on.must_not_have(&secret);
    assert!(elsewhere.get(&profile).await.location().starts_with("/login?"));
    here.open(&profile).await.must_have("10 recovery codes left");
    // Sent again, it changes nothing.
    assert_eq!(send(&code, PASSWORD).await.status, StatusCode::CONFLICT);
    here.open(&path).await.must_not_have("id=\"revealed-0\"");
    site.stop().await;
}

#[tokio::test]
async fn a_code_is_asked_for_after_the_password_and_leads_back() {
    let site = Site::start().await;
    let guarded = Guarded::new(&site).await;
    let browser = site.browser();
    let wanted = site.path("/audit?q=a%26b");
    assert!(browser.get("/login/code").await.location().starts_with("/login?"), "nothing waits yet");
    let form = browser.open(&format!("/login?return_to={wanted}").replace('&', "%26")).await;
    let mut fields = guarded.fields().to_vec();
    fields.push(("return_to", &wanted));
    let asked = browser.submit(&form, "/login", &fields).await;
    let code_page = asked.location().to_owned();
    assert!(code_page.starts_with("/login/code?return_to="), "{code_page}");
    let cookie = asked.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("countersign-pending=cs_") && cookie.contains("HttpOnly"), "{cookie}");
    // No session yet, not even with the secret of the one that waits.
    assert!(browser.get(&site.path("/profile")).await.location().starts_with("/login?"));
    let waiting = cookie.split(';').next().unwrap().replace("countersign-pending=", "countersign=");
    let thief = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = format!("{}{}", site.base_url, site.path("/profile"));
    let refused = thief.get(url).header("cookie", waiting).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SEE_OTHER);

    let form = browser.open(&code_page).await;
    let submit =
        async |code: &str| browser.submit(&form, "/login/code", &[("return_to", &wanted), ("code", code)]).await;
    let malformed = submit("12345").await;
    assert_eq!(malformed.status, StatusCode::UNPROCESSABLE_ENTITY);
    malformed.must_have("Enter the 6 digits that your app shows now, or a recovery code");
    let again = submit(&guarded.used_code).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "the code that switched it on");
    again.must_have("This code is wrong, or was used before");
    again.must_not_have(&guarded.used_code);
    let code = guarded.next_code();
    assert_eq!(submit(&code).await.location(), wanted);
    browser.open(&wanted).await;
    assert!(last_sign_in(&site, guarded.member).await.contains(&word(SignInMethod::PasswordAndCode)));

    // Nothing waits any more, and the code is used up.
    assert_eq!(submit(&code).await.status, StatusCode::UNAUTHORIZED);
    let second = site.browser();
    let asked = second.fill_in("/login", &guarded.fields()).await;
    let replayed = second.fill_in(asked.location(), &[("code", &code)]).await;
    assert_eq!(replayed.status, StatusCode::UNPROCESSABLE_ENTITY);
    site.stop().await;
}

#[tokio::test]
async fn a_code_is_taken_once_of_twenty_at_the_same_time() {
    let site = Site::start().await;
    let guarded = Guarded::new(&site).await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let browser = site.browser();
        let asked = browser.fill_in("/login", &guarded.fields()).await;
        let form = browser.open(asked.location()).await;
        waiting.push((browser, form));
    }
    let code = guarded.next_code();
    let fields = [("code", code.as_str())];
    let tries = waiting.iter().map(|(browser, form)| browser.submit(form, "/login/code", &fields));
    let answers = futures_util::future::join_all(tries).await;
    let let_in = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
    assert_eq!(let_in, 1);
    site.stop().await;
}

#[tokio::test]
async fn a_recovery_code_signs_in_once() {
    let site = Site::start().await;
    let guarded = Guarded::new(&site).await;
    let code = guarded.recovery_codes[3].to_lowercase();
    let browser = site.browser();
    browser.fill_in("/login", &guarded.fields()).await.location();
    assert_eq!(browser.fill_in("/login/code", &[("code", &code)]).await.location(), site.path(""));
    assert!(last_sign_in(&site, guarded.member).await.contains(&word(SignInMethod::PasswordAndRecoveryCode)));
    browser.open(&site.path("/profile")).await.must_have("9 recovery codes left");
    let again = site.browser();
    again.fill_in("/login", &guarded.fields()).await.location();
    let refused = again.fill_in("/login/code", &[("code", &code)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    // New ones make those before void.
    let path = site.path("/profile/sign-in-codes");
    let replace = [("action", "new-recovery-codes"), ("current_password", PASSWORD)];
    let fresh = browser.fill_in(&path, &replace).await;
    let fresh = fresh.between_all("id=\"revealed-0\">", "</code>").remove(0);
    let refused = again.fill_in("/login/code", &[("code", &guarded.recovery_codes[4])]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let first = fresh.lines().next().unwrap();
    assert_eq!(again.fill_in("/login/code", &[("code", first)]).await.location(), site.path(""));
    site.stop().await;
}

#[tokio::test]
async fn a_link_asks_for_the_code_too() {
    let site = Site::start().await;
    let guarded = Guarded::new(&site).await;
    let browser = site.browser();
    let asked = browser.get(&site.link(guarded.member).await).await;
    let form = browser.open(asked.location()).await;
    let return_to = form.hidden("return_to");
    let code = guarded.next_code();
    let fields = [("return_to", return_to.as_str()), ("code", &code)];
    assert_eq!(browser.submit(&form, "/login/code", &fields).await.location(), site.path(""));
    assert!(last_sign_in(&site, guarded.member).await.contains(&word(SignInMethod::LinkAndCode)));
    site.stop().await;
}

#[tokio::test]
async fn wrong_codes_end_the_sign_in_and_a_right_password_does_not_wipe_them_out() {
    let site = Site::start().await;
    let guarded = Guarded::new(&site).await;
    let browser = site.browser();
    let mut form = browser.open(browser.fill_in("/login", &guarded.fields()).await.location()).await;
    for number in 1..=PENDING_TRIES {
        let refused = browser.submit(&form, "/login/code", &[("code", "0000-0000-0000-0000")]).await;
        if number < PENDING_TRIES {
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{number}");
        } else {
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
            refused.must_have("Sign in again");
        }
    }
    let failures = async || sign_in::candidates(&site.store, &guarded.email).await.unwrap()[0].failures;
    assert_eq!(failures().await, FREE_FAILURES);
    let asked = browser.fill_in("/login", &guarded.fields()).await;
    assert_eq!(failures().await, FREE_FAILURES, "the password was right, the code is still to come");
    form = browser.open(asked.location()).await;
    let last = browser.submit(&form, "/login/code", &[("code", "0000-0000-0000-0000")]).await;
    assert_eq!(last.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = guarded.next_code();
    let locked = browser.submit(&form, "/login/code", &[("code", &code)]).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    locked.must_have("Too many attempts");
    assert!(locked.headers.contains_key(RETRY_AFTER));
    let locked = browser.fill_in("/login", &guarded.fields()).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    site.stop().await;
}

#[tokio::test]
async fn switched_off_no_code_is_asked_for() {
    let site = Site::start().await;
    let guarded = Guarded::new(&site).await;
    let path = site.path("/profile/sign-in-codes");
    let off = |password| [("action", "switch-off"), ("current_password", password)];
    let refused = guarded.browser.fill_in(&path, &off("not this one")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = guarded.browser.fill_in(&path, &off(PASSWORD)).await;
    assert_eq!(done.location(), site.path("/profile?done=sign-in-codes-off"));
    let answer = site.browser().fill_in("/login", &guarded.fields()).await;
    assert_eq!(answer.location(), site.path(""));
    let members = queries::members::list(&site.store, site.organization).await.unwrap();
    assert!(!members.iter().any(|member| member.asks_for_code));
    site.stop().await;
}

#[tokio::test]
async fn one_code_lets_in_where_it_fits_and_where_none_is_asked_for() {
    let site = Site::start().await;
    let guarded = Guarded::new(&site).await;
    let (without, without_slug) = new_organization(&site.store).await;
    let (with_another, with_another_slug) = new_organization(&site.store).await;
    site.member_of(without, Role::Developer, &guarded.email).await;
    let member = site.member_of(with_another, Role::Developer, &guarded.email).await;
    let another = sign_in::NewSecondFactor { secret: vec![9; 20], used_step: 0, recovery_codes: Vec::new() };
    sign_in::enable_totp(&site.store, &testing::operator(with_another), member, another).await.unwrap();
    let browser = site.browser();
    browser.fill_in("/login", &guarded.fields()).await.location();
    let code = guarded.next_code();
    assert_eq!(browser.fill_in("/login/code", &[("code", &code)]).await.location(), "/orgs");
    let picker = browser.open("/orgs").await;
    picker.must_have(&format!("href=\"{}\"", site.path("")));
    picker.must_have(&format!("href=\"/o/{without_slug}\""));
    picker.must_not_have(&with_another_slug);
    let sessions = sign_in::sessions_of(&site.store, with_another, member, clock::now()).await.unwrap();
    assert_eq!(sessions, []);
    site.stop().await;
}
