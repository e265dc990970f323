//! What a report says, as plain data: filled by the command line, written by the renderers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::closed::{self, ClosedView};
use crate::text::{LineIndex, Span};

/// Everything that one run has to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Version of caulk.
    pub version: String,
    /// The projects that were looked at.
    pub projects: Vec<ProjectView>,
    /// Number of different files that were read.
    pub files: usize,
    /// What is wrong, in the order in which it is to be shown. After a run with `--fix`: what is left.
    pub findings: Vec<FindingView>,
    /// The repairs that the findings and [`FixView`] refer to.
    pub repairs: Vec<RepairView>,
    /// What could not be read.
    pub problems: Vec<ProblemView>,
    /// Findings that are not to be reported, because a comment or the baseline says so.
    pub suppressed: Vec<SuppressedView>,
    /// What was repaired; `None` if nothing was asked to be.
    pub fix: Option<FixView>,
    /// Commands that bring the repairs (made, or those that `--fix` would make) to the running containers.
    pub apply_with: Vec<String>,
    /// The same for services that run only where a profile is on.
    pub apply_with_profile: Vec<ProfileCommand>,
    /// What a person should check, because a repair was made although it may break that.
    pub to_check: Vec<Sentence>,
    /// What else a person should know of the run. Hold no secret.
    pub notes: Vec<Sentence>,
    /// Texts of the files that findings and problems speak of, by the path they are named with.
    pub texts: BTreeMap<String, FileText>,
    /// The rules that ran, by their id.
    pub rules: BTreeMap<String, RuleView>,
}

/// A command for services that run only where a profile is on: elsewhere it would start them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileCommand {
    /// The profile.
    pub profile: String,
    /// What to run.
    pub command: String,
}

impl Report {
    /// True if a repair was made.
    pub fn has_repaired(&self) -> bool {
        self.fix.iter().any(|fix| !fix.applied.is_empty())
    }

    /// Adds what another part of the run has to say. Its ids go on behind those that are here. The number of files is
    /// left alone: two parts may have read the same one.
    pub fn absorb(&mut self, mut part: Self) {
        let renamed = |prefix: char, old: Vec<&str>, known: usize| -> BTreeMap<String, String> {
            let ids = old.into_iter().enumerate();
            ids.map(|(number, id)| (id.to_owned(), format!("{prefix}{}", known + number + 1))).collect()
        };
        let projects =
            renamed('p', part.projects.iter().map(|project| project.id.as_str()).collect(), self.projects.len());
        let repairs = renamed('r', part.repairs.iter().map(|repair| repair.id.as_str()).collect(), self.repairs.len());
        let rename = |ids: &BTreeMap<String, String>, id: &mut String| {
            if let Some(new) = ids.get(id) {
                id.clone_from(new);
            }
        };
        part.projects.iter_mut().for_each(|project| rename(&projects, &mut project.id));
        for repair in &mut part.repairs {
            rename(&repairs, &mut repair.id);
            rename(&projects, &mut repair.project);
        }
        for finding in &mut part.findings {
            rename(&projects, &mut finding.project);
            finding.repairs.iter_mut().for_each(|id| rename(&repairs, id));
        }
        if let Some(mut fix) = part.fix {
            fix.applied.iter_mut().for_each(|id| rename(&repairs, id));
            fix.held_back.iter_mut().for_each(|held| rename(&repairs, &mut held.repair));
            fix.refused.iter_mut().for_each(|refused| rename(&repairs, &mut refused.repair));
            let all = self.fix.get_or_insert_default();
            fix.closed.iter_mut().for_each(|closed| rename(&repairs, &mut closed.repair));
            all.applied.append(&mut fix.applied);
            all.closed.append(&mut fix.closed);
            all.held_back.append(&mut fix.held_back);
            all.refused.append(&mut fix.refused);
        }
        self.projects.append(&mut part.projects);
        self.findings.append(&mut part.findings);
        self.repairs.append(&mut part.repairs);
        self.problems.append(&mut part.problems);
        for suppressed in &mut part.suppressed {
            rename(&projects, &mut suppressed.finding.project);
            suppressed.finding.repairs.iter_mut().for_each(|id| rename(&repairs, id));
        }
        self.suppressed.append(&mut part.suppressed);
        add_new(&mut self.apply_with, part.apply_with);
        add_new(&mut self.apply_with_profile, part.apply_with_profile);
        add_new(&mut self.to_check, part.to_check);
        add_new(&mut self.notes, part.notes);
        self.texts.append(&mut part.texts);
        self.rules.append(&mut part.rules);
    }
}

