//! The name that was probably meant.

/// Longer words are no misspelt names.
const LONGEST: usize = 64;

/// The candidate that is closest to `word`, if one is close enough. `host_ip` is close to `port.host_ip`.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = word.to_lowercase().chars().take(LONGEST).collect();
    let most = (letters.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let last = candidate.rsplit('.').next().unwrap_or(candidate);
            let whole = distance(&letters, candidate);
            let part = if word.contains('.') { whole } else { distance(&letters, last) };
            (whole.min(part), candidate)
        })
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other.
fn distance(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().take(LONGEST).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let mut cost = (above[column] + usize::from(a != b)).min(above[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && from[row - 1] == *b && *a == to[column - 1] {
                cost = cost.min(before[column - 1] + 1);
            }
            line.push(cost);
        }
        before = std::mem::replace(&mut above, line);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["port.host_ip", "port.published", "port.target", "service.name"];
        let cases = [
            ("port.hostip", Some("port.host_ip")),
            ("host_ip", Some("port.host_ip")),
            ("port.traget", Some("port.target")),
            ("Service.Name", Some("service.name")),
            ("memory", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
    }
}
