//! A filter as a `WHERE` clause. Only what was asked for stands in it, so that PostgreSQL can plan for it; the number of
//! different statements stays small.

use countersign_domain::OrganizationId;
use tokio_postgres::types::ToSql;

/// Conditions all of which must hold, with their parameters. `$1` is the organization.
pub(super) struct Conditions {
    sql: String,
    parameters: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// The first condition, which names the organization as `$1`.
    pub fn within(organization: OrganizationId, first: &str) -> Self {
        Self { sql: first.to_owned(), parameters: vec![Box::new(organization.uuid())] }
    }

    /// Adds a condition; every `?` stands for the value.
    pub fn push(&mut self, condition: &str, value: impl ToSql + Sync + Send + 'static) {
        let parameter = self.bind(value);
        self.and(&condition.replace('?', &parameter));
    }

    pub fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Takes a value and answers the parameter's name.
    pub fn bind(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.parameters.push(Box::new(value));
        format!("${}", self.parameters.len())
    }

    pub fn sql(&self) -> &str {
        &self.sql
    }

    pub fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect()
    }
}

/// A criterion, unless the field was left empty.
pub(super) fn filled(text: Option<&String>) -> Option<&str> {
    let blank = |character: char| character.is_whitespace() || character == '\0';
    text.map(|text| text.trim_matches(blank)).filter(|text| !text.is_empty())
}
