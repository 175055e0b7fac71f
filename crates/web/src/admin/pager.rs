//! The bar under a list: page numbers, previous, next, all.

use serde::Serialize;

/// How many pages on either side of the current one are offered.
const NEIGHBOURS: u32 = 2;

/// What `partials/pager.hbs` reads.
#[derive(Debug, Default, Serialize)]
pub(super) struct Pager {
    previous: Option<String>,
    next: Option<String>,
    pages: Vec<PageLink>,
    all: Option<String>,
    paged: Option<String>,
}

#[derive(Debug, Serialize)]
struct PageLink {
    label: String,
    href: Option<String>,
    current: bool,
}

impl Pager {
    /// The bar of one page of several.
    pub fn of_pages(page: u32, pages: u32, href: impl Fn(&str) -> String) -> Self {
        if pages <= 1 {
            return Self::default();
        }
        let to = |page: u32| href(&page.to_string());
        let mut links = Vec::new();
        let mut before = 0;
        for number in (1..=pages).filter(|number| is_offered(*number, page, pages)) {
            if number > before + 1 {
                links.push(PageLink { label: "…".to_owned(), href: None, current: false });
            }
            links.push(PageLink { label: number.to_string(), href: Some(to(number)), current: number == page });
            before = number;
        }
        Self {
            previous: (page > 1).then(|| to(page - 1)),
            next: (page < pages).then(|| to(page + 1)),
            pages: links,
            all: Some(href("all")),
            paged: None,
        }
    }

    /// The bar of a list that is never shown whole.
    pub fn without_all(self) -> Self {
        Self { all: None, ..self }
    }

    /// The bar of a list that is shown whole.
    pub fn of_all(href: impl Fn(&str) -> String) -> Self {
        Self { paged: Some(href("1")), ..Self::default() }
    }
}

fn is_offered(number: u32, current: u32, last: u32) -> bool {
    number == 1 || number == last || number.abs_diff(current) <= NEIGHBOURS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(page: u32, pages: u32) -> String {
        let pager = Pager::of_pages(page, pages, |page| format!("?page={page}"));
        pager.pages.iter().map(|link| link.label.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_ends_and_the_neighbours_are_offered() {
        assert_eq!(labels(1, 1), "");
        assert_eq!(labels(1, 3), "1 2 3");
        assert_eq!(labels(2, 9), "1 2 3 4 … 9");
        assert_eq!(labels(5, 9), "1 … 3 4 5 6 7 … 9");
        assert_eq!(labels(9, 9), "1 … 7 8 9");
    }

    #[test]
    fn links_lead_to_the_pages_beside() {
        let pager = Pager::of_pages(2, 3, |page| format!("?page={page}"));
        assert_eq!(pager.previous.as_deref(), Some("?page=1"));
        assert_eq!(pager.next.as_deref(), Some("?page=3"));
        assert_eq!(pager.all.as_deref(), Some("?page=all"));
        assert_eq!(Pager::of_all(|page| format!("?page={page}")).paged.as_deref(), Some("?page=1"));
    }
}
