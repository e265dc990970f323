//! Names in a sentence.

/// How many names stand in a sentence unless all are asked for.
pub const NAMED: usize = 5;

/// "a", "a and b", "a, b and c", "a, b and 16 more".
pub fn listed(items: impl Iterator<Item = String>, most: usize) -> String {
    let mut items: Vec<_> = items.collect();
    // One more costs no more room than the words that say so.
    if items.len() > most.saturating_add(1) {
        let more = items.len() - most;
        items.truncate(most);
        items.push(format!("{more} more"));
    }
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_of_names_are_cut_short() {
        let all = |count: usize| (0..count).map(|number| format!("w{number}"));
        let rows = [
            (0, ""),
            (1, "w0"),
            (2, "w0 and w1"),
            (6, "w0, w1, w2, w3, w4 and w5"),
            (7, "w0, w1, w2, w3, w4 and 2 more"),
            (21, "w0, w1, w2, w3, w4 and 16 more"),
        ];
        for (count, expected) in rows {
            assert_eq!(listed(all(count), NAMED), expected);
        }
        assert!(!listed(all(21), usize::MAX).contains("more"));
    }
}
