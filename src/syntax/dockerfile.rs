//! Dockerfiles: the stages of a build, and what each says about how its image starts
//! (docs.docker.com/reference/dockerfile).

use std::iter::Peekable;
use std::str::Lines;

/// A Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dockerfile {
    /// `ARG` before the first `FROM`, with the default as it is written.
    pub arguments: Vec<(String, Option<String>)>,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

/// What stands below one `FROM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The image or the earlier stage on which it rests, as it is written.
    pub base: String,
    /// Its name.
    pub name: Option<String>,
    /// Its instructions, in order.
    pub instructions: Vec<Instruction>,
}

/// An instruction that has to do with what the image starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// `CMD`
    Command(Vec<String>),
    /// `ENTRYPOINT`
    Entrypoint(Vec<String>),
    /// `COPY` or `ADD` from the build context.
    Copy {
        /// Paths in the context.
        sources: Vec<String>,
        /// The path in the image.
        target: String,
    },
    /// `COPY` or `ADD` of something else, to this path in the image.
    CopyUnseen(String),
    /// `ENV`: the names.
    Environment(Vec<String>),
    /// `RUN`: all of its text.
    Run(String),
    /// `HEALTHCHECK`; false for `NONE`.
    Healthcheck(bool),
    /// Something that changes what the others mean, or that is not known.
    Opaque,
}

impl Dockerfile {
    /// Reads a Dockerfile. What is no instruction is [`Instruction::Opaque`] in its stage.
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let escape = escape_character(text);
        let mut lines = text.lines().peekable();
        while let Some(line) = logical_line(&mut lines, escape) {
            let (keyword, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
            let (keyword, rest) = (keyword.to_ascii_uppercase(), rest.trim());
            let takes_document = matches!(keyword.as_str(), "RUN" | "COPY" | "ADD");
            let document = if takes_document { here_documents(rest, &mut lines) } else { None };
            match (keyword.as_str(), file.stages.last_mut()) {
                ("FROM", _) => file.stages.extend(stage(rest)),
                ("ARG", None) => file.arguments.extend(rest.split_whitespace().map(argument)),
                (_, None) => {}
                (_, Some(stage)) => stage.instructions.extend(instruction(&keyword, rest, document)),
            }
        }
        file
    }

    /// The value of an argument before the first `FROM`.
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.iter().rfind(|(known, _)| known == name)?.1.as_deref()
    }
}

/// The backslash, or what `# escape=` says in the first lines.
fn escape_character(text: &str) -> char {
    let directives = text.lines().map_while(|line| line.trim().strip_prefix('#'));
    let values = directives.filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("escape").then(|| value.trim().chars().next())?
    });
    values.last().unwrap_or('\\')
}

/// The next instruction with its continued lines; blank lines and comments are left out, between the parts, too.
fn logical_line(lines: &mut Peekable<Lines<'_>>, escape: char) -> Option<String> {
    let mut whole = String::new();
    for line in lines.by_ref() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        match trimmed.strip_suffix(escape) {
            Some(part) => whole.push_str(part),
            None => {
                whole.push_str(trimmed);
                return Some(whole.trim().to_owned());
            }
        }
    }
    (!whole.is_empty()).then(|| whole.trim().to_owned())
}

/// The texts of `<<WORD` up to a line that is only the word; `None` if there is none.
fn here_documents(text: &str, lines: &mut Peekable<Lines<'_>>) -> Option<String> {
    let mut found: Option<String> = None;
    for word in text.split_whitespace().filter_map(|word| word.trim_start_matches(char::is_numeric).strip_prefix("<<"))
    {
        let word = word.trim_start_matches('-').trim_matches(['"', '\'']);
        if word.is_empty() || word.starts_with('<') || !word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        let text = found.get_or_insert_default();
        for line in lines.by_ref().take_while(|line| line.trim() != word) {
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

fn stage(rest: &str) -> Option<Stage> {
    let mut words = rest.split_whitespace().skip_while(|word| word.starts_with("--"));
    let base = words.next()?.to_owned();
    let is_named = words.next().is_some_and(|word| word.eq_ignore_ascii_case("as"));
    let name = words.next().filter(|_| is_named).map(str::to_owned);
    Some(Stage { base, name, instructions: Vec::new() })
}

fn argument(word: &str) -> (String, Option<String>) {
    match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.trim_matches(['"', '\'']).to_owned())),
        None => (word.to_owned(), None),
    }
}

