//! A client of an organization, a browser in which a member is signed in, and what the two do.

use countersign_domain::authorization::code_challenge;
use reqwest::{Method, Url};

use crate::support::{Answer, Tenant, World};

/// The redirect URI of the client.
pub const CALLBACK: &str = "https://client.example/callback";
/// The verifier of every request here.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A client that was set up in an organization, and a browser in which a member of it is signed in.
#[derive(Clone)]
pub struct Setting<'a> {
    pub world: &'a World,
    pub tenant: &'a Tenant,
    pub client_id: String,
    pub client_secret: String,
    pub session: String,
}

/// What the authorization endpoint answered.
pub struct Page {
    pub status: u16,
    pub location: Option<Url>,
    pub html: String,
    pub policy: String,
}

impl Page {
    /// A parameter of the address that the browser is sent to.
    pub fn sent(&self, name: &str) -> Option<String> {
        let location = self.location.as_ref()?;
        location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// What the forms of the page carry.
    pub fn csrf(&self) -> String {
        let (_, rest) = self.html.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

impl<'a> Setting<'a> {
    pub async fn new(world: &'a World, tenant: &'a Tenant, client_id: &str) -> Self {
        let client_secret = world.register(tenant, client_id, &[CALLBACK]).await;
        Self { world, tenant, client_id: client_id.to_owned(), client_secret, session: tenant.session.clone() }
    }

    /// An authorization request with PKCE, with these parameters set or, where empty, left out.
    pub fn request(&self, changes: &[(&str, &str)]) -> String {
        let challenge = code_challenge(VERIFIER);
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "read"),
            ("state", "xyz"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            if !value.is_empty() {
                parameters.push((name, value));
            }
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("/t/{}/oauth2/authorize?{query}", self.tenant.slug)
    }

    /// Opens an address in the browser.
    pub async fn open(&self, address: &str) -> Page {
        self.browse(self.world.request(Method::GET, address)).await
    }

    /// Sends a request from the browser.
    pub async fn browse(&self, request: reqwest::RequestBuilder) -> Page {
        let cookie = format!("countersign={}", self.session);
        let request = request.header("cookie", cookie).header("sec-fetch-site", "same-origin").build().unwrap();
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let response = browser.execute(request).await.unwrap();
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let location = header("location");
        Page {
            status: response.status().as_u16(),
            location: location.map(|to| Url::parse(self.world.server.base_url()).unwrap().join(&to).unwrap()),
            policy: header("content-security-policy").unwrap_or_default(),
            html: response.text().await.unwrap(),
        }
    }

    /// Opens the page and decides.
    pub async fn decide(&self, address: &str, decision: &str) -> Page {
        let page = self.open(address).await;
        assert_eq!(page.status, 200, "{:?} {}", page.location, page.html);
        let form = [("csrf", page.csrf()), ("decision", decision.to_owned())];
        self.browse(self.world.request(Method::POST, address).form(&form)).await
    }

    /// A code that a member gave.
    pub async fn code(&self) -> String {
        let address = self.request(&[("prompt", "consent")]);
        self.decide(&address, "allow").await.sent("code").unwrap()
    }

    /// A request of the client to the token endpoint.
    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post("token", form).await
    }

    /// A request of the client to an endpoint.
    pub async fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.world.request(Method::POST, &format!("/t/{}/oauth2/{endpoint}", self.tenant.slug));
        self.world.send(request.basic_auth(&self.client_id, Some(&self.client_secret)).form(form)).await
    }

    pub async fn redeem(&self, code: &str) -> Answer {
        self.token(&redemption(code, VERIFIER)).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub async fn works(&self, token: &str) -> bool {
        self.world.access_test(&self.tenant.slug, token).await.status == 200
    }

    pub async fn last_event(&self) -> String {
        self.world.journal(self.tenant.id).await.pop().unwrap()
    }
}

/// What redeems a code.
pub fn redemption<'a>(code: &'a str, verifier: &'a str) -> [(&'a str, &'a str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", verifier)]
}
