//! Amounts and quantities that are no whole numbers.

use pipectl_pricing::Dollars;

/// `$1,245.85`.
pub(crate) fn dollars(amount: Dollars) -> String {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    format!("{sign}${}", thousands(digits.trim_start_matches('$')))
}

/// `+$10.95`, `-$3.00`, `$0.00`.
pub(crate) fn difference(amount: Dollars) -> String {
    let text = dollars(amount);
    if text.starts_with('-') || text == "$0.00" { text } else { format!("+{text}") }
}

/// What one of something costs, with as many decimals as it has, and two at least: `$0.10`, `$0.0000166667`.
pub(crate) fn unit_price(price: Dollars) -> String {
    let text = format!("{:.10}", price.0);
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    format!("${whole}.{:0<2}", decimals.trim_end_matches('0'))
}

/// `14,600`, `2,506.3`, `0.5`: whole from ten thousand on, and with fewer decimals the larger it is.
pub(crate) fn number(value: f64) -> String {
    let text = match value.abs() {
        10_000.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    thousands(text)
}

fn thousands(digits: &str) -> String {
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{text}.{fraction}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_quantities_are_grouped() {
        assert_eq!(dollars(Dollars(1_234_567.891)), "$1,234,567.89");
        assert_eq!(dollars(Dollars(-1245.5)), "-$1,245.50");
        assert_eq!(difference(Dollars(10.95)), "+$10.95");
        assert_eq!(difference(Dollars(0.001)), "$0.00");
        assert_eq!(unit_price(Dollars(0.0000166667)), "$0.0000166667");
        assert_eq!(unit_price(Dollars(2.0)), "$2.00");
        assert_eq!(unit_price(Dollars(0.1)), "$0.10");
        assert_eq!(number(14_600.0), "14,600");
        assert_eq!(number(2506.26), "2,506.3");
        assert_eq!(number(1.0), "1");
        assert_eq!(number(0.97), "0.97");
        assert_eq!(number(0.0), "0");
    }
}
