//! Style sheet, script and icon: embedded, and served under names that change with their content.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::middleware::Compress;
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

use crate::WebError;
use crate::state::AppState;

/// The name changes with the content, so what was fetched once need never be asked for again.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For names that don't change.
const FOR_A_DAY: &str = "public, max-age=86400";
/// How much of the hexadecimal digest stands in the name.
const FINGERPRINT_LENGTH: usize = 12;

const FILES: &[(&str, &str, &[u8])] = &[
    ("style.css", "text/css; charset=utf-8", include_bytes!("../assets/style.css")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../assets/app.js")),
    ("icon.svg", ICON_TYPE, ICON),
];
const ICON_TYPE: &str = "image/svg+xml";
const ICON: &[u8] = include_bytes!("../assets/icon.svg");

struct Asset {
    name: &'static str,
    /// With its fingerprint: `style.0123456789ab.css`.
    file_name: String,
    content_type: &'static str,
    content: &'static [u8],
}

/// The embedded files.
pub(crate) struct Assets(Vec<Asset>);

impl Assets {
    /// Fingerprints the embedded files.
    pub fn new() -> Self {
        let assets = FILES.iter().map(|(name, content_type, content)| Asset {
            name,
            file_name: fingerprinted(name, content),
            content_type,
            content,
        });
        Self(assets.collect())
    }

    /// The address of every file, by its plain name.
    pub fn urls(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.0.iter().map(|asset| (asset.name, format!("/assets/{}", asset.file_name)))
    }
}

fn fingerprinted(name: &str, content: &[u8]) -> String {
    let digest = hex::encode(Sha256::digest(content));
    let fingerprint = &digest[..FINGERPRINT_LENGTH];
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}.{fingerprint}.{extension}")
}

/// The addresses of the embedded files.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/assets/{file}").wrap(Compress::default()).route(web::get().to(asset)))
        .route("/favicon.ico", web::get().to(favicon));
}

async fn asset(state: web::Data<AppState>, file: web::Path<String>) -> Result<HttpResponse, WebError> {
    let asset = state.assets.0.iter().find(|asset| asset.file_name == *file).ok_or(WebError::NotFound)?;
    Ok(answer(asset.content_type, asset.content, FOR_EVER))
}

/// Browsers ask for it wherever a page doesn't name its icon, such as a JSON answer.
async fn favicon() -> HttpResponse {
    answer(ICON_TYPE, ICON, FOR_A_DAY)
}

fn answer(content_type: &str, content: &'static [u8], caching: &str) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, content_type)).insert_header((CACHE_CONTROL, caching)).body(content)
}
