//! Style sheet, script and icon: embedded as they are and compressed (`build.rs`), and served under names that change
//! with their content.

use actix_web::http::header::{AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, Encoding, Header, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use sha2::{Digest, Sha256};

use crate::WebError;
use crate::state::AppState;

/// The name changes with the content, so what was fetched once need never be asked for again.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For names that don't change.
const FOR_A_DAY: &str = "public, max-age=86400";
/// How much of the hexadecimal digest stands in the name.
const FINGERPRINT_LENGTH: usize = 12;

/// A file in each form in which it can be served.
struct File {
    name: &'static str,
    content_type: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

macro_rules! embedded {
    ($name:literal, $content_type:literal) => {
        File {
            name: $name,
            content_type: $content_type,
            plain: include_bytes!(concat!("../assets/", $name)),
            brotli: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".br")),
            gzip: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")),
        }
    };
}

static FILES: [File; 3] = [
    embedded!("style.css", "text/css; charset=utf-8"),
    embedded!("app.js", "text/javascript; charset=utf-8"),
    embedded!("icon.svg", "image/svg+xml"),
];
static ICON: &File = &FILES[2];

struct Asset {
    /// With its fingerprint: `style.0123456789ab.css`.
    file_name: String,
    file: &'static File,
}

/// The embedded files.
pub(crate) struct Assets(Vec<Asset>);

impl Assets {
    /// Fingerprints the embedded files.
    pub fn new() -> Self {
        Self(FILES.iter().map(|file| Asset { file_name: fingerprinted(file.name, file.plain), file }).collect())
    }

    /// The address of every file, by its plain name.
    pub fn urls(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.0.iter().map(|asset| (asset.file.name, format!("/assets/{}", asset.file_name)))
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
    config.route("/assets/{file}", web::get().to(asset)).route("/favicon.ico", web::get().to(favicon));
}

async fn asset(
    state: web::Data<AppState>,
    request: HttpRequest,
    file: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let asset = state.assets.0.iter().find(|asset| asset.file_name == *file).ok_or(WebError::NotFound)?;
    answer(&request, asset.file, FOR_EVER)
}

/// Browsers ask for it wherever a page doesn't name its icon, such as a JSON answer.
async fn favicon(request: HttpRequest) -> Result<HttpResponse, WebError> {
    answer(&request, ICON, FOR_A_DAY)
}

fn answer(request: &HttpRequest, file: &'static File, caching: &str) -> Result<HttpResponse, WebError> {
    let encoding = encoding(request).ok_or(WebError::NotAcceptable)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, file.content_type)).insert_header((CACHE_CONTROL, caching));
    response.insert_header((VARY, "Accept-Encoding"));
    let content = if encoding == Encoding::brotli() {
        file.brotli
    } else if encoding == Encoding::gzip() {
        file.gzip
    } else {
        return Ok(response.body(file.plain));
    };
    Ok(response.insert_header((CONTENT_ENCODING, encoding.to_string())).body(content))
}

/// The encoding that suits the browser best; `None` if it takes none of them.
fn encoding(request: &HttpRequest) -> Option<Encoding> {
    let served = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(request).map_or(Some(Encoding::identity()), |accepted| accepted.negotiate(served.iter()))
}
