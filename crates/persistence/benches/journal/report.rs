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
    pub fn ratios(&self) -> Vec<(String, f64)> {
        let claims = [
            ("journal, 1 organization, 64 callers", "journal, 1 organization, 1 callers"),
            ("journal, 1000 organizations, 64 callers", "journal, 1000 organizations, 1 callers"),
            ("journal, 1 organization, 1 callers", "alone, 1-row transactions"),
            ("journal, 1 organization, 64 callers", "alone, 32-row transactions"),
            ("journal, 1 organization, 64 callers", "128-row transactions, 1 connection"),
            ("journal, 1 organization, 256 callers", "128-row transactions, 1 connection"),
            ("journal, 1000 organizations, 64 callers", "128-row transactions, 2 connection"),
            ("journal, 1000 organizations, 256 callers", "128-row transactions, 2 connection"),
        ];
        let ratio = |(case, base)| {
            let ratio = self.median(case)?.per_second / self.median(base)?.per_second;
            Some((format!("{case} : {base}"), ratio))
        };
        claims.into_iter().filter_map(ratio).collect()
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
