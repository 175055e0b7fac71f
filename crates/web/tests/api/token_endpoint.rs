//! The token endpoint (RFC 6749), revocation (RFC 7009) and metadata (RFC 8414, RFC 9728).

use countersign_domain::{Secret, SecretKind};
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Tenant, World, text};

struct Registered {
    client_id: String,
    client_secret: String,
}

async fn register(world: &World, tenant: &Tenant, client_id: &str) -> Registered {
    let client_secret = world.register(tenant, client_id, &[]).await;
    Registered { client_id: client_id.to_owned(), client_secret }
}

async fn post(world: &World, tenant: &Tenant, client: &Registered, endpoint: &str, form: &[(&str, &str)]) -> Answer {
    let request = world.request(Method::POST, &format!("/t/{}/oauth2/{endpoint}", tenant.slug));
    world.send(request.basic_auth(&client.client_id, Some(&client.client_secret)).form(form)).await
}

const ASK: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test(flavor = "multi_thread")]
async fn client_credentials_give_a_token_that_works_until_it_is_revoked() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let client = register(&world, &tenant, "backend").await;
    let answer = post(&world, &tenant, &client, "token", &[ASK, ("scope", "read")]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = text(&answer.body, "access_token");
    assert!(token.starts_with("cs_at_"));
    assert_eq!(
        answer.body,
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": "read" })
    );
    assert_eq!(world.access_test(&tenant.slug, &token).await.status, 200);
    let introspected = post(&world, &tenant, &client, "introspect", &[("token", &token)]).await;
    assert_eq!((&introspected.body["client_id"], &introspected.body["scope"]), (&json!("backend"), &json!("read")));
    assert_eq!(world.journal(tenant.id).await.last().unwrap(), "TokenIssued");

    for _ in 0..2 {
        assert_eq!(post(&world, &tenant, &client, "revoke", &[("token", &token)]).await.status, 200);
        assert_eq!(world.access_test(&tenant.slug, &token).await.status, 401);
    }
    let revoked = world.journal(tenant.id).await.into_iter().filter(|event| event == "TokenRevoked").count();
    assert_eq!(revoked, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_the_token_endpoint_are_those_of_the_rfc_and_write_nothing() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let elsewhere = world.tenant().await;
    let client = register(&world, &tenant, "backend").await;
    let stranger = Registered { client_id: "backend".into(), client_secret: "cs_sk_wrong".into() };
    let before = world.journal(tenant.id).await.len();
    let secret_too = [ASK, ("client_secret", client.client_secret.as_str())];
    let cases = [
        (&client, [].as_slice(), 400, "invalid_request"),
        (&client, &[ASK, ASK], 400, "invalid_request"),
        (&client, &[("grant_type", "password")], 400, "unsupported_grant_type"),
        (&client, &[("grant_type", "implicit")], 400, "unsupported_grant_type"),
        (&client, &[ASK, ("scope", "read admin")], 400, "invalid_scope"),
        (&client, &secret_too, 400, "invalid_request"),
        (&stranger, &[ASK], 401, "invalid_client"),
    ];
    for (who, form, status, error) in cases {
        let answer = post(&world, &tenant, who, "token", form).await;
        assert_eq!((answer.status, text(&answer.body, "error").as_str()), (status, error), "{form:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let foreign = post(&world, &elsewhere, &client, "token", &[ASK]).await;
    assert_eq!((foreign.status, text(&foreign.body, "error").as_str()), (401, "invalid_client"));
    assert_eq!(world.journal(tenant.id).await.len(), before);
    world.operator(&tenant, countersign_domain::OrganizationCommand::Suspend).await;
    assert_eq!(post(&world, &tenant, &client, "token", &[ASK]).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_end_its_own_tokens_only() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let (owner, other) = (register(&world, &tenant, "owner").await, register(&world, &tenant, "other").await);
    let token = text(&post(&world, &tenant, &owner, "token", &[ASK]).await.body, "access_token");
    let answer = post(&world, &tenant, &other, "revoke", &[("token", &token)]).await;
    assert_eq!((answer.status, text(&answer.body, "error").as_str()), (400, "unauthorized_client"));
    for unknown in ["nonsense", Secret::from_entropy(SecretKind::AccessToken, [7; 32]).expose()] {
        assert_eq!(post(&world, &tenant, &other, "revoke", &[("token", unknown)]).await.status, 200);
    }
    assert_eq!(post(&world, &tenant, &other, "revoke", &[]).await.status, 400);
    assert_eq!(world.access_test(&tenant.slug, &token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_says_what_is_served_under_every_of_its_addresses() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let issuer = format!("{}/t/{}", world.server.base_url(), tenant.slug);
    let get = async |path: String| world.send(world.request(Method::GET, &path)).await;
    let inserted = get(format!("/.well-known/oauth-authorization-server/t/{}", tenant.slug)).await;
    assert_eq!(inserted.status, 200);
    assert_eq!(inserted.body["issuer"], issuer);
    assert_eq!(inserted.body["token_endpoint"], format!("{issuer}/oauth2/token"));
    assert_eq!(inserted.body["authorization_endpoint"], format!("{issuer}/oauth2/authorize"));
    let grants = json!(["authorization_code", "client_credentials", "refresh_token"]);
    assert_eq!(inserted.body["grant_types_supported"], grants);
    assert_eq!(inserted.body["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(inserted.body["authorization_response_iss_parameter_supported"], true);
    for appended in ["oauth-authorization-server", "openid-configuration"] {
        let answer = get(format!("/t/{}/.well-known/{appended}", tenant.slug)).await;
        assert_eq!((answer.status, answer.body), (200, inserted.body.clone()));
    }
    let resource = get(format!("/.well-known/oauth-protected-resource/t/{}/access-test", tenant.slug)).await;
    assert_eq!(resource.body["authorization_servers"], json!([issuer]));
    assert_eq!(get("/.well-known/oauth-authorization-server/t/nobody".into()).await.status, 404);
}
