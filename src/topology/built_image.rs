//! Images that a project builds: what their Dockerfiles start, and which configuration they bring along.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::catalog::{ArgsInEnv, Argv, Mechanism};
use crate::lens::value::{Word, file_name};
use crate::model::node::{Certainty, Node, Text, Value};
use crate::model::{Project, Workspace};
use crate::source::{FileKind, absolute, is_remote, repository_root};
use crate::syntax::dockerfile::{Dockerfile, Instruction, Stage, substitute};

/// Where the image of a service comes from.
#[derive(Debug, Clone, Default)]
pub(super) enum Origin {
    /// From elsewhere, as its name says.
    #[default]
    Named,
    /// It is built here, and what it starts can't be seen.
    Unseen,
    /// It is built here, by a Dockerfile that can be read.
    Built(Box<BuiltImage>),
}

/// What the stages of a Dockerfile make of an image.
#[derive(Debug, Clone, Default)]
pub(super) struct BuiltImage {
    /// The image on which it rests.
    pub base: String,
    /// Its own entry point; `None` for that of the base.
    pub entrypoint: Option<Vec<Word>>,
    /// Its own command; `None` for that of the base.
    pub command: Option<Vec<Word>>,
    /// Variables that it sets, to values that are not looked at.
    pub variables: BTreeSet<String>,
    /// Configuration files of the repository that are copied into it, by their paths in the image; `None` for one that is
    /// changed while it is built.
    pub files: BTreeMap<String, Option<PathBuf>>,
    /// Paths in the image below which nothing can be seen.
    pub hidden: Vec<String>,
    /// True if it has a healthcheck of its own.
    pub has_check: bool,
}

impl Origin {
    /// What is known of the image of a service.
    pub fn read(workspace: &mut Workspace<'_>, number: usize, name: &str) -> Self {
        let project = &workspace.projects[number];
        let build = project.service(name).and_then(|service| service.get("build"));
        let Some(build) = build.filter(|build| !matches!(build.value, Value::Null)) else { return Self::Named };
        let Some(recipe) = Recipe::read(project, build) else { return Self::Unseen };
        let top = project.folder.clone();
        let top = repository_root(workspace.sources.files(), &top).unwrap_or(&top);
        let found = recipe.built(top, workspace);
        found.map_or(Self::Unseen, |image| Self::Built(Box::new(image)))
    }

    /// True if a service starts the server as the image of this mechanism does, but for words that can be seen.
    pub fn keeps(&self, mechanism: &Mechanism) -> bool {
        match self {
            Self::Named => true,
            Self::Unseen => false,
            Self::Built(image) => image.keeps(mechanism),
        }
    }

    /// Entry point and command of a service that has these of its own.
    pub fn start(
        &self,
        entrypoint: Option<Vec<Word>>,
        command: Option<Vec<Word>>,
    ) -> (Option<Vec<Word>>, Option<Vec<Word>>) {
        match self {
            // An entry point of the project throws the image's command away.
            Self::Built(image) if entrypoint.is_none() => {
                (image.entrypoint.clone(), command.or_else(|| image.command.clone()))
            }
            _ => (entrypoint, command),
        }
    }

    /// The configuration files of the image that no mount hides: those of the repository, by their paths in the image, and the
    /// paths of those that are changed while it is built.
    pub fn configurations(&self, mounted: &[String]) -> (Vec<(String, PathBuf)>, Vec<String>) {
        let Self::Built(image) = self else { return Default::default() };
        let is_one = |path: &str| path.ends_with(".conf") || path.ends_with(".acl");
        let seen = image.files.iter().filter(|(path, _)| is_one(path) && !mounted.iter().any(|at| is_below(path, at)));
        let (mut files, mut changed) = (Vec::new(), Vec::new());
        for (path, file) in seen {
            match file {
                Some(file) => files.push((path.clone(), file.clone())),
                None => changed.push(path.clone()),
            }
        }
        (files, changed)
    }

    /// True if the image may set a variable that the project does not set.
    pub fn may_set(&self, variable: &str) -> bool {
        matches!(self, Self::Built(image) if image.variables.contains(variable))
    }

    /// True if something that can't be seen may stand at a path in the image.
    pub fn hides(&self, path: &str) -> bool {
        matches!(self, Self::Built(image) if image.hidden.iter().any(|hidden| is_below(path, hidden)))
    }
}

