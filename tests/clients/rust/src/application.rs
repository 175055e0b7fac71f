//! What an application does with the library.

use std::fmt::Display;

use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::http::Uri;
use oauth2::http::uri::Scheme;
use oauth2::url::Url;
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ErrorResponse, HttpRequest, HttpResponse, IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, RevocationUrl, Scope, StandardRevocableToken, TokenUrl,
};
use serde::Deserialize;
use serde_json::Value;
use ureq::Agent;

/// How an application is made.
#[derive(Deserialize)]
pub struct Settings {
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    method: String,
    redirect_uri: String,
}

/// What the application needs of the server's metadata (RFC 8414).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
}

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

/// An application with its client.
pub struct Application {
    client: Client,
    agent: Agent,
    request: Option<(CsrfToken, PkceCodeVerifier)>,
}

/// Why something failed, with the error code of the protocol if there is one.
pub struct Failure {
    pub error: Option<String>,
    pub message: String,
}

impl Failure {
    pub fn new(message: impl Display) -> Self {
        Self { error: None, message: message.to_string() }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

fn refused<E, T>(error: &RequestTokenError<E, T>) -> Failure
where
    E: std::error::Error + 'static,
    T: ErrorResponse + Display + serde::Serialize + 'static,
{
    match error {
        RequestTokenError::ServerResponse(response) => {
            let document = serde_json::to_value(response).unwrap_or_default();
            Failure { error: document["error"].as_str().map(str::to_owned), message: response.to_string() }
        }
        _ => Failure::new(format!("{error}: {error:?}")),
    }
}

impl Application {
    /// Asks for the metadata and makes the client.
    pub fn open(settings: Settings) -> Result<Self, Failure> {
        let Settings { issuer, client_id, client_secret, method, redirect_uri } = settings;
        let agent = Agent::new_with_config(
            Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).build(),
        );
        let found = discover(&agent, &issuer)?;
        let client = BasicClient::new(ClientId::new(client_id))
            .set_auth_type(if method == "client_secret_basic" { AuthType::BasicAuth } else { AuthType::RequestBody })
            .set_auth_uri(AuthUrl::new(found.authorization_endpoint)?)
            .set_token_uri(TokenUrl::new(found.token_endpoint)?)
            .set_introspection_url(IntrospectionUrl::new(found.introspection_endpoint)?)
            // Here the library knows no exception for this machine; `send` takes it back.
            .set_revocation_url(RevocationUrl::new(found.revocation_endpoint.replacen("http:", "https:", 1))?)
            .set_redirect_uri(RedirectUrl::new(redirect_uri)?);
        let client = match client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret)),
            None => client,
        };
        Ok(Self { client, agent, request: None })
    }

    /// Starts an authorization request; answers its address.
    pub fn begin(&mut self, scope: Option<&str>) -> String {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state) = self
            .client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes(scope.unwrap_or_default()))
            .set_pkce_challenge(challenge)
            .url();
        self.request = Some((state, verifier));
        address.into()
    }

    /// Takes the answer to it.
    pub fn finish(&mut self, callback: &str) -> Result<Value, Failure> {
        let (state, verifier) = self.request.as_ref().ok_or_else(|| Failure::new("nothing was begun"))?;
        let callback = Url::parse(callback)?;
        let get = |name| callback.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if get("state").as_deref() != Some(state.secret()) {
            return Err(Failure::new("the state is another"));
        }
        if let Some(error) = get("error") {
            return Err(Failure { message: error.clone(), error: Some(error) });
        }
        let code = AuthorizationCode::new(get("code").ok_or_else(|| Failure::new("there is no code"))?);
        let verifier = PkceCodeVerifier::new(verifier.secret().clone());
        let tokens = self.client.exchange_code(code).set_pkce_verifier(verifier).request(&self.sender());
        value(&tokens.map_err(|error| refused(&error))?)
    }

    /// Gets the next tokens.
    pub fn refresh(&self, token: String) -> Result<Value, Failure> {
        let token = RefreshToken::new(token);
        value(&self.client.exchange_refresh_token(&token).request(&self.sender()).map_err(|error| refused(&error))?)
    }

    /// Gets tokens of the client itself.
    pub fn own(&self, scope: &str) -> Result<Value, Failure> {
        let request = self.client.exchange_client_credentials().add_scopes(scopes(scope));
        value(&request.request(&self.sender()).map_err(|error| refused(&error))?)
    }

    /// Asks about a token.
    pub fn introspect(&self, token: String) -> Result<Value, Failure> {
        let token = AccessToken::new(token);
        let known = self.client.introspect(&token).request(&self.sender()).map_err(|error| refused(&error))?;
        Ok(serde_json::to_value(known)?)
    }

    /// Ends a token.
    pub fn revoke(&self, token: String, hint: &str) -> Result<Value, Failure> {
        let token: StandardRevocableToken = match hint {
            "refresh_token" => RefreshToken::new(token).into(),
            _ => AccessToken::new(token).into(),
        };
        self.client.revoke_token(token)?.request(&self.sender()).map_err(|error| refused(&error))?;
        Ok(Value::Null)
    }

    /// Calls a resource; answers the status.
    pub fn call(&self, address: &str, token: &str) -> Result<Value, Failure> {
        let answer = self.agent.get(address).header("Authorization", format!("Bearer {token}")).call()?;
        Ok(answer.status().as_u16().into())
    }

    fn sender(&self) -> impl Fn(HttpRequest) -> Result<HttpResponse, ureq::Error> {
        |request| send(&self.agent, request)
    }
}

fn discover(agent: &Agent, issuer: &str) -> Result<Metadata, Failure> {
    let mut address = Url::parse(issuer)?;
    address.set_path(&format!("/.well-known/oauth-authorization-server{}", address.path()));
    let answer = agent.get(address.as_str()).call()?.into_body().read_to_vec()?;
    let metadata: Metadata = serde_json::from_slice(&answer)?;
    if metadata.issuer == issuer { Ok(metadata) } else { Err(Failure::new("the metadata is of another issuer")) }
}

/// Sends what the library made. Whatever it says, the server under test is reached without TLS.
fn send(agent: &Agent, mut request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    *request.uri_mut() = Uri::from_parts(parts).map_err(oauth2::http::Error::from)?;
    let (head, mut body) = agent.run(request)?.into_parts();
    Ok(HttpResponse::from_parts(head, body.read_to_vec()?))
}

fn scopes(text: &str) -> impl Iterator<Item = Scope> {
    text.split(' ').filter(|scope| !scope.is_empty()).map(|scope| Scope::new(scope.to_owned()))
}

fn value(tokens: &BasicTokenResponse) -> Result<Value, Failure> {
    Ok(serde_json::to_value(tokens)?)
}
