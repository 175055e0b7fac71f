//! Style sheet, script and icon, in each form in which they are sent.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::StatusCode;

use crate::site::Site;

/// The form, and the content as it was before.
fn decoded(encoding: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    match encoding {
        Some("br") => brotli::Decompressor::new(body, 4096).read_to_end(&mut content).unwrap(),
        Some("gzip") => GzDecoder::new(body).read_to_end(&mut content).unwrap(),
        None => return body.to_vec(),
        Some(other) => panic!("nobody asked for {other}"),
    };
    content
}

#[tokio::test]
async fn each_file_is_sent_in_the_form_that_the_browser_takes() {
    let site = Site::start().await;
    let page = site.browser().open("/login").await;
    let client = reqwest::Client::new();
    let mut paths = vec!["/favicon.ico".to_owned()];
    for start in ["rel=\"stylesheet\" href=\"", "src=\"/assets/app", "rel=\"icon\" href=\""] {
        let end = page.between_all(start, "\"").remove(0);
        paths.push(if end.starts_with('/') { end } else { format!("/assets/app{end}") });
    }
    for path in paths {
        let get = async |accepted: Option<&str>| {
            let mut request = client.get(format!("{}{path}", site.base_url));
            if let Some(accepted) = accepted {
                request = request.header("accept-encoding", accepted);
            }
            let answer = request.send().await.unwrap();
            let header = |name| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            let (encoding, vary) = (header("content-encoding"), header("vary"));
            assert!(vary.as_deref() == Some("Accept-Encoding") || !answer.status().is_success(), "{path} {accepted:?}");
            (answer.status(), encoding, answer.bytes().await.unwrap())
        };
        let (_, none, plain) = get(None).await;
        assert_eq!(none, None, "{path}");
        let cases = [
            ("gzip, deflate, br, zstd", Some("br")),
            ("br", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0.5, gzip", Some("gzip")),
            ("identity", None),
            ("zstd", None),
            ("", None),
            ("br;q=0", None),
        ];
        for (accepted, expected) in cases {
            let (status, encoding, body) = get(Some(accepted)).await;
            assert_eq!((status, encoding.as_deref()), (StatusCode::OK, expected), "{path} {accepted:?}");
            assert_eq!(decoded(expected, &body), plain, "{path} {accepted:?}");
            assert!(expected.is_none() || body.len() < plain.len(), "{path} {accepted:?}");
        }
        assert_eq!(get(Some("identity;q=0, zstd")).await.0, StatusCode::NOT_ACCEPTABLE, "{path}");
    }
    site.stop().await;
}
