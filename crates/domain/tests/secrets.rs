//! The format of generated secrets: what is generated is recognized, and nothing near it is.

use std::collections::HashSet;

use countersign_domain::secret::{ALPHABET, CHECKSUM_LENGTH, parse};
use countersign_domain::testing::FixedServices;
use countersign_domain::{Digest, Secret, SecretError, SecretKind};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::string::string_regex;
use regex_lite::Regex;

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn any_kind() -> impl Strategy<Value = SecretKind> {
    select(SecretKind::ALL.to_vec())
}

prop_compose! {
    fn any_secret()(kind in any_kind(), entropy in any::<[u8; 32]>()) -> String {
        Secret::from_entropy(kind, entropy).expose().to_owned()
    }
}

/// Mostly the characters that somebody mistypes or a terminal inserts, sometimes any at all.
fn any_character() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => select(BASE62.chars().collect::<Vec<_>>()),
        1 => select("_- \t\n\r\0.+/=%…\u{200B}é🔑".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ]
}

fn is_refused(text: &str) -> bool {
    matches!(parse(text), Err(SecretError::Mistyped | SecretError::Foreign))
}

#[test]
fn a_secret_in_full() {
    let secret = Secret::from_entropy(SecretKind::AccessToken, [0; 32]);
    assert_eq!(secret.expose(), "cs_at_00000000000000000000000000000000000000000002RUsZP");
    let secret = Secret::from_entropy(SecretKind::AccessToken, [0xFF; 32]);
    assert_eq!(secret.expose(), "cs_at_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp10rE5LH");
    let secret = Secret::from_entropy(SecretKind::AccessToken, std::array::from_fn(|n| u8::try_from(n).unwrap()));
    assert_eq!(secret.expose(), "cs_at_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf35Bwex");
}

#[test]
fn kinds_are_told_apart_by_two_letters() {
    let codes: Vec<&str> = SecretKind::ALL.into_iter().map(SecretKind::code).collect();
    assert_eq!(codes, ["sk", "at", "rt", "mt", "ac", "dl", "ss", "sl"]);
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
}

#[test]
fn patterns_are_those_that_scanners_were_told() {
    let patterns: Vec<String> = SecretKind::ALL.into_iter().map(SecretKind::pattern).collect();
    let expected = ["sk", "at", "rt", "mt", "ac", "dl", "ss", "sl"].map(|code| format!("cs_{code}_[0-9A-Za-z]{{49}}"));
    assert_eq!(patterns, expected);
}

#[test]
fn examples_are_whole_and_the_same_everywhere() {
    let example = Secret::example(SecretKind::AccessToken);
    assert_eq!(example.expose(), "cs_at_K0yMUMiYwm0U2GshlM7lCA99QxOSiaGxkfbHxfCQXZW2VOz33");
    for kind in SecretKind::ALL {
        assert_eq!(parse(Secret::example(kind).expose()).unwrap().kind, kind);
    }
}

/// The checksum as others compute it: bit by bit, without the library that generates it.
fn checksum(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let mut number = !crc as usize;
    let mut digits = [' '; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = char::from(ALPHABET.as_bytes()[number % 62]);
        number /= 62;
    }
    digits.into_iter().collect()
}

#[test]
fn generating_takes_256_bits_from_the_services() {
    let services = FixedServices::at("2026-01-01T00:00:00Z");
    let texts: HashSet<String> =
        (0..1000).map(|_| Secret::generate(SecretKind::ManualToken, &services).expose().to_owned()).collect();
    assert_eq!(texts.len(), 1000);
}

#[test]
fn what_was_not_issued_by_us_is_foreign() {
    for text in [
        "",
        "cs",
        "cs_",
        "cs_at",
        "cs__",
        "cs_xx_",
        "CS_AT_",
        " cs_at_",
        "Bearer cs_at_",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "кс_at_",
        "cs_é_",
        "🔑",
    ] {
        assert_eq!(parse(text), Err(SecretError::Foreign), "{text:?}");
    }
}

