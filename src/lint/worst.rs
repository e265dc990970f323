//! One thing at one place, read in several ways: the projects that share a file may not agree how bad it is.

use std::collections::HashMap;
use std::hash::Hash;

/// Leaves one of the `items` at the same `place`: the first of the worst, where the first of all stood. `join` gives it
/// what shall not get lost of one that goes.
pub fn keep_worst<T, P: Hash + Eq, B: Ord>(
    items: Vec<T>,
    place: impl Fn(&T) -> P,
    badness: impl Fn(&T) -> B,
    join: impl Fn(&mut T, T),
) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    let mut index = HashMap::new();
    for mut item in items {
        let at = *index.entry(place(&item)).or_insert(kept.len());
        match kept.get_mut(at) {
            Some(known) => {
                if badness(known) < badness(&item) {
                    std::mem::swap(known, &mut item);
                }
                join(known, item);
            }
            None => kept.push(item),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_worst_is_left_at_each_place() {
        let items = vec![("a", 1, "x"), ("b", 5, "y"), ("a", 3, "z"), ("a", 3, "later"), ("b", 2, "w")];
        let kept = keep_worst(items, |item| item.0, |item| item.1, |_, _| {});
        assert_eq!(kept, [("a", 3, "z"), ("b", 5, "y")]);
    }

    #[test]
    fn what_goes_can_leave_something_behind() {
        let items = vec![(1, vec!["r1"]), (2, vec!["r2"])];
        let kept = keep_worst(items, |_| (), |item| item.0, |known, other| known.1.extend(other.1));
        assert_eq!(kept, [(2, vec!["r2", "r1"])]);
    }
}
