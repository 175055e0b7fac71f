//! The list of OAuth clients.

use countersign_domain::client::ClientType;
use countersign_domain::values::ClientIdentifier;
use countersign_domain::{Client, ClientCommand, Role};
use countersign_persistence::{ChangeError, testing};
use reqwest::StatusCode;

use crate::site::Site;

/// Registers that many clients with numbers in their names, many in one append.
async fn seed(site: &Site, count: usize) {
    let numbers = (1..=count).collect::<Vec<_>>();
    for some in numbers.chunks(500) {
        site.store
            .change(&testing::operator(site.organization), async |unit| {
                for number in some {
                    let register = ClientCommand::Register {
                        identifier: ClientIdentifier::parse(&format!("App {number:05}")).unwrap(),
                        client_type: ClientType::Confidential,
                        third_party: None,
                        scopes: Vec::new(),
                        redirect_uris: Vec::new(),
                    };
                    unit.create::<Client>(register).await?;
                }
                Ok::<_, ChangeError>(())
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_list_is_filtered_sorted_and_paged_by_its_address() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let list = site.path("/clients");
    let empty = admin.open(&list).await;
    empty.must_have("No OAuth clients yet");
    empty.must_have(&site.path("/clients/new"));
    seed(&site, 30).await;
    let path = site.third_party(&admin, "Brightside").await;

    let first = admin.open(&list).await;
    assert_eq!((first.names().len(), first.names()[0].as_str()), (25, "App 00001"));
    first.must_have("31 clients, showing 1 to 25");
    first.must_have("aria-sort=\"ascending\"");
    let second = admin.open(&first.between_all("rel=\"next\" href=\"", "\"").remove(0)).await;
    assert_eq!(second.names().len(), 6);
    second.must_have(&format!("of <a href=\"{path}\">Brightside</a>"));
    for (number, column) in
        ["client_id", "code_created_at", "token_created_at", "expires_in", "passthru_user", "active"].iter().enumerate()
    {
        let up = format!("{list}?sort={column}");
        let sorted = admin.open(&up).await;
        assert_eq!(sorted.body.matches("aria-sort=\"ascending\"").count(), 1, "{column}");
        let down = admin.open(&sorted.between_all("<a class=\"sort\" href=\"", "\"")[number]).await;
        assert_eq!(down.body.matches("aria-sort=\"descending\"").count(), 1, "{column}");
    }
    let found = admin.open(&format!("{list}?client_id=pp+0001&expires_in=DEFAULT&active=y&order=descending")).await;
    assert_eq!(found.names()[..2], ["App 00019", "App 00018"]);
    found.must_have("10 of 31 match");
    found.must_have("<option value=\"yes\" selected>");
    let kept = found.between_all("<a class=\"sort\" href=\"", "\"");
    assert!(kept.iter().all(|href| href.contains("client_id=pp+0001&expires_in=DEFAULT&active=y")), "{kept:?}");
    let none = admin.open(&format!("{list}?client_id=app&passthru_user=nobody")).await;
    none.must_have("No client matches");
    none.must_have("Clear filters");
    let odd = admin.open(&format!("{list}?sort=%22&order=%3Cb%3E&page=-1&active=%3Cb%3E&code_created_at=%00")).await;
    assert_eq!(odd.names().len(), 25);
    site.stop().await;
}

#[tokio::test]
async fn all_are_shown_on_one_page_and_very_many_only_to_whoever_insists() {
    let site = Site::start().await;
    let admin = site.signed_in(Role::Admin).await;
    let list = site.path("/clients");
    seed(&site, 1001).await;
    let all = admin.open(&format!("{list}?page=all&order=descending")).await;
    let shown = all.names();
    assert_eq!((shown.len(), shown[0].as_str(), shown[1000].as_str()), (1001, "App 01001", "App 00001"));
    all.must_have("1001 clients</p>");
    all.must_have("Show pages");
    assert!(all.headers.get("content-length").is_none(), "sent part by part");
    assert!(all.body.trim_end().ends_with("</html>"));
    let few = admin.open(&format!("{list}?page=all&client_id=00007")).await;
    assert_eq!(few.names(), ["App 00007"]);
    admin.open(&format!("{list}?page=all&client_id=nothing")).await.must_have("No client matches");

    seed_more(&site).await;
    let asked = admin.open(&format!("{list}?page=all&client_id=app")).await;
    assert_eq!(asked.names().len(), 25);
    asked.must_have("5001 clients on one page take a while");
    let anyway = asked.between_all("or <a href=\"", "\"").remove(0);
    assert_eq!(admin.open(&anyway).await.names().len(), 5001);
    site.stop().await;
}

/// Makes as many rows as are too many, without a journal that nobody looks at here.
async fn seed_more(site: &Site) {
    for sql in [
        "INSERT INTO clients SELECT org_id, gen_random_uuid(), identifier || n, client_type, third_party_id, settings, \
         redirect_uris, secrets, active, deleted, registered_at FROM clients, generate_series(1, 4) n \
         WHERE org_id = $1 AND identifier <> 'App 01001'",
        "INSERT INTO client_overviews (org_id, client_id, identifier_key, active) \
         SELECT org_id, client_id, lower(identifier), active FROM clients WHERE org_id = $1 ON CONFLICT DO NOTHING",
    ] {
        site.store.pool().write(site.organization, sql, &[&site.organization.uuid()]).await.unwrap();
    }
}

#[tokio::test]
async fn an_auditor_reads_the_list_and_is_offered_nothing() {
    let site = Site::start().await;
    seed(&site, 1).await;
    let auditor = site.signed_in(Role::Auditor).await;
    let page = auditor.open(&site.path("/clients")).await;
    assert_eq!(page.names(), ["App 00001"]);
    page.must_not_have("/clients/new");
    page.must_not_have("/delete");
    let developer = site.signed_in(Role::Developer).await;
    assert_eq!(developer.get(&site.path("/clients")).await.status, StatusCode::FORBIDDEN);
    site.stop().await;
}
