//! Paths without a look at the disk.

use std::path::{Component, Path, PathBuf};

/// `path` seen from `base`, with `.` and `..` taken out. Links are not followed, as Compose does not follow them.
pub fn absolute(base: &Path, path: impl AsRef<Path>) -> PathBuf {
    let mut result = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            part => result.push(part),
        }
    }
    result
}

/// True for what Compose takes for a project elsewhere, and not for a path: a git repository or an OCI artifact. Measured with
/// Compose 2.40: the address of a plain file, `https://example.com/compose.yml`, is a path to it.
pub fn is_remote(name: &str) -> bool {
    let address = name.split(['#', '?']).next().unwrap_or(name);
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // `git@host:path`
    let is_short = || {
        let (user, rest) = address.split_once('@')?;
        let (host, _) = rest.split_once(':')?;
        let is_host = |c: char| is_name(c) && c != '_';
        Some(!user.is_empty() && user.chars().all(is_name) && !host.is_empty() && host.chars().all(is_host))
    };
    ["oci://", "ssh://", "git://", "github.com/"].iter().any(|prefix| address.starts_with(prefix))
        || (is_web && address.ends_with(".git"))
        || is_short() == Some(true)
}

/// `path` as a person in `base` would write it, with `/`.
pub fn relative_to(base: &Path, path: &Path) -> String {
    let mut base_parts = base.components().peekable();
    let mut parts = path.components().peekable();
    while let (Some(a), Some(b)) = (base_parts.peek(), parts.peek()) {
        if a != b {
            break;
        }
        base_parts.next();
        parts.next();
    }
    let up = base_parts.map(|_| "..".to_owned());
    let down = parts.map(|part| part.as_os_str().to_string_lossy().into_owned());
    let result: Vec<_> = up.chain(down).collect();
    if result.is_empty() { ".".to_owned() } else { result.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_and_artifacts_are_remote_and_paths_are_not() {
        let remote = [
            "git@github.com:foo/bar.git",
            "me@host:path",
            "github.com/a/b",
            "https://github.com/foo/bar.git",
            "https://example.com/x.git#main:sub",
            "http://h/x.git",
            "ssh://git@h/x.git",
            "git://h/x",
            "oci://docker.io/x/y",
        ];
        let paths = [
            "compose.yaml",
            "./a@b:c.yml",
            "host:path.yml",
            "https://example.com/x.yml",
            "https://github.com/a/b",
            "gitlab.com/a/b",
            "a_b@h_x:path",
            "file:///x.git",
        ];
        assert_eq!(remote.iter().find(|name| !is_remote(name)), None);
        assert_eq!(paths.iter().find(|name| is_remote(name)), None);
    }

    #[test]
    fn paths_are_written_as_seen_from_the_current_folder() {
        let base = Path::new("/home/a/project");
        let cases = [
            ("/home/a/project/.env", ".env"),
            ("/home/a/project/backend/.env", "backend/.env"),
            ("/home/a/other/x.yml", "../other/x.yml"),
            ("/home/a/project", "."),
        ];
        for (path, expected) in cases {
            assert_eq!(relative_to(base, Path::new(path)), expected);
        }
        assert_eq!(absolute(base, "../other/./x.yml"), Path::new("/home/a/other/x.yml"));
    }
}
