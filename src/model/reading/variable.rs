//! Variables whose value depends on which file one looks at.

use std::collections::BTreeSet;

use super::{Passage, Reading, ReadingKind, TwoValues, UnreadFile};
use crate::model::container_env::{Overlap, OverlapKind};
use crate::model::discover::loaded_env_files;
use crate::model::interpolate::{Event, EventKind};
use crate::model::project::Project;
use crate::model::workspace::Workspace;
use crate::source::{SourceId, is_env_name, is_example_name};

/// Variables of the Compose files that only an env file sets that Compose does not read for them, by env file.
pub(super) fn unread(workspace: &mut Workspace<'_>, project: &Project, events: &[Event]) -> Vec<Reading> {
    if project.variables.incomplete || project.variables.closed {
        return Vec::new();
    }
    let undefined = events.iter().filter_map(|event| match &event.kind {
        EventKind::Undefined { name, range } => Some((event, name, range)),
        _ => None,
    });
    let mut undefined: Vec<_> = undefined.collect();
    if undefined.is_empty() {
        return Vec::new();
    }
    let meant_for_env = names_of_examples(workspace, project);
    undefined.retain(|(_, name, _)| !meant_for_env.contains(*name));
    let mut readings: Vec<Reading> = Vec::new();
    // Who calls Compose by a script has more in its environment than Compose itself reads.
    let loaded = loaded_env_files(workspace.sources.files(), &project.folder);
    let is_known =
        |source: SourceId| is_read(workspace, project, source) || loaded.contains(&workspace.sources.get(source).path);
    let files = project.host_env_files.iter().filter(|source| !is_known(**source));
    let mut files: Vec<(UnreadFile, SourceId)> =
        files.map(|source| (use_of(workspace, project, *source), *source)).collect();
    files.sort_by_key(|(file, _)| *file as u8);
    let mut told = BTreeSet::new();
    for (file, source) in files {
        let Some(entries) = workspace.env_file(source) else { continue };
        let defined: Vec<_> = undefined
            .iter()
            .filter(|(_, name, _)| !told.contains(*name))
            .filter_map(|(event, name, range)| {
                let entry = entries.last(name)?;
                let has_value = entry.value.as_ref().is_some_and(|value| !value.text.is_empty());
                has_value.then_some((*event, *name, *range, entry.key_span))
            })
            .collect();
        let Some((event, first, range, key_span)) = defined.first() else { continue };
        let mut variables: Vec<String> = Vec::new();
        for (_, name, _, _) in &defined {
            if !variables.contains(name) {
                variables.push((*name).clone());
            }
        }
        told.extend(defined.iter().map(|(_, name, _, _)| (*name).clone()));
        readings.push(Reading {
            kind: ReadingKind::UnreadEnvFile { variables: variables.clone(), file },
            service: event.service(),
            subject: (*first).clone(),
            at: Passage::within(workspace, &event.place, Some((*range).clone())),
            other: Some(Passage { source, span: *key_span }),
            assumes: variables,
        });
    }
    readings
}

/// The names in the examples of the project's `.env`: they are meant to be set there.
fn names_of_examples(workspace: &mut Workspace<'_>, project: &Project) -> BTreeSet<String> {
    let paths = workspace.sources.list(&project.folder);
    let examples = paths.into_iter().filter(|path| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| is_env_name(name) && is_example_name(name))
    });
    let sources: Vec<SourceId> = examples.filter_map(|path| workspace.load_foreign_env_file(&path)).collect();
    let files = sources.into_iter().filter_map(|source| workspace.env_file(source));
    files.flat_map(|file| file.entries.iter().map(|entry| entry.key.clone())).collect()
}

/// True if Compose reads the file for `${…}`.
fn is_read(workspace: &Workspace<'_>, project: &Project, source: SourceId) -> bool {
    project.variables.paths.contains(&workspace.sources.get(source).path)
}

fn use_of(workspace: &Workspace<'_>, project: &Project, source: SourceId) -> UnreadFile {
    let is_named = project.containers.values().flat_map(|env| &env.files).any(|file| file.source == source);
    let path = &workspace.sources.get(source).path;
    match () {
        () if is_named => UnreadFile::OfAService,
        () if path.file_name().is_some_and(|name| name == ".env") => UnreadFile::OfAnotherFolder,
        () => UnreadFile::Other,
    }
}

/// What the env files of a service and its `environment` do to each other.
pub(super) fn overlaps(workspace: &Workspace<'_>, project: &Project) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (service, env) in &project.containers {
        readings.extend(env.overlaps.iter().map(|Overlap { name, kind, earlier, later }| Reading {
            kind: match kind {
                OverlapKind::Removed => ReadingKind::RemovedByPassThrough,
                OverlapKind::Replaced => ReadingKind::TwoValues(TwoValues::Replaced),
            },
            service: Some(service.clone()),
            subject: name.clone(),
            at: Passage::of_site(workspace, later),
            other: Some(Passage::of_site(workspace, earlier)),
            assumes: match kind {
                OverlapKind::Removed if !project.variables.closed => vec![name.clone()],
                _ => Vec::new(),
            },
        }));
    }
    readings
}
