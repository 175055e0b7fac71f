//! `countersign`: configuration, composition and the command line. What a command does lives in the crates below.

mod cli;
mod commands;
mod config;
mod dev;
mod error;
mod installation;
mod logging;
mod operator;
mod output;
mod password;
mod private_file;
mod running;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// A request makes many small allocations, which cost less with it than with the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&error);
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(commands::run(cli)).unwrap_or_else(|error| {
        output::error(&error);
        ExitCode::FAILURE
    })
}
