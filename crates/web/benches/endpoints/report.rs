//! The tables of what was measured.

use std::fmt::Write as _;

use crate::cases::Case;
use crate::client::{CONNECTIONS, Measured};

/// What the figures are judged by: a case, what it is compared with, and the least that the ratio should be.
const CLAIMS: [(&str, &str, Option<f64>); 9] = [
    ("client_credentials", "bare insert", Some(0.6)),
    ("client_credentials", "oidc-provider in memory: client_credentials", Some(2.5)),
    ("client_credentials", "oidc-provider on PostgreSQL: client_credentials", Some(4.0)),
    ("client_credentials, chosen secret", "client_credentials", Some(1.0)),
    ("introspection", "bare answer", Some(0.7)),
    ("introspection", "oidc-provider in memory: introspection", Some(12.0)),
    ("introspection", "oidc-provider on PostgreSQL: introspection", None),
    ("access-test", "introspection", Some(0.8)),
    ("forward-auth", "introspection", Some(0.8)),
];

pub fn table(cases: &[Case]) -> String {
    let mut table = format!(
        "| requests/s, {CONNECTIONS} connections | median of rounds | lowest–highest | median answer |\n\
         |---|---:|---:|---:|\n"
    );
    for case in cases {
        let rates = case.rounds.iter().map(|round| round.per_second);
        let (low, high) = (rates.clone().fold(f64::MAX, f64::min), rates.fold(0.0, f64::max));
        let Measured { per_second, median } = middle(case);
        let answer = median.as_secs_f64() * 1000.0;
        let _ = writeln!(table, "| {} | {per_second:.0} | {low:.0}–{high:.0} | {answer:.2} ms |", case.name);
    }
    table
}

pub fn ratios(cases: &[Case]) -> String {
    let rate = |name: &str| cases.iter().find(|case| case.name == name).map(|case| middle(case).per_second);
    let mut table = String::from("| ratio | measured | aim |\n|---|---:|---:|\n");
    for (case, base, aim) in CLAIMS {
        if let (Some(one), Some(other)) = (rate(case), rate(base)) {
            let aim = aim.map_or("–".to_owned(), |aim| aim.to_string());
            let _ = writeln!(table, "| {case} to {base} | {:.2} | {aim} |", one / other);
        }
    }
    table
}

fn middle(case: &Case) -> Measured {
    let mut rounds = case.rounds.clone();
    rounds.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    rounds[rounds.len() / 2]
}
