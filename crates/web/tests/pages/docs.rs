//! The reference of the API, and Swagger UI.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::StatusCode;

use crate::site::Site;

const STRICT: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

#[tokio::test]
async fn the_reference_has_every_operation_and_is_for_everybody() {
    let site = Site::start().await;
    let stranger = site.browser();
    assert!(stranger.open("/login").await.has("<a href=\"/docs/api\">"));
    let page = stranger.open("/docs/api").await;
    assert_eq!(page.headers["content-security-policy"], STRICT);
    page.must_not_have("<script>");
    page.must_not_have(" style=");
    let document: serde_json::Value = serde_json::from_str(&countersign_web::openapi_json()).unwrap();
    let mut count = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let article = page.between_all(&format!("<article class=\"card\" id=\"{id}\""), "</article>").remove(0);
            let head = format!("<span class=\"kind\">{}</span> <code>{path}<", method.to_uppercase());
            assert!(article.contains(&head), "{id}: {head} in {article}");
            assert!(article.contains("<code>curl ") && article.contains(&site.base_url), "{id}");
            for status in operation["responses"].as_object().unwrap().keys() {
                assert!(article.contains(&format!("<th scope=\"row\">{status}</th>")), "{id} {status}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                assert!(
                    article.contains(&format!("<th scope=\"row\"><code class=\"exact\">{name}</code></th>")),
                    "{id} {name}"
                );
            }
            page.must_have(&format!("<a href=\"#{id}\">"));
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
    for href in page.between_all("href=\"#", "\"") {
        assert!(page.has(&format!(" id=\"{href}\"")), "#{href} leads nowhere");
    }
    page.must_have("A session with the right ManageThirdParties: Owner, Admin, or an access token of an API key with the scope third-parties:manage<");
    page.must_have("-H &quot;Authorization: Bearer $SESSION_TOKEN&quot;");
    site.stop().await;
}

#[tokio::test]
async fn only_swagger_ui_has_a_policy_of_its_own() {
    let site = Site::start().await;
    let browser = site.browser();
    assert_eq!(browser.get("/docs/api/try").await.location(), "/docs/api/try/");
    let client = reqwest::Client::new();
    let get = async |file: &str, accepted: &str| {
        let address = format!("{}/docs/api/try/{file}", site.base_url);
        client.get(address).header("accept-encoding", accepted).send().await.unwrap()
    };
    for (file, kind) in [("", "text/html"), ("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css")]
    {
        let answer = get(file, "gzip, br").await;
        assert_eq!(answer.status(), StatusCode::OK, "{file}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        let expected =
            STRICT.replace("; base-uri", "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri");
        assert_eq!(policy, expected, "{file}");
        assert_eq!(answer.headers()["content-encoding"], "gzip", "{file}");
        assert_eq!(answer.headers()["content-type"], kind, "{file}");
        let mut content = String::new();
        GzDecoder::new(&*answer.bytes().await.unwrap()).read_to_string(&mut content).unwrap();
        assert!(!content.is_empty(), "{file}");
        assert_eq!(get(file, "br").await.status(), StatusCode::NOT_ACCEPTABLE, "{file}");
    }
    let settings = get("swagger-initializer.js", "identity").await.text().await.unwrap();
    assert!(
        settings.contains("\"/api/openapi.json\"") && settings.contains("\"validatorUrl\": \"none\""),
        "{settings}"
    );
    assert_eq!(get("nothing.js", "gzip").await.status(), StatusCode::NOT_FOUND);
    for path in ["/login", "/docs/api", "/docs/api/tryout", "/docs/api/try/nothing.js"] {
        assert_eq!(browser.get(path).await.headers["content-security-policy"], STRICT, "{path}");
    }
    site.stop().await;
}
