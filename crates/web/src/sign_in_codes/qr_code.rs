//! A QR code as the numbers that an SVG image takes: the pages allow no styles of their own, and need no image format.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};
use serde::Serialize;

use crate::WebError;

/// What scanners want to be left blank around it, in modules.
const MARGIN: i32 = 4;

/// The image.
#[derive(Debug, Serialize)]
pub(crate) struct QrCodeImage {
    /// Width and height, in modules.
    size: i32,
    /// The dark modules, as an SVG path.
    path: String,
}

impl QrCodeImage {
    /// The QR code of a text.
    pub fn of(text: &str) -> Result<Self, WebError> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(WebError::internal)?;
        let mut path = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN).map_err(WebError::internal)?;
            }
        }
        Ok(Self { size: code.size() + 2 * MARGIN, path })
    }
}
