//! The table of what was measured.

use std::fmt::Write as _;
use std::time::Duration;

/// One measurement.
#[derive(Clone, Copy)]
pub struct Measured {
    pub per_second: f64,
    pub median: Duration,
    pub slow: Duration,
}

pub struct Report {
    cases: Vec<(String, Vec<Measured>)>,
}

impl Report {
    pub fn new(names: Vec<String>) -> Self {
        Self { cases: names.into_iter().map(|name| (name, Vec::new())).collect() }
    }

    pub fn add(&mut self, case: usize, measured: Measured) {
        self.cases[case].1.push(measured);
    }

    /// The median round of a case whose name contains the text.
    fn median(&self, text: &str) -> Option<Measured> {
        let (_, rounds) = self.cases.iter().find(|(name, _)| name.contains(text))?;
        middle(rounds)
    }

    pub fn table(&self) -> String {
        let mut table =
            String::from("| case | events/s | lowest–highest | median | 99 % |\n|---|---:|---:|---:|---:|\n");
        for (name, rounds) in &self.cases {
            let Some(median) = middle(rounds) else { continue };
            let rates = rounds.iter().map(|round| round.per_second);
            let (low, high) = (rates.clone().fold(f64::MAX, f64::min), rates.fold(0.0, f64::max));
            let _ = writeln!(
                table,
                "| {name} | {:.0} | {low:.0}–{high:.0} | {:.2} ms | {:.2} ms |",
                median.per_second,
                milliseconds(median.median),
                milliseconds(median.slow),
            );
        }
        table
    }

    /// What the figures are judged by.
    pub fn ratios(&self) -> Vec<(&'static str, f64)> {
        let rate = |text| self.median(text).map(|measured| measured.per_second);
        let one = rate("1 organization, 1 callers");
        let one_of_many = rate("organizations, 1 callers");
        let batches = rate("2 connection(s)").into_iter().chain(rate("1 connection(s)")).reduce(f64::max);
        [
            ("64 callers to 1 caller, 1 organization (aim: 15)", rate("1 organization, 64 callers"), one),
            ("64 callers to 1 caller, 1000 organizations (aim: 15)", rate("organizations, 64 callers"), one_of_many),
            (
                "64 callers to PostgreSQL's batches, 1 organization (aim: 0.6)",
                rate("1 organization, 64 callers"),
                batches,
            ),
            ("64 callers to PostgreSQL's batches, 1000 organizations", rate("organizations, 64 callers"), batches),
            ("256 callers to PostgreSQL's batches, 1 organization", rate("1 organization, 256 callers"), batches),
            (
                "64 callers to PostgreSQL's single rows, 1 organization",
                rate("1 organization, 64 callers"),
                rate("single-row"),
            ),
        ]
        .into_iter()
        .filter_map(|(claim, rate, base)| Some((claim, rate? / base?)))
        .collect()
    }
}

fn middle(rounds: &[Measured]) -> Option<Measured> {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    rounds.get(rounds.len() / 2).copied()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
