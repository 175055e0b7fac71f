//! Logs, on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, Logging};

/// Who reads the logs of a command unless the configuration says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A machine: `serve`.
    Machine,
    /// A person who watches a server: `dev`.
    Person,
    /// A person who waits for an answer: only what is wrong matters.
    Asker,
}

/// Begins to log. Called once a process.
pub fn start(audience: Audience, configured: &Logging) {
    let filter = match audience {
        Audience::Asker => EnvFilter::new("warn"),
        Audience::Machine | Audience::Person => configured.level.to_filter(),
    };
    let json = match configured.format {
        LogFormat::Auto => audience == Audience::Machine,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only when logging has begun already.
    let _ = if json {
        subscriber.json().flatten_event(true).finish().try_init()
    } else {
        subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).finish().try_init()
    };
}
