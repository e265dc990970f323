//! A resolved project, written as Docker Compose prints it, or with the origin of each value.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::mask;

/// A value of a resolved project.
#[derive(Clone, PartialEq)]
pub struct Branch {
    /// What it is.
    pub tree: Tree,
    /// Where it comes from.
    pub origin: OriginView,
    /// Parts of a text that are secret, whatever its name; all of it is if one of them is not found in it.
    pub secrets: Vec<String>,
}

/// What a value is.
#[derive(Clone, PartialEq)]
pub enum Tree {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Another number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Branch>),
    /// A mapping in the order of printing.
    Map(Vec<(String, Branch)>),
}

/// Where a value comes from, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OriginView {
    /// File and line.
    pub place: String,
    /// The way from there: variables with their own places, aliases, merge keys, overrides, `extends`, `include`.
    pub steps: Vec<String>,
}

/// Compose doubles each `$`, so that its output can be its input.
fn doubled(text: &str) -> String {
    text.replace('$', "$$")
}

impl Serialize for Branch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.tree {
            Tree::Null => serializer.serialize_unit(),
            Tree::Bool(value) => serializer.serialize_bool(*value),
            Tree::Int(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_i64(value),
                (_, Ok(value)) => serializer.serialize_u64(value),
                _ => serializer.serialize_f64(*value as f64),
            },
            Tree::Float(value) => serializer.serialize_f64(*value),
            Tree::Text(text) => serializer.serialize_str(&doubled(text)),
            Tree::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Tree::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(&doubled(key), value))?;
                map.end()
            }
        }
    }
}

/// Writes a project as `docker compose config --format json` does.
///
/// # Errors
/// Whatever `out` says.
pub fn render_json(root: &Branch, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, root)?;
    writeln!(out)
}

/// Writes a project as `docker compose config` does. Where Compose would leave a value out, it is left out.
///
/// # Errors
/// Whatever `out` says.
pub fn render_yaml(root: &Branch, out: &mut dyn Write) -> io::Result<()> {
    write_map(root, 0, out)
}

fn write_map(branch: &Branch, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    let Tree::Map(entries) = &branch.tree else { return Ok(()) };
    for (key, value) in entries {
        // JSON has these two even where there are none.
        if value.tree == Tree::Null && matches!(key.as_str(), "command" | "entrypoint") {
            continue;
        }
        write!(out, "{:indent$}{}:", "", scalar(&doubled(key)))?;
        write_value(value, indent, out)?;
    }
    Ok(())
}

fn write_value(value: &Branch, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    match &value.tree {
        Tree::Null => writeln!(out, " null"),
        Tree::Bool(value) => writeln!(out, " {value}"),
        Tree::Int(value) => writeln!(out, " {value}"),
        Tree::Float(value) => writeln!(out, " {value}"),
        Tree::Text(text) => writeln!(out, " {}", scalar(&doubled(text))),
        Tree::List(items) if items.is_empty() => writeln!(out, " []"),
        Tree::Map(entries) if entries.is_empty() => writeln!(out, " {{}}"),
        Tree::List(items) => {
            writeln!(out)?;
            for item in items {
                write!(out, "{:indent$}  -", "")?;
                match &item.tree {
                    Tree::Map(entries) if !entries.is_empty() => {
                        let mut lines = Vec::new();
                        write_map(item, indent + 4, &mut lines)?;
                        // The first key stands behind the dash.
                        out.write_all(b" ")?;
                        out.write_all(lines.get(indent + 4..).unwrap_or_default())?;
                    }
                    _ => write_value(item, indent + 2, out)?,
                }
            }
            Ok(())
        }
        Tree::Map(_) => {
            writeln!(out)?;
            write_map(value, indent + 2, out)
        }
    }
}

/// A text as YAML: without quotes where any reader would take it for a text.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_'))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-=+@$".contains(c))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "nan" | "inf"
        );
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A value of a resolved project on one line, harmless for whoever looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginLine {
    /// Where it stands in the project: `services.redis.ports[0].target`.
    pub path: String,
    /// What it is; a secret is masked unless it was asked for.
    pub value: String,
    /// Where it comes from: place and steps.
    pub origin: String,
}

/// Each value with where it comes from, in the order of the project.
pub fn origins(root: &Branch, show_secrets: bool) -> Vec<OriginLine> {
    let mut lines = Vec::new();
    collect(root, &mut String::new(), "", show_secrets, &mut lines);
    lines
}

/// Writes each value with where it comes from, one line each.
///
/// # Errors
/// Whatever `out` says.
pub fn render_origins(root: &Branch, show_secrets: bool, out: &mut dyn Write) -> io::Result<()> {
    let lines = origins(root, show_secrets);
    let lines: Vec<_> = lines.iter().map(|line| (format!("{} = {}", line.path, line.value), &line.origin)).collect();
    let width = lines.iter().map(|(value, _)| value.chars().count()).filter(|width| *width <= 60).max().unwrap_or(0);
    for (value, origin) in lines {
        writeln!(out, "{value:width$}  {origin}")?;
    }
    Ok(())
}

