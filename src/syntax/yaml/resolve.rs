//! Which type go-yaml v3, Compose's YAML library, reads out of a scalar.

use super::{Document, Kind, NodeId, Style};

/// A scalar as Compose sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// `~`, `null`, or nothing at all.
    Null,
    /// `true` or `false`; `yes`, `no`, `on`, `off` stay text.
    Bool(bool),
    /// A whole number; `010` is 8, `0x1f` is 31, `1_000` is 1000.
    Int(i128),
    /// A number with a point or an exponent.
    Float(f64),
    /// An unquoted date, which Compose refuses where it wants text.
    Timestamp,
    /// Anything else.
    Text,
}

/// The type of the scalar `id`; `None` for a mapping, a sequence or an alias.
pub fn resolve(document: &Document, id: NodeId) -> Option<Resolved> {
    let node = document.node(id);
    let Kind::Scalar { value, style } = &node.kind else { return None };
    Some(match node.tag.as_ref().map(|tag| tag.name.as_str()) {
        Some("!!str") => Resolved::Text,
        // A tag that go-yaml does not know leaves the text as it is, `null` and numbers included.
        Some(tag) if !tag.starts_with("!!") => Resolved::Text,
        _ if *style == Style::Plain => resolve_plain(value),
        _ => Resolved::Text,
    })
}

/// True if the scalar is read as text. The merge key `<<` counts as text.
pub fn is_text(document: &Document, id: NodeId) -> bool {
    matches!(resolve(document, id), Some(Resolved::Text) | None)
}

/// The type of an unquoted scalar.
pub fn resolve_plain(value: &str) -> Resolved {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if !value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Resolved::Text;
    }
    if is_timestamp(value) {
        return Resolved::Timestamp;
    }
    let digits = value.replace('_', "");
    if !value.starts_with('.')
        && let Some(number) = whole_number(&digits)
    {
        return Resolved::Int(number);
    }
    match is_float(&digits).then(|| digits.parse().ok().filter(|number: &f64| number.is_finite())).flatten() {
        Some(number) => Resolved::Float(number),
        None => Resolved::Text,
    }
}

/// Go's `ParseInt` with base 0, within 64 bits.
fn whole_number(digits: &str) -> Option<i128> {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    let number = sign * i128::from_str_radix(digits, base).ok()?;
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&number).then_some(number)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty()),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_ok = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_ok && exponent_ok
}

/// `2001-12-14`, or with a time behind it.
fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let number = |part: &str, most: usize| {
        (1..=2).contains(&part.len())
            && part.chars().all(|c| c.is_ascii_digit())
            && part.parse::<usize>().is_ok_and(|n| (1..=most).contains(&n))
    };
    let day_end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, time) = rest.split_at(day_end);
    let date = year.len() == 4 && year.chars().all(|c| c.is_ascii_digit()) && number(month, 12) && number(day, 31);
    date && (time.is_empty() || (time.starts_with(['T', 't', ' ', '\t']) && time.contains(':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_get_the_type_that_compose_gives_them() {
        let cases = [
            ("", Resolved::Null),
            ("010", Resolved::Int(8)),
            ("0o10", Resolved::Int(8)),
            ("0x1f", Resolved::Int(31)),
            ("1_000", Resolved::Int(1000)),
            ("0b11", Resolved::Int(3)),
            ("-7", Resolved::Int(-7)),
            ("09", Resolved::Float(9.0)),
            ("1e3", Resolved::Float(1000.0)),
            ("1.10", Resolved::Float(1.1)),
            (".5", Resolved::Float(0.5)),
            ("1e400", Resolved::Text),
            ("22:22", Resolved::Text),
            ("yes", Resolved::Text),
            ("2001-12-14", Resolved::Timestamp),
            ("2001-13-14", Resolved::Text),
            ("127.0.0.1", Resolved::Text),
            ("6379:6379", Resolved::Text),
            ("<<", Resolved::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve_plain(text), expected, "{text}");
        }
    }
}
