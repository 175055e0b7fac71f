//! What accompanies every request: its id, its log line and figures, security headers, and the rendering of errors.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    USER_AGENT,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use countersign_domain::values::RedirectUri;
use countersign_persistence::{Source, clock};
use url::{Host, Url};
use uuid::Uuid;

use crate::WebError;
use crate::error::Answer;
use crate::network::Network;
use crate::state::AppState;
use crate::{admin, api, oauth};

/// Who reads the answers of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// People, in a browser.
    Page,
    /// Programs of the organization.
    Api,
    /// OAuth clients and resource servers.
    OAuth,
}

/// The identity of a request in logs, records and answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId(pub Uuid);

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// The policy of a page whose form may end, by way of redirects, at a client's redirect URI: browsers hold
/// `form-action` against redirects too. Where the address is not known, or can't be said in a policy (IPv6), forms are
/// not restricted.
pub(crate) fn policy_leading_to(redirect_uri: Option<&str>) -> HeaderValue {
    // Only what could be registered: other hosts may hold characters that mean something in a policy.
    let uri = redirect_uri.filter(|uri| RedirectUri::parse(uri).is_ok()).and_then(|uri| Url::parse(uri).ok());
    let source = uri.and_then(|uri| match (uri.scheme(), uri.host()) {
        ("https" | "http", Some(Host::Ipv6(_))) => None,
        ("https" | "http", _) => Some(uri.origin().ascii_serialization()),
        (scheme, _) => Some(format!("{scheme}:")),
    });
    let policy = match source {
        Some(source) => POLICY.replace("form-action 'self'", &format!("form-action 'self' {source}")),
        None => POLICY.replace("form-action 'self'; ", ""),
    };
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY))
}

/// The longest user agent that is kept, in characters.
const USER_AGENT_LIMIT: usize = 300;

/// Wraps every request of the main server.
pub(crate) async fn accompany(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId(clock::new_id());
    request.extensions_mut().insert(id);
    let begun = Instant::now();
    let method = request.method().clone();
    // Handlers' and extractors' errors are answers already when they arrive here.
    let mut response = next.call(request).await?.map_into_boxed_body();
    if response.status().is_client_error() || response.status().is_server_error() {
        response = render_error(response, id);
    }
    let route = route(response.request());
    let status = response.status();
    let elapsed = begun.elapsed();
    // The pattern, not the path: paths may hold one-time secrets.
    tracing::info!(
        request = %id.0, %method, %route, status = status.as_u16(), milliseconds = elapsed.as_millis(), "answered"
    );
    record(route, &method, status, elapsed);
    let headers = response.headers_mut();
    let fixed = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(value) = HeaderValue::from_str(&id.0.to_string()) {
        headers.insert(REQUEST_ID.clone(), value);
    }
    Ok(response)
}

/// The pattern of a route that is asked so often that looking it up each time would show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route(pub &'static str);

/// The pattern of the route that was taken.
fn route(request: &HttpRequest) -> Cow<'static, str> {
    match request.app_data::<Route>() {
        Some(Route(pattern)) => Cow::Borrowed(pattern),
        None => request.match_pattern().map_or(Cow::Borrowed("unmatched"), Cow::Owned),
    }
}

type Histograms = HashMap<(&'static str, &'static str, StatusCode), metrics::Histogram>;

thread_local! {
    static HISTOGRAMS: RefCell<Histograms> = RefCell::default();
}

/// Puts the duration of a request into its histogram, which is kept at hand for the routes with a name of their own.
fn record(route: Cow<'static, str>, method: &Method, status: StatusCode, elapsed: Duration) {
    let method = method_name(method);
    let find = |route: String| {
        metrics::histogram!("countersign_http_request_seconds", "method" => method, "route" => route,
            "status" => status.as_str().to_owned())
    };
    match route {
        Cow::Borrowed(name) => HISTOGRAMS.with_borrow_mut(|known| {
            known.entry((name, method, status)).or_insert_with(|| find(name.to_owned())).record(elapsed);
        }),
        Cow::Owned(pattern) => find(pattern).record(elapsed),
    }
}