/// A value by its name alone, as it may be shown: on one line, masked if it is, or holds, a secret.
pub fn shown(name: &str, value: &str) -> String {
    super::visible::visible(&mask::value(name, "", value)).into_owned()
}

/// The lines of a value and of what is below it. `before` is the item before in the same list: an option may stand there.
fn collect(branch: &Branch, path: &mut String, before: &str, show_secrets: bool, lines: &mut Vec<OriginLine>) {
    let length = path.len();
    let value = match &branch.tree {
        Tree::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
                collect(value, path, "", show_secrets, lines);
                path.truncate(length);
            }
            return;
        }
        Tree::List(items) if !items.is_empty() => {
            let mut before = "";
            for (at, item) in items.iter().enumerate() {
                path.push_str(&format!("[{at}]"));
                collect(item, path, before, show_secrets, lines);
                path.truncate(length);
                before = if let Tree::Text(text) = &item.tree { text } else { "" };
            }
            return;
        }
        Tree::Map(_) => "{}".to_owned(),
        Tree::List(_) => "[]".to_owned(),
        Tree::Null => "null".to_owned(),
        Tree::Bool(value) => value.to_string(),
        Tree::Int(value) => value.to_string(),
        Tree::Float(value) => value.to_string(),
        Tree::Text(text) if show_secrets => text.clone(),
        Tree::Text(text) => {
            mask::value(path.rsplit('.').next().unwrap_or(path), before, &without(text, &branch.secrets))
        }
    };
    let OriginView { place, steps } = &branch.origin;
    let steps = if steps.is_empty() { String::new() } else { format!(" ({})", steps.join("; ")) };
    let value = super::visible::visible(&value).into_owned();
    lines.push(OriginLine { path: path.clone(), value, origin: format!("{place}{steps}") });
}

/// `text` without its secret parts.
fn without(text: &str, secrets: &[String]) -> String {
    if secrets.iter().any(|secret| !text.contains(secret.as_str())) {
        return "***".to_owned();
    }
    // A longer one may hold a shorter one.
    let mut secrets: Vec<&String> = secrets.iter().collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
}

/// True if a variable of that name holds a secret, and not only the path of one.
pub fn names_secret(name: &str) -> bool {
    mask::names_secret(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(tree: Tree) -> Branch {
        Branch {
            tree,
            origin: OriginView { place: "compose.yml:3".to_owned(), steps: vec!["alias in line 9".to_owned()] },
            secrets: Vec::new(),
        }
    }

    fn text(text: &str) -> Branch {
        branch(Tree::Text(text.to_owned()))
    }

    fn map(entries: Vec<(&str, Branch)>) -> Branch {
        branch(Tree::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
    }

    fn project() -> Branch {
        let words = ["redis-server", "--requirepass", "hunter2"].map(text).to_vec();
        let port = map(vec![("target", branch(Tree::Int(80))), ("published", text("80"))]);
        let environment = map(vec![("PASSWORD", text("hunter2")), ("A", text("a$b: c"))]);
        map(vec![(
            "s",
            map(vec![
                ("command", branch(Tree::List(words))),
                ("entrypoint", branch(Tree::Null)),
                ("environment", environment),
                ("ports", branch(Tree::List(vec![port]))),
                ("deploy", map(Vec::new())),
            ]),
        )])
    }

    fn written(render: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        render(&mut out).expect("memory can be written");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn yaml_is_written_as_compose_writes_it() {
        let expected = "\
s:
  command:
    - redis-server
    - \"--requirepass\"
    - hunter2
  environment:
    PASSWORD: hunter2
    A: \"a$$b: c\"
  ports:
    - target: 80
      published: \"80\"
  deploy: {}
";
        assert_eq!(written(|out| render_yaml(&project(), out)), expected);
    }

    #[test]
    fn json_doubles_dollars() {
        let json = written(|out| render_json(&map(vec![("a$", text("$"))]), out));
        assert_eq!(json, "{\n  \"a$$\": \"$$\"\n}\n");
    }

    #[test]
    fn origins_hide_secrets_unless_they_are_asked_for() {
        let hidden = written(|out| render_origins(&project(), false, out));
        assert!(!hidden.contains("hunter2"), "{hidden}");
        assert!(hidden.contains("s.ports[0].target = 80") && hidden.contains("compose.yml:3 (alias in line 9)"));
        let shown = written(|out| render_origins(&project(), true, out));
        assert_eq!(shown.matches("hunter2").count(), 2);
    }
}
