//! The helper that prints an instant: in words for people, exactly and in their zone for whoever wants to know.

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError, RenderErrorReason};
use jiff::Timestamp;

use crate::zone::Zone;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Up to so many days are counted in days.
const DAYS_IN_WORDS: i64 = 60;

/// `{{moment value now=@root.page.now both=true}}`
pub(super) fn helper(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    context: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let at = instant(helper.param(0).and_then(|value| value.value().as_str()))?;
    let now = instant(helper.hash_get("now").and_then(|value| value.value().as_str()))?;
    let both = helper.hash_get("both").is_some_and(|value| value.value().as_bool() == Some(true));
    let zone = context.data().pointer("/page/zone").and_then(|name| Zone::named(name.as_str()?)).unwrap_or(Zone::UTC);
    let exact = zone.to_the_second(at);
    let words = in_words(at, now);
    write!(FmtOutput(out), "<time datetime=\"{at:.0}\" title=\"{exact}\">{words}")?;
    if both {
        write!(FmtOutput(out), " <span class=\"exact\">{}</span>", zone.to_the_minute(at))?;
    }
    Ok(out.write("</time>")?)
}

/// Lets `write!` write to a page.
struct FmtOutput<'a>(&'a mut dyn Output);

impl FmtOutput<'_> {
    fn write_fmt(&mut self, arguments: std::fmt::Arguments<'_>) -> Result<(), RenderError> {
        Ok(self.0.write_fmt(arguments)?)
    }
}

fn instant(text: Option<&str>) -> Result<Timestamp, RenderError> {
    let text = text.unwrap_or_default();
    text.parse().map_err(|_| RenderErrorReason::Other(format!("moment: {text:?} is not an instant")).into())
}

/// The distance from now, to the nearest whole unit.
fn in_words(at: Timestamp, now: Timestamp) -> String {
    let distance = at.as_second() - now.as_second();
    let seconds = distance.abs();
    if seconds < MINUTE {
        return "just now".to_owned();
    }
    let nearest = |unit: i64| (seconds + unit / 2) / unit;
    let days = nearest(DAY);
    // Thirty days and a half are close enough to a month for words; the exact time stands beside.
    let months = (days * 2 + 30) / 61;
    let (count, unit) = if nearest(MINUTE) < 60 {
        (nearest(MINUTE), "minute")
    } else if nearest(HOUR) < 24 {
        (nearest(HOUR), "hour")
    } else if days <= DAYS_IN_WORDS {
        (days, "day")
    } else if months < 24 {
        (months, "month")
    } else {
        ((days * 4 + 730) / 1461, "year")
    };
    let plural = if count == 1 { "" } else { "s" };
    if distance > 0 { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(at: &str) -> String {
        in_words(at.parse().unwrap(), "2026-11-20T14:05:00Z".parse().unwrap())
    }

    #[test]
    fn distances_are_said_in_the_unit_that_fits() {
        assert_eq!(words("2026-11-20T14:05:59Z"), "just now");
        assert_eq!(words("2026-11-20T14:04:00Z"), "1 minute ago");
        assert_eq!(words("2026-11-20T15:04:30Z"), "in 1 hour");
        assert_eq!(words("2026-11-20T04:00:00Z"), "10 hours ago");
        assert_eq!(words("2026-12-02T09:12:00Z"), "in 12 days");
        assert_eq!(words("2027-01-19T14:05:00Z"), "in 60 days");
        assert_eq!(words("2027-05-20T14:05:00Z"), "in 6 months");
        assert_eq!(words("2025-11-20T14:05:00Z"), "12 months ago");
        assert_eq!(words("2031-11-20T14:05:00Z"), "in 5 years");
    }
}
