//! What a plan costs in a month, before and after: a table of what changes, the total, and whose prices these are.

use std::fmt::Write as _;

use pipectl_pipeline::plan::{Cost, Plan, PlanPrice, PriceLine, Rate};
use pipectl_pipeline::resources::Kind;
use pipectl_pricing::{Bill, Dollars};

use super::money::{difference, dollars, number, unit_price};
use crate::output::style::{BAD, CHANGE, FAINT, GOOD, STRONG, paint};
use crate::output::table::{self, Field};

/// The price, to stand under the plan; `None` where nothing costs anything.
pub(crate) fn text(price: &PlanPrice, plan: &Plan, notice: Option<&str>) -> Option<String> {
    if price.lines.is_empty() {
        return None;
    }
    let mut text = String::new();
    let changed: Vec<&PriceLine> = price.lines.iter().filter(|line| line.before != line.after).collect();
    if plan.has_changes() && !changed.is_empty() {
        let rows = changed.iter().flat_map(|line| rows(line));
        let _ = write!(text, "\n{}\n", table::render(&["A MONTH", "", "BEFORE", "AFTER", "CHANGE"], rows));
    }
    let _ = write!(text, "\n{}", total(price, plan));
    if price.lines.iter().any(|line| line.autoscaled) {
        text.push_str("; it moves with the shards under `autoscale`");
    }
    let _ = write!(text, "\n{}", paint(FAINT, provenance(price)));
    if let Some(notice) = notice {
        let _ = write!(text, "\n{} {notice}", paint(CHANGE, "note:"));
    }
    Some(text)
}

/// The same for a comment on a pull request.
pub(crate) fn markdown(price: &PlanPrice, plan: &Plan, notice: Option<&str>) -> String {
    if price.lines.is_empty() {
        return String::new();
    }
    let plain = |text: String| anstream::adapter::strip_str(&text).to_string();
    let mut text = format!("\n\n**{}**\n\n", plain(total(price, plan)));
    let changed: Vec<&PriceLine> = price.lines.iter().filter(|line| line.before != line.after).collect();
    if plan.has_changes() && !changed.is_empty() {
        text.push_str("| A month | Before | After | Change |\n|---|---:|---:|---:|\n");
        for line in changed {
            let (before, after) = line.monthly();
            let [before, after, change] = amounts(line, before, after);
            let _ = writeln!(text, "| `{}` | {before} | {after} | {change} |", line.address);
        }
        text.push('\n');
    }
    let _ = write!(text, "<sub>{}</sub>", provenance(price));
    if let Some(notice) = notice {
        let _ = write!(text, "\n\n> {notice}");
    }
    text
}

/// `Price: $21.90 → $87.60 a month (+$65.70), and what is charged by use`.
fn total(price: &PlanPrice, plan: &Plan) -> String {
    let mut text = format!("{} ", paint(STRONG, "Price:"));
    if plan.has_changes() && price.before != price.after {
        let style = if price.difference.0 > 0.0 { BAD } else { GOOD };
        let change = paint(style, difference(price.difference));
        let _ = write!(text, "{} → {} a month ({change})", dollars(price.before), dollars(price.after));
    } else {
        let _ = write!(text, "{} a month", dollars(price.after));
    }
    if price.more_by_use {
        text.push_str(", and what is charged by use");
    }
    text
}

/// Whose prices, and for what.
fn provenance(price: &PlanPrice) -> String {
    let mut text = format!("Prices of {} on {}", price.region, price.as_of);
    match &price.assumed {
        Some(assumed) => {
            let rate = number(assumed.records_per_second);
            let _ = write!(
                text,
                "; assumed for each stream: {rate} records/s of {} bytes",
                number(assumed.record_bytes)
            );
        }
        None => text.push_str("; --assume 5000/s,2KiB prices use as well"),
    }
    let watched = |line: &PriceLine| matches!(line.kind, Kind::Alarm | Kind::Dashboard);
    if price.lines.iter().any(watched) {
        text.push_str("; an account's first 10 alarms and 3 dashboards are free");
    }
    text.push_str("; not in it: storage and requests of S3, logs, KMS keys, data transfer");
    text
}

fn rows(line: &PriceLine) -> Vec<Vec<Field>> {
    let (before, after) = line.monthly();
    let mut rows = vec![row(line.address.as_str(), "", &amounts(line, before, after))];
    for what in lines(line) {
        let of = |cost: &Option<Cost>| cost.as_ref().and_then(|cost| amount(&cost.monthly, what));
        let (before, after) = (of(&line.before), of(&line.after));
        let change = after.unwrap_or_default() - before.unwrap_or_default();
        let shown = |side: Option<Dollars>| side.map(dollars).unwrap_or_default();
        rows.push(row("", what, &[shown(before), shown(after), difference(change)]));
    }
    for rate in rates(line) {
        let what = format!("{} each {}", unit_price(rate.unit_price), rate.what);
        rows.push(row("", &what, &[]));
    }
    rows
}

