//! Names and notes.

use countersign_domain::values::{Note, OrganizationName, PersonName, ThirdPartyName};

use crate::support::{accepts, refuses};

fn names(test: impl Fn(fn(&str, &str), fn(&str))) {
    test(accepts::<ThirdPartyName>, refuses::<ThirdPartyName>);
    test(accepts::<OrganizationName>, refuses::<OrganizationName>);
    test(accepts::<PersonName>, refuses::<PersonName>);
}

#[test]
fn names_of_all_scripts_are_kept() {
    names(|accepts, _| {
        for name in [
            "A",
            "Acme & Sons <Ltd.> \"Best\" 100% -- 'O''Brien'",
            "شركة الاتصالات",
            "می\u{200C}خواهم",
            "חברה בע״מ",
            "株式会社カウンター",
            "北京大学",
            "한국회사",
            "บริษัท ไทย",
            "हिन्दी कंपनी",
            "Ελληνική Εταιρεία",
            "Company 🔑🚀",
            "👩\u{200D}👩\u{200D}👧 Family",
            "❤\u{FE0F} Health",
            "葛\u{E0100}城市",
            "ᠮᠣᠩᠭᠣᠯ\u{180E}ᠠ",
            "Zoë Ångström-Œuvre",
            "𝔉𝔯𝔞𝔨𝔱𝔲𝔯",
        ] {
            accepts(name, name);
        }
    });
}

#[test]
fn names_are_composed_so_that_the_same_letters_are_the_same_name() {
    names(|accepts, _| accepts("e\u{301}clair", "\u{e9}clair"));
    let keys = ["José", "Jose\u{301}", "JOSÉ", "Ｊｏｓé"].map(ThirdPartyName::unique_key_of);
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_ne!(ThirdPartyName::unique_key_of("Jose"), keys[0]);
}

#[test]
fn white_space_around_and_within_names_is_folded() {
    names(|accepts, _| {
        accepts("  Acme  ", "Acme");
        accepts("Acme   Ltd", "Acme Ltd");
        accepts("Acme\tLtd", "Acme Ltd");
        accepts("\u{3000}株式\u{3000}会社\u{3000}", "株式 会社");
        accepts("Acme\u{A0}Ltd", "Acme Ltd");
        accepts("Acme\u{2028}Ltd", "Acme Ltd");
    });
}

#[test]
fn names_without_anything_to_read_are_refused() {
    names(|_, refuses| {
        for name in [
            "",
            " ",
            "\t \u{A0}\u{3000}",
            "\u{200B}",
            "\u{200C}",
            "\u{200D}\u{200D}",
            "\u{FE0F}",
            "\u{E0100}",
            "\u{2800}\u{2800}",
            "\u{3164}",
            "\u{115F}\u{1160}",
            "\u{FFA0}",
            "\u{AD}",
        ] {
            refuses(name);
        }
    });
}

/// Each would let a name reorder the line that it stands in, look like another, or carry text that nobody sees.
const HIDDEN: [char; 34] = [
    '\0',
    '\u{1}',
    '\u{7}',
    '\u{8}',
    '\u{1B}',
    '\u{7F}',
    '\u{80}',
    '\u{9B}',
    '\u{AD}',
    '\u{34F}',
    '\u{61C}',
    '\u{115F}',
    '\u{200B}',
    '\u{200E}',
    '\u{200F}',
    '\u{202A}',
    '\u{202B}',
    '\u{202C}',
    '\u{202D}',
    '\u{202E}',
    '\u{2060}',
    '\u{2066}',
    '\u{2067}',
    '\u{2068}',
    '\u{2069}',
    '\u{206F}',
    '\u{3164}',
    '\u{FEFF}',
    '\u{FFF9}',
    '\u{FFFC}',
    '\u{FFFE}',
    '\u{E0001}',
    '\u{E0041}',
    '\u{10FFFF}',
];

#[test]
fn names_with_hidden_characters_are_refused() {
    names(|_, refuses| {
        for hidden in HIDDEN {
            for name in [format!("Ac{hidden}me"), format!("{hidden}Acme"), format!("Acme{hidden}")] {
                refuses(&name);
            }
        }
    });
}

#[test]
fn names_are_one_line() {
    names(|_, refuses| {
        for name in ["Acme\nLtd", "Acme\r\nLtd", "Acme\rLtd", "Acme\r\nBcc: all@example.com"] {
            refuses(name);
        }
    });
}

#[test]
fn names_have_at_most_120_characters() {
    names(|accepts, refuses| {
        for character in ["a", "é", "ش", "漢", "🔑"] {
            accepts(&character.repeat(120), &character.repeat(120));
            refuses(&character.repeat(121));
        }
        accepts(&format!("  {}  ", "a".repeat(120)), &"a".repeat(120));
        accepts(&format!("a{}b", " ".repeat(500)), "a b");
    });
}

#[test]
fn names_that_nobody_can_tell_apart_are_the_same() {
    let key = |name: &str| ThirdPartyName::unique_key_of(name.parse::<ThirdPartyName>().unwrap().as_str());
    for (one, other) in [
        ("Acme", "ACME"),
        ("Acme Ltd", " acme   ltd "),
        ("Größe", "GRÖßE"),
        ("Ελλάδα", "ΕΛΛΆΔΑ"),
        ("ПАРТНЁР", "партнёр"),
        ("Acme", "Ac\u{200D}me"),
        ("Acme", "Acme\u{200C}"),
        ("Acme", "Acme\u{FE0F}"),
        ("葛城", "葛\u{E0100}城"),
    ] {
        assert_eq!(key(one), key(other), "{one:?} and {other:?}");
    }
    for (one, other) in [("Acme", "Acne"), ("Acme Ltd", "AcmeLtd"), ("Zoe", "Zoë")] {
        assert_ne!(key(one), key(other), "{one:?} and {other:?}");
    }
}

#[test]
fn notes_keep_their_lines() {
    accepts::<Note>("one line", "one line");
    accepts::<Note>("  first\r\nsecond\rthird\n\n\tindented  fourth \n", "first\nsecond\nthird\n\n\tindented  fourth");
    accepts::<Note>("one\u{2028}two\u{2029}three", "one\ntwo\nthree");
    accepts::<Note>("راجعنا\u{200C}ه 👩\u{200D}💻", "راجعنا\u{200C}ه 👩\u{200D}💻");
    accepts::<Note>("<script>alert(1)</script>", "<script>alert(1)</script>");
}

#[test]
fn notes_have_1_to_4000_characters() {
    assert_eq!(Note::MAXIMUM, 4000);
    for character in ["a", "é", "🔑"] {
        accepts::<Note>(&character.repeat(4000), &character.repeat(4000));
        refuses::<Note>(&character.repeat(4001));
    }
    accepts::<Note>(&format!("{}a", "\r\n".repeat(5000)), "a");
    let lines = "a\r\n".repeat(2000);
    accepts::<Note>(&lines, lines.replace("\r\n", "\n").trim());
}

#[test]
fn notes_without_anything_to_read_or_with_hidden_characters_are_refused() {
    for note in ["", " ", "\n\r\n\t", "\u{200D}", "\u{2800}", "\u{3164}"] {
        refuses::<Note>(note);
    }
    for hidden in HIDDEN {
        refuses::<Note>(&format!("before{hidden}after"));
    }
    refuses::<Note>("page\u{C}break");
    refuses::<Note>("\u{1B}[31mred");
}
