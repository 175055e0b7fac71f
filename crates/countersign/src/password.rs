//! Passwords on the command line: asked for, read or generated, never an argument.

use std::io::{self, BufRead, IsTerminal};

use countersign_persistence::clock::fill_random;
use countersign_web::password;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use crate::error::CommandError;
use crate::output;

/// Without the letters and digits that look alike; 32 of them, so that a random byte picks each equally often.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP_LENGTH: usize = 5;

/// A random password of 100 bits that can be read out on the telephone.
pub fn generate() -> String {
    let mut random = [0; GROUPS * GROUP_LENGTH];
    fill_random(&mut random);
    let letters = random.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    letters.chunks(GROUP_LENGTH).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// Asks twice for a new password of somebody of whom these things are known; from a pipe or a file, reads its first
/// line.
pub fn ask(about: &[&str]) -> Result<String, CommandError> {
    let unreadable = |source| CommandError::System("the password can't be read", source);
    let password = if io::stdin().is_terminal() {
        let password = read_hidden("New password: ").map_err(unreadable)?;
        if read_hidden("The same again: ").map_err(unreadable)? != password {
            return Err(CommandError::PasswordsDiffer);
        }
        password
    } else {
        read_line().map_err(unreadable)?
    };
    if password.is_empty() {
        return Err(CommandError::NoPassword);
    }
    password::check(&password, about)?;
    Ok(password)
}

/// The verifier of a password, computed where blocking is allowed.
pub async fn hash(password: String) -> Result<String, CommandError> {
    let hashing = tokio::task::spawn_blocking(move || password::hash(&password));
    Ok(hashing.await.map_err(|error| CommandError::System("hashing was interrupted", error.into()))??)
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_hidden(prompt: &str) -> io::Result<String> {
    let stdin = io::stdin();
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_flags.remove(LocalFlags::ECHO);
    output::prompt(prompt);
    tcsetattr(&stdin, SetArg::TCSAFLUSH, &hidden)?;
    let line = read_line();
    tcsetattr(&stdin, SetArg::TCSAFLUSH, &shown)?;
    output::note("");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_are_acceptable_and_differ() {
        let generated = generate();
        password::check(&generated, &[]).unwrap();
        assert_eq!(generated.len(), GROUPS * (GROUP_LENGTH + 1) - 1);
        assert_ne!(generated, generate());
    }
}
