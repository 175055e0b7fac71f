//! `countersign projections`

use std::process::ExitCode;

use countersign_persistence::projections::rebuild::{self, CheckReport, Progress};

use crate::cli::ProjectionsCommand;
use crate::config::Configuration;
use crate::error::CommandError;
use crate::operator::master_keys;
use crate::output;

/// Checks or rebuilds. A check that finds differences fails; a rebuild mends them.
pub async fn run(configuration: &Configuration, command: ProjectionsCommand) -> Result<ExitCode, CommandError> {
    let owner_url = configuration.owner_url()?;
    let ring = master_keys(configuration)?;
    let result = match command {
        ProjectionsCommand::Check => rebuild::check(owner_url, &ring, show).await,
        ProjectionsCommand::Rebuild => rebuild::rebuild(owner_url, &ring, show).await,
    };
    output::progress("");
    let report = result?;
    describe(&report);
    let mended = matches!(command, ProjectionsCommand::Rebuild);
    output::line(match (report.differing_rows, mended) {
        (0, _) => "every row is what the journal says".to_owned(),
        (rows, true) => format!("{rows} rows were mended"),
        (rows, false) => format!("{rows} rows differ: `countersign projections rebuild` mends them"),
    });
    let failed = report.differing_rows > 0 && !mended;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn describe(report: &CheckReport) {
    for difference in &report.differences {
        output::line(difference);
    }
    let listed = report.differences.len() as u64;
    if report.differing_rows > listed {
        output::line(format_args!("… and {} more", report.differing_rows - listed));
    }
    output::line(format_args!("{} organizations, {} events", report.organizations, report.events));
}

fn show(progress: Progress) {
    let Progress { slug, position, head, .. } = progress;
    let percent = position.saturating_mul(100).checked_div(head).unwrap_or(100);
    output::progress(format_args!("{slug}: {position} of {head} events ({percent} %)"));
}
