//! The commands, one file each. Each loads the configuration, begins to log as suits its audience, and does its work.

mod config;
mod doctor;
mod member;
mod operator;
mod org;
mod projections;
mod serve;

pub use member::sign_in_link;
pub use operator::organization as organization_of_operators;

use std::path::Path;
use std::process::ExitCode;

use countersign_persistence::migrate;

use crate::cli::{Cli, Command};
use crate::config::{Configuration, Loaded, load};
use crate::error::CommandError;
use crate::logging::{self, Audience};
use crate::{dev, output};

/// Runs what was asked.
pub async fn run(cli: Cli) -> Result<ExitCode, CommandError> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Dev(arguments) => {
            dev::run(configured(file, Audience::Person)?, arguments).await?;
        }
        Command::Serve { migrate } => serve::run(&configured(file, Audience::Machine)?, migrate).await?,
        Command::Migrate => bring_up_to_date(&configured(file, Audience::Asker)?).await?,
        Command::Org(command) => org::run(&configured(file, Audience::Asker)?, command).await?,
        Command::Member(command) => member::run(&configured(file, Audience::Asker)?, command).await?,
        Command::Operator(command) => operator::run(&configured(file, Audience::Asker)?, command).await?,
        Command::Projections(command) => {
            return projections::run(&configured(file, Audience::Asker)?, command).await;
        }
        Command::Doctor { data_dir } => return Ok(doctor::run(loaded(file), data_dir).await),
        Command::Config { default: true, .. } => output::text(crate::config::DEFAULT),
        Command::Config { default: false, action } => config::run(&loaded(file)?, action)?,
        Command::Openapi => output::line(countersign_web::openapi_json()),
    }
    Ok(ExitCode::SUCCESS)
}

fn loaded(file: Option<&Path>) -> Result<Loaded, CommandError> {
    Ok(load(file, std::env::vars_os())?)
}

fn configured(file: Option<&Path>, audience: Audience) -> Result<Configuration, CommandError> {
    let configuration = loaded(file)?.configuration;
    logging::start(audience, &configuration.logging);
    Ok(configuration)
}

async fn bring_up_to_date(configuration: &Configuration) -> Result<(), CommandError> {
    let applied = migrate::migrate(configuration.owner_url()?).await?;
    for name in &applied {
        output::line(format_args!("applied {name}"));
    }
    if applied.is_empty() {
        output::line("the database is up to date");
    }
    Ok(())
}
