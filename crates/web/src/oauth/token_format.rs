//! `GET /.well-known/countersign-token-format`: what leak scanners look for, and where they report what they find.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use countersign_domain::secret::{ALPHABET, CHECKSUM_LENGTH};
use countersign_domain::{Secret, SecretKind};
use serde::Serialize;

use crate::state::AppState;

const FOR_AN_HOUR: &str = "public, max-age=3600";

/// The form of every secret that this installation generates.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenFormat {
    /// What there is to find.
    kinds: Vec<KindFormat>,
    /// What tells a secret from what only looks like one.
    checksum: ChecksumFormat,
    /// Where whoever holds a manual or access token ends it: a `POST` with the parameter `token` in the body, as
    /// `application/x-www-form-urlencoded`, and the organization's slug in the place of `{org}`.
    #[schema(example = "https://access.example.com/t/{org}/oauth2/revoke-leaked")]
    report: String,
}

/// The form of the secrets of one kind.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct KindFormat {
    /// How they begin.
    #[schema(example = "cs_at_")]
    prefix: String,
    /// What somebody has who finds one.
    description: &'static str,
    /// A regular expression that finds them.
    #[schema(example = "cs_at_[0-9A-Za-z]{49}")]
    pattern: String,
    /// One with the right checksum that is never issued.
    example: String,
}

/// How the checksum is computed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ChecksumFormat {
    /// The algorithm.
    algorithm: &'static str,
    /// What it is computed of.
    input: String,
    /// How it is written.
    encoding: &'static str,
    /// The digits of the encoding, from 0 on.
    alphabet: &'static str,
    /// How many digits there are, with zeros before; they are the last characters of the secret.
    digits: usize,
}

/// Describes tokens and secrets for leak scanners
///
/// The same for all organizations. The examples are made of fixed bits and open nothing.
#[utoipa::path(
    get,
    path = "/.well-known/countersign-token-format",
    tag = "OAuth",
    responses((status = 200, description = "The format; it may be kept for an hour", body = TokenFormat))
)]
pub(crate) async fn token_format(state: web::Data<AppState>) -> HttpResponse {
    let kinds = SecretKind::ALL.map(|kind| KindFormat {
        prefix: kind.prefix(),
        description: kind.description(),
        pattern: kind.pattern(),
        example: Secret::example(kind).expose().to_owned(),
    });
    HttpResponse::Ok().insert_header((CACHE_CONTROL, FOR_AN_HOUR)).json(TokenFormat {
        kinds: kinds.into(),
        checksum: ChecksumFormat {
            algorithm: "CRC-32 (IEEE 802.3)",
            input: format!("Everything before the last {CHECKSUM_LENGTH} characters, the prefix included"),
            encoding: "A big-endian number in base62",
            alphabet: ALPHABET,
            digits: CHECKSUM_LENGTH,
        },
        report: format!("{}/t/{{org}}/oauth2/revoke-leaked", state.base_url),
    })
}
