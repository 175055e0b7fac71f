//! What is secret stays out of the logs.

use std::io;
use std::sync::{Arc, Mutex};

use countersign_domain::OrganizationCommand;
use reqwest::Method;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{PASSWORD, World};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(captured.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let path = format!("/t/{}/access-test", tenant.slug);
    world.access_test(&tenant.slug, &access.token).await;
    world.operator(&tenant, OrganizationCommand::Suspend).await;
    world.access_test(&tenant.slug, &access.token).await;
    world.send(world.request(Method::GET, &format!("{path}?access_token={}", access.token))).await;
    world.send(world.request(Method::GET, &format!("/nothing/{}", access.token))).await;
    world.send(world.request(Method::GET, &format!("/api/{}", access.token)).bearer_auth(&tenant.session)).await;
    let introspect = world.request(Method::POST, &format!("/t/{}/oauth2/introspect", tenant.slug));
    world
        .send(introspect.basic_auth(&access.client_id, Some(&access.client_secret)).form(&[("token", &access.token)]))
        .await;
    world
        .send(world.request(Method::GET, &format!("/t/{}/forward-auth", tenant.slug)).bearer_auth(&access.token))
        .await;
    let report = world.request(Method::POST, &format!("/t/{}/oauth2/revoke-leaked", tenant.slug));
    world.send(report.form(&[("token", &access.token)])).await;
    let test = json!({ "token": access.token, "nonsense": PASSWORD });
    world.post(&tenant, &format!("/third-parties/{}/access-test", access.third_party), &test).await;
    world.server.handle().stop().await;
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/t/{org}/access-test"), "nothing was captured");
    for secret in [&access.token, &access.client_secret, &tenant.session, PASSWORD] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "a secret is in the log: {}", line.unwrap_or_default());
    }
}
