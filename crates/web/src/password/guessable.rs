//! Passwords that are long enough and still among the first that anybody tries.

/// See the head of the file for where it comes from.
const COMMON: &str = include_str!("common.txt");

/// What fingers type when they have to type something.
const RUNS: [&str; 4] = [
    "012345678901234567890123456789",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
];

/// How much of a password must be left without the person's own names.
const OWN_PART: usize = 6;

/// Whether a password is among the first that somebody would try who knows these things of its owner.
pub(super) fn is_guessable(password: &str, about: &[&str]) -> bool {
    let password = password.to_lowercase();
    is_common(&password) || is_repetition(&password) || is_run(&password) || is_hardly_more_than(&password, about)
}

fn is_common(password: &str) -> bool {
    COMMON.lines().any(|common| common == password)
}

fn is_repetition(password: &str) -> bool {
    let characters = password.chars().collect::<Vec<_>>();
    let repeats = |unit: usize| characters.iter().zip(&characters[unit..]).all(|(one, later)| one == later);
    (1..=characters.len() / 2).any(repeats)
}

fn is_run(password: &str) -> bool {
    let backwards = password.chars().rev().collect::<String>();
    RUNS.iter().any(|run| run.contains(password) || run.contains(&backwards))
}

fn is_hardly_more_than(password: &str, about: &[&str]) -> bool {
    let names = about.iter().flat_map(|text| {
        let name = text.to_lowercase();
        let before_at = name.split('@').next().unwrap_or_default().to_owned();
        [name.replace(' ', ""), before_at, name]
    });
    names
        .filter(|name| name.chars().count() >= 3)
        .any(|name| password.contains(&name) && password.replace(&name, "").chars().count() < OWN_PART)
}

#[cfg(test)]
mod tests {
    use super::super::MINIMUM_LENGTH;
    use super::*;

    #[test]
    fn what_is_tried_first_is_refused() {
        for password in [
            "PassWord1234",
            "qwertyuiop123",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "passwordpassword",
            "123456789012",
            "0987654321098",
            "abcdefghijklm",
            "ASDFGHJKLZXC",
            "abcabcabcabca",
        ] {
            assert!(is_guessable(password, &[]), "{password}");
        }
        for password in ["correct horse battery", "a few unrelated words", "xk3jd-82hsl-9fk2m-p3d7w", "aaaaaaaaaaab"] {
            assert!(!is_guessable(password, &[]), "{password}");
        }
    }

    #[test]
    fn what_is_known_of_a_person_is_no_password() {
        let about = ["ada.lovelace@acme.example", "Acme Energy"];
        for password in ["ada.lovelace@acme.example", "Ada.Lovelace1", "acme energy 24", "AcmeEnergy!24"] {
            assert!(is_guessable(password, &about), "{password}");
        }
        assert!(!is_guessable("ada.lovelace likes engines", &about));
        assert!(!is_guessable("twelve characters", &["", "a"]));
    }

    #[test]
    fn the_list_holds_what_would_be_long_enough() {
        for common in COMMON.lines().filter(|line| !line.starts_with('#')) {
            assert!(common.chars().count() >= MINIMUM_LENGTH, "{common}");
            assert_eq!(common, common.to_lowercase());
        }
    }
}