#[test]
fn what_begins_like_ours_but_is_not_whole_is_mistyped() {
    let good = Secret::from_entropy(SecretKind::ManualToken, [7; 32]);
    let good = good.expose();
    let shouted = format!("cs_mt_{}", good[6..].to_uppercase());
    let whispered = format!("cs_mt_{}", good[6..].to_lowercase());
    let wide = format!("cs_mt_{}", "é".repeat(24) + "0");
    let cut_inside_a_character = format!("cs_mt_{}🔑", "0".repeat(45));
    for text in [
        "cs_mt_",
        "cs_at_é",
        "cs_mt_0000000000000000000000000000000000000000000000000",
        &good[..good.len() - 1],
        &format!("{good}\n"),
        &format!("{good} "),
        &format!("{good}{good}"),
        &shouted,
        &whispered,
        &wide,
        &cut_inside_a_character,
    ] {
        assert_eq!(parse(text), Err(SecretError::Mistyped), "{text:?}");
    }
}

#[test]
fn one_kind_is_not_taken_for_another() {
    for kind in SecretKind::ALL {
        let secret = Secret::from_entropy(kind, [42; 32]);
        for other in SecretKind::ALL.into_iter().filter(|other| *other != kind) {
            let disguised = format!("cs_{}_{}", other.code(), &secret.expose()[6..]);
            assert_eq!(parse(&disguised), Err(SecretError::Mistyped), "{kind:?} as {other:?}");
        }
    }
}

#[test]
fn a_digest_is_sha_256_of_the_text() {
    let digest = Digest::of("abc");
    let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(format!("{digest:?}"), hex);
    assert_eq!(serde_json::to_value(digest).unwrap(), hex);
    assert_eq!(serde_json::from_value::<Digest>(hex.into()).unwrap(), digest);
}

#[test]
fn a_digest_of_another_size_is_not_read() {
    let hex = format!("{:?}", Digest::of("abc"));
    for text in ["", &hex[1..], &hex[2..], &format!("{hex}00"), &hex.replace('b', "g"), "é"] {
        assert!(serde_json::from_value::<Digest>(text.into()).is_err(), "{text:?}");
    }
}

#[test]
fn a_secret_does_not_show_itself_in_logs() {
    let secret = Secret::from_entropy(SecretKind::ClientSecret, [9; 32]);
    assert_eq!(format!("{secret:?}"), "cs_sk_…");
}

