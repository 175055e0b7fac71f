//! The known name that a mistyped one most likely stands for.

/// The one of `known` with the smallest edit distance to `name`. A right key in a wrong section counts as one edit, and
/// a section without a key as none.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let edits = |candidate: &&str| {
        if candidate.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')) {
            return 0;
        }
        distance(name, candidate).min(2 * distance(last_part(name), last_part(candidate)) + 1)
    };
    known.into_iter().min_by_key(edits).unwrap_or_default().to_owned()
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

/// The Levenshtein distance: the fewest insertions, removals and replacements between two texts.
fn distance(from: &str, to: &str) -> usize {
    let mut row = (0..=to.chars().count()).collect::<Vec<_>>();
    for (index, left) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, right) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counted_in_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
        assert_eq!(nearest("lisen", ["level", "listen", "lanes"]), "listen");
        assert_eq!(nearest("base_url", ["database.url", "server.base_url"]), "server.base_url");
        assert_eq!(nearest("server", ["logging.level", "server.listen"]), "server.listen");
    }
}
