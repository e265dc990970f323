//! Which bytes of a text each repair wrote, followed through later edits, so that each can be taken back by itself.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Hash;
use crate::text::{Edit, Span};

/// Bytes that a repair wrote, and what stood in their place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Number of the repair in the report of its run, from 1.
    pub repair: usize,
    /// Offset, in bytes from 0, of the first byte that it wrote.
    pub start: usize,
    /// Offset after the last byte that it wrote.
    pub end: usize,
    /// What stood there before. May be a secret.
    pub before: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The repair inside of whose bytes it stands.
    within: Option<usize>,
}

/// What bytes of a repair are for, as far as it matters for taking them back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Nothing but the repair needs them.
    Plain,
    /// They change the value of an interpolation variable.
    Value,
    /// They give this interpolation variable its password; others may have come to use it.
    Secret(String),
    /// They keep an env file out of git, or out of an image.
    Hiding,
}

impl Purpose {
    /// True if an interpolation variable gets a value.
    pub fn defines(&self) -> bool {
        matches!(self, Self::Value | Self::Secret(_))
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { repair, start, end, purpose, .. } = self;
        f.debug_struct("Piece")
            .field("repair", repair)
            .field("range", &(start..end))
            .field("purpose", purpose)
            .finish_non_exhaustive()
    }
}

impl Piece {
    fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }

    /// How much longer the text gets without it.
    fn growth(&self) -> isize {
        self.before.len().cast_signed() - (self.end - self.start).cast_signed()
    }
}

/// The pieces of one text, in the order in which they stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Written {
    pieces: Vec<Piece>,
    /// Repairs that can't be taken back alone: another one wrote over a part of theirs, or somebody did.
    tangled: BTreeSet<usize>,
}

/// Why a repair alone can't be taken out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fix) enum Blocked {
    /// What this other repair wrote stands inside of what it wrote.
    By(usize),
    /// Something wrote over a part of it.
    Overwritten,
}

impl Written {
    /// The pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Notes the edits that a repair makes to `text`: by their place, without overlaps, as an
    /// [`EditSet`](crate::text::EditSet) has them.
    pub(in crate::fix) fn add(&mut self, repair: usize, edits: &[(Edit, Purpose)], text: &str) {
        let growth = |edit: &Edit| edit.text.len().cast_signed() - (edit.span.end - edit.span.start).cast_signed();
        let mut moved: Vec<Piece> = Vec::new();
        let mut places = vec![0; edits.len()];
        let mut within = vec![None; edits.len()];
        for piece in std::mem::take(&mut self.pieces) {
            let relations: Vec<_> = edits.iter().map(|(edit, _)| relation(edit.span, piece.span())).collect();
            if relations.contains(&Relation::Across) {
                self.tangled.extend([piece.repair, repair]);
                continue;
            }
            let (mut shift, mut grown) = (0, 0);
            for (number, ((edit, _), relation)) in edits.iter().zip(relations).enumerate() {
                match relation {
                    Relation::Before => {
                        shift += growth(edit);
                        continue;
                    }
                    Relation::Inside => {
                        grown += growth(edit);
                        within[number] = Some(piece.repair);
                    }
                    Relation::Behind | Relation::Across => {}
                }
                places[number] = moved.len() + 1;
            }
            let start = piece.start.saturating_add_signed(shift);
            moved.push(Piece { start, end: piece.end.saturating_add_signed(shift + grown), ..piece });
        }
        self.pieces = moved;
        let mut shift = 0;
        for (number, ((edit, purpose), within)) in edits.iter().zip(within).enumerate() {
            let start = edit.span.start.saturating_add_signed(shift);
            shift += growth(edit);
            let piece = Piece {
                repair,
                start,
                end: start + edit.text.len(),
                before: edit.span.slice(text).to_owned(),
                purpose: purpose.clone(),
                within,
            };
            self.pieces.insert(places[number] + number, piece);
        }
    }

    /// What keeps the repairs `taken` from being taken out, if anything does.
    pub(in crate::fix) fn blocked(&self, taken: &BTreeSet<usize>) -> Option<Blocked> {
        if self.tangled.iter().any(|repair| taken.contains(repair)) {
            return Some(Blocked::Overwritten);
        }
        let stands = self
            .pieces
            .iter()
            .find(|piece| !taken.contains(&piece.repair) && piece.within.is_some_and(|outer| taken.contains(&outer)));
        stands.map(|piece| Blocked::By(piece.repair))
    }

    /// The edits that take out the pieces for which `is_taken` holds.
    pub(in crate::fix) fn inverse(&self, is_taken: &dyn Fn(&Piece) -> bool) -> Vec<Edit> {
        let taken = self.outermost(is_taken);
        taken.map(|(_, piece)| Edit::replace(piece.span(), piece.before.clone())).collect()
    }

