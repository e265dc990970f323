//! All projects of a run over one set of texts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::ProjectFiles;
use super::node::Place;
use super::problem::{Problem, Weight};
use super::project::Project;
use crate::source::{Files, ReadError, SourceId, Sources};
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
}

/// The projects of a run.
pub struct Workspace<'f> {
    /// The texts.
    pub sources: Sources<'f>,
    /// The projects, in the order in which they were asked for.
    pub projects: Vec<Project>,
    problems: BTreeSet<Problem>,
    documents: BTreeMap<SourceId, Arc<Document>>,
    env_files: BTreeMap<(SourceId, bool), (Arc<EnvFile>, Vec<syntax::Problem>)>,
}

impl<'f> Workspace<'f> {
    /// Reads the projects. What can't be read becomes a problem; the rest is there.
    pub fn read(files: &'f dyn Files, sets: &[ProjectFiles], options: &Options) -> Self {
        let mut workspace = Self {
            sources: Sources::new(files),
            projects: Vec::new(),
            problems: BTreeSet::new(),
            documents: BTreeMap::new(),
            env_files: BTreeMap::new(),
        };
        for set in sets {
            let project = Project::read(&mut workspace, set, options);
            workspace.projects.push(project);
        }
        workspace
    }

    /// What could not be read, by file and place.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }

    /// The tree of a Compose file that was read.
    pub fn document(&self, source: SourceId) -> Option<&Document> {
        self.documents.get(&source).map(Arc::as_ref)
    }

    /// The entries of an env file that was read in Compose's dialect.
    pub fn env_file(&self, source: SourceId) -> Option<&EnvFile> {
        self.env_files
            .get(&(source, false))
            .or_else(|| self.env_files.get(&(source, true)))
            .map(|(file, _)| file.as_ref())
    }

    /// Reads a Compose file, once.
    pub(super) fn load_document(&mut self, path: &Path) -> Option<(SourceId, Arc<Document>)> {
        let source = self.load(path)?;
        if let Some(document) = self.documents.get(&source) {
            return Some((source, document.clone()));
        }
        let (document, problems) = yaml::parse(self.sources.get(source).text.clone());
        for problem in problems {
            self.report(source, problem.span, Weight::Error, problem.message, problem.help);
        }
        let document = Arc::new(document);
        self.documents.insert(source, document.clone());
        Some((source, document))
    }

    /// Reads an env file, once. A file that is not there is no problem of its own.
    ///
    /// # Errors
    /// [`ReadError`] where there is no text; anything but an absent file is reported, too.
    pub fn load_env_file(&mut self, path: &Path, raw: bool) -> Result<(SourceId, Arc<EnvFile>), ReadError> {
        let source = match self.sources.load(path) {
            Ok(source) => source,
            Err(ReadError::Absent) => return Err(ReadError::Absent),
            Err(error) => {
                self.report_unreadable(path, &error);
                return Err(error);
            }
        };
        let (file, problems) = self.parsed_env_file(source, raw);
        for problem in problems {
            self.report(source, problem.span, Weight::Error, problem.message, problem.help);
        }
        Ok((source, file))
    }

    /// Reads an env file that other programs than Compose may read: what Compose would refuse is no problem here.
    pub(super) fn load_foreign_env_file(&mut self, path: &Path) -> Option<SourceId> {
        let source = self.sources.load(path).ok()?;
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
        match self.sources.load(path) {
            Ok(source) => Some(source),
            Err(error) => {
                self.report_unreadable(path, &error);
                None
            }
        }
    }

    fn report_unreadable(&mut self, path: &Path, error: &ReadError) {
        self.problems.insert(Problem {
            path: path.to_owned(),
            source: None,
            span: Span::default(),
            weight: Weight::Error,
            message: error.to_string(),
            help: None,
        });
    }

    /// Notes a problem in a text.
    pub(super) fn report(
        &mut self,
        source: SourceId,
        span: Span,
        weight: Weight,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let path = self.sources.get(source).path.clone();
        self.problems.insert(Problem { path, source: Some(source), span, weight, message: message.into(), help });
    }

    /// Notes a problem at the place of a value.
    pub(super) fn report_at(&mut self, place: &Place, weight: Weight, message: impl Into<String>, help: Option<&str>) {
        self.report(place.source, place.span, weight, message, help.map(str::to_owned));
    }
}