/// Adds the lines that are not there yet.
fn add_new<T: PartialEq>(all: &mut Vec<T>, new: Vec<T>) {
    for line in new {
        if !all.contains(&line) {
            all.push(line);
        }
    }
}

/// Something to be said, which may name many services. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// With all names.
    pub text: String,
    /// With some of them, where there are many.
    pub short: String,
    /// The services that it is about.
    pub services: Vec<String>,
}

impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self { short: text.clone(), text, services: Vec::new() }
    }
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// All of `sentences` in one line, for formats that have room for no more.
pub fn in_one_line(sentences: &[Sentence]) -> String {
    sentences.iter().map(|sentence| sentence.text.as_str()).collect::<Vec<_>>().join("; ")
}

/// What is known of a rule, whatever it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleView {
    /// What it objects to, in one line.
    pub summary: String,
    /// Why it matters, in paragraphs of Markdown.
    pub why: String,
    /// How bad what it objects to is; where it depends, the worst.
    pub severity: Severity,
    /// Whether it runs without being asked for.
    pub tier: Tier,
    /// Address of its page; `None` for a rule that is not part of caulk.
    pub url: Option<String>,
}

impl Report {
    /// What a person should check and know, in whole sentences.
    pub fn all_notes(&self) -> Vec<String> {
        let checks = self.to_check.iter().map(|check| format!("please check: {}", check.text));
        let closed = self.fix.iter().flat_map(|fix| closed::notes(&fix.closed)).map(|note| note.in_one_line());
        checks.chain(closed).chain(self.notes.iter().map(|note| note.text.clone())).collect()
    }

    /// How many findings comments silence, and how many the baseline.
    pub fn suppressed_counts(&self) -> (usize, usize) {
        let known = self.suppressed.iter().filter(|suppressed| suppressed.by == SuppressedBy::Baseline).count();
        (self.suppressed.len() - known, known)
    }
}

/// A set of files that Compose reads together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectView {
    /// Id within the report, such as `p1`.
    pub id: String,
    /// Paths relative to the current folder, with `/`.
    pub files: Vec<String>,
    /// Why these files belong together, such as "default name".
    pub reason: String,
}

/// How bad a finding or problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be repaired.
    Warning,
    /// Open, broken or contradictory.
    Error,
}

impl Severity {
    /// The word for it in reports and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Which rules run without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// What anyone would want repaired.
    Default,
    /// Hardening that most projects lack.
    Strict,
}

impl Tier {
    /// The word for it in reports and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
        }
    }
}

/// One objection to a project. No text of it holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingView {
    /// Id of the rule.
    pub rule: String,
    /// How bad it is here.
    pub severity: Severity,
    /// The tier of the rule.
    pub tier: Tier,
    /// Id of the project.
    pub project: String,
    /// Conditions under which it holds, such as "BIND_IP is not set"; empty if it is certain.
    pub assumes: Vec<String>,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where the rule is explained: an address, or a command such as `caulk explain public-port`.
    pub docs: String,
    /// The file of the finding.
    pub path: String,
    /// The place in it.
    pub range: RangeView,
    /// What to say at the place; may be empty.
    pub label: String,
    /// What it is about.
    pub subject: SubjectView,
    /// Other places that belong to it.
    pub labels: Vec<LabelView>,
    /// Who connects to the store that it is about, as far as it can be seen.
    pub clients: Vec<ClientView>,
    /// Ids of the repairs that would settle it.
    pub repairs: Vec<String>,
    /// True if it is said only where the rule from which it follows is selected, too.
    pub is_consequence: bool,
    /// Stays the same when lines move: made of rule, path and subject.
    pub fingerprint: String,
}

/// A finding that is not to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressedView {
    /// The finding.
    pub finding: FindingView,
    /// What silences it.
    pub by: SuppressedBy,
}