impl BuiltImage {
    /// False if a part of the base that starts the server may be another now.
    fn keeps(&self, mechanism: &Mechanism) -> bool {
        let (argv, has_own_files) = match mechanism {
            Mechanism::Argv(argv) => (argv, false),
            Mechanism::ArgsInEnv(ArgsInEnv { argv, after_command, .. }) => (argv, !after_command),
            Mechanism::Env(env) => (&env.argv, true),
        };
        let is_changed = !self.files.is_empty() || !self.hidden.is_empty();
        !(self.replaces_programs(argv) || has_own_files && is_changed)
    }

    fn replaces_programs(&self, argv: &Argv) -> bool {
        let programs = argv.entrypoints.iter().chain(&argv.server_programs);
        let folders = ["/usr/local/bin", "/usr/bin", "/entrypoint.sh"];
        programs.into_iter().any(|program| {
            let may_be_it = |path: &String| file_name(path) == program || folders.iter().any(|at| is_below(at, path));
            self.files.keys().any(|path| file_name(path) == program) || self.hidden.iter().any(may_be_it)
        })
    }

    /// Takes over what the instructions of a stage say, which lie over what is known.
    fn apply(&mut self, stage: &Stage, folder: &Path, is_seen: bool, workspace: &mut Workspace<'_>) -> Option<()> {
        let words = |words: &[String]| Some(words.iter().map(Word::known).collect());
        for instruction in &stage.instructions {
            match instruction {
                Instruction::Opaque => return None,
                Instruction::Command(command) => self.command = words(command),
                Instruction::Entrypoint(entrypoint) => {
                    self.entrypoint = words(entrypoint).filter(|words: &Vec<Word>| !words.is_empty());
                    self.command = Some(Vec::new());
                }
                Instruction::Environment(names) => self.variables.extend(names.iter().cloned()),
                Instruction::Healthcheck(is_there) => self.has_check = *is_there,
                Instruction::CopyUnseen(target) => self.hide(target),
                Instruction::Copy { target, .. } if !is_seen => self.hide(target),
                Instruction::Run(text) => text.split(['\n', ';', '&', '|']).for_each(|command| self.run(command)),
                Instruction::Copy { sources, target } => {
                    for source in sources {
                        self.copy(folder, source, target, sources.len() > 1, workspace);
                    }
                }
            }
        }
        Some(())
    }

    /// A command may change each file that it names, and a pattern all that are alike.
    fn run(&mut self, command: &str) {
        let words: Vec<_> =
            command.split(|c: char| c.is_whitespace() || "\"'<>".contains(c)).filter(|word| !word.is_empty()).collect();
        let is_harmless = words.first().is_none_or(|program| HARMLESS.contains(program));
        if is_harmless && !command.contains('>') {
            return;
        }
        let names_any = [".conf", ".acl", "requirepass"].iter().any(|word| command.contains(word));
        for (path, file) in &mut self.files {
            if names_any || command.contains(file_name(path)) {
                *file = None;
            }
        }
        if names_any {
            self.hidden.extend(["/etc", "/usr/local/etc"].map(str::to_owned));
        }
        let paths: Vec<_> = words.into_iter().filter(|word| word.starts_with('/')).collect();
        paths.into_iter().for_each(|path| self.hide(path));
    }

    /// Nothing is known below a path any more.
    fn hide(&mut self, path: &str) {
        let path = path.trim_end_matches('/');
        self.files.iter_mut().filter(|(known, _)| is_below(known, path)).for_each(|(_, file)| *file = None);
        self.hidden.push(path.to_owned());
    }

    fn copy(&mut self, folder: &Path, source: &str, target: &str, is_one_of_many: bool, workspace: &mut Workspace<'_>) {
        let below = |folder: &str, name: &str| format!("{}/{name}", folder.trim_end_matches('/'));
        let path = absolute(folder, source.trim_start_matches('/'));
        // Which folder a relative path starts from is said by the base, or by a line that is not looked at.
        if !path.starts_with(folder) || !target.starts_with('/') {
            self.hide(target);
            return;
        }
        match workspace.sources.kind(&path) {
            FileKind::Directory => {
                for file in workspace.sources.list(&path) {
                    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { continue };
                    let to = below(target, name);
                    match workspace.sources.kind(&file) {
                        FileKind::File => drop(self.files.insert(to, Some(file))),
                        _ => self.hide(&to),
                    }
                }
            }
            FileKind::File => {
                let is_into_folder = is_one_of_many || target.ends_with('/');
                let to = if is_into_folder { below(target, file_name(source)) } else { target.to_owned() };
                self.files.insert(to, Some(path));
            }
            FileKind::Other | FileKind::DanglingLink | FileKind::Absent => self.hide(target),
        }
    }
}

