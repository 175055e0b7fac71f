//! Where the bars of a chart stand. Sideways in per cent, so that a chart is as wide as its place while its words stay as
//! large as the others; upwards in pixels.

use serde::Serialize;

const PLOT_TOP: u32 = 36;
const PLOT_HEIGHT: u32 = 112;
const BASELINE: u32 = PLOT_TOP + PLOT_HEIGHT;
const HEIGHT: u32 = BASELINE + 36;
/// What is not nothing can be seen.
const LOWEST_BAR: u32 = 2;
/// Up to so many groups, each says how high it is; of more, only the highest.
const NUMBERED_GROUPS: usize = 12;
/// How much of its place a bar takes, and the most that it may, in hundredths of a per cent of the chart.
const BAR_SHARE: u32 = 70;
const WIDEST_BAR: u32 = 900;
const WHOLE: u32 = 10_000;
/// Words of the first of so many groups would reach over the edge.
const EARLY: u32 = 20;
/// How far apart the names of the series stand.
const LEGEND_STEP: u32 = 96;

/// What stands beside one another in a chart.
pub(super) struct Group {
    /// What the table calls it.
    pub label: String,
    /// What stands under it; empty for nothing.
    pub tick: String,
    /// What stands under that.
    pub sub: String,
    /// Where the table's label leads.
    pub href: Option<String>,
    /// The value of each series.
    pub values: Vec<u64>,
}

/// What a chart is to show.
pub(super) struct Plan {
    pub id: &'static str,
    /// What it shows, in words.
    pub words: String,
    /// What is said where there is nothing to show.
    pub empty: &'static str,
    /// What the groups are: "Month".
    pub groups_are: &'static str,
    /// The names of the series. From the second on they are hatched.
    pub series: &'static [&'static str],
    pub groups: Vec<Group>,
}