    /// The pieces that are left after [`inverse`](Self::inverse), at their new places.
    pub(in crate::fix) fn without(&self, is_taken: &dyn Fn(&Piece) -> bool) -> Self {
        let taken: Vec<_> = self.outermost(is_taken).collect();
        let left = self.pieces.iter().enumerate().filter(|(_, piece)| !is_taken(piece)).map(|(number, piece)| {
            let growth = |wanted: &dyn Fn(usize) -> bool| -> isize {
                taken.iter().filter(|(at, _)| wanted(*at)).map(|(_, taken)| taken.growth()).sum()
            };
            let is_inside = |at: usize| self.around(at).any(|outer| outer == number);
            let start = piece.start.saturating_add_signed(growth(&|at| at < number));
            let length = (piece.end - piece.start).saturating_add_signed(growth(&is_inside));
            Piece { start, end: start + length, ..piece.clone() }
        });
        Self { pieces: left.collect(), tangled: self.tangled.clone() }
    }

    /// Taken pieces that do not stand inside of another taken piece, each with its number.
    fn outermost<'a>(&'a self, is_taken: &'a dyn Fn(&Piece) -> bool) -> impl Iterator<Item = (usize, &'a Piece)> {
        let taken = self.pieces.iter().enumerate().filter(move |(_, piece)| is_taken(piece));
        taken.filter(move |(number, _)| !self.around(*number).any(|outer| is_taken(&self.pieces[outer])))
    }

    /// Numbers of the pieces inside of which a piece stands, the innermost first.
    fn around(&self, number: usize) -> impl Iterator<Item = usize> {
        let outer = move |number: usize| {
            let piece = &self.pieces[number];
            let within = piece.within?;
            let is_outer = |outer: &Piece| outer.repair == within && outer.span().contains(piece.span());
            self.pieces[..number].iter().rposition(is_outer)
        };
        std::iter::successors(outer(number), move |number| outer(*number))
    }

    /// The same pieces in `now`, a text that somebody has made of the one with `lines`. A piece in lines that were
    /// edited is gone, and its repair can't be taken back any more.
    pub(in crate::fix) fn relocated(&self, lines: &Lines, now: &str) -> Self {
        let map = LineMap::new(lines, now);
        let mut relocated = Self { pieces: Vec::new(), tangled: self.tangled.clone() };
        for piece in &self.pieces {
            match map.place(piece.span()) {
                Some(span) => {
                    relocated.pieces.push(Piece { start: span.start, end: span.end, ..piece.clone() });
                }
                None => {
                    relocated.tangled.insert(piece.repair);
                }
            }
        }
        relocated
    }

    /// Adds the pieces of other repairs in the same text.
    pub(in crate::fix) fn unite(&mut self, other: Self) {
        self.pieces.extend(other.pieces);
        self.pieces.sort_by_key(|piece| piece.start);
        self.tangled.extend(other.tangled);
    }

    /// Gives the pieces for which `is_meant` holds to another repair.
    pub(in crate::fix) fn hand_over(&mut self, is_meant: &dyn Fn(&Piece) -> bool, heir: usize) {
        self.pieces.iter_mut().filter(|piece| is_meant(piece)).for_each(|piece| piece.repair = heir);
    }

    /// Forgets the pieces for which `is_meant` holds: they stay.
    pub(in crate::fix) fn forget(&mut self, is_meant: &dyn Fn(&Piece) -> bool) {
        self.pieces.retain(|piece| !is_meant(piece));
    }

    /// Gives each repair another number.
    pub(in crate::fix) fn renumber(&mut self, number_of: &dyn Fn(usize) -> usize) {
        for piece in &mut self.pieces {
            piece.repair = number_of(piece.repair);
            piece.within = piece.within.map(number_of);
        }
        self.tangled = self.tangled.iter().map(|repair| number_of(*repair)).collect();
    }
}

/// Where an edit stands, compared with a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Before,
    Behind,
    Inside,
    Across,
}

fn relation(edit: Span, piece: Span) -> Relation {
    if piece.is_empty() {
        return match () {
            // What is inserted where something went comes after it.
            () if edit.start >= piece.start => Relation::Behind,
            () if edit.end <= piece.start => Relation::Before,
            () => Relation::Across,
        };
    }
    match () {
        () if edit.end <= piece.start => Relation::Before,
        () if edit.start >= piece.end => Relation::Behind,
        () if piece.contains(edit) => Relation::Inside,
        () => Relation::Across,
    }
}

/// The lines of a text by their hashes: enough to find them again in a later state, without keeping what they say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lines(Vec<(usize, String)>);

