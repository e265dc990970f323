//! The examples of a rule: its documentation, and its tests in four spellings.

use std::collections::BTreeMap;

/// Texts by their path below the project, with `/`.
pub(super) type Files = BTreeMap<String, String>;

/// A project, and what a rule is to make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// The project: texts by their path, with `/`.
    pub files: BTreeMap<String, String>,
    /// What the rule makes of it.
    pub expected: Expectation,
}

/// What a rule is to make of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// It says nothing.
    Good,
    /// It has a finding.
    Bad {
        /// The text that the first label of the first finding covers, if the example says so.
        at: Option<String>,
        /// Files after the first repair of each finding, unsafe ones included: those that it changes or creates.
        /// `None`: no repair but manual ones may be offered.
        fixed: Option<BTreeMap<String, String>>,
    },
}

/// A spelling of an example in which its meaning stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// As it is written.
    AsIs,
    /// Lines end with `\r\n`.
    CrLf,
    /// The last line of each file has no end.
    NoFinalNewline,
    /// YAML files have four spaces for each two.
    FourSpaces,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::AsIs, Self::CrLf, Self::NoFinalNewline, Self::FourSpaces];

    fn spell(self, path: &str, text: &str) -> String {
        match self {
            Self::AsIs => text.to_owned(),
            Self::CrLf => text.replace('\n', "\r\n"),
            Self::NoFinalNewline => text.strip_suffix('\n').unwrap_or(text).to_owned(),
            Self::FourSpaces if path.ends_with(".yaml") || path.ends_with(".yml") => four_spaces(text),
            Self::FourSpaces => text.to_owned(),
        }
    }
}

impl Example {
    /// The example in another spelling. Files that a repair creates stay as they are written.
    pub fn variant(&self, variant: Variant) -> Self {
        let spell = |files: &Files| -> Files {
            let existing = |path: &String| self.files.contains_key(path);
            files
                .iter()
                .map(|(path, text)| {
                    let text = if existing(path) { variant.spell(path, text) } else { text.clone() };
                    (path.clone(), text)
                })
                .collect()
        };
        let expected = match &self.expected {
            Expectation::Good => Expectation::Good,
            Expectation::Bad { at, fixed } => Expectation::Bad { at: at.clone(), fixed: fixed.as_ref().map(spell) },
        };
        Self { name: self.name.clone(), files: spell(&self.files), expected }
    }

    /// True if the rule is to say something about it.
    pub fn is_bad(&self) -> bool {
        matches!(self.expected, Expectation::Bad { .. })
    }
}

/// Doubles the indentation. A mapping that starts behind a dash gets two more blanks there, so that its keys stay
/// below each other.
fn four_spaces(text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut result = String::with_capacity(text.len() * 2);
    for (number, line) in lines.iter().enumerate() {
        let content = line.trim_start_matches(' ');
        let mut indent = line.len() - content.len();
        result.push_str(&" ".repeat(indent * 2));
        let mut rest = content;
        while let Some(behind) = rest.strip_prefix("- ") {
            indent += 2;
            let next = lines.get(number + 1..).unwrap_or_default().iter().find(|line| !line.trim().is_empty());
            let goes_on = next.is_some_and(|next| next.len() - next.trim_start_matches(' ').len() >= indent);
            result.push_str(if goes_on { "-   " } else { "- " });
            rest = behind;
        }
        result.push_str(rest);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSE: &str = "\
services:
  # a comment
  web:
    ports:
      - \"80:80\" # first
      - target: 81
        published: \"81\"

    command: a
";

    fn example() -> Example {
        let fixed = Files::from([
            ("compose.yaml".to_owned(), COMPOSE.replace("80:80", "127.0.0.1:80:80")),
            (".env".to_owned(), "A=\n  B=2\n".to_owned()),
            (".gitignore".to_owned(), ".env\n".to_owned()),
        ]);
        let files = Files::from([
            ("compose.yaml".to_owned(), COMPOSE.to_owned()),
            (".env".to_owned(), "A=\n  B=1\n".to_owned()),
        ]);
        let expected = Expectation::Bad { at: None, fixed: Some(fixed) };
        Example { name: "a".into(), files, expected }
    }

    fn fixed(example: &Example) -> &Files {
        match &example.expected {
            Expectation::Bad { fixed: Some(fixed), .. } => fixed,
            _ => panic!("it is fixed"),
        }
    }

    #[test]
    fn four_spaces_keep_the_meaning_of_yaml_and_leave_other_files_alone() {
        let variant = example().variant(Variant::FourSpaces);
        let expected = "\
services:
    # a comment
    web:
        ports:
            - \"80:80\" # first
            -   target: 81
                published: \"81\"

        command: a
";
        assert_eq!(variant.files["compose.yaml"], expected);
        assert_eq!(variant.files[".env"], "A=\n  B=1\n");
        assert_eq!(fixed(&variant)["compose.yaml"], expected.replace("80:80", "127.0.0.1:80:80"));
    }

    #[test]
    fn line_ends_change_in_files_that_exist_and_not_in_created_ones() {
        let crlf = example().variant(Variant::CrLf);
        assert_eq!(crlf.files[".env"], "A=\r\n  B=1\r\n");
        assert_eq!(fixed(&crlf)[".env"], "A=\r\n  B=2\r\n");
        assert_eq!(fixed(&crlf)[".gitignore"], ".env\n");

        let cut = example().variant(Variant::NoFinalNewline);
        assert!(cut.files["compose.yaml"].ends_with("command: a"));
        assert!(fixed(&cut)["compose.yaml"].ends_with("command: a"));
        assert_eq!(fixed(&cut)[".gitignore"], ".env\n");

        assert_eq!(example().variant(Variant::AsIs), example());
    }
}
