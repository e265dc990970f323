//! Times and sizes as Compose reads and prints them.

/// A time in nanoseconds: `1m30s`, `1.5h`, `2d`, `1w`, `0`.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(number_end);
        let unit_end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        let nanoseconds = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            "d" => 24.0 * 3600e9,
            "w" => 7.0 * 24.0 * 3600e9,
            _ => return None,
        };
        let number = format!("{}{number}", if number.starts_with('.') { "0" } else { "" });
        total += number.trim_end_matches('.').parse::<f64>().ok()? * nanoseconds;
        rest = behind;
    }
    (total < 9.2e18).then_some(if negative { -total as i64 } else { total as i64 })
}

/// A time as Go prints it: `1h0m0s`, `1.5s`, `500ms`, `0s`.
pub(super) fn duration_text(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let n = nanoseconds.unsigned_abs();
    let fraction = |value: u64, unit: u64, name: &str| {
        let digits = unit.ilog10() as usize;
        let rest = format!("{:0digits$}", value % unit);
        let rest = rest.trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{point}{rest}{name}", value / unit)
    };
    let text = match n {
        0 => "0s".to_owned(),
        1..1_000 => format!("{n}ns"),
        1_000..1_000_000 => fraction(n, 1_000, "µs"),
        1_000_000..1_000_000_000 => fraction(n, 1_000_000, "ms"),
        _ => {
            let minutes = n / 60_000_000_000;
            let seconds = fraction(n % 60_000_000_000, 1_000_000_000, "s");
            match minutes {
                0 => seconds,
                1..60 => format!("{minutes}m{seconds}"),
                _ => format!("{}h{}m{seconds}", minutes / 60, minutes % 60),
            }
        }
    };
    format!("{sign}{text}")
}

/// A size in bytes: `64m`, `1.5 GiB`, `100`.
pub(super) fn bytes(text: &str) -> Option<i128> {
    let last_digit = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')?;
    let (number, unit) = text.split_at(last_digit + 1);
    let number: f64 = number.strip_suffix(' ').unwrap_or(number).parse().ok()?;
    let unit = unit.to_ascii_lowercase();
    let (prefix, rest) = match unit.chars().next() {
        None | Some('b') => (1f64, unit.get(1..).unwrap_or_default()),
        Some(first) => {
            let power = ["k", "m", "g", "t", "p"].iter().position(|known| known.starts_with(first))?;
            let rest = unit.get(1..).unwrap_or_default();
            (1024f64.powi(power as i32 + 1), if matches!(rest, "b" | "ib") { "" } else { rest })
        }
    };
    (rest.is_empty() && number >= 0.0).then_some((number * prefix) as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_printed_as_go_does() {
        let cases = [
            ("90s", Some("1m30s")),
            ("1h", Some("1h0m0s")),
            ("1.5s", Some("1.5s")),
            ("500ms", Some("500ms")),
            ("1500us", Some("1.5ms")),
            ("1d", Some("24h0m0s")),
            ("1w", Some("168h0m0s")),
            ("1m30s", Some("1m30s")),
            ("0", Some("0s")),
            ("-1s", Some("-1s")),
            ("10", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text).map(duration_text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        let cases = [
            ("100", Some(100)),
            ("1k", Some(1024)),
            ("64m", Some(67_108_864)),
            ("1.5g", Some(1_610_612_736)),
            ("1 GiB", Some(1 << 30)),
            ("2KB", Some(2048)),
            ("5b", Some(5)),
            ("5x", None),
            ("-1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }
}
