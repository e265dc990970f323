//! The short syntax of mounts: `[SOURCE:]TARGET[:OPTIONS]` (Compose specification, "volumes").

use super::super::node::{Node, Place, Text, Value};

/// The parts of a mount in short syntax.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ShortVolume {
    /// A path of the host or the name of a volume.
    pub source: Option<Text>,
    /// The place in the container.
    pub target: Option<Text>,
    /// What stands behind the second colon.
    pub options: Option<Text>,
    /// One or two characters: the reference takes them as they are.
    pub tiny: bool,
}

/// Why Compose refuses a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum VolumeError {
    /// Nothing at all.
    #[error("this mount is empty")]
    Empty,
    /// Nothing before, between or behind colons.
    #[error("nothing stands before or behind a colon of this mount")]
    EmptyPart,
    /// More than three parts.
    #[error("this mount has too many colons")]
    TooManyColons,
}

/// Reads a mount. A single letter before a colon is a drive of Windows and belongs to what follows.
///
/// # Errors
/// [`VolumeError`] where Compose refuses it.
pub(super) fn parse(text: &Text) -> Result<ShortVolume, VolumeError> {
    let value = &text.value;
    match value.len() {
        0 => return Err(VolumeError::Empty),
        1 | 2 => return Ok(ShortVolume { target: Some(text.clone()), tiny: true, ..ShortVolume::default() }),
        _ => {}
    }
    let mut volume = ShortVolume::default();
    let mut start = 0;
    for (at, c) in value.char_indices().chain([(value.len(), '\0')]) {
        let part = value.get(start..at).unwrap_or_default();
        let is_drive = c == ':' && part.chars().count() == 1 && part.chars().all(char::is_alphabetic);
        if is_drive || !(c == ':' || at == value.len()) {
            continue;
        }
        if part.is_empty() {
            return Err(VolumeError::EmptyPart);
        }
        let part = text.slice(start..at);
        match (&volume.source, &volume.target) {
            (None, _) if at == value.len() => volume.target = Some(part),
            (None, _) => volume.source = Some(part),
            (_, None) => volume.target = Some(part),
            _ if c == ':' => return Err(VolumeError::TooManyColons),
            _ => volume.options = Some(part),
        }
        start = at + 1;
    }
    Ok(volume)
}

/// The long form of a mount.
pub(super) fn long(volume: ShortVolume, place: &Place) -> Node {
    let text = |text: Text| Node::new(Value::Text(text), place);
    let flag = || Node::new(Value::Bool(true), place);
    let binds = volume.source.as_ref().is_some_and(|source| is_path(&source.value));
    let (mut bind, mut named, mut read_only) = (Vec::new(), Vec::new(), false);
    let options = volume.options.map(|options| options.value).unwrap_or_default();
    for option in options.split(',') {
        match option {
            "ro" => read_only = true,
            "rw" => read_only = false,
            "nocopy" => named.push(("nocopy", flag())),
            "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                bind.push(("propagation", Node::text(option, place)))
            }
            "z" | "Z" => bind.push(("selinux", Node::text(option, place))),
            _ => {}
        }
    }
    let mut long = vec![("type", Node::text(if binds { "bind" } else { "volume" }, place))];
    long.extend(volume.source.map(|source| ("source", text(source))));
    let target = volume.target.map(|target| Text { value: clean_path(&target.value), ..target });
    long.extend(target.map(|target| ("target", text(target))));
    if read_only {
        long.push(("read_only", flag()));
    }
    if binds {
        bind.push(("create_host_path", flag()));
    }
    if !bind.is_empty() {
        long.push(("bind", Node::map(bind, place)));
    }
    if !volume.tiny && (!binds || !named.is_empty()) {
        long.push(("volume", Node::map(named, place)));
    }
    Node::map(long, place)
}

/// True for a path of the host; anything else names a volume.
fn is_path(source: &str) -> bool {
    let mut chars = source.chars();
    let (first, second) = (chars.next(), chars.next());
    source.starts_with(['.', '/', '~'])
        || source.starts_with("\\\\")
        || (first.is_some_and(char::is_alphabetic) && second == Some(':'))
}

/// A path of the container without `.`, `..` and doubled or final slashes.
pub fn clean_path(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}
