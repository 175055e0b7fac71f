//! What the reference says of types and fields.

use serde::Serialize;
use serde_json::{Map, Value};

/// A piece of a description; what stands between backticks is code.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Span {
    text: String,
    code: bool,
}

/// What a type is called, and where it is described.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct TypeName {
    words: String,
    href: Option<String>,
}

/// A parameter, or a field of a body.
#[derive(Debug, Serialize)]
pub(super) struct Field {
    pub name: String,
    #[serde(rename = "type")]
    type_name: TypeName,
    required: bool,
    description: Vec<Span>,
}

/// A description as it is written in the document.
pub(super) fn prose(text: &str) -> Vec<Span> {
    let pieces = text.split('`').enumerate();
    let spans = pieces.map(|(place, piece)| Span { text: piece.replace('\n', " "), code: place % 2 == 1 });
    spans.filter(|span| !span.text.is_empty()).collect()
}

/// The text of a member; empty if there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// What a reference leads to, or the value itself.
pub(super) fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|target| document.pointer(target.trim_start_matches('#')));
    target.unwrap_or(value)
}

/// The name at the end of a reference.
pub(super) fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

impl TypeName {
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The type of a schema.
    pub fn of(schema: &Value) -> Self {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = name_of(reference);
            return Self { words: name.to_owned(), href: Some(format!("#type-{name}")) };
        }
        if let Some(items) = schema.get("items") {
            let item = Self::of(items);
            return Self { words: format!("list of {}", item.words), href: item.href };
        }
        if let Some(alternatives) = schema["oneOf"].as_array() {
            let alternatives = alternatives.iter().map(Self::of).collect::<Vec<_>>();
            let words = alternatives.iter().map(|one| one.words.as_str()).collect::<Vec<_>>().join(" or ");
            return Self { words, href: alternatives.into_iter().find_map(|one| one.href) };
        }
        if let Some(values) = schema["enum"].as_array() {
            let values = values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
            return Self { words: format!("one of {values}"), href: None };
        }
        let kinds = match &schema["type"] {
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            _ => "any".to_owned(),
        };
        let format = schema["format"].as_str().map(|format| format!(" ({format})")).unwrap_or_default();
        Self { words: format!("{kinds}{format}"), href: None }
    }
}

impl Field {
    /// A field or parameter of this schema.
    pub fn of(name: &str, schema: &Value, required: bool, description: &str) -> Self {
        Self { name: name.to_owned(), type_name: TypeName::of(schema), required, description: prose(description) }
    }
}

/// The fields of a schema, those that are required first.
pub(super) fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = resolved(document, schema);
    let mut all = Vec::new();
    for part in ["allOf", "oneOf"].iter().filter_map(|name| schema[name].as_array()).flatten() {
        all.extend(fields(document, part));
    }
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    let properties: &Map<String, Value> = match schema["properties"].as_object() {
        Some(properties) => properties,
        None => &Map::new(),
    };
    all.extend(
        properties.iter().map(|(name, schema)| Field::of(name, schema, is_required(name), text(schema, "description"))),
    );
    all.sort_by_key(|field| !field.required);
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_said_in_words() {
        let cases = [
            (json!({ "type": "string", "format": "uuid" }), "string (uuid)", None),
            (json!({ "type": ["integer", "null"] }), "integer or null", None),
            (json!({ "type": "array", "items": { "$ref": "#/a/Token" } }), "list of Token", Some("#type-Token")),
            (json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/a/B" }] }), "null or B", Some("#type-B")),
            (json!({ "type": "string", "enum": ["a", "b"] }), "one of a, b", None),
            (json!({}), "any", None),
        ];
        for (schema, words, href) in cases {
            let expected = TypeName { words: words.into(), href: href.map(str::to_owned) };
            assert_eq!(TypeName::of(&schema), expected);
        }
    }

    #[test]
    fn code_stands_between_backticks() {
        let spans = prose("`asc` or\n`desc`.").into_iter().map(|span| (span.text, span.code)).collect::<Vec<_>>();
        let expected = [("asc", true), (" or ", false), ("desc", true), (".", false)];
        assert_eq!(spans, expected.map(|(text, code)| (text.to_owned(), code)));
    }
}