/// What silences a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressedBy {
    /// A comment.
    Comment {
        /// The file that it stands in.
        path: String,
        /// Its place.
        range: RangeView,
        /// The reason that it gives; may be empty.
        reason: String,
    },
    /// The baseline: it was there before.
    Baseline,
}

/// What a finding is about, in the terms of the project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubjectView {
    /// Name of the service.
    pub service: Option<String>,
    /// Path of the key in the resolved project, such as `services.redis.ports[0]`.
    pub key: Option<String>,
    /// Name of the environment variable.
    pub variable: Option<String>,
    /// Id of the store, such as `redis`.
    pub store: Option<String>,
}

/// Somebody who uses a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientView {
    /// Name of the service; `None` for a program outside of containers.
    pub service: Option<String>,
    /// The variable that leads it to the store, if one does.
    pub variable: Option<String>,
    /// File and line (from 1) that lead it there; `None` if it waits for the store but how it connects can't be seen.
    pub place: Option<(String, usize)>,
    /// True if the variable gets its value from outside of the project, so that it may lead elsewhere.
    pub is_set_elsewhere: bool,
}

/// A place with something to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelView {
    /// The file.
    pub path: String,
    /// The place in it.
    pub range: RangeView,
    /// What is there.
    pub message: String,
}

/// A range of a file, up to but not including `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RangeView {
    /// Its first character.
    pub start: PlaceView,
    /// The place after its last character.
    pub end: PlaceView,
}

impl RangeView {
    /// The range that covers the bytes of `span` in `text`, whose lines `index` knows.
    pub fn new(text: &str, index: &LineIndex, span: Span) -> Self {
        let place = |offset| {
            let place = index.line_column(text, offset);
            PlaceView { line: place.line, column: place.column, offset }
        };
        Self { start: place(span.start), end: place(span.end) }
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceView {
    /// Counts from 1.
    pub line: usize,
    /// Counts from 1, in Unicode scalar values.
    pub column: usize,
    /// Bytes, counts from 0.
    pub offset: usize,
}

/// How far a repair can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// Nothing that caulk sees breaks.
    Safe,
    /// There are signs of a user that caulk can't see or can't repair.
    Unsafe,
    /// For a person to do.
    Manual,
}

impl Applicability {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Manual => "manual",
        }
    }
}

/// A change that settles one or more findings. All of it is made, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairView {
    /// Id within the report, such as `r1`.
    pub id: String,
    /// Id of the project in which it was first found to be needed.
    pub project: String,
    /// What it does, such as "port 6379 of redis for this host only".
    pub title: String,
    /// How far it can be trusted.
    pub applicability: Applicability,
    /// Names of the secrets that it writes.
    pub needs_secret: Vec<String>,
    /// Why a run with `--fix` does not make it; empty if it does.
    pub held_back: Vec<Sentence>,
    /// The folder that caulk should be called on in place of the file: others there would break.
    pub whole_folder: Option<String>,
    /// The command that makes it, where the option alone would make others, too.
    pub made_by: Option<MadeBy>,
    /// The changes.
    pub edits: Vec<EditView>,
}

/// A command that makes a repair which waits for a person's word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MadeBy {
    /// The command, quoted for a shell, to be run in the current folder.
    pub command: String,
    /// How many other such repairs it makes, because nothing tells them apart; `None` if it looks at more files.
    pub others: Option<usize>,
}

/// A change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditView {
    /// The file.
    pub path: String,
    /// Which bytes go.
    pub kind: EditKind,
    /// What takes their place, with `{{secret:NAME}}` for each secret.
    pub text: String,
}

/// Whether a file is changed or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditKind {
    /// The range is replaced.
    Edit(RangeView),
    /// The file does not exist yet.
    Create,
}

/// A file, or a place in it, that could not be read as what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemView {
    /// The file.
    pub path: String,
    /// The place in it; `None` if it is about the file as a whole.
    pub range: Option<RangeView>,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: what is wrong. Holds no secret.
    pub message: String,
}

/// What a run with `--fix` did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixView {
    /// Ids of the repairs that were made.
    pub applied: Vec<String>,
    /// The ports that only this host reaches now.
    pub closed: Vec<ClosedView>,
    /// Repairs that wait for a person's word.
    pub held_back: Vec<HeldBackView>,
    /// Repairs that did not pass their proof.
    pub refused: Vec<RefusedView>,
}

