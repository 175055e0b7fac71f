//! Responses that operations of the OpenAPI document share, so that no handler has to repeat them.

use std::collections::BTreeMap;

use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Header, HeaderBuilder, Ref, RefOr, ResponseBuilder, Schema};

/// A response: its status, what it says, and the headers that it carries with what they say.
pub(crate) type Shared = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// For how long to wait, where waiting helps.
pub(crate) const RETRY_AFTER: (&str, &str) = ("Retry-After", "For how many seconds to wait");

/// What the responses of a set have for a body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    /// A document of the schema with this name, as this media type.
    Document(&'static str, &'static str),
    /// A page for people.
    Page,
}

/// Responses by their status.
pub(crate) fn described(body: Body, responses: &[Shared]) -> BTreeMap<String, RefOr<Response>> {
    responses
        .iter()
        .map(|(status, description, headers)| {
            let mut response = ResponseBuilder::new().description(*description);
            response = match body {
                Body::Document(media_type, schema) => {
                    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
                    response.content(media_type, content)
                }
                Body::Page => response.content("text/html", ContentBuilder::new().schema(Some(text())).build()),
            };
            for (name, meaning) in *headers {
                response = response.header(*name, header(meaning));
            }
            ((*status).to_owned(), response.build().into())
        })
        .collect()
}

fn header(meaning: &str) -> Header {
    HeaderBuilder::new().schema(Some(text())).description(Some(meaning)).build()
}

fn text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).into()
}

/// Declares types that stand for sets of responses in `#[utoipa::path(responses(…))]`.
macro_rules! response_sets {
    ($body:expr; $($(#[$doc:meta])* $name:ident = [$($response:ident),+];)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                $crate::responses::described($body, &[$($response),+])
            }
        }
    )+};
}
pub(crate) use response_sets;
