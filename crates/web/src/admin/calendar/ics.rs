//! A calendar as a file (RFC 5545).

use jiff::Timestamp;

/// The longest line, in bytes, without its end (section 3.1).
const LONGEST_LINE: usize = 75;

/// A moment in a calendar that takes no time, and gives no alarm.
pub(super) struct Entry {
    /// The same for the same thing in every file.
    pub uid: String,
    pub at: Timestamp,
    pub summary: String,
    pub description: String,
    pub url: Option<String>,
}

/// The file. `now` is when it was made.
pub(super) fn file(name: &str, entries: &[Entry], now: Timestamp) -> String {
    let mut lines = Lines::default();
    lines.raw("BEGIN:VCALENDAR");
    lines.raw("VERSION:2.0");
    lines.raw("PRODID:-//Countersign//Expirations//EN");
    lines.raw("CALSCALE:GREGORIAN");
    lines.text("NAME", name);
    // Older programs know the name by this.
    lines.text("X-WR-CALNAME", name);
    for entry in entries {
        lines.raw("BEGIN:VEVENT");
        lines.text("UID", &entry.uid);
        lines.raw(&format!("DTSTAMP:{}", instant(now)));
        lines.raw(&format!("DTSTART:{}", instant(entry.at)));
        lines.text("SUMMARY", &entry.summary);
        lines.text("DESCRIPTION", &entry.description);
        if let Some(url) = &entry.url {
            lines.raw(&format!("URL:{url}"));
        }
        lines.raw("TRANSP:TRANSPARENT");
        lines.raw("END:VEVENT");
    }
    lines.raw("END:VCALENDAR");
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn text(&mut self, name: &str, value: &str) {
        self.raw(&format!("{name}:{}", escaped(value)));
    }

    /// A line, folded where it is too long (section 3.1), but never within a character.
    fn raw(&mut self, line: &str) {
        let mut length = 0;
        for character in line.chars() {
            if length + character.len_utf8() > LONGEST_LINE {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(character);
            length += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// A text as a value (section 3.3.11). Characters that no text may hold are left out.
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => {
                value.push('\\');
                value.push(character);
            }
            '\n' => value.push_str("\\n"),
            character if character.is_control() => {}
            character => value.push(character),
        }
    }
    value
}

/// `20261202T091200Z`
fn instant(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(summary: &str) -> Entry {
        Entry {
            uid: "0197d2a1@countersign".to_owned(),
            at: "2026-12-02T09:12:00.75Z".parse().unwrap(),
            summary: summary.to_owned(),
            description: "Last used: never".to_owned(),
            url: Some("https://access.example.com/o/acme/third-parties/0197c1f0/tokens/0197d2a1".to_owned()),
        }
    }

    fn made(entries: &[Entry]) -> String {
        file("Acme Energy", entries, "2026-11-20T14:05:00Z".parse().unwrap())
    }

    /// The lines as a program reads them: unfolded.
    fn unfolded(file: &str) -> Vec<String> {
        file.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_file_is_whole() {
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Countersign//Expirations//EN",
            "CALSCALE:GREGORIAN",
            "NAME:Acme Energy",
            "X-WR-CALNAME:Acme Energy",
            "BEGIN:VEVENT",
            "UID:0197d2a1@countersign",
            "DTSTAMP:20261120T140500Z",
            "DTSTART:20261202T091200Z",
            "SUMMARY:cs_mt_…a9F2 expires",
            "DESCRIPTION:Last used: never",
            "URL:https://access.example.com/o/acme/third-parties/0197c1f0/tokens/0197d2a1",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
        ];
        assert_eq!(unfolded(&made(&[entry("cs_mt_…a9F2 expires")])), expected);
    }

    #[test]
    fn lines_end_with_cr_lf_and_have_75_bytes_at_most() {
        for length in 60..80 {
            let summary = format!("{}{}", "a".repeat(length), "ß🦀".repeat(60));
            let file = made(&[entry(&summary)]);
            assert_eq!(file.matches('\n').count(), file.matches("\r\n").count());
            assert_eq!(file.matches('\r').count(), file.matches("\r\n").count());
            assert!(file.ends_with("END:VCALENDAR\r\n"));
            assert!(file.split("\r\n").all(|line| line.len() <= LONGEST_LINE), "{length}");
            assert!(unfolded(&file).contains(&format!("SUMMARY:{summary}")), "{length}");
        }
    }

    #[test]
    fn a_line_of_75_bytes_is_not_folded() {
        let whole = "a".repeat(LONGEST_LINE - "SUMMARY:".len());
        assert!(made(&[entry(&whole)]).contains(&format!("\r\nSUMMARY:{whole}\r\n")));
        assert!(made(&[entry(&format!("{whole}b"))]).contains(&format!("\r\nSUMMARY:{whole}\r\n b\r\n")));
    }

    #[test]
    fn what_separates_values_is_escaped_and_nobody_adds_lines() {
        let hostile = "Smith, Jones; \\ \"Co\"\r\nEND:VEVENT\nBEGIN:VALARM\u{0}\u{7f}";
        let lines = unfolded(&made(&[entry(hostile)]));
        let expected = "SUMMARY:Smith\\, Jones\\; \\\\ \"Co\"\\nEND:VEVENT\\nBEGIN:VALARM";
        assert!(lines.contains(&expected.to_owned()), "{lines:?}");
        assert_eq!(lines.iter().filter(|line| *line == "END:VEVENT").count(), 1);
    }

    #[test]
    fn without_entries_it_is_a_file_all_the_same() {
        assert_eq!(unfolded(&made(&[])).last().map(String::as_str), Some("END:VCALENDAR"));
    }
}
