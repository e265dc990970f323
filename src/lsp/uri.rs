//! Addresses of files, as clients write them, and paths.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::source::absolute;

/// What stays as it is in the path of an address (RFC 3986, `pchar` and `/`).
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'+')
    .remove(b',')
    .remove(b'=');

/// The absolute path of a file's address; `None` for one that is no file on this machine.
pub fn path_of(uri: &Uri) -> Option<PathBuf> {
    let is_file = uri.scheme().is_some_and(|scheme| scheme.as_str().eq_ignore_ascii_case("file"));
    let is_here = uri.authority().is_none_or(|authority| matches!(authority.as_str(), "" | "localhost"));
    if !is_file || !is_here {
        return None;
    }
    let decoded = percent_decode_str(uri.path().as_str()).decode_utf8().ok()?;
    let path = local(&decoded)?;
    (!decoded.contains('\0') && path.is_absolute()).then(|| absolute(&path, "."))
}

/// The path of an address, as this system writes it: `/c:/x` is `c:/x` on Windows.
fn local(path: &str) -> Option<PathBuf> {
    let is_drive = |path: &str| {
        let mut chars = path.chars();
        chars.next().is_some_and(|char| char.is_ascii_alphabetic()) && chars.next() == Some(':')
    };
    match path.strip_prefix('/') {
        Some(rest) if cfg!(windows) && is_drive(rest) => Some(PathBuf::from(rest)),
        Some(_) => Some(PathBuf::from(path)),
        None => None,
    }
}

/// The address of an absolute path; `None` if no address can say it.
pub fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?.replace('\\', if cfg!(windows) { "/" } else { "\\" });
    let slash = if text.starts_with('/') { "" } else { "/" };
    Uri::from_str(&format!("file://{slash}{}", utf8_percent_encode(&text, IN_PATH))).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn path(uri: &str) -> Option<PathBuf> {
        path_of(&Uri::from_str(uri).expect("it is an address"))
    }

    #[test]
    fn addresses_of_files_become_paths() {
        let cases = [
            ("file:///srv/app/compose.yaml", Some("/srv/app/compose.yaml")),
            ("FILE://localhost/srv/app/.env", Some("/srv/app/.env")),
            ("file:///srv/my%20app/caf%C3%A9/%F0%9F%9A%80.env", Some("/srv/my app/café/🚀.env")),
            ("file:///srv/app/../other/./compose.yaml", Some("/srv/other/compose.yaml")),
            // Windows: a strange name here, but no fault.
            ("file:///c%3A/Users/x/compose.yaml", Some("/c:/Users/x/compose.yaml")),
            ("file://server/share/compose.yaml", None),
            ("untitled:Untitled-1", None),
            ("git:/srv/app/compose.yaml?HEAD", None),
            ("file:///srv/%00", None),
            ("file:///srv/%ff", None),
        ];
        for (uri, expected) in cases {
            assert_eq!(path(uri).as_deref(), expected.map(Path::new), "{uri}");
        }
    }

    #[test]
    fn paths_become_addresses_and_come_back() {
        for name in ["/srv/app/.env", "/srv/my app/café #1?/100%.env", "/srv/🚀/a+b,c=d@e.yml"] {
            let uri = uri_of(Path::new(name)).expect("it can be said");
            assert_eq!(path_of(&uri).as_deref(), Some(Path::new(name)), "{}", uri.as_str());
        }
    }
}
