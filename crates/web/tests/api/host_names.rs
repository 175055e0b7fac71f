//! An organization under its own host name: the endpoints are at its root, and the issuer is the host.

use countersign_domain::OrganizationCommand;
use countersign_persistence::projections::unique_names::NameKind;
use countersign_persistence::{ChangeError, StoreError, testing};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::setting::{Setting, VERIFIER, redemption};
use crate::support::{Answer, Tenant, World, text};

async fn set_host(world: &World, tenant: &Tenant, host: Option<&str>) -> Result<(), ChangeError> {
    let command = OrganizationCommand::SetHostName(host.map(|host| host.parse().unwrap()));
    testing::command_organization(&world.store, tenant.id, command).await
}

/// A host name that no other test uses.
fn host_of(tenant: &Tenant) -> String {
    format!("{}.example", tenant.slug)
}

fn request(world: &World, method: Method, host: &str, path: &str) -> RequestBuilder {
    world.request(method, path).header("host", host)
}

async fn get(world: &World, host: &str, path: &str) -> Answer {
    world.send(request(world, Method::GET, host, path)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_names_the_issuer_by_which_it_was_asked_for() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let host = host_of(&tenant);
    let well_known = ["oauth-authorization-server", "openid-configuration", "oauth-protected-resource/access-test"];
    for name in well_known {
        assert_eq!(get(&world, &host, &format!("/.well-known/{name}")).await.status, 404, "before it has the name");
    }
    set_host(&world, &tenant, Some(&host)).await.unwrap();
    let issuer = format!("https://{host}");
    for written in [host.clone(), host.to_uppercase(), format!("{host}:8443"), format!("{host}.")] {
        for name in &well_known[..2] {
            let answer = get(&world, &written, &format!("/.well-known/{name}")).await;
            assert_eq!((answer.status, &answer.body["issuer"]), (200, &json!(issuer)), "{written}");
            assert_eq!(answer.body["token_endpoint"], format!("{issuer}/oauth2/token"));
            assert_eq!(answer.body["authorization_endpoint"], format!("{issuer}/oauth2/authorize"));
        }
    }
    let resource = get(&world, &host, &format!("/.well-known/{}", well_known[2])).await;
    assert_eq!(resource.body["resource"], format!("{issuer}/access-test"));
    assert_eq!(resource.body["authorization_servers"], json!([issuer]));

    let by_slug = format!("{}/t/{}", world.server.base_url(), tenant.slug);
    let answer = get(&world, &host, &format!("/.well-known/oauth-authorization-server/t/{}", tenant.slug)).await;
    assert_eq!(answer.body["issuer"], by_slug, "clients that were configured before go on working");
    assert_eq!(world.get(&tenant, "/organization").await.body["issuer"], issuer, "people are told the new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_goes_the_whole_way_at_the_root() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let host = host_of(&tenant);
    set_host(&world, &tenant, Some(&host)).await.unwrap();
    let setting = Setting::new(&world, &tenant, "app").await;
    for (authorize, token) in [
        ("/oauth2/authorize", "/oauth2/token"),
        ("/osoc/api/oauthcontroller/authorize", "/osoc/api/oauthcontroller/token"),
    ] {
        let query = setting.request(&[("prompt", "consent")]).split_once('?').unwrap().1.to_owned();
        let address = format!("{authorize}?{query}");
        let page = setting.browse(request(&world, Method::GET, &host, &address)).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let form = [("csrf", page.csrf()), ("decision", "allow".to_owned())];
        let sent = setting.browse(request(&world, Method::POST, &host, &address).form(&form)).await;
        assert_eq!((sent.status, sent.sent("iss")), (303, Some(format!("https://{host}"))));
        let code = sent.sent("code").unwrap();
        let post = async |path: &str, form: &[(&str, &str)]| {
            let request = request(&world, Method::POST, &host, path).form(form);
            world.send(request.basic_auth("app", Some(&setting.client_secret))).await
        };
        let tokens = post(token, &redemption(&code, VERIFIER)).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        let access_token = text(&tokens.body, "access_token");
        let tested = world.send(request(&world, Method::GET, &host, "/access-test").bearer_auth(&access_token)).await;
        assert_eq!(tested.status, 200);
        let passed = world.send(request(&world, Method::GET, &host, "/forward-auth").bearer_auth(&access_token)).await;
        assert_eq!(passed.status, 200);
        let known = post("/oauth2/introspect", &[("token", &access_token)]).await;
        assert_eq!((&known.body["active"], &known.body["iss"]), (&json!(true), &json!(format!("https://{host}"))));
        assert!(setting.works(&access_token).await, "the same organization under its slug");
        assert_eq!(post("/oauth2/revoke", &[("token", &access_token)]).await.status, 200);
        assert!(!setting.works(&access_token).await);
    }
    let refused = get(&world, &host, "/access-test").await;
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (401, &*format!("Bearer realm=\"https://{host}\""))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_leads_to_one_organization_and_can_pass_to_another() {
    let world = World::start().await;
    let (first, second) = (world.tenant().await, world.tenant().await);
    let host = host_of(&first);
    set_host(&world, &first, Some(&host)).await.unwrap();
    let token = world.access(&first, "Initech").await.token;
    let test =
        async || world.send(request(&world, Method::GET, &host, "/access-test").bearer_auth(&token)).await.status;
    assert_eq!(test().await, 200);
    let taken = set_host(&world, &second, Some(&host)).await;
    assert!(matches!(taken, Err(ChangeError::Store(StoreError::NameTaken(NameKind::HostName)))), "{taken:?}");

    set_host(&world, &first, None).await.unwrap();
    assert_eq!(test().await, 404, "given up");
    set_host(&world, &second, Some(&host)).await.unwrap();
    assert_eq!(test().await, 401, "another organization's token");
    let metadata = get(&world, &host, "/.well-known/oauth-authorization-server").await;
    assert_eq!(metadata.body["issuer"], format!("https://{host}"));
    let audit = world.get(&second, "/audit?event=HostNameChanged").await;
    let change = &audit.body["entries"][0];
    assert_eq!(change["sentence"], format!("Gave the organization the host name {host}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_hosts_lead_nowhere() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    set_host(&world, &tenant, Some(&host_of(&tenant))).await.unwrap();
    let here = world.server.base_url().strip_prefix("http://").unwrap().to_owned();
    let below = format!("www.{}", host_of(&tenant));
    for host in [&*here, "localhost", "unknown.example", &below, "*.example", "a_b.example", "[::1]:80"] {
        let answer = get(&world, host, "/access-test").await;
        assert_eq!((answer.status, &answer.body["error"]), (404, &json!("invalid_request")), "{host}: {}", answer.body);
    }
    let forwarded = world.request(Method::GET, "/access-test").header("x-forwarded-host", host_of(&tenant));
    assert_eq!(world.send(forwarded).await.status, 404, "anybody can send this header");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_under_localhost_can_be_tried_without_https() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let host = format!("{}.localhost", tenant.slug);
    set_host(&world, &tenant, Some(&host)).await.unwrap();
    let port = world.server.base_url().rsplit_once(':').unwrap().1.to_owned();
    let metadata = get(&world, &format!("{host}:{port}"), "/.well-known/oauth-authorization-server").await;
    assert_eq!(metadata.body["issuer"], format!("http://{host}:{port}"));
}