/// A repair that was not made because nobody asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBackView {
    /// Id of the repair.
    pub repair: String,
    /// Why.
    pub reason: Vec<Sentence>,
    /// The option with which it is made, such as `--unsafe-fixes`; `None` if there is none.
    pub flag: Option<String>,
}

/// A repair that was not made because it could not be proved right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedView {
    /// Id of the repair.
    pub repair: String,
    /// Why.
    pub reason: String,
}

/// The text of a file, ready to show lines of it.
#[derive(Clone)]
pub struct FileText {
    text: Arc<str>,
    index: LineIndex,
    secrets: Vec<Span>,
}

impl FileText {
    /// `text`, of which the bytes of `secrets` are never to be shown. What looks like a password is masked anyway.
    pub fn new(text: Arc<str>, mut secrets: Vec<Span>) -> Self {
        secrets.sort();
        let index = LineIndex::new(&text);
        Self { text, index, secrets }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where its lines start.
    pub fn index(&self) -> &LineIndex {
        &self.index
    }

    /// The places of known secrets, in order.
    pub(super) fn secrets(&self) -> &[Span] {
        &self.secrets
    }

    /// The bytes of `line` (counted from 0) without its line break; `None` behind the last line.
    pub(super) fn line(&self, line: usize) -> Option<Span> {
        let start = self.index.line_start(line)?;
        let end = self.index.line_start(line + 1).unwrap_or(self.text.len());
        let content = self.text.get(start..end)?;
        let content = content.strip_suffix('\n').unwrap_or(content);
        let content = content.strip_suffix('\r').unwrap_or(content);
        Some(Span::new(start, start + content.len()))
    }
}

impl PartialEq for FileText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.secrets == other.secrets
    }
}

impl Eq for FileText {}

/// Says nothing of the text, which may hold secrets.
impl std::fmt::Debug for FileText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileText({} bytes, {} secrets)", self.text.len(), self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::open_project;
    use super::*;

    #[test]
    fn parts_of_a_run_keep_their_ids_apart() {
        let fix = FixView {
            applied: vec!["r1".into()],
            closed: Vec::new(),
            held_back: vec![HeldBackView { repair: "r3".into(), reason: Vec::new(), flag: None }],
            refused: vec![RefusedView { repair: "r2".into(), reason: String::new() }],
        };
        let finding = open_project().findings.remove(0);
        let suppressed = vec![SuppressedView { finding, by: SuppressedBy::Baseline }];
        let part = Report { fix: Some(fix), notes: vec!["a note".into()], suppressed, ..open_project() };
        let mut all = Report::default();
        all.absorb(part.clone());
        assert_eq!(
            Report { files: part.files, version: part.version.clone(), ..all.clone() },
            part,
            "the first one is taken as it is"
        );
        all.absorb(part);
        let projects: Vec<_> = all.projects.iter().map(|project| project.id.as_str()).collect();
        assert_eq!(projects, ["p1", "p2"]);
        let repairs: Vec<_> = all.repairs.iter().map(|repair| repair.id.as_str()).collect();
        assert_eq!(repairs, ["r1", "r2", "r3", "r4", "r5", "r6"]);
        let second = &all.findings[3];
        assert_eq!((second.project.as_str(), second.repairs.as_slice()), ("p2", ["r4".to_owned()].as_slice()));
        let fix = all.fix.expect("both parts repaired");
        assert_eq!(fix.applied, ["r1", "r4"]);
        assert_eq!(fix.held_back.iter().map(|held| held.repair.as_str()).collect::<Vec<_>>(), ["r3", "r6"]);
        assert_eq!(fix.refused.iter().map(|refused| refused.repair.as_str()).collect::<Vec<_>>(), ["r2", "r5"]);
        assert_eq!((all.notes.len(), all.suppressed.len()), (1, 2));
        let projects = all.suppressed.iter().map(|suppressed| suppressed.finding.project.as_str());
        assert_eq!(projects.collect::<Vec<_>>(), ["p1", "p2"]);
    }
}
