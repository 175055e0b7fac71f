//! Reading the configuration: the defaults, a file over them, variables over both.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::error::{Origin, variable};
use super::mask::mask_address;
use super::nearest::nearest;
use super::{ConfigError, Configuration, DEFAULT};

/// With what the names of all our variables begin.
pub(super) const PREFIX: &str = "COUNTERSIGN_";
/// The variable that names the configuration file.
pub(super) const FILE_VARIABLE: &str = "COUNTERSIGN_CONFIG";

/// The configuration in force, and where each value of it comes from.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub configuration: Configuration,
    /// The file that was read, if one was given.
    pub file: Option<PathBuf>,
    values: Table,
    origins: BTreeMap<String, Origin>,
}

/// Reads the configuration. `file` is what `--config` names; without it, the variable `COUNTERSIGN_CONFIG` counts.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let variables = ours(variables);
    let file = file
        .map(Path::to_owned)
        .or_else(|| variables.get(FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from));
    let mut loaded = Loaded::defaults()?;
    if let Some(path) = file {
        loaded.read_file(&path)?;
        loaded.file = Some(path);
    }
    loaded.read_variables(variables)?;
    Ok(loaded)
}

impl Loaded {
    /// The defaults, and nothing over them.
    pub(super) fn defaults() -> Result<Self, ConfigError> {
        let values: Table = DEFAULT.parse().map_err(ConfigError::Defaults)?;
        let configuration = values.clone().try_into().map_err(ConfigError::Defaults)?;
        let origins = leaves(&values).into_keys().map(|key| (key, Origin::Default)).collect();
        Ok(Self { configuration, file: None, values, origins })
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        self.read_text(path, &fs::read_to_string(path).map_err(unreadable)?)
    }

    /// Overrides with the text of a file.
    pub(super) fn read_text(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().split('\n').count()),
            message: error.message().to_owned(),
        })?;
        for (key, value) in leaves(&table) {
            if !self.origins.contains_key(&key) {
                let nearest = nearest(&key, self.origins.keys().map(String::as_str));
                return Err(ConfigError::UnknownKey { path: path.to_owned(), key, nearest });
            }
            self.set(&key, value, Origin::File(path.to_owned()))?;
        }
        Ok(())
    }

    /// Overrides with variables.
    pub(super) fn read_variables(&mut self, variables: BTreeMap<String, OsString>) -> Result<(), ConfigError> {
        let keys = self.origins.keys().map(|key| (variable(key), key.clone())).collect::<BTreeMap<_, _>>();
        for (name, text) in variables {
            if name == FILE_VARIABLE || is_set_by_kubernetes(&name) {
                continue;
            }
            let Some(key) = keys.get(&name) else {
                let known = keys.keys().map(String::as_str).chain([FILE_VARIABLE]);
                return Err(ConfigError::UnknownVariable { nearest: nearest(&name, known), name });
            };
            let origin = Origin::Variable(name);
            let wrong = |problem: &str| ConfigError::WrongValue {
                key: key.clone(),
                origin: origin.clone(),
                problem: problem.to_owned(),
            };
            let text = text.into_string().map_err(|_| wrong("expected UTF-8"))?;
            // A text that is no number is kept a text, and refused with what is expected of the key.
            let value = match self.value(key) {
                Some(Value::Integer(_)) => text.trim().parse().map_or(Value::String(text), Value::Integer),
                Some(Value::Array(_)) => {
                    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                    Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
                }
                _ => Value::String(text),
            };
            self.set(key, value, origin)?;
        }
        Ok(())
    }

    fn value(&self, key: &str) -> Option<&Value> {
        let (section, name) = key.split_once('.')?;
        self.values.get(section)?.get(name)
    }

    /// Puts a value in force. All values before were good, so when the whole is not any more, this one is to blame.
    fn set(&mut self, key: &str, value: Value, origin: Origin) -> Result<(), ConfigError> {
        if let Some((section, name)) = key.split_once('.')
            && let Some(Value::Table(section)) = self.values.get_mut(section)
        {
            section.insert(name.to_owned(), value);
        }
        self.configuration = self.values.clone().try_into().map_err(|error: toml::de::Error| {
            let problem = error.message().trim().to_owned();
            ConfigError::WrongValue { key: key.to_owned(), origin: origin.clone(), problem }
        })?;
        self.origins.insert(key.to_owned(), origin);
        Ok(())
    }

    /// What is in force as a TOML file, each value with where it comes from, and without secrets.
    pub fn describe(&self) -> String {
        let mut lines = Vec::new();
        for (name, section) in &self.values {
            lines.extend([String::new(), format!("[{name}]")]);
            for (key, value) in section.as_table().into_iter().flatten() {
                let path = format!("{name}.{key}");
                let shown = masked(&path, value);
                lines.push(match self.origins.get(&path) {
                    Some(Origin::Default) | None => format!("{key} = {shown}"),
                    Some(origin) => format!("{key} = {shown} # {origin}"),
                });
            }
        }
        lines.join("\n").trim_start().to_owned() + "\n"
    }
}

fn masked(key: &str, value: &Value) -> Value {
    match (key, value) {
        (_, Value::String(text)) if text.is_empty() => value.clone(),
        ("database.url" | "database.owner_url", Value::String(text)) => Value::String(mask_address(text)),
        ("sealing.master_key", _) => Value::String("***".to_owned()),
        _ => value.clone(),
    }
}

/// The variables that begin like ours, by name.
pub(super) fn ours(variables: impl IntoIterator<Item = (OsString, OsString)>) -> BTreeMap<String, OsString> {
    let named = variables.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    named.filter(|(name, _)| name.starts_with(PREFIX)).collect()
}

/// Kubernetes tells every container of a service named `countersign` where that service is.
fn is_set_by_kubernetes(name: &str) -> bool {
    name == "COUNTERSIGN_PORT" || name.starts_with("COUNTERSIGN_PORT_") || name.starts_with("COUNTERSIGN_SERVICE_")
}

/// The values of a table and of the tables in it, by their dotted keys.
pub(super) fn leaves(table: &Table) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                found.extend(leaves(inner).into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            _ => {
                found.insert(name.clone(), value.clone());
            }
        }
    }
    found
}
