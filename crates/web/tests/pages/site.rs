//! A server with an organization of its own.

use std::sync::LazyLock;

use countersign_domain::values::{EmailAddress, PersonName};
use countersign_domain::{MemberId, OrganizationId, Role};
use countersign_persistence::{Store, clock, sign_in, testing};
use countersign_web::{ServerHandle, WebOptions, password, serve};
use jiff::SignedDuration;

use crate::browser::Browser;

/// A password that members of tests have.
pub const PASSWORD: &str = "correct horse battery";

/// Hashed once: it is slow on purpose.
static PHC: LazyLock<String> = LazyLock::new(|| password::hash(PASSWORD).unwrap());

pub struct Site {
    pub store: Store,
    pub organization: OrganizationId,
    pub slug: String,
    pub base_url: String,
    server: ServerHandle,
}

impl Site {
    pub async fn start() -> Self {
        let store = testing::store(testing::database().await);
        let (organization, slug) = new_organization(&store).await;
        let options = WebOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            metrics_listen: None,
            base_url: None,
            workers: 1,
            development: false,
            trusted_proxies: Vec::new(),
        };
        let server = serve(store.clone(), options).await.unwrap();
        let base_url = server.base_url().to_owned();
        Self { store, organization, slug, base_url, server: server.handle() }
    }

    pub async fn stop(&self) {
        self.server.stop().await;
    }

    /// A path within the organization.
    pub fn path(&self, rest: &str) -> String {
        format!("/o/{}{rest}", self.slug)
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.base_url)
    }

    /// Takes somebody in who can sign in by [`PASSWORD`]; answers the e-mail address too.
    pub async fn member(&self, role: Role) -> (MemberId, String) {
        let email = format!("{}-{}@acme.example", role.as_str(), testing::random_id().simple());
        (self.member_of(self.organization, role, &email).await, email)
    }

    pub async fn member_of(&self, organization: OrganizationId, role: Role, email: &str) -> MemberId {
        let name = PersonName::parse(&format!("Some {}", role.as_str())).unwrap();
        let context = testing::operator(organization);
        let address = EmailAddress::parse(email).unwrap();
        sign_in::add_member(&self.store, &context, address, name, role, Some(PHC.clone())).await.unwrap()
    }

    /// The path of a one-use link.
    pub async fn link(&self, member: MemberId) -> String {
        let lifetime = SignedDuration::from_mins(15);
        let secret =
            sign_in::create_link(&self.store, self.organization, member, clock::now(), lifetime).await.unwrap();
        self.path(&format!("/sign-in/{}", secret.expose()))
    }

    /// Somebody of the role, signed in.
    pub async fn signed_in(&self, role: Role) -> Browser {
        let (member, _) = self.member(role).await;
        let browser = self.browser();
        assert_eq!(browser.get(&self.link(member).await).await.location(), self.path(""));
        browser
    }

    /// The types of the events of the organization, oldest first.
    pub async fn journal(&self) -> Vec<String> {
        let sql = "SELECT event_type FROM events ORDER BY position";
        let rows = self.store.pool().read(self.organization, sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Adds a third party on the pages; answers its path.
    pub async fn third_party(&self, admin: &Browser, name: &str) -> String {
        let form = self.path("/third-parties/new");
        let added = admin.fill_in(&form, &[("name", name), ("mode", "manual")]).await;
        assert_eq!(added.status, 200, "{}", added.body);
        added.between_all("<form method=\"post\" action=\"", "\"").into_iter().find(|path| path != "/logout").unwrap()
    }
}

pub async fn new_organization(store: &Store) -> (OrganizationId, String) {
    let slug = format!("org-{}", testing::random_id().simple());
    (testing::create_organization(store, &slug).await.unwrap(), slug)
}
