//! A browser without a screen: keeps cookies, follows nothing by itself, fills in the forms it was given.

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

pub struct Browser {
    base: String,
    client: Client,
}

/// An answer, read whole.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        Self { base: base.to_owned(), client }
    }

    pub async fn get(&self, path: &str) -> Page {
        Page::read(self.client.get(format!("{}{path}", self.base)).send().await.unwrap()).await
    }

    /// The page, which must be there.
    pub async fn open(&self, path: &str) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
        page
    }

    /// Sends exactly these fields.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        Page::read(self.client.post(format!("{}{path}", self.base)).form(fields).send().await.unwrap()).await
    }

    /// Sends these fields in the form of a page that was opened before, with its token.
    pub async fn submit(&self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = page.hidden("csrf");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all).await
    }

    /// Opens a page and sends these fields in its form.
    pub async fn fill_in(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.open(path).await;
        self.submit(&page, path, fields).await
    }
}

impl Page {
    async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let values = self.between_all(&format!("<input type=\"hidden\" name=\"{name}\" value=\""), "\"");
        values.first().unwrap_or_else(|| panic!("no hidden {name}: {}", self.body)).clone()
    }

    /// The hidden fields of the form that is sent to an address, but for its token.
    pub fn carried(&self, action: &str) -> Vec<(String, String)> {
        let forms = self.between_all(&format!("action=\"{action}\" novalidate>"), "</form>");
        let form = forms.first().unwrap_or_else(|| panic!("no form to {action}: {}", self.body));
        let tags = form.split("<input type=\"hidden\" name=\"").skip(1).filter_map(|tag| tag.split_once("\">"));
        let fields = tags.filter_map(|(tag, _)| tag.split_once("\" value=\""));
        fields.filter(|(name, _)| *name != "csrf").map(|(name, value)| (unescape(name), unescape(value))).collect()
    }

    /// What stands between two texts, wherever it does.
    pub fn between_all(&self, start: &str, end: &str) -> Vec<String> {
        let pieces = self.body.split(start).skip(1).filter_map(|piece| piece.split_once(end));
        pieces.map(|(inside, _)| unescape(inside)).collect()
    }

    /// What the rows of a list are called.
    pub fn names(&self) -> Vec<String> {
        let rows = self.between_all("<th scope=\"row\"><a href=\"", "</a>");
        rows.iter().map(|row| row.split_once('>').unwrap().1.to_owned()).collect()
    }

    /// What stands in an input, as a person would read it.
    pub fn input(&self, name: &str) -> String {
        let tags = self.between_all(&format!("<input id=\"field-{name}\""), ">");
        let tag = tags.first().unwrap_or_else(|| panic!("no input {name}: {}", self.body));
        tag.split_once(" value=\"").and_then(|(_, rest)| rest.split_once("\" autocomplete")).unwrap().0.to_owned()
    }

    /// The one secret on the page that begins like this.
    pub fn secret(&self, prefix: &str) -> String {
        let marked = self.between_all(&format!(">{prefix}"), "<");
        let whole = marked.iter().filter(|text| text.len() > 20).collect::<Vec<_>>();
        assert!(!whole.is_empty(), "no {prefix}: {}", self.body);
        assert!(whole.iter().all(|text| *text == whole[0]), "one {prefix}");
        format!("{prefix}{}", whole[0])
    }

    pub fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    #[track_caller]
    pub fn must_have(&self, text: &str) {
        assert!(self.has(text), "{text:?} is missing in {}", self.body);
    }

    #[track_caller]
    pub fn must_not_have(&self, text: &str) {
        assert!(!self.has(text), "{text:?} is in {}", self.body);
    }
}

/// The fields of a form: these, and those of the defaults that are not among them.
pub fn with_defaults<'a>(defaults: &[(&'a str, &'a str)], fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = defaults.to_vec();
    for (name, value) in fields {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    all
}

fn unescape(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x3D;", "="), ("&#x60;", "`")];
    let text = entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character));
    text.replace("&amp;", "&")
}
