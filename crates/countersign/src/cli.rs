//! The command line: what can be asked, and how it is explained.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use countersign_domain::Role;
use countersign_domain::values::{EmailAddress, HostName, Note, OrganizationName, PersonName, Slug};

/// Countersign: who outside may reach your data, and every change of it on the record.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 110, arg_required_else_help = true)]
#[command(after_help = "Examples:
  countersign dev                              try it: a private database, two demo organizations
  countersign config --default                 every key of the configuration, explained
  countersign migrate && countersign serve     run it
  countersign doctor                           what is wrong, and what to do about it

Every key of the configuration has an environment variable too: COUNTERSIGN_<SECTION>_<KEY>.")]
pub struct Cli {
    /// The configuration file; without it, the one that `COUNTERSIGN_CONFIG` names.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try Countersign on this machine: starts a private PostgreSQL and everything else, with demo data
    #[command(after_help = DEV_EXAMPLES)]
    Dev(DevArguments),
    /// Run the server
    #[command(after_help = SERVE_EXAMPLES)]
    Serve {
        /// Bring the database to this version first, as its owner (needs `database.owner_url`)
        #[arg(long)]
        migrate: bool,
    },
    /// Bring the database to this version, as its owner
    #[command(after_help = "Safe to run at any time and by several at once: what was applied is not applied again.

Example:
  COUNTERSIGN_DATABASE_OWNER_URL=postgres://owner:…@db.example/countersign countersign migrate")]
    Migrate,
    /// Organizations: create, list, show, suspend, resume
    #[command(subcommand, visible_alias = "organization", after_help = ORG_EXAMPLES)]
    Org(OrgCommand),
    /// Members of an organization: add, list, roles, passwords, sign-in links
    #[command(subcommand, after_help = MEMBER_EXAMPLES)]
    Member(MemberCommand),
    /// Operators, who run the installation in the browser: add, list, remove
    #[command(subcommand, after_help = OPERATOR_EXAMPLES)]
    Operator(OperatorCommand),
    /// Check the projections against the journal, or rebuild them from it
    #[command(subcommand, after_help = PROJECTIONS_EXAMPLES)]
    Projections(ProjectionsCommand),
    /// Look at configuration, database, keys, clock and disk; says what to do about each problem
    #[command(after_help = "Exit status: 0 when all is well, 1 when there is a problem.

Example:
  countersign --config /etc/countersign/countersign.toml doctor")]
    Doctor {
        /// The directory whose disk is looked at [default: that of `countersign dev`, if it exists]
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Print the configuration in force, without secrets
    #[command(args_conflicts_with_subcommands = true, after_help = CONFIG_EXAMPLES)]
    Config {
        /// Print the defaults instead, with the meaning and variable of every key
        #[arg(long)]
        default: bool,
        /// What else to do.
        #[command(subcommand)]
        action: Option<ConfigAction>,
    },
    /// Print the OpenAPI description of the JSON API
    #[command(after_help = "Example:
  countersign openapi > countersign-api.json")]
    Openapi,
}

const DEV_EXAMPLES: &str =
    "Everything is reachable from this machine only. The data stays between runs: --fresh begins anew.
With DATABASE_URL set, that database is used (as its owner) and no PostgreSQL is started.

Examples:
  countersign dev
  countersign dev --port 0 --data-dir /tmp/try --fresh --ready-file /tmp/try/ready.json";

const SERVE_EXAMPLES: &str =
    "Needs database.url and a master key; see `countersign config --default`. Refuses to run on a database of another
version, and as a database role that could change the journal. SIGTERM or Ctrl-C finishes what was accepted, then ends.

Examples:
  countersign --config /etc/countersign/countersign.toml serve
  COUNTERSIGN_DATABASE_URL=postgres://… COUNTERSIGN_SEALING_MASTER_KEY_FILE=… countersign serve --migrate";

const SET_HOST_HELP: &str = "The name must lead to this installation: point its DNS here, give the proxy in front a \
certificate for it,
and let it pass the Host header on. The issuer below the installation's address goes on working beside it.

Examples:
  countersign org set-host acme access.acme.example
  countersign org set-host acme --none";

const ORG_EXAMPLES: &str = "Examples:
  countersign org create acme --name \"Acme Ltd\"
  countersign org list
  countersign org suspend acme --reason \"contract ended\"";

const MEMBER_EXAMPLES: &str =
    "Passwords are never arguments: they are asked for, read from standard input, or generated and printed once.

Examples:
  countersign member add acme ann@acme.example --name \"Ann Lee\" --role owner --generate-password
  countersign member sign-in-link acme ann@acme.example
  countersign member set-password acme ann@acme.example < password.txt
  countersign member set-role acme ann@acme.example auditor";

const OPERATOR_EXAMPLES: &str =
    "Operators are the owners of an organization of their own, called operator, which the first of them begins. Password,
sign-in link, role and sign-in codes are changed as those of any member: countersign member … operator <e-mail>

Examples:
  countersign operator add ann@acme.example --name \"Ann Lee\" --generate-password
  countersign operator list
  countersign operator remove ann@acme.example --reason \"left\"";

const PROJECTIONS_EXAMPLES: &str =
    "The server may run meanwhile. An interrupted run is gone on with by the next. Needs database.owner_url.

Examples:
  countersign projections check      exit status 1 when rows differ
  countersign projections rebuild";

const CONFIG_EXAMPLES: &str = "Examples:
  countersign config                                      what is in force, and where each value comes from
  countersign config --default > countersign.toml         begin a file
  countersign --config countersign.toml config check      is it enough to serve?";

/// How to run `dev`.
#[derive(Debug, Args)]
pub struct DevArguments {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub port: u16,
    /// Where the data is kept [default: /var/lib/countersign as root, else ~/.local/share/countersign]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Begin anew: removes the data of earlier runs
    #[arg(long)]
    pub fresh: bool,
    /// Write addresses, logins and tokens to FILE (JSON, mode 0600) once everything is ready
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
}

/// Why a change is made.
#[derive(Debug, Clone, Args)]
pub struct Reason {
    /// Why; goes on the record
    #[arg(long, value_name = "TEXT", value_parser = Note::parse)]
    pub reason: Option<Note>,
}

/// What can be done with organizations.
#[derive(Debug, Subcommand)]
pub enum OrgCommand {
    /// Begin an organization
    Create {
        /// Its name in URLs: lower-case letters, digits and hyphens. It can't be changed later
        #[arg(value_parser = Slug::parse)]
        slug: Slug,
        /// Its name for people
        #[arg(long, value_parser = OrganizationName::parse)]
        name: OrganizationName,
        #[command(flatten)]
        reason: Reason,
    },
    /// List all organizations
    List,
    /// Show one organization
    Show {
        /// Its name in URLs
        slug: String,
    },
    /// Give an organization a host name of its own, whose root is its issuer
    #[command(name = "set-host", after_help = SET_HOST_HELP)]
    SetHost {
        /// Its name in URLs
        slug: String,
        /// The host name, like access.example.com
        #[arg(value_parser = HostName::parse, required_unless_present = "none")]
        host: Option<HostName>,
        /// Take the host name away
        #[arg(long, conflicts_with = "host")]
        none: bool,
        #[command(flatten)]
        reason: Reason,
    },
    /// Stop every access to and through an organization, at once
    Suspend {
        /// Its name in URLs
        slug: String,
        #[command(flatten)]
        reason: Reason,
    },
    /// Undo a suspension
    Resume {
        /// Its name in URLs
        slug: String,
        #[command(flatten)]
        reason: Reason,
    },
}

/// Which member.
#[derive(Debug, Clone, Args)]
pub struct Who {
    /// The organization's name in URLs
    #[arg(value_name = "ORG")]
    pub slug: String,
    /// The member's e-mail address
    pub email: String,
}

/// How a new member comes to a password. Without either, the person signs in by a link.
#[derive(Debug, Clone, Copy, Args)]
pub struct FirstPassword {
    /// Generate a password and print it once
    #[arg(long, conflicts_with = "ask_password")]
    pub generate_password: bool,
    /// Ask for a password, or read it from standard input
    #[arg(long)]
    pub ask_password: bool,
}

/// What can be done with operators.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Make a person an operator. Without a password, the person signs in by a link
    Add {
        /// The e-mail address, by which the person signs in
        #[arg(value_parser = EmailAddress::parse)]
        email: EmailAddress,
        /// What the person is called
        #[arg(long, value_parser = PersonName::parse)]
        name: PersonName,
        #[command(flatten)]
        password: FirstPassword,
        #[command(flatten)]
        reason: Reason,
    },
    /// List the operators
    List,
    /// Keep an operator out, and end the sessions
    Remove {
        /// The operator's e-mail address
        email: String,
        #[command(flatten)]
        reason: Reason,
    },
}

