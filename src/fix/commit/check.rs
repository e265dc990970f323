//! What has to hold before a run may touch a file.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{FileChange, FileLayer, Kind, Stat, folder_of};

/// A file that can't be written, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// As the run named it.
    pub path: PathBuf,
    /// What is in the way.
    pub reason: Reason,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

/// What can be in the way of writing a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Its bytes are not those that the change was made from.
    #[error("it was changed since caulk read it")]
    Changed,
    /// It was there when it was read.
    #[error("it was removed since caulk read it")]
    Removed,
    /// It was not there when the change was made.
    #[error("it has appeared since caulk looked for it")]
    Appeared,
    /// A folder, a device, or the like.
    #[error("it is not a regular file")]
    NotAFile,
    /// A symlink to a place where nothing is.
    #[error("it is a symlink that leads nowhere")]
    Dangling,
    /// It lies outside, or a symlink leads there.
    #[error("it leads to {}, outside of {}", .target.display(), .root.display())]
    Outside {
        /// Where the bytes would go.
        target: PathBuf,
        /// What it should lie in.
        root: PathBuf,
    },
    /// Another change of this run writes the same bytes.
    #[error("it is the same file as {}", .0.display())]
    SameAs(PathBuf),
    /// The user may not write it.
    #[error("it can't be written: {0}")]
    NotWritable(String),
    /// The user may not read it, or the system fails.
    #[error("it can't be read: {0}")]
    NotReadable(String),
}

/// A change whose file may be written.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub change: &'a FileChange,
    /// Where the bytes go: no symlink in it.
    pub path: PathBuf,
    /// The old file's mode and owner; nothing if there is none.
    pub stat: Option<Stat>,
}

/// The targets of all changes that make a difference, in the order in which they are to be replaced.
///
/// # Errors
/// All files that stand in the way.
pub(super) fn check<'a>(
    changes: &'a [FileChange],
    root: &Path,
    layer: &dyn FileLayer,
) -> Result<Vec<Target<'a>>, Vec<Refusal>> {
    let (mut targets, mut refusals) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.before != change.after) {
        let checked =
            check_one(change, root, layer).and_then(|target| match seen.insert(target.path.clone(), &change.path) {
                None => Ok(target),
                Some(other) => Err(Reason::SameAs(other.to_path_buf())),
            });
        match checked {
            Ok(target) => targets.push(target),
            Err(reason) => refusals.push(Refusal { path: change.path.clone(), reason }),
        }
    }
    targets.sort_by_key(|target| target.change.role);
    if refusals.is_empty() { Ok(targets) } else { Err(refusals) }
}

/// Whether a run that may write in `root` could write the file at `path` as things stand; changes nothing.
///
/// # Errors
/// What is in the way.
pub fn may_write(path: &Path, root: &Path, layer: &dyn FileLayer) -> Result<(), Reason> {
    let not_readable = |error: io::Error| Reason::NotReadable(error.to_string());
    let root = layer.resolve(root).map_err(not_readable)?;
    let target = follow(path, layer)?;
    if !target.starts_with(&root) {
        return Err(Reason::Outside { target, root });
    }
    match layer.stat(&target) {
        Ok(stat) if stat.kind != Kind::File => Err(Reason::NotAFile),
        Ok(_) => layer.check_writable(&target).map_err(|error| Reason::NotWritable(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(not_readable(error)),
    }
}

fn check_one<'a>(change: &'a FileChange, root: &Path, layer: &dyn FileLayer) -> Result<Target<'a>, Reason> {
    let path = follow(&change.path, layer)?;
    if !path.starts_with(root) {
        return Err(Reason::Outside { target: path, root: root.to_path_buf() });
    }
    let mut target = Target { change, path, stat: None };
    target.stat = check_unchanged(&target, layer)?;
    if target.stat.is_some() {
        layer.check_writable(&target.path).map_err(|error| Reason::NotWritable(error.to_string()))?;
    }
    Ok(target)
}

/// Where the bytes of `path` are, or would be.
fn follow(path: &Path, layer: &dyn FileLayer) -> Result<PathBuf, Reason> {
    let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let not_readable = |error: io::Error| Reason::NotReadable(error.to_string());
    match layer.resolve(path) {
        Ok(target) => return Ok(target),
        Err(error) if !missing(&error) => return Err(not_readable(error)),
        Err(_) => {}
    }
    match layer.stat(path) {
        Ok(_) => Err(Reason::Dangling),
        Err(error) if !missing(&error) => Err(not_readable(error)),
        Err(_) => {
            let folder = layer.resolve(folder_of(path)).map_err(|error| Reason::NotWritable(error.to_string()))?;
            path.file_name().map(|name| folder.join(name)).ok_or(Reason::NotAFile)
        }
    }
}

/// The mode and owner of the file, if it still is what the change was made from.
pub(super) fn check_unchanged(target: &Target<'_>, layer: &dyn FileLayer) -> Result<Option<Stat>, Reason> {
    let stat = match layer.stat(&target.path) {
        Ok(stat) => stat,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if target.change.before.is_none() { Ok(None) } else { Err(Reason::Removed) };
        }
        Err(error) => return Err(Reason::NotReadable(error.to_string())),
    };
    match &target.change.before {
        _ if stat.kind != Kind::File => Err(Reason::NotAFile),
        None => Err(Reason::Appeared),
        Some(before) => {
            let now = layer.read(&target.path).map_err(|error| Reason::NotReadable(error.to_string()))?;
            if now == *before { Ok(Some(stat)) } else { Err(Reason::Changed) }
        }
    }
}
