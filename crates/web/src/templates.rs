//! The templates of the pages: embedded, and rendered in strict mode, so that a name that a page's data lacks is an
//! error rather than a hole in the page.

mod moment;

use std::collections::HashMap;

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason};
use serde::Serialize;

use crate::WebError;
use crate::assets::Assets;

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/", $name, ".hbs")))),+]
    };
}

/// Every template: its name and its text.
const TEMPLATES: &[(&str, &str)] = embedded![
    "api-key-new",
    "api-keys",
    "audit",
    "calendar",
    "client",
    "client-delete",
    "client-new",
    "clients",
    "docs",
    "error",
    "home",
    "job",
    "jobs",
    "layout",
    "login",
    "login-code",
    "member",
    "member-action",
    "member-new",
    "members",
    "operator-health",
    "operator-organization",
    "operator-organization-new",
    "operator-organizations",
    "operator-suspension",
    "organizations",
    "profile",
    "settings",
    "sign-in-codes",
    "step-up",
    "third-parties",
    "third-party",
    "consent",
    "third-party-delete",
    "third-party-new",
    "third-party-test",
    "token",
    "partials/active",
    "partials/active-tokens",
    "partials/api-scopes",
    "partials/chart",
    "partials/client-rows",
    "partials/docs-fields",
    "partials/enabled",
    "partials/error-summary",
    "partials/events",
    "partials/expiration-row",
    "partials/expiry",
    "partials/field",
    "partials/filter",
    "partials/icon",
    "partials/job-state",
    "partials/last-use",
    "partials/list",
    "partials/member-rows",
    "partials/mode",
    "partials/pager",
    "partials/prose",
    "partials/revealed",
    "partials/role",
    "partials/secrets",
    "partials/sort-header",
    "partials/switch",
    "partials/textarea",
    "partials/third-party-rows",
    "partials/token-state",
    "partials/token-table",
];

/// An embedded template can't be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct TemplateError(Box<handlebars::TemplateError>);

/// The registry of all templates.
pub(crate) struct Templates(Handlebars<'static>);

impl Templates {
    /// Reads the embedded templates.
    pub fn new(assets: &Assets) -> Result<Self, TemplateError> {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        // A partial's indentation would become part of what stands in a text area.
        registry.set_prevent_indent(true);
        for (name, text) in TEMPLATES {
            registry.register_template_string(name, text).map_err(|error| TemplateError(Box::new(error)))?;
        }
        registry.register_helper("moment", Box::new(moment::helper));
        let urls = assets.urls().collect::<HashMap<_, _>>();
        registry.register_helper(
            "asset",
            Box::new(
                move |helper: &Helper<'_>,
                      _: &Handlebars<'_>,
                      _: &Context,
                      _: &mut RenderContext<'_, '_>,
                      out: &mut dyn Output|
                      -> HelperResult {
                    let name = helper.param(0).and_then(|value| value.value().as_str()).unwrap_or_default();
                    let url = urls.get(name).ok_or_else(|| RenderErrorReason::Other(format!("no asset {name:?}")))?;
                    Ok(out.write(url)?)
                },
            ),
        );
        Ok(Self(registry))
    }

    /// Renders a page.
    pub fn render(&self, name: &str, data: &impl Serialize) -> Result<String, WebError> {
        self.0.render(name, data).map_err(WebError::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn directory() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
    }

    fn names(directory: &Path, extension: &str) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        entries.filter_map(|name| name.strip_suffix(extension).map(str::to_owned)).collect()
    }

    #[test]
    fn every_template_is_embedded() {
        let partials = names(&directory().join("partials"), ".hbs").into_iter().map(|name| format!("partials/{name}"));
        let files = names(&directory(), ".hbs").into_iter().chain(partials).collect::<BTreeSet<_>>();
        let embedded = TEMPLATES.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(files, embedded);
    }

    #[test]
    fn every_page_renders_with_its_examples() {
        let templates = Templates::new(&Assets::new()).unwrap();
        let mut rendered = BTreeSet::new();
        for example in names(&directory().join("examples"), ".json") {
            let template = example.split('.').next().unwrap();
            let path = directory().join("examples").join(format!("{example}.json"));
            let data: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            let page = templates.0.render(template, &data).unwrap_or_else(|error| panic!("{example}: {error}"));
            assert!(page.contains("</html>"), "{example} is whole");
            rendered.insert(template.to_owned());
        }
        let pages = TEMPLATES.iter().map(|(name, _)| *name).filter(|name| !name.contains('/') && *name != "layout");
        assert_eq!(rendered, pages.map(str::to_owned).collect());
    }

    #[test]
    fn a_missing_name_is_an_error() {
        let templates = Templates::new(&Assets::new()).unwrap();
        assert!(templates.render("login", &serde_json::json!({})).is_err());
    }
}
