//! An operation as a command line that can be pasted.

use serde::Serialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::schema::{resolved, text};

/// The command: `curl`, the options, then the address, whose beginning is the installation's.
#[derive(Debug, Serialize)]
pub(super) struct Curl {
    options: String,
    path: String,
}

impl Curl {
    /// An operation at a path, by a method in capitals.
    pub fn of(document: &Value, method: &str, path: &str, operation: &Value) -> Self {
        let mut options = Vec::new();
        if method != "GET" {
            options.push(format!("-X {method}"));
        }
        options.extend(credentials(operation).map(str::to_owned));
        options.extend(body(document, operation));
        let options = options.iter().flat_map(|option| [" ", option, " \\\n "]).collect();
        Self { options, path: address(path, operation) }
    }
}

fn credentials(operation: &Value) -> Option<&'static str> {
    let schemes = operation["security"].as_array()?.iter().filter_map(Value::as_object);
    schemes.flat_map(Map::keys).find_map(|scheme| match scheme.as_str() {
        "session" => Some(r#"-H "Authorization: Bearer $SESSION_TOKEN""#),
        "token" => Some(r#"-H "Authorization: Bearer $OAUTH_TOKEN""#),
        "client" => Some(r#"-u "$CLIENT_ID:$CLIENT_SECRET""#),
        "cookie" => Some(r#"-b "countersign=$SESSION_TOKEN""#),
        _ => None,
    })
}

fn body(document: &Value, operation: &Value) -> Vec<String> {
    let Some(content) = operation["requestBody"]["content"].as_object() else { return Vec::new() };
    let Some((media_type, content)) = content.iter().next() else { return Vec::new() };
    let example = example(document, &content["schema"]);
    if media_type == "application/json" {
        let example = serde_json::to_string(&example).unwrap_or_default();
        return vec!["-H 'Content-Type: application/json'".to_owned(), format!("-d {}", quoted(&example))];
    }
    let fields = example.as_object().into_iter().flatten();
    fields.map(|(name, value)| format!("--data-urlencode {}", quoted(&format!("{name}={}", plain(value))))).collect()
}

/// The example of a schema, or one made of the fields that are required.
fn example(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let field = |name: &str| (name.to_owned(), value(name, &schema["properties"][name]));
    Value::Object(required.map(field).collect())
}

/// A value that a parameter or field may have.
fn value(name: &str, schema: &Value) -> Value {
    let given = schema.get("example").or_else(|| schema["examples"].get(0));
    given.cloned().unwrap_or_else(|| {
        // The first of a pattern's choices: `^(asc|desc)$`.
        let choices = text(schema, "pattern").strip_prefix("^(").and_then(|rest| rest.split(['|', ')']).next());
        match (choices, text(schema, "type")) {
            (Some(first), _) => first.into(),
            (None, "integer") => 1.into(),
            (None, "boolean") => true.into(),
            _ => name.to_uppercase().into(),
        }
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The path with examples in the place of its parameters, and those of the query that are required.
fn address(path: &str, operation: &Value) -> String {
    let mut path = path.to_owned();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = text(parameter, "name");
        let example = parameter.get("example").cloned().unwrap_or_else(|| value(name, &parameter["schema"]));
        match text(parameter, "in") {
            "path" => path = path.replace(&format!("{{{name}}}"), &plain(&example)),
            "query" if parameter["required"] == true => drop(query.append_pair(name, &plain(&example))),
            _ => {}
        }
    }
    let query = query.finish();
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_becomes_a_command() {
        let operation = json!({
            "security": [{ "session": ["ManageThirdParties"] }],
            "parameters": [
                { "name": "org", "in": "path", "example": "acme" },
                { "name": "id", "in": "path", "schema": { "type": "string" } },
                { "name": "q", "in": "query", "required": true, "schema": { "type": "string", "example": "a b" } },
                { "name": "page", "in": "query", "schema": { "type": "integer" } },
            ],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/New" } } } },
        });
        let document = json!({ "New": { "required": ["name"], "properties": { "name": { "example": "O'Hara" } } } });
        let curl = Curl::of(&document, "POST", "/o/{org}/{id}", &operation);
        assert_eq!(curl.path, "/o/acme/ID?q=a+b");
        assert_eq!(
            curl.options,
            " -X POST \\\n  -H \"Authorization: Bearer $SESSION_TOKEN\" \\\n  -H 'Content-Type: application/json' \\\n  \
             -d '{\"name\":\"O'\\''Hara\"}' \\\n "
        );
    }

    #[test]
    fn a_form_is_sent_field_by_field() {
        let schema = json!({ "required": ["grant_type"], "properties": { "grant_type": { "pattern": "^(a|b)$" } } });
        let operation = json!({
            "security": [{ "client": [] }],
            "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": schema } } },
        });
        let curl = Curl::of(&json!({}), "POST", "/token", &operation);
        let expected = " -X POST \\\n  -u \"$CLIENT_ID:$CLIENT_SECRET\" \\\n  --data-urlencode 'grant_type=a' \\\n ";
        assert_eq!(curl.options, expected);
    }
}