impl Lines {
    /// Those of a text.
    pub(in crate::fix) fn of(text: &str) -> Self {
        Self(text.split_inclusive('\n').map(|line| (line.len(), Hash::of(line.as_bytes()).short())).collect())
    }
}

/// Which line of an old text is which line of a new one.
struct LineMap {
    old_starts: Vec<usize>,
    new_starts: Vec<usize>,
    new_of_old: Vec<Option<usize>>,
}

impl LineMap {
    fn new(old: &Lines, now: &str) -> Self {
        let new = Lines::of(now);
        let mut new_of_old = vec![None; old.0.len()];
        for op in capture_diff_slices(Algorithm::Myers, &old.0, &new.0) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                (0..len).for_each(|line| new_of_old[old_index + line] = Some(new_index + line));
            }
        }
        Self { old_starts: starts(old), new_starts: starts(&new), new_of_old }
    }

    /// Where `span` of the old text is in the new one, if its lines are there as they were; for an empty span those
    /// before and behind it.
    fn place(&self, span: Span) -> Option<Span> {
        let line_of = |offset: usize| self.old_starts.partition_point(|start| *start <= offset) - 1;
        let lines = self.new_of_old.len();
        let first = line_of(span.start);
        let is_between = span.is_empty() && self.old_starts[first] == span.start;
        if is_between {
            let before = if first == 0 { Some(0) } else { self.new_of_old[first - 1].map(|line| line + 1) }?;
            let behind = if first == lines { self.new_starts.len() - 1 } else { self.new_of_old[first]? };
            return (before == behind).then(|| Span::at(self.new_starts[before]));
        }
        let last = line_of(span.end.saturating_sub(1).max(span.start));
        let new = *self.new_of_old.get(first)?.as_ref()?;
        let is_whole = (first..=last).all(|line| self.new_of_old.get(line) == Some(&Some(new + line - first)));
        let start = self.new_starts[new] + span.start - self.old_starts[first];
        is_whole.then(|| Span::new(start, start + span.len()))
    }
}

