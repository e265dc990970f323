//! How far a run over many projects is, for a person who waits.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::settings::Verbosity;

/// A run over fewer projects is over before anybody wonders.
const MANY: usize = 8;
/// Nor does one that is quick.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time between two drawings: more often nobody can read, and each costs time.
const EVERY: Duration = Duration::from_millis(100);

/// A line that says how much is done. It is there on a terminal only, and gone in the end.
pub(super) struct Progress<'w> {
    out: &'w mut dyn Write,
    total: usize,
    done: usize,
    /// When the line is next drawn; `None` if never.
    next: Option<Instant>,
    is_drawn: bool,
}

impl<'w> Progress<'w> {
    /// Progress on standard error, which `out` writes to.
    pub fn new(total: usize, verbosity: Verbosity, out: &'w mut dyn Write) -> Self {
        let is_wanted = total >= MANY && verbosity != Verbosity::Quiet && io::stderr().is_terminal();
        Self::starting(total, is_wanted.then(|| Instant::now() + PATIENCE), out)
    }

    fn starting(total: usize, next: Option<Instant>, out: &'w mut dyn Write) -> Self {
        Self { out, total, done: 0, next, is_drawn: false }
    }

    /// So many more are done. What can't be drawn is not worth an error.
    pub fn step(&mut self, projects: usize) {
        self.done += projects;
        let now = Instant::now();
        if self.next.is_some_and(|next| next <= now) {
            let _ = write!(self.out, "\r{} of {} projects", self.done, self.total);
            let _ = self.out.flush();
            self.is_drawn = true;
            self.next = Some(now + EVERY);
        }
    }

    /// Takes the line away.
    pub fn finish(self) {
        if self.is_drawn {
            let width = format!("{0} of {0} projects", self.total).len();
            let _ = write!(self.out, "\r{}\r", " ".repeat(width));
            let _ = self.out.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_gone_in_the_end() {
        let mut out = Vec::new();
        let mut progress = Progress::starting(20, Some(Instant::now()), &mut out);
        progress.step(1);
        // Too soon to be drawn.
        progress.step(1);
        progress.finish();
        let blanks = " ".repeat("20 of 20 projects".len());
        assert_eq!(String::from_utf8(out).expect("it is text"), format!("\r1 of 20 projects\r{blanks}\r"));
    }

    #[test]
    fn nothing_is_drawn_where_nobody_looks() {
        let mut out = Vec::new();
        let mut progress = Progress::starting(20, None, &mut out);
        progress.step(1);
        progress.finish();
        assert!(out.is_empty());
    }
}
