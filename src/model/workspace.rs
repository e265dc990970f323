//! All projects of a run over one set of texts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::ProjectFiles;
use super::merge::Form;
use super::node::{Node, Place};
use super::problem::{Problem, Weight};
use super::project::{Project, Reader};
use super::variables::Variables;
use crate::source::{Files, ReadError, SourceId, Sources, decode, decode_env, decode_yaml};
use crate::syntax;
use crate::syntax::env::{self, EnvFile};
use crate::syntax::yaml::{self, Document};
use crate::text::Span;

/// What the person who runs caulk says about how projects are read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--env-file`: read in place of each project's `.env`.
    pub env_files: Vec<PathBuf>,
    /// The process environment, where it counts; empty where only the project's files do.
    pub environment: BTreeMap<String, String>,
    /// True if `environment` is all there is, so that what it does not set is blank for certain.
    pub environment_is_complete: bool,
}

/// The projects of a run.
pub struct Workspace<'f> {
    /// The texts.
    pub sources: Sources<'f>,
    /// The projects, in the order in which they were asked for.
    pub projects: Vec<Project>,
    /// True if texts are only read, so that any encoding that Compose reads will do.
    reads_only: bool,
    /// How many files the project that is read includes so far.
    pub(super) includes: usize,
    problems: BTreeSet<Problem>,
    /// Texts of which a part could not be read. What seems to be wrong with the rest may be right.
    cut: BTreeSet<SourceId>,
    documents: BTreeMap<SourceId, (Arc<Document>, Vec<syntax::Problem>)>,
    env_files: BTreeMap<(SourceId, bool), (Arc<EnvFile>, Vec<syntax::Problem>)>,
    /// Those that Compose does not read as dotenv, though other programs may.
    foreign_env_files: BTreeSet<SourceId>,
}

impl<'f> Workspace<'f> {
    /// No projects: for [`Workspace::long_model`] alone. Nothing that is read so may be edited.
    pub fn empty(files: &'f dyn Files) -> Self {
        Self { reads_only: true, ..Self::read(files, &[], &Options::default()) }
    }

    /// Reads the projects. What can't be read becomes a problem; the rest is there.
    pub fn read(files: &'f dyn Files, sets: &[ProjectFiles], options: &Options) -> Self {
        let mut workspace = Self {
            sources: Sources::new(files),
            projects: Vec::new(),
            reads_only: false,
            includes: 0,
            problems: BTreeSet::new(),
            cut: BTreeSet::new(),
            documents: BTreeMap::new(),
            env_files: BTreeMap::new(),
            foreign_env_files: BTreeSet::new(),
        };
        for set in sets {
            workspace.includes = 0;
            let project = Project::read(&mut workspace, set, options);
            workspace.projects.push(project);
        }
        workspace
    }

