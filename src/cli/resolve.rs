//! `caulk resolve`: the project as Compose sees it.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use serde_json::{Map, Value as Json};

use crate::canonical::{self, Item, Unused, Value};
use crate::model::{Invocation, Problem, Weight, Workspace};
use crate::source::{Disk, relative_to};

/// Print the project as Docker Compose sees it
#[derive(Debug, Parser)]
#[command(name = "resolve")]
pub struct ResolveArgs {
    /// A file or folder [default: .]
    path: Option<PathBuf>,
    /// Compose file; may be given more than once
    #[arg(short = 'f', long = "file")]
    files: Vec<String>,
    /// Env file in the place of .env; may be given more than once
    #[arg(long = "env-file")]
    env_files: Vec<String>,
    /// Profile to enable; may be given more than once
    #[arg(long = "profile")]
    profiles: Vec<String>,
    /// Folder on which relative paths rest
    #[arg(long)]
    project_directory: Option<String>,
    /// Name of the project
    #[arg(short = 'p', long)]
    project_name: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Yaml)]
    format: Format,
    /// Print networks, volumes, secrets and configs that no service uses, too
    #[arg(long)]
    all_resources: bool,
    /// Where each value comes from
    #[arg(long)]
    origins: bool,
    /// Show passwords
    #[arg(long)]
    show_secrets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// Runs the command; text for standard output, text for standard error, exit status.
pub fn run(args: ResolveArgs, current: &Path) -> (String, String, u8) {
    let mut invocation = Invocation {
        folder: current.to_owned(),
        files: args.files,
        env_files: args.env_files,
        profiles: args.profiles,
        project_directory: args.project_directory,
        project_name: args.project_name,
        environment: std::env::vars().collect(),
    };
    if let Some(path) = args.path {
        let path = crate::source::absolute(current, path);
        if path.is_dir() {
            invocation.folder = path;
        } else {
            invocation.files.insert(0, path.to_string_lossy().into_owned());
        }
    }
    let mut workspace = Workspace::empty(&Disk);
    let located = invocation.locate(&mut workspace);
    let unused = if args.all_resources { Unused::Keep } else { Unused::Drop };
    let resolved = located.as_ref().map(|located| canonical::resolve(&mut workspace, located, unused));
    let mut problems: Vec<Problem> = workspace.problems().cloned().collect();
    let root = resolved.and_then(|resolved| {
        problems.extend(resolved.problems);
        problems.extend(resolved.inconsistencies);
        resolved.root
    });
    let mut errors = String::new();
    for problem in &problems {
        let place = problem.source.map(|source| workspace.sources.get(source).line_column(problem.span.start));
        let place = place.map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
        let weight = if problem.weight == Weight::Error { "error" } else { "warning" };
        errors += &format!("{}{place}: {weight}: {}\n", relative_to(current, &problem.path), problem.message);
    }
    let refused = problems.iter().any(|problem| problem.weight == Weight::Error);
    match root {
        Some(root) if !refused => (json(&root), errors, 0),
        _ => (String::new(), errors, 1),
    }
}

/// The project as JSON, each `$` doubled as Compose prints it.
fn json(root: &Item) -> String {
    let mut text = serde_json::to_string_pretty(&to_json(root)).unwrap_or_default();
    text.push('\n');
    text
}

/// The project as JSON, each `$` doubled as Compose prints it.
pub fn to_json(item: &Item) -> Json {
    match &item.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => i64::try_from(*value)
            .map(Json::from)
            .or_else(|_| u64::try_from(*value).map(Json::from))
            .unwrap_or(Json::Null),
        Value::Float(value) => Json::from(*value),
        Value::Text(text) => Json::String(text.replace('$', "$$")),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(entries) => Json::Object(
            entries.iter().map(|(key, item)| (key.replace('$', "$$"), to_json(item))).collect::<Map<_, _>>(),
        ),
    }
}