/// Where each line begins, and where the text ends.
fn starts(lines: &Lines) -> Vec<usize> {
    let mut at = 0;
    let ends = lines.0.iter().map(|(length, _)| {
        at += length;
        at
    });
    std::iter::once(0).chain(ends).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    use crate::text::EditSet;

    fn applied(edits: Vec<Edit>, text: &str) -> String {
        let mut set = EditSet::new();
        edits.into_iter().for_each(|edit| set.insert(edit).expect("they do not overlap"));
        set.apply(text)
    }

    /// The text after repairs that each make some replacements of words, and what they wrote.
    fn repaired(text: &str, repairs: &[Vec<Edit>]) -> (String, Written) {
        let (mut text, mut written) = (text.to_owned(), Written::default());
        for (number, edits) in repairs.iter().enumerate() {
            let mut edits: Vec<_> = edits.iter().map(|edit| (edit.clone(), Purpose::Plain)).collect();
            edits.sort_by_key(|(edit, _)| edit.span);
            written.add(number + 1, &edits, &text);
            text = applied(edits.into_iter().map(|(edit, _)| edit).collect(), &text);
        }
        (text, written)
    }

    fn take(repair: usize, text: &str, written: &Written) -> Option<(String, Written)> {
        let is_taken = |piece: &Piece| piece.repair == repair;
        let is_free = written.blocked(&BTreeSet::from([repair])).is_none();
        is_free.then(|| (applied(written.inverse(&is_taken), text), written.without(&is_taken)))
    }

    #[test]
    fn repairs_can_be_taken_out_in_any_order() {
        // Two lines go, one line is filled, one comes between, and a word at the end of the first.
        let text = "a\nb\nc\nd\n";
        let repairs = [
            vec![Edit::delete(Span::new(2, 4)), Edit::insert(8, "e\n")],
            vec![Edit::delete(Span::new(2, 4)), Edit::insert(1, "!")],
            vec![Edit::insert(3, "between\n"), Edit::insert(7, "f\n")],
        ];
        let (after, written) = repaired(text, &repairs);
        assert_eq!(after, "a!\nbetween\nd\ne\nf\n");
        for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
            let mut state = (after.clone(), written.clone());
            for repair in order {
                state = take(repair, &state.0, &state.1).expect("nothing is in the way");
            }
            assert_eq!(state.0, text, "{order:?}");
        }
    }

    #[test]
    fn what_stands_on_another_repair_must_go_first() {
        let (after, written) =
            repaired("a\n", &[vec![Edit::insert(2, "b: c\n")], vec![Edit::replace(Span::new(5, 6), "dd")]]);
        assert_eq!(after, "a\nb: dd\n");
        assert_eq!(written.blocked(&BTreeSet::from([1])), Some(Blocked::By(2)));
        let both = |_: &Piece| true;
        assert_eq!(written.blocked(&BTreeSet::from([1, 2])), None);
        assert_eq!(applied(written.inverse(&both), &after), "a\n");
        let (inner, written) = take(2, &after, &written).expect("it is the inner one");
        assert_eq!(inner, "a\nb: c\n");
        assert_eq!(take(1, &inner, &written).expect("nothing is inside").0, "a\n");
    }

    #[test]
    fn what_was_overwritten_in_part_is_not_taken_out_alone() {
        let (_, written) =
            repaired("abcd", &[vec![Edit::replace(Span::new(0, 2), "xy")], vec![Edit::replace(Span::new(1, 3), "z")]]);
        for repair in [1, 2] {
            assert_eq!(written.blocked(&BTreeSet::from([repair])), Some(Blocked::Overwritten));
        }
    }

    #[test]
    fn a_repair_is_found_again_after_edits_elsewhere_and_not_after_edits_there() {
        let (after, written) =
            repaired("a: 1\nb: 2\nc: 3\n", &[vec![Edit::insert(8, "0"), Edit::insert(10, "x: y\n")]]);
        assert_eq!(after, "a: 1\nb: 02\nx: y\nc: 3\n");
        let lines = Lines::of(&after);
        let taken_back = |now: &str| {
            let written = written.relocated(&lines, now);
            take(1, now, &written).map(|(text, _)| text)
        };
        for (now, expected) in [
            ("a: 1\nb: 02\nx: y\nc: 3\n", Some("a: 1\nb: 2\nc: 3\n")),
            ("new\na: one\nb: 02\nx: y\nc: 3\nd: 4", Some("new\na: one\nb: 2\nc: 3\nd: 4")),
            ("b: 02\nq: r\nx: y\n", Some("b: 2\nq: r\n")),
            ("a: 1\nb: 02 # why\nx: y\nc: 3\n", None),
            ("a: 1\r\nb: 02\r\nx: y\r\nc: 3\r\n", None),
            ("a: 1\nx: y\nb: 02\nc: 3\n", None),
            ("", None),
        ] {
            assert_eq!(taken_back(now).as_deref(), expected, "{now:?}");
        }
    }

    #[test]
    fn what_went_comes_back_only_between_the_lines_where_it_was() {
        let (after, written) = repaired("a\nb\nc\n", &[vec![Edit::delete(Span::new(2, 4))]]);
        let lines = Lines::of(&after);
        for (now, expected) in
            [("x\na\nc\ny\n", Some("x\na\nb\nc\ny\n")), ("a\nx\nc\n", None), ("a\n", None), ("c\n", None)]
        {
            let written = written.relocated(&lines, now);
            assert_eq!(take(1, now, &written).map(|(text, _)| text).as_deref(), expected, "{now:?}");
        }
    }

    #[test]
    fn a_piece_says_nothing_of_what_it_holds() {
        let (_, written) = repaired("hunter2", &[vec![Edit::replace(Span::new(0, 7), "new")]]);
        let json = serde_json::to_string(&Lines::of("hunter2")).expect("it is plain");
        assert!(!format!("{written:?}").contains("hunter2") && !json.contains("hunter2"));
    }

    proptest! {
        #[test]
        fn any_repairs_in_any_order(
            words in prop::collection::vec("[a-c]{0,3}\n?", 1..8),
            cuts in prop::collection::vec(prop::collection::vec((0_usize..40, 0_usize..4, "[x-z\n]{0,3}"), 1..3), 1..4),
            order in Just((1_usize..=3).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let original = words.concat();
            let (mut text, mut written) = (original.clone(), Written::default());
            for (number, cuts) in cuts.iter().enumerate() {
                let mut set = EditSet::new();
                for (at, length, new) in cuts {
                    let start = (*at).min(text.len());
                    let end = (start + length).min(text.len());
                    // One that overlaps is left out.
                    let _ = set.insert(Edit::replace(Span::new(start, end), new.clone()));
                }
                let edits: Vec<_> = set.iter().map(|edit| (edit.clone(), Purpose::Plain)).collect();
                written.add(number + 1, &edits, &text);
                text = set.apply(&text);
            }
            let mut left: Vec<usize> = order.into_iter().filter(|repair| *repair <= cuts.len()).collect();
            // Whatever can go, goes, until nothing can.
            while let Some(at) = left.iter().position(|repair| take(*repair, &text, &written).is_some()) {
                (text, written) = take(left.remove(at), &text, &written).expect("it was just tried");
            }
            if left.is_empty() {
                prop_assert_eq!(text, original);
            } else {
                let left = BTreeSet::from_iter(left);
                prop_assert_eq!(written.blocked(&left), Some(Blocked::Overwritten));
            }
        }
    }
}