    /// The projects as they were read, apart from the files behind them: nothing more can be read.
    pub fn detached(self) -> Workspace<'static> {
        let Self { sources, projects, reads_only, includes, problems, cut, documents, env_files, foreign_env_files } =
            self;
        let sources = sources.detached();
        Workspace { sources, projects, reads_only, includes, problems, cut, documents, env_files, foreign_env_files }
    }

    /// What could not be read, by file and place.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }

    /// The tree of a Compose file that was read.
    pub fn document(&self, source: SourceId) -> Option<&Document> {
        self.documents.get(&source).map(|(document, _)| document.as_ref())
    }

    /// The entries of an env file, in the dialect in which Compose reads it. One that Compose reads in both counts as
    /// dotenv.
    pub fn env_file(&self, source: SourceId) -> Option<&EnvFile> {
        let is_raw = self.foreign_env_files.contains(&source);
        let file = self.env_files.get(&(source, is_raw)).or_else(|| self.env_files.get(&(source, !is_raw)));
        file.map(|(file, _)| file.as_ref())
    }

    /// The variables of which the env files of a project make the value of `name`, directly or by way of others.
    pub fn variables_behind(&self, project: &Project, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut next = vec![name.to_owned()];
        while let Some(name) = next.pop() {
            let definition = project.variables.definition(&name);
            let entry = definition.and_then(|place| self.env_file(place.source)?.entries.get(place.entry));
            let template = entry.and_then(|entry| entry.value.as_ref()?.template.as_ref());
            let used = template.iter().flat_map(|template| template.variables()).map(|variable| variable.name.clone());
            next.extend(used.filter(|name| found.insert(name.clone())));
        }
        found
    }

    /// Reads a Compose file, once.
    pub(super) fn load_document(&mut self, path: &Path) -> Option<(SourceId, Arc<Document>)> {
        let source = self.load(path)?;
        let text = &self.sources.get(source).text;
        let (document, problems) = self.documents.entry(source).or_insert_with(|| {
            let (document, problems) = yaml::parse(text.clone());
            (Arc::new(document), problems)
        });
        let (document, problems) = (document.clone(), problems.clone());
        if document.is_cut {
            self.cut.insert(source);
        }
        self.report_all(source, problems);
        Some((source, document))
    }

    /// True if a part of the text could not be read.
    pub(super) fn is_cut(&self, source: SourceId) -> bool {
        self.cut.contains(&source)
    }

    /// True if a part of some text could not be read, so that what is not there may be there.
    pub fn has_cut_files(&self) -> bool {
        !self.cut.is_empty()
    }

    /// Notes why a part of a text could not be read.
    pub(super) fn report_cut(&mut self, source: SourceId, problem: syntax::Problem) {
        self.cut.insert(source);
        self.report_all(source, vec![problem]);
    }

    /// Reads an env file, once. A file that is not there is no problem of its own.
    ///
    /// # Errors
    /// [`ReadError`] where there is no text; anything but an absent file is reported, too.
    pub fn load_env_file(&mut self, path: &Path, raw: bool) -> Result<(SourceId, Arc<EnvFile>), ReadError> {
        let decode = if self.reads_only && !raw { decode_env } else { decode };
        let source = match self.sources.load_as(path, decode) {
            Ok(source) => source,
            Err(ReadError::Absent) => return Err(ReadError::Absent),
            Err(error) => {
                self.report_unreadable(path, &error);
                return Err(error);
            }
        };
        if !raw {
            self.foreign_env_files.remove(&source);
        }
        let (file, problems) = self.parsed_env_file(source, raw);
        self.report_all(source, problems);
        Ok((source, file))
    }

    /// What `read` finds, and what it reports, which is kept apart from [`Workspace::problems`].
    pub fn apart<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, Vec<Problem>) {
        let before = std::mem::take(&mut self.problems);
        let result = read(self);
        let reported = std::mem::replace(&mut self.problems, before);
        (result, reported.into_iter().collect())
    }

    /// The long form of the model that these files make, before the environment of the containers is read.
    /// What Compose refuses on the way is reported.
    pub fn long_model(&mut self, files: &[PathBuf], folder: &Path, variables: &Variables) -> Option<Node> {
        self.includes = 0;
        let root = Reader::new(self, variables, folder, Form::Long).model(files).1?;
        if root.as_map().is_some_and(|map| map.entries.is_empty()) {
            self.report_at(&root.place, Weight::Error, "the files say nothing", Some("Compose wants `services:` here"));
        }
        Some(root)
    }

    /// Adds to the problems why Compose refuses the files of a project, whatever its environment sets: mistakes of schema
    /// and syntax, but not what is missing in a fragment. What depends on a variable that nobody sets is let through.
    pub fn report_refusals(&mut self) {
        for number in 0..self.projects.len() {
            let project = &self.projects[number];
            // What could not be read is reported already.
            if project.incomplete {
                continue;
            }
            let (files, folder, variables) = (project.paths.clone(), project.folder.clone(), project.variables.clone());
            let (_, problems) = self.apart(|workspace| workspace.long_model(&files, &folder, &variables));
            self.problems.extend(problems.into_iter().filter(|problem| problem.weight == Weight::Error));
        }
    }

    fn report_all(&mut self, source: SourceId, problems: Vec<syntax::Problem>) {
        for problem in problems {
            self.insert(source, problem.span, Weight::Error, problem.message, problem.help);
        }
    }

    /// Reads an env file that other programs than Compose may read: what Compose would refuse is no problem here.
    pub(super) fn load_foreign_env_file(&mut self, path: &Path) -> Option<SourceId> {
        let source = self.sources.load(path).ok()?;
        if !self.env_files.contains_key(&(source, false)) {
            self.foreign_env_files.insert(source);
        }
        self.parsed_env_file(source, false);
        Some(source)
    }

    fn parsed_env_file(&mut self, source: SourceId, raw: bool) -> (Arc<EnvFile>, Vec<syntax::Problem>) {
        if let Some(known) = self.env_files.get(&(source, raw)) {
            return known.clone();
        }
        let text = self.sources.get(source).text.clone();
        let (file, problems) = if raw { env::parse_raw(&text) } else { env::parse(&text) };
        let parsed = (Arc::new(file), problems);
        self.env_files.insert((source, raw), parsed.clone());
        parsed
    }

    fn load(&mut self, path: &Path) -> Option<SourceId> {
        let decode = if self.reads_only { decode_yaml } else { decode };
        match self.sources.load_as(path, decode) {
            Ok(source) => Some(source),
            Err(error) => {
                self.report_unreadable(path, &error);
                None
            }
        }
    }

    /// Notes that a file can't be read.
    pub fn report_unreadable(&mut self, path: &Path, error: &ReadError) {
        self.report_file(path, error.to_string());
    }

    /// Notes what makes Compose refuse a file as a whole.
    pub(super) fn report_file(&mut self, path: &Path, message: impl Into<String>) {
        self.report_file_as(path, Weight::Error, message);
    }

    /// Notes a problem of a file as a whole.
    pub(super) fn report_file_as(&mut self, path: &Path, weight: Weight, message: impl Into<String>) {
        self.problems.insert(Problem {
            path: path.to_owned(),
            source: None,
            span: Span::default(),
            weight,
            message: message.into(),
            help: None,
        });
    }

    /// Notes a problem in a text, unless a part of the text is missing: then that is the problem.
    pub fn report(
        &mut self,
        source: SourceId,
        span: Span,
        weight: Weight,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        if !self.is_cut(source) {
            self.insert(source, span, weight, message.into(), help);
        }
    }

    fn insert(&mut self, source: SourceId, span: Span, weight: Weight, message: String, help: Option<String>) {
        let path = self.sources.get(source).path.clone();
        self.problems.insert(Problem { path, source: Some(source), span, weight, message, help });
    }

    /// Notes a problem at the place of a value.
    pub fn report_at(&mut self, place: &Place, weight: Weight, message: impl Into<String>, help: Option<&str>) {
        self.report(place.source, place.span, weight, message, help.map(str::to_owned));
    }
}
