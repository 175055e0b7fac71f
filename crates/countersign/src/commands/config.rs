//! `countersign config`

use crate::cli::ConfigAction;
use crate::config::Loaded;
use crate::error::CommandError;
use crate::operator::master_keys;
use crate::output;

/// Prints what is in force, or says whether it is enough to serve.
pub fn run(loaded: &Loaded, action: Option<ConfigAction>) -> Result<(), CommandError> {
    match action {
        None => output::text(&loaded.describe()),
        Some(ConfigAction::Check) => {
            loaded.configuration.database_url()?;
            master_keys(&loaded.configuration)?;
            output::line("the configuration is complete; `countersign doctor` looks at what it leads to");
        }
    }
    Ok(())
}
