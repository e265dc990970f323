//! Generated secrets: one for each variable of each env file, and the mask that keeps them out of every text.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::lens::value::Secret;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// No secret could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The source of random bytes failed.
    #[error("no secret can be generated: {0}")]
    Generator(String),
}

/// Makes a new secret at each call.
pub type Generator = Box<dyn FnMut() -> Result<Secret, SecretError> + Send>;

/// The generator for real use: 256 bits from the operating system as 64 lower-case hexadecimal digits, which no
/// shell, URL, env file or YAML text has to quote or escape.
pub fn random() -> Generator {
    Box::new(|| {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| SecretError::Generator(error.to_string()))?;
        Ok(Secret::new(hex::encode(bytes)))
    })
}

/// A generator for tests and documentation, in the form of the real one: `00000001` eight times, then `00000002`
/// eight times, and so on.
pub fn counting() -> Generator {
    let mut count = 0_u32;
    Box::new(move || {
        count += 1;
        Ok(Secret::new(format!("{count:08x}").repeat(8)))
    })
}

/// The secrets of one run.
pub struct Secrets {
    generator: Generator,
    known: BTreeMap<(PathBuf, String), Secret>,
}

impl Secrets {
    /// No secrets yet; new ones will come from `generator`.
    pub fn new(generator: Generator) -> Self {
        Self { generator, known: BTreeMap::new() }
    }

    /// The secret of `variable` in `env_file`: generated when first asked for, the same at every later call.
    ///
    /// # Errors
    /// What the generator says.
    pub fn get(&mut self, env_file: &Path, variable: &str) -> Result<Secret, SecretError> {
        let key = (env_file.to_path_buf(), variable.to_owned());
        if let Some(secret) = self.known.get(&key) {
            return Ok(secret.clone());
        }
        let secret = (self.generator)()?;
        self.known.insert(key, secret.clone());
        Ok(secret)
    }

    /// Takes note of a secret that was there before, so that [`mask`](Self::mask) hides it and
    /// [`get`](Self::get) returns it.
    pub fn remember(&mut self, env_file: &Path, variable: &str, secret: Secret) {
        self.known.insert((env_file.to_path_buf(), variable.to_owned()), secret);
    }

    /// The secrets themselves, for those who must leave them out of what they write.
    pub fn exposed(&self) -> Vec<String> {
        self.known.values().map(|secret| secret.reveal().to_owned()).collect()
    }

    /// `text` with `{{secret:VARIABLE}}` in the place of each known secret, be it written as it is or percent-encoded
    /// as in a URL. Where two secrets begin at one place, the longer one is meant.
    pub fn mask(&self, text: &str) -> String {
        let mut forms: Vec<(String, &str)> = Vec::new();
        for ((_, variable), secret) in &self.known {
            if secret.reveal().is_empty() {
                continue;
            }
            let encoded = utf8_percent_encode(secret.reveal(), NON_ALPHANUMERIC).to_string();
            // Some writers leave the marks alone that RFC 3986 calls unreserved.
            let lenient = utf8_percent_encode(secret.reveal(), UNRESERVED).to_string();
            for form in [secret.reveal().to_owned(), encoded, lenient] {
                forms.push((form, variable));
            }
        }
        forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some((form, variable)) = forms.iter().find(|(form, _)| rest.starts_with(form.as_str())) {
                masked.push_str("{{secret:");
                masked.push_str(variable);
                masked.push_str("}}");
                rest = rest.get(form.len()..).unwrap_or("");
            } else {
                masked.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or("");
            }
        }
        masked
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("known", &self.known).finish_non_exhaustive()
    }
}

/// All but letters, digits and `-._~`.
const UNRESERVED: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    const ENV: &str = "/app/.env";

    fn secrets() -> Secrets {
        Secrets::new(counting())
    }

    #[test]
    fn one_secret_for_each_variable_of_each_file() {
        let mut secrets = secrets();
        let mut get = |file: &str, name: &str| secrets.get(Path::new(file), name).expect("made").reveal().to_owned();
        let first = get(ENV, "REDIS_PASSWORD");
        assert_eq!(first, "00000001".repeat(8));
        assert_eq!(get(ENV, "REDIS_PASSWORD"), first);
        assert_ne!(get(ENV, "CACHE_PASSWORD"), first);
        assert_ne!(get("/other/.env", "REDIS_PASSWORD"), first);
    }

    #[test]
    fn real_secrets_are_64_hexadecimal_digits_and_differ() {
        let mut generate = random();
        let (one, two) = (generate().expect("made"), generate().expect("made"));
        for secret in [&one, &two] {
            assert_eq!(secret.reveal().len(), 64);
            assert!(secret.reveal().bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        }
        assert_ne!(one, two);
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        let mut secrets = secrets();
        let secret = secrets.get(Path::new(ENV), "P").expect("made");
        for text in [format!("{secret:?}"), format!("{secrets:?}")] {
            assert!(!text.contains(secret.reveal()), "{text}");
        }
    }

    #[test]
    fn a_failing_generator_leaves_no_secret_behind() {
        let mut calls = 0;
        let mut secrets = Secrets::new(Box::new(move || {
            calls += 1;
            if calls == 1 { Err(SecretError::Generator("no entropy".into())) } else { Ok(Secret::new("s3")) }
        }));
        assert!(secrets.get(Path::new(ENV), "P").is_err());
        assert_eq!(secrets.get(Path::new(ENV), "P").expect("made").reveal(), "s3");
    }

    #[test]
    fn the_mask_hides_every_known_secret() {
        let mut secrets = secrets();
        for (name, value) in [("SHORT", "p@ss"), ("LONG", "p@ss-word"), ("EMPTY", ""), ("UMLAUT", "schlüssel")] {
            secrets.remember(Path::new(ENV), name, Secret::new(value));
        }
        for (text, masked) in [
            ("PASS=p@ss\n", "PASS={{secret:SHORT}}\n"),
            ("p@ss-word p@ss", "{{secret:LONG}} {{secret:SHORT}}"),
            ("redis://:p%40ss@redis:6379", "redis://:{{secret:SHORT}}@redis:6379"),
            ("redis://:p%40ss-word@redis", "redis://:{{secret:LONG}}@redis"),
            ("redis://:p%40ss%2Dword@redis", "redis://:{{secret:LONG}}@redis"),
            ("schlüsselbund", "{{secret:UMLAUT}}bund"),
            ("nothing here", "nothing here"),
            ("", ""),
        ] {
            assert_eq!(secrets.mask(text), masked);
        }
    }
}
