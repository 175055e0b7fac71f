//! The OpenAPI document as people read it.

use countersign_domain::{Right, Role};
use serde::Serialize;
use serde_json::Value;

use super::super::page::role_in_words;
use super::curl::Curl;
use super::schema::{Field, Span, TypeName, fields, prose, resolved, text};

/// The reference.
#[derive(Serialize)]
pub(super) struct Reference {
    about: Vec<Span>,
    groups: Vec<Group>,
    types: Vec<Type>,
}

/// The operations on one kind of thing.
#[derive(Serialize)]
struct Group {
    name: String,
    anchor: String,
    operations: Vec<Operation>,
}

#[derive(Serialize)]
struct Operation {
    anchor: String,
    method: String,
    path: String,
    summary: String,
    description: Vec<Span>,
    deprecated: bool,
    takes: String,
    parameters: Vec<Parameter>,
    body_type: String,
    body: Vec<Field>,
    answers: Vec<Answer>,
    curl: Curl,
}

#[derive(Serialize)]
struct Parameter {
    place: String,
    #[serde(flatten)]
    field: Field,
}

#[derive(Serialize)]
struct Answer {
    status: String,
    description: Vec<Span>,
    headers: Vec<Header>,
    content: Option<Content>,
}

#[derive(Serialize)]
struct Header {
    name: String,
    description: Vec<Span>,
}

#[derive(Serialize)]
struct Content {
    media_type: String,
    #[serde(rename = "type")]
    type_name: TypeName,
}

/// A type that bodies and answers are made of.
#[derive(Serialize)]
struct Type {
    name: String,
    description: Vec<Span>,
    values: String,
    fields: Vec<Field>,
}

impl Reference {
    /// Reads the document. First comes what members' own programs use, then the rest.
    pub fn of(document: &Value) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let paths = || document["paths"].as_object().into_iter().flatten();
        let is_of_members = |path: &str| path.starts_with("/api/v1/");
        let ordered =
            paths().filter(|(path, _)| is_of_members(path)).chain(paths().filter(|(path, _)| !is_of_members(path)));
        for (path, methods) in ordered {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let name = operation["tags"][0].as_str().unwrap_or("Others");
                let operation = Operation::of(document, path, method, operation);
                match groups.iter_mut().find(|group| group.name == name) {
                    Some(group) => group.operations.push(operation),
                    None => groups.push(Group {
                        name: name.to_owned(),
                        anchor: name.to_lowercase().replace(' ', "-"),
                        operations: vec![operation],
                    }),
                }
            }
        }
        let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
        let types = schemas.map(|(name, schema)| Type {
            name: name.clone(),
            description: prose(text(schema, "description")),
            values: schema["enum"].as_array().map(|_| TypeName::of(schema).words().to_owned()).unwrap_or_default(),
            fields: fields(document, schema),
        });
        Self { about: prose(text(&document["info"], "description")), groups, types: types.collect() }
    }
}

impl Operation {
    fn of(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let method = method.to_uppercase();
        let content = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
        let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| Parameter {
            place: text(parameter, "in").to_owned(),
            field: Field::of(
                text(parameter, "name"),
                &parameter["schema"],
                parameter["required"] == true,
                text(parameter, "description"),
            ),
        });
        let answers = operation["responses"].as_object().into_iter().flatten();
        Self {
            anchor: text(operation, "operationId").to_owned(),
            curl: Curl::of(document, &method, path, operation),
            path: path.to_owned(),
            summary: text(operation, "summary").to_owned(),
            description: prose(text(operation, "description")),
            deprecated: operation["deprecated"] == true,
            takes: takes(operation),
            parameters: parameters.collect(),
            body_type: content.map(|(media_type, _)| media_type.clone()).unwrap_or_default(),
            body: content.map(|(_, content)| fields(document, &content["schema"])).unwrap_or_default(),
            answers: answers.map(|(status, answer)| Answer::of(document, status, answer)).collect(),
            method,
        }
    }
}

impl Answer {
    fn of(document: &Value, status: &str, answer: &Value) -> Self {
        let answer = resolved(document, answer);
        let headers = answer["headers"].as_object().into_iter().flatten();
        let content = answer["content"].as_object().and_then(|content| content.iter().next());
        Self {
            status: status.to_owned(),
            description: prose(text(answer, "description")),
            headers: headers
                .map(|(name, header)| Header { name: name.clone(), description: prose(text(header, "description")) })
                .collect(),
            content: content.map(|(media_type, content)| Content {
                media_type: media_type.clone(),
                type_name: TypeName::of(&content["schema"]),
            }),
        }
    }
}

/// Who may ask: what must be presented, and the right that it must bring.
fn takes(operation: &Value) -> String {
    let alternatives = operation["security"].as_array().into_iter().flatten();
    let alternatives = alternatives.filter_map(|alternative| {
        let (scheme, rights) = alternative.as_object()?.iter().next()?;
        let what = rights.get(0).and_then(Value::as_str);
        Some(match scheme.as_str() {
            "session" => format!("A session{}", what.map(right_in_words).unwrap_or_default()),
            "api_key" => format!("an access token of an API key with the scope {}", what.unwrap_or_default()),
            "token" => "An OAuth token".to_owned(),
            "client" => "The Client ID and Client Secret".to_owned(),
            "cookie" => "A browser's session".to_owned(),
            other => other.to_owned(),
        })
    });
    let takes = alternatives.collect::<Vec<_>>().join(", or ");
    if takes.is_empty() { "Nothing: everybody may ask".to_owned() } else { takes }
}

/// ` with the right ReadAudit (Owner, Admin, Auditor)`
fn right_in_words(name: &str) -> String {
    let right = Right::ALL.into_iter().find(|right| format!("{right:?}") == name);
    let roles = Role::ALL.into_iter().filter(|role| right.is_some_and(|right| role.allows(right)));
    let roles = roles.map(role_in_words).collect::<Vec<_>>().join(", ");
    format!(" with the right {name}: {roles}")
}
