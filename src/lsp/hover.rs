//! What a value comes to, and where it comes from: the text that an editor shows when the mouse rests on it.

use std::collections::BTreeSet;
use std::path::Path;

use super::analysis::{Engine, Setup, reads};
use super::documents::Documents;
use crate::canonical::{self, Item, Unused, Value};
use crate::model::discover::ProjectFiles;
use crate::model::{Invocation, Located, Workspace};
use crate::origins::Viewer;
use crate::report::resolved::{OriginLine, origins, shown};
use crate::source::{Disk, SourceId, relative_to};
use crate::syntax::template::Template;
use crate::text::Span;

/// Most lines that are shown.
const LINE_LIMIT: usize = 20;

/// What is known of a place: the bytes that it is about, and one text for each project that has something to say.
#[derive(Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The bytes.
    pub span: Span,
    /// Lines without mark-up.
    pub lines: Vec<String>,
}

/// Explains byte `offset` of an open file; `None` where there is nothing to explain.
pub fn explain(engine: &Engine, documents: &Documents, path: &Path, offset: usize) -> Option<Explanation> {
    let (setup, files) = (Setup::read(engine, documents), documents.over(&Disk));
    let own = setup.groups.iter().filter(|group| setup.with_state(&files, group, |state| reads(state, path)));
    let mut found: Option<Explanation> = None;
    for set in own.flatten() {
        let Some(explanation) = explain_in(set, documents, path, offset) else { continue };
        match &mut found {
            None => found = Some(explanation),
            Some(known) if known.lines == explanation.lines => {}
            Some(known) => {
                let files: Vec<_> = set.files.iter().map(|file| relative_to(&set.folder, file)).collect();
                known.lines.push(format!("with {}:", files.join(" + ")));
                known.lines.extend(explanation.lines);
            }
        }
    }
    found
}

fn explain_in(set: &ProjectFiles, documents: &Documents, path: &Path, offset: usize) -> Option<Explanation> {
    let files = documents.over(&Disk);
    let mut workspace = Workspace::empty(&files);
    let invocation = Invocation {
        folder: set.folder.clone(),
        files: set.files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        project_directory: Some(set.folder.to_string_lossy().into_owned()),
        env_files: set.env_files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        profiles: vec!["*".to_owned()],
        ..Invocation::default()
    };
    // What is wrong with the project is said elsewhere.
    let (located, _) = workspace.apart(|workspace| invocation.locate(workspace));
    let located = located?;
    let root = canonical::resolve(&mut workspace, &located, Unused::Keep).root?;
    let (source, _) = workspace.sources.iter().find(|(_, source)| source.path == path)?;
    let Located { variables, name_source, .. } = &located;
    let viewer = Viewer { workspace: &workspace, variables, name_source: *name_source, folder: &set.folder };
    let lines = origins(&viewer.branch(&root), false);
    variable(&viewer, &located, source, offset, &root, &lines).or_else(|| value(&viewer, source, offset, &root, &lines))
}

/// What stands at a place of a Compose file, or of an env file of a container.
fn value(
    viewer: &Viewer<'_>,
    source: SourceId,
    offset: usize,
    root: &Item,
    lines: &[OriginLine],
) -> Option<Explanation> {
    let workspace = viewer.workspace;
    let span = wanted(workspace, source, offset)?;
    let mut paths = Vec::new();
    walk(root, &mut String::new(), &mut |path, item| {
        if item.origin.source == source && item.origin.span == span {
            paths.push(path.to_owned());
        }
    });
    // What Compose makes of one text (a port's long form) comes from its whole.
    let mut shown: Vec<&OriginLine> = Vec::new();
    for path in &paths {
        shown.extend(lines.iter().filter(|line| is_at_or_below(&line.path, path)));
    }
    let mut seen = BTreeSet::new();
    shown.retain(|line| seen.insert(&line.path));
    let mut written: Vec<_> =
        shown.iter().take(LINE_LIMIT).map(|line| format!("{} = {}  {}", line.path, line.value, line.origin)).collect();
    if shown.len() > LINE_LIMIT {
        written.push(format!("… and {} more", shown.len() - LINE_LIMIT));
    }
    for name in variables_in(workspace, source, span) {
        let steps = [format!("({name} "), format!("; {name} ")];
        let is_told = |line: &&OriginLine| steps.iter().any(|step| line.origin.contains(step.as_str()));
        if !shown.iter().any(is_told) {
            written.push(variable_line(viewer, &name));
        }
    }
    (!written.is_empty()).then_some(Explanation { span, lines: written })
}

