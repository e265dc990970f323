//! Image references, as in `docker.io/library/redis:7@sha256:…`.

use std::fmt;

/// The parts of an image reference. Missing parts are not filled in, except where a method says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// As in `ghcr.io` or `localhost:5000`.
    pub registry: Option<String>,
    /// What stands between registry and name, as in `library`.
    pub path: Vec<String>,
    /// The last component, as in `redis`.
    pub name: String,
    /// As in `7-alpine`.
    pub tag: Option<String>,
    /// As in `sha256:…`.
    pub digest: Option<String>,
}

/// A text that is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// There is no name.
    #[error("an image needs a name")]
    NoName,
    /// Blanks, or a character that no reference holds.
    #[error("an image name can't hold `{0}`")]
    Character(char),
    /// `:` or `@` without anything behind it.
    #[error("an image name can't end in `:` or `@`")]
    Unfinished,
}

impl ImageName {
    /// Reads a reference. As Docker does, the first component is a registry if it holds `.` or `:` or is `localhost`.
    ///
    /// # Errors
    /// [`ImageError`] if it is none.
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        if let Some(c) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_./:@+".contains(*c)) {
            return Err(ImageError::Character(c));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let last_slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (rest, tag) = match rest[last_slash..].find(':') {
            Some(colon) => (&rest[..last_slash + colon], Some(&rest[last_slash + colon + 1..])),
            None => (rest, None),
        };
        if digest == Some("") || tag == Some("") {
            return Err(ImageError::Unfinished);
        }
        let mut components: Vec<String> = rest.split('/').map(str::to_owned).collect();
        let name = components.pop().unwrap_or_default();
        if name.is_empty() || components.iter().any(String::is_empty) {
            return Err(ImageError::NoName);
        }
        let has_registry = components.first().is_some_and(|first| first.contains(['.', ':']) || first == "localhost");
        let registry = has_registry.then(|| components.remove(0));
        Ok(Self { registry, path: components, name, tag: tag.map(str::to_owned), digest: digest.map(str::to_owned) })
    }

    /// Registry, path and name without tag and digest. Docker Hub's `docker.io/` and `library/` are left away, so that
    /// one image has one repository: `docker.io/library/redis:7` is `redis`, `docker.io/bitnami/redis` is `bitnami/redis`.
    pub fn repository(&self) -> String {
        let is_hub = |registry: &str| matches!(registry, "docker.io" | "index.docker.io" | "registry-1.docker.io");
        let registry = self.registry.as_deref().filter(|registry| !is_hub(registry));
        let path = match self.path.as_slice() {
            [only] if only == "library" && registry.is_none() => &[],
            path => path,
        };
        let components = registry.into_iter().chain(path.iter().map(String::as_str)).chain([self.name.as_str()]);
        components.collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for component in self.registry.iter().chain(&self.path) {
            write!(f, "{component}/")?;
        }
        f.write_str(&self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_fall_into_their_parts() {
        let rows = [
            ("redis", "redis", None, None),
            ("redis:7-alpine", "redis", Some("7-alpine"), None),
            ("docker.io/library/redis:7@sha256:ab", "redis", Some("7"), Some("sha256:ab")),
            ("library/redis", "redis", None, None),
            ("docker.io/acme/redis:1", "acme/redis", Some("1"), None),
            ("localhost:5000/redis", "localhost:5000/redis", None, None),
            ("localhost/redis:1", "localhost/redis", Some("1"), None),
            ("reg.example/a/b/redis@sha256:cd", "reg.example/a/b/redis", None, Some("sha256:cd")),
            ("ghcr.io/library/redis", "ghcr.io/library/redis", None, None),
        ];
        for (text, repository, tag, digest) in rows {
            let image = ImageName::parse(text).expect(text);
            assert_eq!(image.repository(), repository, "{text}");
            assert_eq!((image.tag.as_deref(), image.digest.as_deref()), (tag, digest), "{text}");
            assert_eq!(image.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        assert_eq!(ImageName::parse(""), Err(ImageError::NoName));
        assert_eq!(ImageName::parse("a//b"), Err(ImageError::NoName));
        assert_eq!(ImageName::parse("a:"), Err(ImageError::Unfinished));
        assert_eq!(ImageName::parse("a b"), Err(ImageError::Character(' ')));
        assert_eq!(ImageName::parse("${IMAGE}"), Err(ImageError::Character('$')));
    }
}