/// The method as a label: whoever makes up methods makes no new figures.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Gives an error the body that its audience reads. Answers that have a body of their own are left as they are.
fn render_error(response: ServiceResponse<BoxBody>, id: RequestId) -> ServiceResponse<BoxBody> {
    let known = response.response().extensions().get::<Answer>().cloned();
    let has_body_of_its_own = response.headers().contains_key(CONTENT_TYPE) && !is_plain_text(response.response());
    let answer = match known {
        Some(answer) => answer,
        None if has_body_of_its_own => return response,
        None => match from_status(response.status()) {
            Some(error) => error.answer(),
            None => return response,
        },
    };
    let (request, old) = response.into_parts();
    let mut new = match audience(&request) {
        Audience::Page => admin::error_page(&request, &answer, id),
        Audience::Api => api::problem(&answer, id),
        Audience::OAuth => oauth::error_json(&answer),
    };
    for (name, value) in old.headers() {
        // What is said of the old body may be wrong of the new one: it isn't compressed any more.
        if name != CONTENT_TYPE && name != CONTENT_ENCODING && !new.headers().contains_key(name) {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    if let Some(seconds) = answer.retry_after {
        new.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if *request.method() == Method::HEAD {
        new = new.set_body(BoxBody::new(()));
    }
    ServiceResponse::new(request, new)
}

fn is_plain_text(response: &HttpResponse) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/plain"))
}

/// What the framework refuses by itself, as an error of ours.
fn from_status(status: StatusCode) -> Option<WebError> {
    match status {
        StatusCode::NOT_FOUND => Some(WebError::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => Some(WebError::MethodNotAllowed),
        StatusCode::NOT_ACCEPTABLE => Some(WebError::NotAcceptable),
        StatusCode::PAYLOAD_TOO_LARGE => Some(WebError::TooLarge { limit: crate::server::BODY_LIMIT }),
        StatusCode::BAD_REQUEST => Some(WebError::Malformed("check its form".into())),
        status if status.is_server_error() => Some(WebError::Internal),
        _ => None,
    }
}

/// The audience of the route, or, where none matched, of the address.
pub(crate) fn audience(request: &HttpRequest) -> Audience {
    request.app_data::<Audience>().copied().unwrap_or_else(|| {
        let path = request.path();
        if path.starts_with("/api/") {
            Audience::Api
        } else if path.starts_with("/t/") {
            Audience::OAuth
        } else {
            Audience::Page
        }
    })
}

/// The identity of the request.
pub(crate) fn request_id(request: &HttpRequest) -> Uuid {
    request.extensions().get::<RequestId>().map(|id| id.0).unwrap_or_default()
}

/// Where the request came from: the peer, or what a trusted proxy says of it.
pub(crate) fn source(request: &HttpRequest) -> Source {
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Source { address: address(request), user_agent: user_agent.chars().take(USER_AGENT_LIMIT).collect() }
}

/// The network address of whoever sent the request.
pub(crate) fn address(request: &HttpRequest) -> String {
    sender(request).map(|address| address.to_string()).unwrap_or_default()
}

/// The network of whoever sent the request.
pub(crate) fn network(request: &HttpRequest) -> Network {
    Network::of(sender(request))
}

fn sender(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let trusted = request.app_data::<web::Data<AppState>>().map(|state| state.trusted_proxies.as_slice());
    let is_trusted = |address: &IpAddr| trusted.is_some_and(|trusted| trusted.contains(address));
    if !is_trusted(&peer) {
        return Some(peer);
    }
    // From the right: the first address that no trusted proxy has is the one that the last of them saw.
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops = forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok());
    let hops = hops.collect::<Vec<IpAddr>>();
    hops.iter().rev().find(|hop| !is_trusted(hop)).or(hops.first()).copied().or(Some(peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_lets_a_form_end_at_the_client_and_nowhere_else() {
        let form_action = |uri| {
            let policy = policy_leading_to(uri);
            let directives = policy.to_str().unwrap().split("; ").map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(directives.len(), 4 + usize::from(directives.iter().any(|it| it.starts_with("form-action"))));
            directives.into_iter().find(|directive| directive.starts_with("form-action"))
        };
        let expect = |uri, expected: Option<&str>| assert_eq!(form_action(uri).as_deref(), expected, "{uri:?}");
        expect(Some("https://client.example/cb?a=b"), Some("form-action 'self' https://client.example"));
        expect(Some("http://127.0.0.1:49152/"), Some("form-action 'self' http://127.0.0.1:49152"));
        expect(Some("com.example.app:/cb"), Some("form-action 'self' com.example.app:"));
        expect(Some("http://[::1]:49152/"), None);
        expect(Some("https://a;script-src https://evil.example/"), None);
        expect(Some("https://a;script-src/"), None);
        expect(None, None);
    }
}
