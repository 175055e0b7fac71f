//! User agents in words: "Firefox 145 on Linux". Only for reading; the whole text stands beside.

use serde::Serialize;

/// A user agent, in words and as sent.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct UserAgent {
    words: String,
    whole: String,
}

/// Browsers by what they say of themselves. Most claim to be others too, so the order matters.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome (headless)"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Version/", "Safari"),
];

/// Systems by what browsers say of them. Android claims to be Linux, and the iPhone to be like a Mac.
const SYSTEMS: [(&str, &str); 6] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];

impl UserAgent {
    /// The user agent of a request that sent one.
    pub fn of(whole: &str) -> Option<Self> {
        (!whole.is_empty())
            .then(|| Self { words: in_words(whole).unwrap_or(whole.to_owned()), whole: whole.to_owned() })
    }
}

fn in_words(whole: &str) -> Option<String> {
    let (name, rest) = BROWSERS.into_iter().find_map(|(mark, name)| Some((name, whole.split_once(mark)?.1)))?;
    let version = rest.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
    let system = SYSTEMS.into_iter().find(|(mark, _)| whole.contains(mark))?.1;
    Some(format!("{name} {version} on {system}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(whole: &str) -> String {
        UserAgent::of(whole).unwrap().words
    }

    #[test]
    fn browsers_are_told_apart_and_programs_left_as_they_are() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145 on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                 Safari/537.36 Edg/142.0.0.0",
                "Edge 142 on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome 142 on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari 26 on iPhone",
            ),
            ("curl/8.14.1", "curl/8.14.1"),
            ("(erased)", "(erased)"),
        ];
        for (whole, expected) in cases {
            assert_eq!(words(whole), expected);
        }
        assert_eq!(UserAgent::of(""), None);
    }
}