proptest! {
    #[test]
    fn what_is_generated_is_recognized(entropy in any::<[u8; 32]>()) {
        for kind in SecretKind::ALL {
            let secret = Secret::from_entropy(kind, entropy);
            let parsed = parse(secret.expose()).unwrap();
            prop_assert_eq!(secret.kind(), kind);
            prop_assert_eq!(parsed.kind, kind);
            prop_assert_eq!(parsed.digest, secret.digest());
            prop_assert_eq!(parsed.digest, Digest::of(secret.expose()));
        }
    }

    #[test]
    fn every_secret_has_the_same_form(secret in any_secret()) {
        prop_assert_eq!(secret.len(), 55);
        prop_assert!(secret[6..].chars().all(|character| BASE62.contains(character)));
    }

    #[test]
    fn the_pattern_of_its_kind_and_no_other_finds_a_secret(kind in any_kind(), entropy in any::<[u8; 32]>()) {
        let secret = Secret::from_entropy(kind, entropy);
        let text = format!("token=\"{}\";", secret.expose());
        for other in SecretKind::ALL {
            let found = Regex::new(&other.pattern()).unwrap().find(&text).map(|found| found.as_str());
            prop_assert_eq!(found, (other == kind).then(|| secret.expose()));
        }
        prop_assert!(secret.expose().starts_with(&kind.prefix()));
    }

    #[test]
    fn what_the_pattern_finds_is_a_secret_if_the_checksum_is_right(
        (kind, found) in any_kind().prop_flat_map(|kind| (Just(kind), string_regex(&kind.pattern()).unwrap())),
    ) {
        prop_assert_eq!(parse(&found), Err(SecretError::Mistyped));
        let signed = &found[..found.len() - CHECKSUM_LENGTH];
        let parsed = parse(&format!("{signed}{}", checksum(signed))).unwrap();
        prop_assert_eq!(parsed.kind, kind);
    }

    #[test]
    fn the_last_four_are_the_end_of_the_text(kind in any_kind(), entropy in any::<[u8; 32]>()) {
        let secret = Secret::from_entropy(kind, entropy);
        prop_assert_eq!(secret.last_four().len(), 4);
        prop_assert!(secret.expose().ends_with(&secret.last_four()));
    }

    #[test]
    fn different_bits_are_different_secrets(
        kind in any_kind(), entropy in any::<[u8; 32]>(), byte in 0..32_usize, flipped in 1..=255_u8,
    ) {
        let mut other = entropy;
        other[byte] ^= flipped;
        let (one, other) = (Secret::from_entropy(kind, entropy), Secret::from_entropy(kind, other));
        // Not only in the checksum.
        prop_assert_ne!(&one.expose()[..49], &other.expose()[..49]);
        prop_assert_ne!(one.digest(), other.digest());
    }

    #[test]
    fn a_substituted_character_is_noticed(secret in any_secret(), at in any::<Index>(), new in any_character()) {
        let mut characters: Vec<char> = secret.chars().collect();
        let at = at.index(characters.len());
        prop_assume!(characters[at] != new);
        characters[at] = new;
        let text: String = characters.into_iter().collect();
        prop_assert!(is_refused(&text), "{}", text);
    }

    #[test]
    fn a_missing_character_is_noticed(secret in any_secret(), at in any::<Index>()) {
        let mut text = secret;
        text.remove(at.index(text.len()));
        prop_assert!(is_refused(&text), "{}", text);
    }

    #[test]
    fn an_added_character_is_noticed(secret in any_secret(), at in any::<Index>(), new in any_character()) {
        let mut text = secret;
        text.insert(at.index(text.len() + 1), new);
        prop_assert!(is_refused(&text), "{}", text);
    }

    #[test]
    fn two_neighbours_that_changed_places_are_noticed(secret in any_secret(), at in any::<Index>()) {
        let mut characters: Vec<char> = secret.chars().collect();
        let at = at.index(characters.len() - 1);
        prop_assume!(characters[at] != characters[at + 1]);
        characters.swap(at, at + 1);
        let text: String = characters.into_iter().collect();
        prop_assert!(is_refused(&text), "{}", text);
    }

    #[test]
    fn nothing_that_is_presented_makes_it_panic(text in any::<String>(), kind in any_kind()) {
        prop_assert!(is_refused(&text));
        let (with_prefix, with_kind) = (format!("cs_{text}"), format!("cs_{}_{text}", kind.code()));
        prop_assert!(is_refused(&with_prefix));
        prop_assert!(is_refused(&with_kind));
    }

    /// The length in bytes is right, and the place where the checksum begins may lie inside a character.
    #[test]
    fn nothing_of_the_right_length_makes_it_panic(
        characters in proptest::collection::vec(any_character(), 0..49), kind in any_kind(),
    ) {
        let mut text: String = characters.into_iter().collect();
        while text.len() > 49 {
            text.pop();
        }
        let padded = format!("cs_{}_{}{text}", kind.code(), "0".repeat(49 - text.len()));
        prop_assert_eq!(parse(&padded), Err(SecretError::Mistyped));
    }

    #[test]
    fn a_digest_is_read_as_it_was_written(bytes in any::<[u8; 32]>()) {
        let json = serde_json::to_string(&Digest(bytes)).unwrap();
        prop_assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), Digest(bytes));
    }

    #[test]
    fn different_texts_have_different_digests(one in any::<String>(), other in any::<String>()) {
        prop_assert_eq!(one == other, Digest::of(&one) == Digest::of(&other));
    }
}

/// All of them, not a sample: every single substitution in one secret of each kind.
#[test]
fn every_substitution_in_a_secret_is_noticed() {
    for kind in SecretKind::ALL {
        let secret = Secret::from_entropy(kind, [0xA5; 32]).expose().to_owned();
        for (at, old) in secret.char_indices() {
            for new in BASE62.chars().chain(['_', '-']).filter(|new| *new != old) {
                let mut text = secret.clone();
                text.replace_range(at..=at, new.encode_utf8(&mut [0; 4]));
                assert!(is_refused(&text), "{text}");
            }
        }
    }
}
