//! What `dev` tells the person who started it.

use super::files::Files;
use super::ready::Ready;
use crate::output;

/// Says what to open.
pub fn print(ready: &Ready<'_>, files: &Files) {
    output::line(format_args!("\nCountersign is ready: {}\n", ready.base_url));
    let Some(first) = ready.organizations.first() else { return };
    output::line(format_args!("Sign in as {} (works once):\n  {}\n", first.logins.owner.email, ready.sign_in_url));
    if let Some(operator) = &ready.operator {
        let email = &operator.login.email;
        output::line(format_args!("Run the installation as {email} (works once):\n  {}\n", operator.sign_in_url));
    }
    output::line("Logins, the same at the next start:");
    let logins = ready.organizations.iter().flat_map(|organization| organization.logins.with_roles());
    let logins = logins
        .map(|(_, _, login)| login)
        .chain(ready.operator.as_ref().map(|operator| operator.login))
        .collect::<Vec<_>>();
    let width = logins.iter().map(|login| login.email.len()).max().unwrap_or_default();
    for login in &logins {
        output::line(format_args!("  {:width$}  {}", login.email, login.password));
    }
    output::line(format_args!(
        "\nTest a third party's access:\n  curl -i -H 'Authorization: Bearer {}' {}/access-test\n",
        first.token, first.issuer
    ));
    output::line(format_args!(
        "Other commands:\n  countersign --config {} org list\n",
        files.configuration().display()
    ));
    output::line("Ctrl-C stops it; the data stays.\n");
}