fn amounts(line: &PriceLine, before: Dollars, after: Dollars) -> [String; 3] {
    let side = |cost: &Option<Cost>, amount: Dollars| match cost {
        // Nothing but rates: a total of $0.00 would be wrong.
        Some(cost) if cost.monthly.lines.is_empty() && !cost.by_use.is_empty() => "by use".to_owned(),
        Some(_) => dollars(amount),
        None => "–".to_owned(),
    };
    let change = if before == after { String::new() } else { difference(after - before) };
    [side(&line.before, before), side(&line.after, after), change]
}

fn row(name: &str, what: &str, amounts: &[String]) -> Vec<Field> {
    let mut row = vec![Field::Plain(name.to_owned()), Field::Faint(what.to_owned())];
    row.extend(amounts.iter().map(|amount| Field::Number(amount.clone())));
    row
}

/// What is charged on either side, where that is more than one thing.
fn lines(line: &PriceLine) -> Vec<&'static str> {
    let mut lines: Vec<&'static str> = Vec::new();
    for charged in line.before.iter().chain(&line.after).flat_map(|cost| &cost.monthly.lines) {
        if !lines.contains(&charged.what) {
            lines.push(charged.what);
        }
    }
    lines
}

fn amount(bill: &Bill, what: &str) -> Option<Dollars> {
    bill.lines.iter().find(|line| line.what == what).map(pipectl_pricing::Line::amount)
}

/// The rates after, or before where it goes.
fn rates(line: &PriceLine) -> &[Rate] {
    line.after.as_ref().or(line.before.as_ref()).map_or(&[], |cost| &cost.by_use)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipectl_pipeline::plan::{Action, Assumed, Footprint, PLAN_FORMAT, Purpose, Size, Step};
    use pipectl_pipeline::resources::Address;
    use pipectl_pricing::Prices;

    fn plan(before: u32, after: u32) -> Plan {
        let address = Address::stream("events");
        let size = |shards| Some(Size::ProvisionedStream { shards, retention_hours: 48, autoscaled: false });
        let lake = Footprint {
            address: Address::delivery("lake"),
            kind: Kind::Delivery,
            name: "clicks-lake".into(),
            before: None,
            after: Some(Size::Delivery { source: Some("clicks-events".into()), partitioned: None }),
        };
        let events = Footprint {
            address: address.clone(),
            kind: Kind::Stream,
            name: "clicks-events".into(),
            before: size(before),
            after: size(after),
        };
        let step = Step {
            address,
            kind: Kind::Stream,
            name: "clicks-events".into(),
            action: if before == after { Action::NoChange } else { Action::Update },
            changes: Vec::new(),
            reason: None,
            operations: Vec::new(),
            depends_on: Vec::new(),
            desired: None,
        };
        Plan {
            format: PLAN_FORMAT,
            pipeline: "clicks".into(),
            purpose: Purpose::Apply,
            account: "000000000000".into(),
            region: "us-east-1".into(),
            source: String::new(),
            based_on: 0,
            steps: vec![step],
            notes: Vec::new(),
            footprint: if before == after { vec![events] } else { vec![events, lake] },
            losses: Vec::new(),
            refusals: Vec::new(),
            left_out: Vec::new(),
            returns_to: None,
            inputs: pipectl_pipeline::spec::FileInputs::default(),
        }
    }

    fn shown(plan: &Plan, assumed: Option<&Assumed>, notice: Option<&str>) -> String {
        let price = plan.price(&Prices::builtin(), assumed);
        anstream::adapter::strip_str(&text(&price, plan, notice).expect("it costs something")).to_string()
    }

    #[test]
    fn each_line_shows_before_and_after_and_what_is_charged_by_use() {
        insta::assert_snapshot!(shown(&plan(2, 8), None, Some("these are of elsewhere")));
    }

    #[test]
    fn an_assumed_usage_is_named_beside_the_total() {
        let assumed = Assumed { records_per_second: 1000.0, record_bytes: 1024.0, invocation_seconds: None };
        insta::assert_snapshot!(shown(&plan(2, 8), Some(&assumed), None));
    }

    #[test]
    fn in_a_comment_it_is_a_table_under_the_total() {
        let plan = plan(2, 8);
        let price = plan.price(&Prices::builtin(), None);
        insta::assert_snapshot!(markdown(&price, &plan, None));
    }

    #[test]
    fn a_plan_without_changes_has_one_price() {
        let text = shown(&plan(2, 2), None, None);
        assert!(text.starts_with("\nPrice: $51.10 a month, and what is charged by use\n"), "{text}");
    }
}