fn instruction(keyword: &str, rest: &str, document: Option<String>) -> Option<Instruction> {
    Some(match keyword {
        "CMD" => Instruction::Command(start(rest)),
        "ENTRYPOINT" => Instruction::Entrypoint(start(rest)),
        "COPY" | "ADD" => copy(rest, document.is_some()),
        "ENV" => Instruction::Environment(names(rest)),
        "RUN" => Instruction::Run(format!("{rest}\n{}", document.unwrap_or_default())),
        "HEALTHCHECK" => Instruction::Healthcheck(!rest.eq_ignore_ascii_case("none")),
        "ARG" | "EXPOSE" | "LABEL" | "MAINTAINER" | "STOPSIGNAL" | "USER" | "VOLUME" | "WORKDIR" => return None,
        _ => Instruction::Opaque,
    })
}

/// The words that start: a JSON list as it is, anything else through the shell.
fn start(rest: &str) -> Vec<String> {
    list(rest).unwrap_or_else(|| ["/bin/sh", "-c", rest].map(str::to_owned).to_vec())
}

fn list(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

fn copy(rest: &str, is_document: bool) -> Instruction {
    let flags = rest.split_whitespace().take_while(|word| word.starts_with("--"));
    let is_elsewhere = flags.clone().any(|flag| flag.starts_with("--from") || flag.starts_with("--parents"));
    let flags: usize = flags.map(|flag| rest.find(flag).unwrap_or(0) + flag.len()).max().unwrap_or(0);
    let paths = rest[flags..].trim();
    let mut words = list(paths).unwrap_or_else(|| paths.split_whitespace().map(str::to_owned).collect());
    let target = words.pop().unwrap_or_default();
    let is_seen = |word: &String| !word.contains("://") && !word.contains(['$', '*', '?', '[']);
    match words.iter().all(is_seen) && is_seen(&target) && !is_elsewhere && !is_document {
        true => Instruction::Copy { sources: words, target },
        false => Instruction::CopyUnseen(target),
    }
}

/// The names of `NAME=value …` or of `NAME value`.
fn names(rest: &str) -> Vec<String> {
    let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let pairs: Vec<_> = rest.split_whitespace().filter_map(|word| Some(word.split_once('=')?.0)).collect();
    match rest.split_whitespace().next() {
        Some(first) if !first.contains('=') => vec![first.to_owned()],
        _ => pairs.into_iter().filter(is_name).map(str::to_owned).collect(),
    }
}

/// The text with `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` replaced; `None` where a form is not known.
pub fn substitute<'v>(text: &str, value: &dyn Fn(&str) -> Option<&'v str>) -> Option<String> {
    let Some((before, rest)) = text.split_once('$') else { return Some(text.to_owned()) };
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (replaced, rest) = match rest.strip_prefix('{') {
        Some(inner) => {
            let (inner, rest) = inner.split_once('}')?;
            let name: &str = &inner[..inner.find(|c| !is_part(c)).unwrap_or(inner.len())];
            let found = value(name);
            let filled = found.filter(|value| !value.is_empty());
            let replaced = match inner[name.len()..].split_at_checked(2) {
                _ if inner.len() == name.len() => found.unwrap_or_default(),
                Some((":-", default)) => filled.unwrap_or(default),
                Some((":+", other)) => filled.map_or("", |_| other),
                _ if inner[name.len()..].starts_with('-') => found.unwrap_or(&inner[name.len() + 1..]),
                _ => return None,
            };
            if replaced.contains('$') && found.is_none() {
                return None;
            }
            (replaced.to_owned(), rest)
        }
        None => {
            let (name, rest) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
            (value(name).unwrap_or_default().to_owned(), rest)
        }
    };
    Some(format!("{before}{replaced}{}", substitute(rest, value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn stages_hold_what_has_to_do_with_the_start() {
        let text = "# syntax=docker/dockerfile:1\nARG TAG=7\nFROM --platform=linux/amd64 redis:${TAG} as base\n\
            RUN apk add \\\n  # a comment\n\n  bash\nfrom base\nLABEL a=b\nCOPY --chown=redis:redis redis.conf /etc/\n\
            ENV A=1 B=2\nENV C 3\nCMD [\"redis-server\", \"/etc/redis.conf\"]\nHEALTHCHECK NONE\n";
        let file = Dockerfile::parse(text);
        assert_eq!(file.argument("TAG"), Some("7"));
        let [base, last] = file.stages.as_slice() else { panic!("{file:?}") };
        assert_eq!((base.base.as_str(), base.name.as_deref()), ("redis:${TAG}", Some("base")));
        assert_eq!(base.instructions, [Instruction::Run("apk add bash\n".to_owned())]);
        assert_eq!((last.base.as_str(), last.name.as_deref()), ("base", None));
        let expected = [
            Instruction::Copy { sources: words(&["redis.conf"]), target: "/etc/".to_owned() },
            Instruction::Environment(words(&["A", "B"])),
            Instruction::Environment(words(&["C"])),
            Instruction::Command(words(&["redis-server", "/etc/redis.conf"])),
            Instruction::Healthcheck(false),
        ];
        assert_eq!(last.instructions, expected);
    }

    #[test]
    fn what_is_no_list_runs_through_the_shell() {
        let rows = [
            ("CMD redis-server --port 1", Instruction::Command(words(&["/bin/sh", "-c", "redis-server --port 1"]))),
            ("CMD ['redis-server']", Instruction::Command(words(&["/bin/sh", "-c", "['redis-server']"]))),
            ("ENTRYPOINT []", Instruction::Entrypoint(Vec::new())),
        ];
        for (line, expected) in rows {
            let file = Dockerfile::parse(&format!("FROM redis\n{line}"));
            assert_eq!(file.stages[0].instructions, [expected], "{line}");
        }
    }

    #[test]
    fn here_documents_hold_no_instructions_and_copies_of_them_are_unseen() {
        let text = "FROM redis\nCOPY <<EOF /etc/redis.conf\nCMD evil\nEOF\nRUN <<-\"E\" sh\nCMD evil\nE\n";
        let expected = [
            Instruction::CopyUnseen("/etc/redis.conf".to_owned()),
            Instruction::Run("<<-\"E\" sh\nCMD evil\n".to_owned()),
        ];
        assert_eq!(Dockerfile::parse(text).stages[0].instructions, expected);
        let unseen = ["COPY --from=build /x /y", "ADD https://x/y /y", "COPY $A /y", "COPY *.conf /y"];
        for line in unseen {
            let found = Dockerfile::parse(&format!("FROM redis\n{line}\n"));
            assert_eq!(found.stages[0].instructions, [Instruction::CopyUnseen("/y".to_owned())], "{line}");
        }
    }

    #[test]
    fn arguments_take_the_place_of_their_names() {
        let value = |name: &str| (name == "A").then_some("7");
        let rows = [
            ("redis:$A", Some("redis:7")),
            ("redis:${A}-alpine", Some("redis:7-alpine")),
            ("redis:${B:-6}", Some("redis:6")),
            ("redis:${B-6}${A:+-x}", Some("redis:6-x")),
            ("redis${B}", Some("redis")),
            ("redis:${A%x}", None),
            ("redis:${A", None),
        ];
        for (text, expected) in rows {
            assert_eq!(substitute(text, &value).as_deref(), expected, "{text}");
        }
    }
}
