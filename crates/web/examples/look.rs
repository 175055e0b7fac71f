//! Temporary.
#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::print_stdout, missing_docs)]
use countersign_domain::values::{EmailAddress, OrganizationName, PersonName, Slug};
use countersign_domain::Role;
use countersign_persistence::{clock, sign_in, testing};
use countersign_web::{WebOptions, password, serve};
#[tokio::main]
async fn main() {
    let store = testing::store(&testing::fresh_database().await);
    let organization = store.create_organization(Slug::parse("acme").unwrap(), OrganizationName::parse("Acme Energy").unwrap(), testing::operator).await.unwrap();
    let phc = password::hash("correct horse battery").unwrap();
    for (role, name) in [(Role::Admin, "Ada"), (Role::Auditor, "Otto"), (Role::Developer, "Dana")] {
        let email = format!("{}@acme.example", name.to_lowercase());
        let member = sign_in::add_member(&store, &testing::operator(organization), EmailAddress::parse(&email).unwrap(), PersonName::parse(name).unwrap(), role, Some(phc.clone())).await.unwrap();
        let secret = sign_in::create_link(&store, organization, member, clock::now(), jiff::SignedDuration::from_hours(1)).await.unwrap();
        println!("{name} /o/acme/sign-in/{}", secret.expose());
    }
    let options = WebOptions { listen: "127.0.0.1:8399".parse().unwrap(), metrics_listen: None, base_url: None, workers: 1, development: true, trusted_proxies: vec![] };
    let server = serve(store.clone(), options).await.unwrap();
    println!("{}", server.base_url());
    tokio::time::sleep(std::time::Duration::from_secs(3000)).await;
}