/// What `partials/chart.hbs` reads. No field is called like a parameter of `layout.hbs`, which would hide it.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Chart {
    id: &'static str,
    words: String,
    empty: Option<&'static str>,
    height: u32,
    baseline: u32,
    top: u32,
    highest: Option<String>,
    legend: Vec<LegendEntry>,
    bars: Vec<Bar>,
    numbers: Vec<Text>,
    ticks: Vec<Text>,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct LegendEntry {
    x: u32,
    text_x: u32,
    name: &'static str,
    hatched: bool,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Bar {
    x: String,
    y: u32,
    breadth: String,
    height: u32,
    hatched: bool,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Text {
    x: String,
    y: u32,
    anchor: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct Row {
    label: String,
    href: Option<String>,
    values: Vec<String>,
}

impl Chart {
    pub(super) fn of(plan: Plan) -> Self {
        let Plan { id, words, empty, groups_are, series, groups } = plan;
        let highest = groups.iter().map(|group| group.values.iter().sum::<u64>()).max().unwrap_or_default();
        let numbered = groups.len() <= NUMBERED_GROUPS;
        let (mut bars, mut numbers, mut ticks) = (Vec::new(), Vec::new(), Vec::new());
        let places = Places::of(groups.len());
        for (index, group) in (0..).zip(&groups) {
            let mut top = BASELINE;
            for (series, value) in group.values.iter().enumerate().filter(|(_, value)| **value > 0) {
                let height = height_of(*value, highest).min(top - PLOT_TOP);
                top -= height;
                let (x, breadth) = places.bar(index);
                bars.push(Bar { x, y: top, breadth, height, hatched: series > 0 });
            }
            let (x, anchor) = places.text(index, !numbered);
            if numbered && top < BASELINE {
                let text = shortened(group.values.iter().sum());
                numbers.push(Text { x: x.clone(), y: top - 5, anchor, text });
            }
            let lines = [(&group.tick, BASELINE + 16), (&group.sub, BASELINE + 30)];
            for (text, y) in lines.into_iter().filter(|(text, _)| !text.is_empty()) {
                ticks.push(Text { x: x.clone(), y, anchor, text: text.clone() });
            }
        }
        let legend = (0..).zip(series).filter(|_| series.len() > 1);
        Self {
            id,
            words,
            empty: (highest == 0).then_some(empty),
            height: HEIGHT,
            baseline: BASELINE,
            top: PLOT_TOP,
            highest: (!numbered).then(|| grouped(highest)),
            legend: legend
                .map(|(index, name)| LegendEntry {
                    x: index * LEGEND_STEP,
                    text_x: index * LEGEND_STEP + 17,
                    name,
                    hatched: index > 0,
                })
                .collect(),
            bars,
            numbers,
            ticks,
            columns: std::iter::once(groups_are).chain(series.iter().copied()).collect(),
            rows: groups
                .into_iter()
                .map(|group| Row {
                    label: group.label,
                    href: group.href,
                    values: group.values.into_iter().map(grouped).collect(),
                })
                .collect(),
        }
    }
}

/// The places of the groups, in hundredths of a per cent.
struct Places {
    groups: u32,
}

impl Places {
    fn of(groups: usize) -> Self {
        Self { groups: u32::try_from(groups).unwrap_or(u32::MAX).max(1) }
    }

    /// Where the bars of a group begin, and how wide they are.
    fn bar(&self, index: u32) -> (String, String) {
        let place = WHOLE / self.groups;
        let width = (place * BAR_SHARE / 100).min(WIDEST_BAR);
        (percent(self.middle(index).saturating_sub(width / 2)), percent(width))
    }

    /// Where the words of a group stand. At the ends, `within` keeps wide ones from being cut off.
    fn text(&self, index: u32, within: bool) -> (String, &'static str) {
        match index {
            early if within && early * EARLY < self.groups => (percent(early * (WHOLE / self.groups)), "start"),
            last if within && last + 1 == self.groups => (percent(WHOLE), "end"),
            _ => (percent(self.middle(index)), "middle"),
        }
    }

    fn middle(&self, index: u32) -> u32 {
        (2 * index + 1).saturating_mul(WHOLE) / (2 * self.groups)
    }
}

fn percent(hundredths: u32) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// The height of a bar where the highest of all takes the whole height, to the nearest pixel.
fn height_of(value: u64, highest: u64) -> u32 {
    let (value, highest) = (u128::from(value), u128::from(highest.max(1)));
    let height = (value * u128::from(PLOT_HEIGHT) + highest / 2) / highest;
    u32::try_from(height).unwrap_or(PLOT_HEIGHT).max(LOWEST_BAR)
}

/// The number with a comma between every three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number in no more than four characters, for which there is room over a bar. The table has the whole one.
fn shortened(number: u64) -> String {
    let (unit, sign) = match number {
        0..1_000 => return number.to_string(),
        1_000..1_000_000 => (1_000, 'k'),
        1_000_000..1_000_000_000 => (1_000_000, 'M'),
        _ => (1_000_000_000, 'G'),
    };
    let (whole, tenths) = (number / unit, number % unit * 10 / unit);
    if whole < 10 && tenths > 0 { format!("{whole}.{tenths}{sign}") } else { format!("{whole}{sign}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[&[u64]]) -> Chart {
        let group = |values: &&[u64]| Group {
            label: "a label".to_owned(),
            tick: "a tick".to_owned(),
            sub: String::new(),
            href: None,
            values: values.to_vec(),
        };
        Chart::of(Plan {
            id: "example",
            words: "An example".to_owned(),
            empty: "Nothing",
            groups_are: "Month",
            series: &["Allowed", "Refused"],
            groups: values.iter().map(group).collect(),
        })
    }

    #[test]
    fn the_highest_takes_the_whole_height_and_the_others_their_share() {
        let chart = chart(&[&[100, 0], &[50, 0], &[0, 0], &[1, 0]]);
        let heights = chart.bars.iter().map(|bar| (bar.y, bar.height)).collect::<Vec<_>>();
        assert_eq!(heights, [(36, 112), (92, 56), (146, 2)], "nothing has no bar, and little one that can be seen");
        assert!(chart.bars.iter().all(|bar| bar.y + bar.height == BASELINE));
    }

    #[test]
    fn bars_of_a_group_stand_on_one_another() {
        let chart = chart(&[&[75, 25]]);
        let [below, above] = chart.bars.as_slice() else { panic!("{:?}", chart.bars) };
        assert_eq!((below.y, below.height, below.hatched), (64, 84, false));
        assert_eq!((above.y, above.height, above.hatched), (36, 28, true));
        assert_eq!(above.x, below.x);
    }

    #[test]
    fn however_small_the_upper_one_nothing_leaves_the_plot() {
        let chart = chart(&[&[1_000_000, 1], &[u64::MAX / 2, u64::MAX / 4]]);
        assert!(chart.bars.iter().all(|bar| bar.y >= PLOT_TOP && bar.y + bar.height <= BASELINE), "{:?}", chart.bars);
    }

    #[test]
    fn groups_share_the_width() {
        let chart = chart(&[&[1, 0], &[1, 0], &[1, 0], &[1, 0]]);
        let places = chart.bars.iter().map(|bar| (bar.x.as_str(), bar.breadth.as_str())).collect::<Vec<_>>();
        assert_eq!(places, [("8.00%", "9.00%"), ("33.00%", "9.00%"), ("58.00%", "9.00%"), ("83.00%", "9.00%")]);
        assert_eq!(chart.ticks[1], Text { x: "37.50%".into(), y: 164, anchor: "middle", text: "a tick".into() });
    }

    #[test]
    fn of_many_groups_only_the_highest_is_numbered_and_the_ends_stay_inside() {
        let few = chart(&[&[1_500, 0], &[0, 0]]);
        assert_eq!((few.highest.as_deref(), few.numbers.len()), (None, 1));
        assert_eq!(few.numbers[0].text, "1.5k");
        let many = chart(&[&[1_200, 34][..]; 30]);
        assert_eq!((many.highest.as_deref(), many.numbers.len()), (Some("1,234"), 0));
        assert_eq!((many.ticks[0].x.as_str(), many.ticks[0].anchor), ("0.00%", "start"));
        assert_eq!((many.ticks[1].x.as_str(), many.ticks[1].anchor), ("3.33%", "start"));
        assert_eq!((many.ticks[2].x.as_str(), many.ticks[2].anchor), ("8.33%", "middle"));
        assert_eq!((many.ticks[29].x.as_str(), many.ticks[29].anchor), ("100.00%", "end"));
    }

    #[test]
    fn the_table_has_every_number() {
        let chart = chart(&[&[1_204, 3], &[0, 0]]);
        assert_eq!(chart.columns, ["Month", "Allowed", "Refused"]);
        assert_eq!(chart.rows[0].values, ["1,204", "3"]);
        assert_eq!(chart.rows[1].values, ["0", "0"]);
        assert_eq!(chart.empty, None);
    }

    #[test]
    fn nothing_at_all_is_said_in_words() {
        for values in [&[][..], &[&[0, 0][..]]] {
            let chart = chart(values);
            assert_eq!(chart.empty, Some("Nothing"));
            assert!(chart.bars.is_empty());
        }
    }

    #[test]
    fn numbers_are_grouped_and_shortened() {
        let numbers = [0, 7, 999, 1_000, 1_250, 12_345, 999_999, 1_000_000, 9_876_543_210];
        let expected = ["0", "7", "999", "1,000", "1,250", "12,345", "999,999", "1,000,000", "9,876,543,210"];
        assert_eq!(numbers.map(grouped), expected);
        assert_eq!(numbers.map(shortened), ["0", "7", "999", "1k", "1.2k", "12k", "999k", "1M", "9.8G"]);
    }
}