/// What can be done with members.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Take a person in. Without a password, the person signs in by a link
    Add {
        /// The organization's name in URLs
        #[arg(value_name = "ORG")]
        slug: String,
        /// The e-mail address, by which the person signs in
        #[arg(value_parser = EmailAddress::parse)]
        email: EmailAddress,
        /// What the person is called
        #[arg(long, value_parser = PersonName::parse)]
        name: PersonName,
        /// What the person may do: owner, admin, developer or auditor
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        password: FirstPassword,
        #[command(flatten)]
        reason: Reason,
    },
    /// List the members of an organization
    List {
        /// The organization's name in URLs
        #[arg(value_name = "ORG")]
        slug: String,
    },
    /// Change what a member may do
    SetRole {
        #[command(flatten)]
        who: Who,
        /// owner, admin, developer or auditor
        role: Role,
        #[command(flatten)]
        reason: Reason,
    },
    /// Keep a member out, and end the sessions
    Deactivate {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        reason: Reason,
    },
    /// Let a member in again
    Reactivate {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        reason: Reason,
    },
    /// Set a member's password, asked for or read from standard input, and end the sessions
    SetPassword {
        #[command(flatten)]
        who: Who,
        /// Generate a password and print it once
        #[arg(long)]
        generate: bool,
        #[command(flatten)]
        reason: Reason,
    },
    /// Ask a member for no sign-in code any more: for who has lost the authenticator app and the recovery codes
    ResetSecondFactor {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        reason: Reason,
    },
    /// Print a link that signs a member in once
    SignInLink {
        #[command(flatten)]
        who: Who,
        /// For how long it can be used, in hours
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u8).range(1..=168))]
        hours: u8,
    },
}

/// What can be done with projections.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ProjectionsCommand {
    /// Compare them, row by row, with what the journal says
    Check,
    /// Make them what the journal says
    Rebuild,
}

/// What else can be done with the configuration.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigAction {
    /// Say whether it is enough to serve; connects to nothing
    Check,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_is_explained_with_an_example() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("countersign {name}")) || help.contains(name), "{name}");
        }
    }
}