/// The variables of a text, be it that nothing of them is left in the value.
fn variables_in(workspace: &Workspace<'_>, source: SourceId, span: Span) -> BTreeSet<String> {
    let Some(document) = workspace.document(source) else { return BTreeSet::new() };
    let texts = document.ids().filter(|id| document.node(*id).span == span).filter_map(|id| document.scalar(id));
    let templates: Vec<_> = texts.filter_map(|text| Template::parse(text).ok()).collect();
    templates.iter().flat_map(Template::variables).map(|variable| variable.name.clone()).collect()
}

/// `NAME = value`, and where that is from.
fn variable_line(viewer: &Viewer<'_>, name: &str) -> String {
    let value = shown(name, viewer.variables.get(name).unwrap_or_default());
    match viewer.variables.definition(name) {
        Some(definition) => format!("{name} = {value}  {}", viewer.place(definition.source, definition.key_span)),
        None => format!("{name} = {value}  not set in a file"),
    }
}

/// The bytes of the value that a place belongs to, be it on its key.
fn wanted(workspace: &Workspace<'_>, source: SourceId, offset: usize) -> Option<Span> {
    let touches = |span: Span| span.start <= offset && offset <= span.end && !span.is_empty();
    if let Some(env_file) = workspace.env_file(source) {
        return env_file.entries.iter().map(|entry| entry.span).find(|span| touches(*span));
    }
    let document = workspace.document(source)?;
    let pairs = || document.ids().flat_map(|id| document.pairs(id).to_vec());
    if let Some(pair) = pairs().find(|pair| touches(document.node(pair.key).span)) {
        return Some(document.node(document.follow(pair.value)?).span);
    }
    let leaves = document.ids().filter(|id| document.pairs(*id).is_empty() && document.items(*id).is_empty());
    let leaf = leaves.filter(|id| touches(document.node(*id).span)).last()?;
    Some(document.node(document.follow(leaf)?).span)
}

/// What a variable of an env file comes to, and who uses it.
fn variable(
    viewer: &Viewer<'_>,
    located: &Located,
    source: SourceId,
    offset: usize,
    root: &Item,
    lines: &[OriginLine],
) -> Option<Explanation> {
    let file = viewer.workspace.env_file(source)?;
    let is_read = located.variables.paths.contains(&viewer.workspace.sources.get(source).path);
    let entry = file.entries.iter().find(|entry| entry.span.start <= offset && offset <= entry.span.end)?;
    if !is_read || entry.key.is_empty() {
        return None;
    }
    let name = &entry.key;
    let mut written = vec![variable_line(viewer, name)];
    let mut users = Vec::new();
    walk(root, &mut String::new(), &mut |path, item| {
        if item.origin.parts.iter().any(|part| part.name == *name) {
            users.push((path.to_owned(), viewer.place(item.origin.source, item.origin.span)));
        }
    });
    users.dedup_by(|(later, _), (path, _)| is_at_or_below(later, path));
    let more = users.len().saturating_sub(LINE_LIMIT);
    for (path, place) in users.into_iter().take(LINE_LIMIT) {
        written.push(format!("used in {path}  {place}"));
    }
    if more > 0 {
        written.push(format!("… and {more} more"));
    }
    let own = lines.iter().filter(|line| line.path.ends_with(&format!(".environment.{name}")));
    let here = viewer.place(source, entry.span);
    written.extend(own.filter(|line| line.origin.starts_with(&here)).map(|line| format!("given to {}", line.path)));
    Some(Explanation { span: entry.span, lines: written })
}

/// Calls `look` with each value and its path.
fn walk(item: &Item, path: &mut String, look: &mut dyn FnMut(&str, &Item)) {
    look(path, item);
    let length = path.len();
    match &item.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
                walk(value, path, look);
                path.truncate(length);
            }
        }
        Value::List(items) => {
            for (at, value) in items.iter().enumerate() {
                path.push_str(&format!("[{at}]"));
                walk(value, path, look);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn is_at_or_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The lines as Markdown that shows them as they are, whatever is in them.
pub fn markdown(lines: &[String]) -> String {
    let text = lines.join("\n");
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}
