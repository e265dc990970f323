//! Sets of paths, as `.gitignore` describes them.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The paths below a folder that match some patterns. The default has none.
#[derive(Debug, Clone)]
pub struct PathSet {
    folder: PathBuf,
    matcher: Gitignore,
}

impl Default for PathSet {
    fn default() -> Self {
        Self { folder: PathBuf::new(), matcher: Gitignore::empty() }
    }
}

impl PathSet {
    /// The paths below `folder` that match `patterns`, in the language of `.gitignore`.
    pub fn new<'a>(folder: &Path, patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut builder = GitignoreBuilder::new(folder);
        for pattern in patterns {
            // Who reads the patterns has asked for their mistakes before.
            let _ = builder.add_line(None, pattern);
        }
        Self { folder: folder.to_owned(), matcher: builder.build().unwrap_or_else(|_| Gitignore::empty()) }
    }

    /// What is wrong with a pattern.
    pub fn mistake(pattern: &str) -> Option<String> {
        let mut builder = GitignoreBuilder::new("/");
        let error = builder.add_line(None, pattern).map(|_| ()).and_then(|()| builder.build().map(|_| ())).err()?;
        Some(match error {
            ignore::Error::Glob { err, .. } => err,
            error => error.to_string(),
        })
    }

    /// True for an absolute path that matches, or one of whose folders does.
    pub fn contains(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.folder) else { return false };
        // The folder itself has no name in it.
        !self.matcher.is_empty()
            && !below.as_os_str().is_empty()
            && self.matcher.matched_path_or_any_parents(below, false).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let rows: [(&[&str], &str, bool); 9] = [
            (&["examples/"], "/r/examples/a/compose.yaml", true),
            (&["examples/"], "/r/sub/examples/compose.yaml", true),
            (&["/examples"], "/r/sub/examples/compose.yaml", false),
            (&["*.dev.yml"], "/r/a/docker-compose.dev.yml", true),
            (&["a/**/b.yml"], "/r/a/x/y/b.yml", true),
            (&["*.yml", "!keep.yml"], "/r/keep.yml", false),
            (&["examples"], "/elsewhere/examples/compose.yaml", false),
            (&[], "/r/compose.yaml", false),
            (&["*"], "/r", false),
        ];
        for (patterns, path, expected) in rows {
            let set = PathSet::new(Path::new("/r"), patterns.iter().copied());
            assert_eq!(set.contains(Path::new(path)), expected, "{patterns:?} {path}");
        }
        assert!(!PathSet::default().contains(Path::new("/r")));
    }

    #[test]
    fn a_broken_pattern_is_told() {
        assert_eq!(PathSet::mistake("a/**/*.yml"), None);
        assert!(PathSet::mistake("{a").is_some_and(|what| what.contains("unclosed")), "{:?}", PathSet::mistake("{a"));
    }
}
