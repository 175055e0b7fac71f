//! The authorization endpoint with login and consent, the authorization code and refresh token grants.

use countersign_domain::{Member, MemberCommand, Role};
use countersign_persistence::testing;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::setting::{CALLBACK, Setting, VERIFIER, redemption};
use crate::support::{World, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_member_gives_access_once_and_is_not_asked_again() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let issuer = format!("{}/t/{}", world.server.base_url(), tenant.slug);

    let address = setting.request(&[]);
    let page = setting.open(&address).await;
    assert!(page.html.contains("client.example"), "{}", page.html);
    assert!(page.policy.contains("form-action 'self' https://client.example;"), "{}", page.policy);
    assert!(page.policy.contains("frame-ancestors 'none'"), "{}", page.policy);
    let answer = setting.decide(&address, "allow").await;
    assert_eq!((answer.status, answer.sent("state"), answer.sent("iss")), (303, Some("xyz".into()), Some(issuer)));
    assert!(answer.location.as_ref().unwrap().as_str().starts_with(&format!("{CALLBACK}?code=cs_ac_")));

    let tokens = setting.redeem(&answer.sent("code").unwrap()).await;
    assert_eq!((tokens.status, tokens.header("cache-control")), (200, "no-store"), "{}", tokens.body);
    let (access, refresh) = (text(&tokens.body, "access_token"), text(&tokens.body, "refresh_token"));
    assert_eq!(
        tokens.body,
        json!({ "access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh,
            "scope": "read" })
    );
    assert!(setting.works(&access).await);
    let journal = world.journal(tenant.id).await;
    let expected = ["ConsentGiven", "AuthorizationGranted", "CodeRedeemed", "TokenIssued"];
    assert_eq!(journal[journal.len() - 4..], expected);

    // The same again needs no page; more does, and so does whoever asks to be asked.
    assert!(setting.open(&address).await.sent("code").is_some());
    assert_eq!(setting.open(&setting.request(&[("scope", "read write")])).await.status, 200);
    assert_eq!(setting.open(&setting.request(&[("prompt", "consent")])).await.status, 200);
    assert!(setting.open(&setting.request(&[("prompt", "none")])).await.sent("code").is_some());
    let silent = setting.open(&setting.request(&[("prompt", "none"), ("scope", "write")])).await;
    assert_eq!(silent.sent("error").as_deref(), Some("consent_required"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_signs_in_first_and_comes_back() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let mut setting = Setting::new(&world, &tenant, "app").await;
    setting.session = String::new();
    let address = setting.request(&[]);
    let page = setting.open(&address).await;
    assert_eq!(page.status, 303);
    let location = page.location.as_ref().unwrap();
    assert_eq!(location.path(), "/login");
    assert_eq!(page.sent("return_to").as_deref(), Some(address.as_str()));
    let login = setting.open(&format!("{}?{}", location.path(), location.query().unwrap())).await;
    assert!(login.policy.contains("form-action 'self' https://client.example;"), "{}", login.policy);
    let silent = setting.open(&setting.request(&[("prompt", "none")])).await;
    assert_eq!(silent.sent("error").as_deref(), Some("login_required"));

    // A member of another organization is none of this one.
    let other = world.tenant().await;
    setting.session.clone_from(&other.session);
    let page = setting.open(&address).await;
    assert_eq!((page.status, page.sent("done").as_deref()), (303, Some("not-a-member")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_denies_sends_the_client_away() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let before = world.journal(tenant.id).await.len();
    let answer = setting.decide(&setting.request(&[]), "deny").await;
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
    assert_eq!((answer.sent("state"), answer.sent("code")), (Some("xyz".into()), None));
    assert!(answer.sent("iss").is_some());
    assert_eq!(world.journal(tenant.id).await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_without_the_page_s_token_is_refused() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let address = setting.request(&[]);
    let csrf = setting.open(&address).await.csrf();
    let before = world.journal(tenant.id).await.len();
    for form in [vec![("decision", "allow")], vec![("decision", "allow"), ("csrf", "0000")]] {
        let page = setting.browse(world.request(Method::POST, &address).form(&form)).await;
        assert_eq!((page.status, page.location), (403, None));
    }
    let form = [("decision", "allow"), ("csrf", csrf.as_str())];
    let request = world.request(Method::POST, &address).form(&form).header("sec-fetch-site", "cross-site");
    assert_eq!(setting.browse(request).await.status, 403);
    assert_eq!(world.journal(tenant.id).await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_before_the_redirect_uri_is_trusted_is_told_to_the_person_alone() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let twice = |name: &str| format!("{}&{name}=x", setting.request(&[]));
    let cases = [
        setting.request(&[("client_id", "")]),
        setting.request(&[("client_id", "nobody")]),
        setting.request(&[("redirect_uri", "https://evil.example/callback")]),
        setting.request(&[("redirect_url", "https://evil.example/callback")]),
        twice("client_id"),
        twice("redirect_uri"),
    ];
    for address in cases {
        let page = setting.open(&address).await;
        assert_eq!((page.status, &page.location), (400, &None), "{address}");
        assert!(page.html.contains("This request for access is not valid"), "{}", page.html);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_otherwise_is_told_to_the_client() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("scope", "admin")], "invalid_scope"),
        (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("request", "eyJ")], "request_not_supported"),
    ];
    for (changes, error) in cases {
        let page = setting.open(&setting.request(changes)).await;
        assert_eq!((page.status, page.sent("error").as_deref()), (303, Some(error)), "{changes:?}");
        assert!(page.location.as_ref().unwrap().as_str().starts_with(CALLBACK));
        assert!(page.sent("iss").is_some() && page.sent("state").as_deref() == Some("xyz"));
    }
    let twice = setting.open(&format!("{}&scope=read", setting.request(&[]))).await;
    assert_eq!(twice.sent("error").as_deref(), Some("invalid_request"));
    // The other name of the redirect URI, and leaving it out where there is but one.
    assert_eq!(setting.open(&setting.request(&[("redirect_uri", ""), ("redirect_url", CALLBACK)])).await.status, 200);
    assert_eq!(setting.open(&setting.request(&[("redirect_uri", "")])).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_bound_to_its_client_redirect_uri_verifier_and_organization() {
    let world = World::start().await;
    let (tenant, elsewhere) = (world.tenant().await, world.tenant().await);
    let setting = Setting::new(&world, &tenant, "app").await;
    let other_client = Setting::new(&world, &tenant, "other-app").await;
    let other_organization = Setting::new(&world, &elsewhere, "app").await;
    let code = setting.code().await;
    let form = redemption(&code, VERIFIER);
    let without = |name| form.into_iter().filter(move |(known, _)| *known != name).collect::<Vec<_>>();
    let refused = [
        other_client.redeem(&code).await,
        other_organization.redeem(&code).await,
        setting.token(&redemption(&code, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl")).await,
        setting.token(&without("redirect_uri")).await,
        setting.token(&without("code_verifier")).await,
        setting.token(&[&without("redirect_uri")[..], &[("redirect_uri", "https://client.example/")]].concat()).await,
        setting.redeem("cs_ac_nonsense").await,
        setting.redeem(&setting.client_secret).await,
    ];
    for answer in refused {
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_grant")), "{}", answer.body);
    }
    // None of that used it up.
    assert_eq!(setting.redeem(&code).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_redemptions_on_two_processes_one_gets_a_token_and_the_replays_end_it() {
    let world = World::start().await;
    let other_process = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let elsewhere = Setting {
        world: &other_process,
        tenant: &tenant,
        client_id: setting.client_id.clone(),
        client_secret: setting.client_secret.clone(),
        session: String::new(),
    };
    let code = setting.code().await;
    let answers = join_all((0..20).map(|turn| if turn % 2 == 0 { &setting } else { &elsewhere }.redeem(&code))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|answer| answer.body["error"] == "invalid_grant"));
    let journal = world.journal(tenant.id).await;
    let count = |name: &str| journal.iter().filter(|event| *event == name).count();
    assert_eq!((count("CodeRedeemed"), count("TokenIssued"), count("CodeReplayed")), (1, 1, 1));
    assert!(!setting.works(&text(&won[0].body, "access_token")).await);
    let refreshed = setting.refresh(&text(&won[0].body, "refresh_token")).await;
    assert_eq!(refreshed.body["error"], "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_replaced_and_its_reuse_ends_the_family() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let tokens = setting.redeem(&setting.code().await).await;
    let first = text(&tokens.body, "refresh_token");
    let second = setting.refresh(&first).await;
    assert_eq!(second.status, 200, "{}", second.body);
    // Whoever lost the answer asks again and gets the same successor, from another process too.
    let other_process = World::start().await;
    let again = Setting { world: &other_process, ..setting.clone() }.refresh(&first).await;
    assert_eq!(again.body["refresh_token"], second.body["refresh_token"]);
    assert_ne!(again.body["access_token"], second.body["access_token"]);

    let third = setting.refresh(&text(&second.body, "refresh_token")).await;
    assert_eq!(third.status, 200);
    let reused = setting.refresh(&first).await;
    assert_eq!((reused.status, &reused.body["error"]), (400, &json!("invalid_grant")), "{}", reused.body);
    assert_eq!(setting.last_event().await, "RefreshTokenReused");
    let current = setting.refresh(&text(&third.body, "refresh_token")).await;
    assert_eq!(current.body["error"], "invalid_grant");
    for answer in [&tokens, &second, &third] {
        assert!(!setting.works(&text(&answer.body, "access_token")).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_refreshes_at_once_agree_on_one_successor() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let tokens = setting.redeem(&setting.code().await).await;
    let first = text(&tokens.body, "refresh_token");
    let answers = join_all((0..20).map(|_| setting.refresh(&first))).await;
    let successor = &answers[0].body["refresh_token"];
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body["refresh_token"] == *successor));
    let journal = world.journal(tenant.id).await;
    assert_eq!(journal.iter().filter(|event| *event == "RefreshTokenRotated").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_narrows_the_scope_and_never_widens_it() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let address = setting.request(&[("scope", "read write")]);
    let code = setting.decide(&address, "allow").await.sent("code").unwrap();
    let tokens = setting.redeem(&code).await;
    assert_eq!(tokens.body["scope"], "read write");
    let refresh = async |token: &str, scope: &str| {
        setting.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
    };
    let narrowed = refresh(&text(&tokens.body, "refresh_token"), "read").await;
    assert_eq!(narrowed.body["scope"], "read");
    let widened = refresh(&text(&narrowed.body, "refresh_token"), "read admin").await;
    assert_eq!(widened.body["error"], "invalid_scope");
    // What was granted stays granted, and a refused request uses nothing up.
    let whole = refresh(&text(&narrowed.body, "refresh_token"), "").await;
    assert_eq!(whole.body["scope"], "read write");
    let by_another = Setting::new(&world, &tenant, "other-app").await;
    let stolen = by_another.refresh(&text(&whole.body, "refresh_token")).await;
    assert_eq!(stolen.body["error"], "invalid_grant");
    assert_eq!(setting.refresh(&text(&whole.body, "refresh_token")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_ends_with_the_member_who_gave_it() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let mut setting = Setting::new(&world, &tenant, "app").await;
    let email = format!("guest@{}.example", tenant.slug);
    let member = world.member(tenant.id, &email, Role::Developer).await;
    setting.session = world.sign_in(&email).await;
    let tokens = setting.redeem(&setting.code().await).await;
    let (access, refresh) = (text(&tokens.body, "access_token"), text(&tokens.body, "refresh_token"));
    let waiting = setting.code().await;
    assert!(setting.works(&access).await);
    let command = async |command: MemberCommand| {
        let context = testing::operator(tenant.id);
        let work = async |unit: &countersign_persistence::UnitOfWork| {
            unit.execute::<Member>(member.uuid(), command.clone()).await
        };
        world.store.change(&context, work).await.unwrap();
    };
    command(MemberCommand::Deactivate).await;
    let diagnosis = world.access_test(&tenant.slug, &access).await;
    assert_eq!((diagnosis.status, &diagnosis.body["failed"]["check"]), (401, &json!("token-active")));
    assert_eq!(setting.refresh(&refresh).await.body["error"], "invalid_grant");
    assert_eq!(setting.redeem(&waiting).await.body["error"], "invalid_grant");
    command(MemberCommand::Reactivate).await;
    assert!(setting.works(&access).await);
    assert_eq!(setting.refresh(&refresh).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_third_party_in_automatic_mode_do_not_expire() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let third_party = json!({ "name": "Brightside", "mode": "automatic", "callback_url": CALLBACK });
    let added = world.post(&tenant, "/third-parties", &third_party).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let path = format!("/third-parties/{}", text(&added.body, "id"));
    let setting = Setting {
        world: &world,
        tenant: &tenant,
        client_id: text(&added.body, "client_id"),
        client_secret: text(&added.body, "client_secret"),
        session: tenant.session.clone(),
    };
    let address = setting.request(&[("scope", "")]);
    assert_eq!(setting.open(&address).await.status, 400, "not Enabled yet");
    world.patch(&tenant, &path, &json!({ "enabled": true })).await;
    let page = setting.open(&address).await;
    assert!(page.html.contains("Give Brightside access"), "{}", page.html);
    let tokens = setting.redeem(&setting.decide(&address, "allow").await.sent("code").unwrap()).await;
    assert_eq!((tokens.status, tokens.body.get("expires_in")), (200, None), "{}", tokens.body);
    let access = text(&tokens.body, "access_token");
    let shown = world.get(&tenant, &path).await;
    assert_eq!(shown.body["tokens"][0]["kind"], "access", "{}", shown.body);
    assert_eq!(shown.body["tokens"][0]["expires_at"], json!(null));

    // Another one replaces it: none without an end is left behind.
    let renewed = setting.refresh(&text(&tokens.body, "refresh_token")).await;
    assert!(!setting.works(&access).await);
    let access = text(&renewed.body, "access_token");
    assert!(setting.works(&access).await);
    // Clearing Active stops it.
    let shown = world.get(&tenant, &path).await;
    let active = shown.body["tokens"].as_array().unwrap().iter().find(|token| token["status"] == "active").unwrap();
    let token = format!("{path}/tokens/{}", text(active, "id"));
    assert_eq!(world.patch(&tenant, &token, &json!({ "active": false })).await.status, 200);
    assert!(!setting.works(&access).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_introspected_and_revoked_by_its_own_client_alone() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let other = Setting::new(&world, &tenant, "other-app").await;
    let tokens = setting.redeem(&setting.code().await).await;
    let (access, refresh) = (text(&tokens.body, "access_token"), text(&tokens.body, "refresh_token"));
    let inactive = json!({ "active": false });
    let introspected = setting.post("introspect", &[("token", &refresh)]).await;
    assert_eq!(
        (&introspected.body["active"], &introspected.body["token_type"], &introspected.body["scope"]),
        (&json!(true), &json!("refresh_token"), &json!("read"))
    );
    // It stands for the member who gave the access, as its access tokens do.
    let bearer = setting.post("introspect", &[("token", &access)]).await;
    assert_eq!(bearer.body["sub"], introspected.body["sub"]);
    assert!(bearer.body["sub"].is_string());
    assert_eq!(other.post("introspect", &[("token", &refresh)]).await.body, inactive);
    let refused = other.post("revoke", &[("token", &refresh)]).await;
    assert_eq!((refused.status, &refused.body["error"]), (400, &json!("unauthorized_client")));
    // Being introspected does not count as being used.
    let next = setting.refresh(&refresh).await;
    assert_eq!(next.status, 200, "{}", next.body);
    assert_eq!(setting.post("introspect", &[("token", &refresh)]).await.body, inactive);

    for _ in 0..2 {
        assert_eq!(setting.post("revoke", &[("token", &text(&next.body, "refresh_token"))]).await.status, 200);
    }
    assert_eq!(setting.last_event().await, "AuthorizationRevoked");
    assert!(!setting.works(&access).await && !setting.works(&text(&next.body, "access_token")).await);
    assert_eq!(setting.refresh(&text(&next.body, "refresh_token")).await.body["error"], "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_has_no_secret_and_is_asked_about_where_others_may_listen() {
    const LOOPBACK: &str = "http://127.0.0.1/callback";
    let world = World::start().await;
    let tenant = world.tenant().await;
    let body = json!({ "client_id": "native", "type": "public", "redirect_uris": [LOOPBACK], "scopes": ["read"] });
    assert_eq!(world.post(&tenant, "/clients", &body).await.status, 201);
    let setting = Setting {
        world: &world,
        tenant: &tenant,
        client_id: "native".into(),
        client_secret: String::new(),
        session: tenant.session.clone(),
    };
    // Any port of the same loopback address.
    let callback = "http://127.0.0.1:49152/callback";
    let address = setting.request(&[("redirect_uri", callback)]);
    let elsewhere = setting.open(&setting.request(&[("redirect_uri", "http://127.0.0.2:49152/callback")])).await;
    assert_eq!(elsewhere.status, 400);
    let code = setting.decide(&address, "allow").await.sent("code").unwrap();
    let post = async |endpoint: &str, form: &[(&str, &str)]| {
        let request = world.request(Method::POST, &format!("/t/{}/oauth2/{endpoint}", tenant.slug));
        world.send(request.form(&[&[("client_id", "native")], form].concat())).await
    };
    let redemption = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", callback),
        ("code_verifier", VERIFIER),
    ];
    let with_secret = post("token", &[&redemption[..], &[("client_secret", "a secret")]].concat()).await;
    assert_eq!((with_secret.status, &with_secret.body["error"]), (401, &json!("invalid_client")));
    let tokens = post("token", &[&redemption[..], &[("client_secret", "")]].concat()).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let refresh = text(&tokens.body, "refresh_token");
    let refreshed = post("token", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let access = text(&refreshed.body, "access_token");
    assert!(setting.works(&access).await);

    let credentials = post("token", &[("grant_type", "client_credentials")]).await;
    assert_eq!((credentials.status, &credentials.body["error"]), (400, &json!("unauthorized_client")));
    let introspected = post("introspect", &[("token", &access)]).await;
    assert_eq!((introspected.status, &introspected.body["error"]), (401, &json!("invalid_client")));
    assert_eq!(post("revoke", &[("token", &access)]).await.status, 200);
    assert!(!setting.works(&access).await);
    // Another program on the same machine could listen, so the member is asked every time.
    assert_eq!(setting.open(&address).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_paths_of_before_lead_to_the_same_endpoints() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let address = setting.request(&[]).replace("/oauth2/authorize", "/osoc/api/oauthcontroller/authorize");
    let code = setting.decide(&address, "allow").await.sent("code").unwrap();
    let request = world.request(Method::POST, &format!("/t/{}/osoc/api/oauthcontroller/token", tenant.slug));
    let request = request.basic_auth(&setting.client_id, Some(&setting.client_secret));
    let tokens = world.send(request.form(&redemption(&code, VERIFIER))).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert!(setting.works(&text(&tokens.body, "access_token")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_takes_the_access_back_and_is_asked_again() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let other = Setting::new(&world, &tenant, "other-app").await;
    let tokens = setting.redeem(&setting.code().await).await;
    let others = other.redeem(&other.code().await).await;
    let waiting = setting.code().await;
    let profile = format!("/o/{}/profile", tenant.slug);
    let page = setting.open(&profile).await;
    let rows = page.html.split("name=\"consent\" value=\"").skip(1).collect::<Vec<_>>();
    assert_eq!(rows.len(), 2);
    let row = rows.iter().find(|row| row.contains("the access of app<")).unwrap();
    let consent = row.split('"').next().unwrap().to_owned();
    let form = [("csrf", page.csrf()), ("action", "withdraw-consent".into()), ("consent", consent)];
    let taken_back = setting.browse(world.request(Method::POST, &profile).form(&form)).await;
    assert_eq!((taken_back.status, taken_back.sent("done").as_deref()), (303, Some("access-withdrawn")));

    assert!(!setting.works(&text(&tokens.body, "access_token")).await);
    assert_eq!(setting.refresh(&text(&tokens.body, "refresh_token")).await.body["error"], "invalid_grant");
    assert_eq!(setting.redeem(&waiting).await.body["error"], "invalid_grant");
    assert!(setting.open(&setting.request(&[])).await.html.contains("Give app access"));
    assert!(other.works(&text(&others.body, "access_token")).await, "what another application holds");
    assert!(world.journal(tenant.id).await.contains(&"ConsentWithdrawn".to_owned()));
    // Nobody else's consent, and none that is not there any more.
    let again = setting.browse(world.request(Method::POST, &profile).form(&form)).await;
    assert_eq!(again.status, 404);
}
