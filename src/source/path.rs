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
