//! `caulk resolve`: the project as Docker Compose sees it, and where each value comes from.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::settings::{Resolve, ResolveFormat};
use super::{Error, Outcome};
use crate::canonical::{self, Item, Unused};
use crate::config::{self, Where};
use crate::inputs::{self, Chosen};
use crate::model::{Invocation, Problem, Weight, Workspace};
use crate::origins::{Viewer, plain};
use crate::report::resolved::{render_json, render_origins, render_yaml};
use crate::source::{Disk, FileKind, Files, Overlay, SIZE_LIMIT, absolute, relative_to};

/// The name of the file that stands for standard input, as for Compose.
const STDIN: &str = "-";

/// Resolves a project and writes it; problems go to `err`. Ends as with findings where Compose refuses the project.
pub(super) fn run(
    resolve: &Resolve,
    folder: &Path,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Outcome, Error> {
    if resolve.projects {
        return list_projects(&target(resolve, folder), folder, out);
    }
    let invocation = invocation(resolve, folder)?;
    let mut files = Overlay::new(&Disk);
    if invocation.files.iter().any(|file| file == STDIN) {
        let mut text = Vec::new();
        std::io::stdin().lock().take(SIZE_LIMIT as u64 + 1).read_to_end(&mut text)?;
        files.set(absolute(&invocation.folder, STDIN), text);
    }
    let mut workspace = Workspace::empty(&files);
    let (located, mut problems) = workspace.apart(|workspace| invocation.locate(workspace));
    let resolved = located.as_ref().map(|located| {
        let unused = if resolve.all_resources { Unused::Keep } else { Unused::Drop };
        let resolved = canonical::resolve(&mut workspace, located, unused);
        (resolved, located)
    });
    let root = resolved.and_then(|(resolved, located)| {
        problems.extend(resolved.problems);
        problems.extend(resolved.inconsistencies);
        Some((resolved.root?, located))
    });
    // Each step reports what it meets, and several meet the same file.
    problems.sort_by(|a, b| (&a.path, a.span, a).cmp(&(&b.path, b.span, b)));
    problems.dedup();
    for problem in &problems {
        write_problem(&workspace, problem, folder, err)?;
    }
    let refused = problems.iter().any(|problem| problem.weight == Weight::Error);
    let Some((root, located)) = root.filter(|_| !refused) else { return Ok(Outcome::Findings) };
    let (variables, name_source) = (&located.variables, located.name_source);
    let view = Viewer { workspace: &workspace, variables, name_source, folder }.branch(&root);
    if resolve.origins {
        render_origins(&view, resolve.show_secrets, out)?;
    } else {
        match resolve.format {
            ResolveFormat::Json => render_json(&view, out)?,
            ResolveFormat::Yaml => render_yaml(&view, out)?,
        }
    }
    Ok(Outcome::Clean)
}

/// The canonical form as JSON, as `--format json` writes it.
pub fn to_json(root: &Item) -> serde_json::Value {
    serde_json::to_value(plain(root)).unwrap_or_default()
}

fn target(resolve: &Resolve, folder: &Path) -> PathBuf {
    resolve.path.as_ref().map_or_else(|| folder.to_owned(), |path| absolute(folder, path))
}

fn invocation(resolve: &Resolve, folder: &Path) -> Result<Invocation, Error> {
    let mut invocation = Invocation {
        folder: folder.to_owned(),
        files: resolve.files.clone(),
        env_files: resolve.env_files.clone(),
        profiles: resolve.profiles.clone(),
        project_directory: resolve.project_directory.clone(),
        project_name: resolve.project_name.clone(),
        // A variable that is no text can't be named in a Compose file.
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
    };
    if resolve.path.is_some() {
        let path = target(resolve, folder);
        match Disk.kind(&path) {
            FileKind::Absent => {
                return Err(Error::Input(vec![(
                    relative_to(folder, &path),
                    "there is no such file or folder".to_owned(),
                )]));
            }
            FileKind::Directory => {
                invocation.environment.insert("PWD".to_owned(), path.to_string_lossy().into_owned());
                invocation.folder = path;
            }
            _ => invocation.files.insert(0, path.to_string_lossy().into_owned()),
        }
    }
    Ok(invocation)
}

/// Which files are taken for projects, and why.
fn list_projects(path: &Path, folder: &Path, out: &mut dyn Write) -> Result<Outcome, Error> {
    let given = inputs::given(&Disk, &[path.to_owned()], Chosen::ByPerson);
    let configs = config::load(&Disk, &Where::Search, given.folders(), &[], folder)?.configs;
    let found = inputs::find(&Disk, &given, &configs);
    let missing: Vec<_> = given.missing.into_iter().chain(found.lonely).collect();
    if !missing.is_empty() {
        return Err(Error::Input(missing.into_iter().map(|(path, what)| (relative_to(folder, &path), what)).collect()));
    }
    for project in found.groups.iter().flatten() {
        let files: Vec<_> = project.files.iter().map(|file| relative_to(folder, file)).collect();
        writeln!(out, "{}  ({})", files.join(" + "), project.reason.describe(folder))?;
    }
    Ok(Outcome::Clean)
}

fn write_problem(
    workspace: &Workspace<'_>,
    problem: &Problem,
    folder: &Path,
    err: &mut dyn Write,
) -> Result<(), Error> {
    let place = problem.source.map(|source| workspace.sources.get(source).line_column(problem.span.start));
    let place = place.map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
    let weight = match problem.weight {
        Weight::Error => "error",
        Weight::Warning => "warning",
        Weight::Note => "note",
    };
    writeln!(err, "{}{place}: {weight}: {}", relative_to(folder, &problem.path), problem.message)?;
    if let Some(help) = &problem.help {
        writeln!(err, "    {help}")?;
    }
    Ok(())
}
