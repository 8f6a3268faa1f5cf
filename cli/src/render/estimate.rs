//! An estimate as a table of limits and a table of bills, with what is to be said about them.

use std::fmt::Write as _;

use pipectl_autoscaler::estimate::{Aggregation, Estimate, Limit, Load, Mode, Need};
use pipectl_pricing::Bill;

use super::money::{dollars, number, unit_price};
use crate::output::style::{CHANGE, FAINT, GOOD, STRONG, paint};
use crate::output::table::{self, Field};
use crate::output::words::counted;

/// The whole estimate.
pub(crate) fn text(estimate: &Estimate) -> String {
    let mut text = format!("{}\n{}\n\n", load(&estimate.load), shards(estimate));
    let heading = ["LIMIT", "AT THE PEAK", "ONE SHARD", "SHARDS", "USED"];
    text.push_str(&table::render(&heading, estimate.needs.iter().map(need)));
    text.push_str("\n\n");
    text.push_str(&bills(estimate));
    let _ = write!(text, "\n\n{}", aggregation(&estimate.aggregation));
    for note in &estimate.notes {
        let _ = write!(text, "\n{} {note}", paint(CHANGE, "note:"));
    }
    let prices = &estimate.prices;
    let source = format!("Prices of {} on {}. Source: {}.", prices.region, prices.as_of, prices.source);
    let _ = write!(text, "\n{}", paint(FAINT, source));
    text
}

fn load(load: &Load) -> String {
    let mut text =
        format!("{} records/s of {}", number(load.records_per_second.mean), size(load.record_bytes));
    if load.records_per_second.peak > load.records_per_second.mean {
        let _ = write!(text, ", {}/s at the peak", number(load.records_per_second.peak));
    }
    let readers = match (load.consumers, load.fan_out_consumers) {
        (0, 0) => "read by nobody".to_owned(),
        (0, fanned) => format!("read by {fanned} by fan-out"),
        (shared, 0) => format!("read by {}", counted(shared.into(), "consumer")),
        (shared, fanned) => format!("read by {} and {fanned} by fan-out", counted(shared.into(), "consumer")),
    };
    let _ = write!(text, "; {readers}, kept {}", hours(load.retention_hours));
    text
}

fn shards(estimate: &Estimate) -> String {
    let plural = if estimate.shards > 1.0 { "shards" } else { "shard" };
    format!(
        "{}, bound by {}; {} free at the peak, {} on average",
        paint(STRONG, format!("{} {plural}", number(estimate.shards))),
        limit(estimate.binding),
        percent(estimate.headroom_at_peak),
        percent(estimate.headroom_at_mean),
    )
}

fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::WriteBytes => "bytes written",
        Limit::WriteRecords => "records written",
        Limit::Read => "bytes read",
        Limit::FanOut => "fan-out",
    }
}

fn need(need: &Need) -> Vec<Field> {
    let rate = |amount: f64| match need.limit {
        Limit::WriteRecords => format!("{}/s", number(amount)),
        _ => format!("{}/s", size(amount)),
    };
    let name = Field::Plain(limit(need.limit).to_owned());
    if need.peak <= 0.0 {
        return vec![name, Field::Number("–".to_owned()), Field::Number(rate(need.one_shard))];
    }
    vec![
        name,
        Field::Number(rate(need.peak)),
        Field::Number(rate(need.one_shard)),
        Field::Number(format!("{:.2}", need.shards)),
        Field::Number(percent(need.used)),
    ]
}

fn bills(estimate: &Estimate) -> String {
    let mut rows = Vec::new();
    for priced in &estimate.modes {
        let cheapest = priced.mode == estimate.cheapest;
        bill(&mut rows, &priced.mode.to_string(), &priced.monthly, cheapest);
    }
    for (name, monthly) in [("delivery", &estimate.delivery), ("transform", &estimate.transform)] {
        if let Some(monthly) = monthly {
            bill(&mut rows, name, monthly, false);
        }
    }
    if estimate.delivery.is_some() {
        rows.push(vec![
            Field::Plain(format!("{} with what comes after", short(estimate.cheapest))),
            Field::Plain(String::new()),
            Field::Number(String::new()),
            Field::Number(String::new()),
            Field::Number(dollars(estimate.monthly)),
        ]);
    }
    table::render(&["A MONTH", "", "QUANTITY", "EACH", "COST", ""], rows)
}

fn bill(rows: &mut Vec<Vec<Field>>, name: &str, bill: &Bill, cheapest: bool) {
    let empty = || Field::Number(String::new());
    rows.push(vec![
        if cheapest { Field::Good(name.to_owned()) } else { Field::Plain(name.to_owned()) },
        Field::Plain(String::new()),
        empty(),
        empty(),
        Field::Number(dollars(bill.total())),
        if cheapest { Field::Good("cheapest".to_owned()) } else { Field::Plain(String::new()) },
    ]);
    for line in &bill.lines {
        rows.push(vec![
            Field::Plain(String::new()),
            Field::Faint(line.what.to_owned()),
            Field::Number(number(line.quantity)),
            Field::Number(unit_price(line.unit_price)),
            Field::Number(dollars(line.amount())),
        ]);
    }
}

fn short(mode: Mode) -> &'static str {
    match mode {
        Mode::Provisioned => "provisioned",
        Mode::OnDemandStandard => "Standard",
        Mode::OnDemandAdvantage => "Advantage",
    }
}

fn aggregation(aggregation: &Aggregation) -> String {
    let (without, with) = (&aggregation.without, &aggregation.with);
    let verb = match (aggregation.used, aggregation.saves.0 >= 0.005) {
        (true, true) => paint(GOOD, format!("Aggregation saves {} a month", dollars(aggregation.saves))),
        (false, true) => {
            paint(GOOD, format!("Aggregation would save {} a month", dollars(aggregation.saves)))
        }
        (true, false) => "Aggregation saves nothing".to_owned(),
        (false, false) => "Aggregation would save nothing".to_owned(),
    };
    format!(
        "{verb}: {} records in one, {} → {} shards, {} ({}) → {} ({}); {}",
        number(with.records_in_one),
        number(without.shards),
        number(with.shards),
        dollars(without.monthly),
        short(without.cheapest),
        dollars(with.monthly),
        short(with.cheapest),
        counted(aggregation.producers.into(), "producer"),
    )
}

/// Bytes with the unit that fits.
fn size(bytes: f64) -> String {
    const UNITS: [(&str, f64); 3] =
        [("GiB", 1024.0 * 1024.0 * 1024.0), ("MiB", 1024.0 * 1024.0), ("KiB", 1024.0)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{} {name}", number((bytes / unit * 10.0).round() / 10.0)),
        None => format!("{bytes:.0} B"),
    }
}

fn hours(hours: f64) -> String {
    if hours > 24.0 && hours % 24.0 == 0.0 {
        format!("{:.0} days", hours / 24.0)
    } else {
        format!("{hours:.0} h")
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipectl_autoscaler::estimate::{Burst, Delivery, Workload, estimate};
    use pipectl_pricing::Prices;

    #[test]
    fn an_estimate_is_two_tables_and_what_to_say_about_them() {
        let workload = Workload {
            burst: Burst::of(2.0),
            retention_hours: 168.0,
            consumers: 0,
            fan_out_consumers: 1,
            delivery: Some(Delivery { converts: true, partitioning: None }),
            ..Workload::steady(2048.0, 5000.0)
        };
        let shown = text(&estimate(&workload, &Prices::builtin()).unwrap());
        insta::assert_snapshot!(anstream::adapter::strip_str(&shown).to_string());
    }
}
