//! Changes to one text, and sets of them that can be made together.

use super::Span;

/// Replaces the bytes of `span` by `text`. An empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The bytes that go, in the text as it was before any edit.
    pub span: Span,
    /// What takes their place.
    pub text: String,
}

impl Edit {
    /// Puts `text` in the place of `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Puts `text` before the byte at `offset`.
    pub fn insert(offset: usize, text: impl Into<String>) -> Self {
        Self::replace(Span::at(offset), text)
    }

    /// Takes the bytes of `span` away.
    pub fn delete(span: Span) -> Self {
        Self::replace(span, "")
    }
}

/// Two edits that can't be made together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two changes want the same place, bytes {}..{} and {}..{}", .first.start, .first.end, .second.start, .second.end)]
pub struct Overlap {
    /// The edit that is in the set.
    pub first: Span,
    /// The edit that was to come in.
    pub second: Span,
}

/// Edits of one text that do not overlap, in the order of their places.
/// Insertions at one place stand in the order in which they came; equal edits count once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditSet {
    edits: Vec<Edit>,
}

impl EditSet {
    /// A set without edits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `edit`.
    ///
    /// # Errors
    /// [`Overlap`] if it touches a byte that another edit replaces, or inserts inside one.
    pub fn insert(&mut self, edit: Edit) -> Result<(), Overlap> {
        if self.edits.contains(&edit) {
            return Ok(());
        }
        if let Some(other) = self.edits.iter().find(|other| conflict(other.span, edit.span)) {
            return Err(Overlap { first: other.span, second: edit.span });
        }
        let at =
            self.edits.partition_point(|other| (other.span.start, other.span.end) <= (edit.span.start, edit.span.end));
        self.edits.insert(at, edit);
        Ok(())
    }

    /// What `edit` of the text as it was becomes in the text after all edits: the same bytes, further on.
    ///
    /// # Errors
    /// [`Overlap`] if an edit of the set wants the same place.
    pub fn moved(&self, edit: &Edit) -> Result<Edit, Overlap> {
        let mut span = edit.span;
        for other in &self.edits {
            if *other == *edit || conflict(other.span, edit.span) {
                return Err(Overlap { first: other.span, second: edit.span });
            }
            if other.span.end <= edit.span.start {
                let growth = other.text.len().cast_signed() - (other.span.end - other.span.start).cast_signed();
                let move_on = |offset: usize| offset.saturating_add_signed(growth);
                span = Span::new(move_on(span.start), move_on(span.end));
            }
        }
        Ok(Edit::replace(span, &*edit.text))
    }

    /// The edits, by place.
    pub fn iter(&self) -> impl Iterator<Item = &Edit> {
        self.edits.iter()
    }

    /// True if it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The text after all edits.
    pub fn apply(&self, text: &str) -> String {
        let mut result =
            String::with_capacity(text.len() + self.edits.iter().map(|edit| edit.text.len()).sum::<usize>());
        let mut done = 0;
        for edit in &self.edits {
            result.push_str(&text[done..edit.span.start]);
            result.push_str(&edit.text);
            done = edit.span.end;
        }
        result.push_str(&text[done..]);
        result
    }
}

fn conflict(a: Span, b: Span) -> bool {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => false,
        (true, false) => b.start < a.start && a.start < b.end,
        (false, true) => a.start < b.start && b.start < a.end,
        (false, false) => a.start < b.end && b.start < a.end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(edits: impl IntoIterator<Item = Edit>) -> Result<EditSet, Overlap> {
        let mut set = EditSet::new();
        for edit in edits {
            set.insert(edit)?;
        }
        Ok(set)
    }

    #[test]
    fn edits_apply_to_the_text_as_it_was() {
        let edits = [Edit::insert(6, "!"), Edit::replace(Span::new(0, 1), "J"), Edit::delete(Span::new(1, 3))];
        assert_eq!(set(edits).expect("they do not overlap").apply("hallo.\n"), "Jlo.!\n");
    }

    #[test]
    fn insertions_at_one_place_keep_their_order() {
        let edits = [Edit::insert(1, "x"), Edit::insert(1, "y"), Edit::insert(1, "x")];
        assert_eq!(set(edits).expect("they do not overlap").apply("ab"), "axyb");
    }

    #[test]
    fn edits_one_after_the_other_come_to_the_same_as_all_at_once() {
        let edits = [Edit::insert(5, "!"), Edit::delete(Span::new(1, 3)), Edit::insert(1, "x"), Edit::insert(1, "y")];
        let all = set(edits.clone()).expect("they do not overlap").apply("hallo.");
        let (mut text, mut earlier) = ("hallo.".to_owned(), EditSet::new());
        for edit in edits {
            text = set([earlier.moved(&edit).expect("it does not overlap")]).expect("it is one").apply(&text);
            earlier.insert(edit).expect("it does not overlap");
        }
        assert_eq!(text, all);
        assert!(earlier.moved(&Edit::insert(2, "z")).is_err() && earlier.moved(&Edit::insert(5, "!")).is_err());
    }

    #[test]
    fn overlapping_edits_are_refused() {
        assert!(set([Edit::delete(Span::new(0, 3)), Edit::delete(Span::new(2, 4))]).is_err());
        assert!(set([Edit::delete(Span::new(0, 3)), Edit::insert(1, "x")]).is_err());
        assert!(set([Edit::delete(Span::new(0, 3)), Edit::insert(3, "x"), Edit::insert(0, "y")]).is_ok());
    }
}