/// Programs that change no file's content where a server looks for its own.
const HARMLESS: [&str; 14] = [
    "chown", "chmod", "mkdir", "apk", "apt-get", "apt", "microdnf", "ls", "touch", "usermod", "groupmod", "addgroup",
    "adduser", "set",
];

/// What `build` says.
struct Recipe {
    /// The build context.
    folder: PathBuf,
    /// The Dockerfile, or its text.
    file: Result<PathBuf, String>,
    target: Option<String>,
    /// `None` for a value that can't be known.
    arguments: BTreeMap<String, Option<String>>,
}

impl Recipe {
    /// `None` where the files of the build can't be told.
    fn read(project: &Project, build: &Node) -> Option<Self> {
        let field = |name: &str| match build.get(name).filter(|node| !matches!(node.value, Value::Null)) {
            Some(node) => known(node).map(Some),
            None => Some(None),
        };
        if build.get("additional_contexts").is_some() {
            return None;
        }
        let context = match &build.value {
            Value::Map(_) => field("context")?.unwrap_or_else(|| ".".to_owned()),
            _ => known(build)?,
        };
        if is_remote(&context) {
            return None;
        }
        let folder = absolute(&project.folder, context);
        let dockerfile = field("dockerfile")?.unwrap_or_else(|| "Dockerfile".to_owned());
        let file = match field("dockerfile_inline")? {
            Some(text) => Err(text),
            None => Ok(absolute(&folder, dockerfile)),
        };
        Some(Self { folder, file, target: field("target")?, arguments: arguments(build) })
    }

    /// The image; no file outside of `top` is read.
    fn built(&self, top: &Path, workspace: &mut Workspace<'_>) -> Option<BuiltImage> {
        let text = match &self.file {
            Err(text) => text.clone(),
            Ok(path) if path.starts_with(top) => {
                let source = workspace.sources.load(path).ok()?;
                workspace.sources.get(source).text.to_string()
            }
            Ok(_) => return None,
        };
        let dockerfile = Dockerfile::parse(&text);
        let last = match &self.target {
            Some(target) => stage_named(&dockerfile, dockerfile.stages.len(), target)?,
            None => dockerfile.stages.len().checked_sub(1)?,
        };
        let mut chain = vec![last];
        let base = loop {
            let number = *chain.last()?;
            let base = self.substituted(&dockerfile, &dockerfile.stages[number].base)?;
            match stage_named(&dockerfile, number, &base) {
                Some(earlier) => chain.push(earlier),
                None => break base,
            }
        };
        let mut image = BuiltImage { base, ..BuiltImage::default() };
        let is_seen = self.folder.starts_with(top);
        for number in chain.into_iter().rev() {
            image.apply(&dockerfile.stages[number], &self.folder, is_seen, workspace)?;
        }
        Some(image)
    }

    fn substituted(&self, dockerfile: &Dockerfile, text: &str) -> Option<String> {
        let given = |name: &str| {
            let is_declared = dockerfile.arguments.iter().any(|(known, _)| known == name);
            self.arguments.get(name).filter(|_| is_declared)
        };
        if self.arguments.keys().any(|name| text.contains(name.as_str()) && given(name) == Some(&None)) {
            return None;
        }
        substitute(text, &|name| given(name).map_or_else(|| dockerfile.argument(name), |value| value.as_deref()))
    }
}

/// What `build.args` gives, as a map or as a list.
fn arguments(build: &Node) -> BTreeMap<String, Option<String>> {
    match build.get("args").map(|args| &args.value) {
        Some(Value::Map(map)) => map.entries.iter().map(|entry| (entry.key.clone(), known(&entry.value))).collect(),
        Some(Value::List(items)) => {
            let texts = items.iter().filter_map(Node::scalar_text);
            let argument = |text: Text| {
                let is_known = !matches!(text.certainty, Certainty::Unknown(_));
                match text.value.split_once('=') {
                    Some((name, value)) => (name.to_owned(), is_known.then(|| value.to_owned())),
                    None => (text.value, None),
                }
            };
            texts.map(argument).collect()
        }
        _ => BTreeMap::new(),
    }
}

fn known(node: &Node) -> Option<String> {
    let text = node.scalar_text().filter(|text| !matches!(text.certainty, Certainty::Unknown(_)))?;
    Some(text.value)
}

/// The number of the stage of that name before the stage `end`.
fn stage_named(dockerfile: &Dockerfile, end: usize, name: &str) -> Option<usize> {
    let is_it = |stage: &Stage| stage.name.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(name));
    dockerfile.stages[..end].iter().rposition(is_it)
}

fn is_below(path: &str, folder: &str) -> bool {
    path == folder || path.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}
