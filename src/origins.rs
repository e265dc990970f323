//! From a resolved project to the report's plain view of it, each value with the way by which it came.

use std::path::Path;

use crate::canonical::{Item, Part, Value};
use crate::model::node::Layer;
use crate::model::{NameSource, Variables, Workspace};
use crate::report::resolved::{Branch, OriginView, Tree, names_secret};
use crate::source::{SourceId, relative_to};
use crate::text::Span;

/// Says where values come from.
pub struct Viewer<'v> {
    /// What was read.
    pub workspace: &'v Workspace<'v>,
    /// What `${…}` stands for in the project.
    pub variables: &'v Variables,
    /// Who gave the project its name.
    pub name_source: NameSource,
    /// The folder that paths are seen from.
    pub folder: &'v Path,
}

impl Viewer<'_> {
    /// The value with its origins.
    pub fn branch(&self, root: &Item) -> Branch {
        let known = self.known_secrets();
        let mut branch = branch(root, &|item| (self.origin(item), secrets(item, &known)));
        if let Tree::Map(entries) = &mut branch.tree
            && let Some((_, name)) = entries.iter_mut().find(|(key, _)| key == "name")
        {
            self.name(&mut name.origin);
        }
        branch
    }

    /// The origin of the project's name, if not its `name:`.
    fn name(&self, origin: &mut OriginView) {
        origin.place = match (self.name_source, self.variables.definition("COMPOSE_PROJECT_NAME")) {
            (NameSource::File, _) => return,
            (NameSource::Folder, _) => "the folder's name".to_owned(),
            (NameSource::Option, _) => "the option `-p`".to_owned(),
            (NameSource::Variable, Some(definition)) => self.place(definition.source, definition.key_span),
            (NameSource::Variable, None) => "COMPOSE_PROJECT_NAME in the environment".to_owned(),
        };
        origin.steps.clear();
    }

    fn origin(&self, item: &Item) -> OriginView {
        let origin = &item.origin;
        let mut steps: Vec<String> = Vec::new();
        for part in &origin.parts {
            let step = self.variable(part, &origin.layers);
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        let layers = origin.layers.iter().filter(|layer| **layer != Layer::Default);
        steps.extend(layers.map(|layer| self.layer(layer, origin.source)));
        let place = self.place(origin.source, origin.span);
        if origin.layers.contains(&Layer::Default) {
            steps.insert(0, format!("for {place}"));
            return OriginView { place: "default".to_owned(), steps };
        }
        OriginView { place, steps }
    }

    /// Values of variables that are called like secrets, as far as they can't be mistaken for ordinary words.
    fn known_secrets(&self) -> Vec<&str> {
        let secrets = self.variables.iter().filter(|(name, _)| names_secret(name)).map(|(_, value)| value);
        secrets.filter(|value| value.len() >= 8 && value.contains(|c: char| c.is_ascii_digit())).collect()
    }

    fn variable(&self, part: &Part, layers: &[Layer]) -> String {
        let name = part.name.as_str();
        let value = self.variables.get(name);
        let included = layers.iter().any(|layer| matches!(layer, Layer::Include { .. }));
        if value.is_none() && included {
            return format!("{name} as the included project sets it");
        }
        let at = match self.variables.definition(name) {
            Some(definition) => self.place(definition.source, definition.key_span),
            None => "the environment".to_owned(),
        };
        match (value, part.is_alternative) {
            (None, false) => format!("{name} is not set"),
            (None, true) => format!("{name} is not set: its default"),
            (Some(""), true) => format!("{name} is empty in {at}: its default"),
            (Some(""), false) => format!("{name} is empty in {at}"),
            (Some(_), true) => format!("{name} is set in {at}: its alternative"),
            (Some(_), false) => format!("{name} from {at}"),
        }
    }

    fn layer(&self, layer: &Layer, source: SourceId) -> String {
        let line = |span: Span| self.workspace.sources.get(source).line_column(span.start).line;
        match layer {
            Layer::Alias { at } => format!("alias in line {}", line(*at)),
            Layer::Merge { at } => format!("merge key in line {}", line(*at)),
            Layer::Extends { service, source, at, .. } => format!("extends {service} in {}", self.place(*source, *at)),
            Layer::Include { source, at, .. } => format!("include in {}", self.place(*source, *at)),
            Layer::EnvFile { source, at } => format!("env_file in {}", self.place(*source, *at)),
            Layer::Default => "default".to_owned(),
            Layer::Override { source, span } => format!("over {}", self.place(*source, *span)),
        }
    }

    /// File and line of a place.
    pub fn place(&self, source: SourceId, span: Span) -> String {
        let source = self.workspace.sources.get(source);
        format!("{}:{}", relative_to(self.folder, &source.path), source.line_column(span.start).line)
    }
}

/// The parts of a text that must not be shown: what variables with a secret's name have put there, and known secrets.
fn secrets(item: &Item, known: &[&str]) -> Vec<String> {
    let Value::Text(text) = &item.value else { return Vec::new() };
    let parts = item.origin.parts.iter().filter(|part| names_secret(&part.name)).map(|part| part.text.as_str());
    let known = known.iter().copied().filter(|secret| text.contains(secret));
    let secrets = parts.chain(known).filter(|secret| !secret.is_empty());
    secrets.map(str::to_owned).collect()
}

/// The value without origins.
pub fn plain(item: &Item) -> Branch {
    branch(item, &|_| (OriginView::default(), Vec::new()))
}

fn branch(item: &Item, describe: &dyn Fn(&Item) -> (OriginView, Vec<String>)) -> Branch {
    let tree = match &item.value {
        Value::Null => Tree::Null,
        Value::Bool(value) => Tree::Bool(*value),
        Value::Int(value) => Tree::Int(*value),
        Value::Float(value) => Tree::Float(*value),
        Value::Text(text) => Tree::Text(text.clone()),
        Value::List(items) => Tree::List(items.iter().map(|item| branch(item, describe)).collect()),
        Value::Map(entries) => {
            Tree::Map(entries.iter().map(|(key, item)| (key.clone(), branch(item, describe))).collect())
        }
    };
    let (origin, secrets) = describe(item);
    Branch { tree, origin, secrets }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{self, Unused};
    use crate::model::{Invocation, Located};
    use crate::report::resolved::origins;
    use crate::source::{NoFiles, Overlay};

    /// `path = value  origin` of the values below `below`, in a folder `/shop`.
    fn lines(files: &[(&str, &str)], below: &str) -> Vec<String> {
        let mut overlay = Overlay::new(&NoFiles);
        for (path, text) in files {
            overlay.set(Path::new("/shop").join(path), text.as_bytes());
        }
        let mut workspace = Workspace::empty(&overlay);
        let invocation = Invocation { folder: "/shop".into(), ..Invocation::default() };
        let located = invocation.locate(&mut workspace).expect("there is a Compose file");
        let root = canonical::resolve(&mut workspace, &located, Unused::Drop).root.expect("it is accepted");
        let Located { variables, name_source, .. } = &located;
        let folder = Path::new("/shop");
        let view = Viewer { workspace: &workspace, variables, name_source: *name_source, folder }.branch(&root);
        let lines = origins(&view, false).into_iter().filter(|line| line.path.starts_with(below));
        let shown = lines.map(|line| {
            let path = line.path.strip_prefix(below).unwrap_or_default();
            format!("{path} = {}  {}", line.value, line.origin)
        });
        shown.collect()
    }

    #[test]
    fn what_compose_adds_is_a_default() {
        let file = "services:\n  db:\n    image: x\n    ports: ['${BIND_IP:-0.0.0.0}:5432:5432']\n";
        let files = [("compose.yaml", file), (".env", "BIND_IP=\n")];
        assert_eq!(lines(&files, "name"), [" = shop  the folder's name"]);
        let expected = [
            ".mode = ingress  default (for compose.yaml:4)",
            ".host_ip = 0.0.0.0  compose.yaml:4 (BIND_IP is empty in .env:1: its default)",
            ".target = 5432  compose.yaml:4",
            ".published = 5432  compose.yaml:4",
            ".protocol = tcp  default (for compose.yaml:4)",
        ];
        assert_eq!(lines(&files, "services.db.ports[0]"), expected);
        assert_eq!(lines(&files, "services.db.entrypoint"), [" = null  default (for compose.yaml:3)"]);
        let named = [("compose.yaml", "services:\n  db: {image: x}\nname: mine\n")];
        assert_eq!(lines(&named, "name"), [" = mine  compose.yaml:3"]);
    }

    #[test]
    fn each_word_has_the_variables_that_it_holds() {
        let files = [
            ("compose.yaml", "services:\n  s:\n    image: x\n    command: run --tag $TAG \"a $B\"\n"),
            (".env", "TAG=1\nB=b c\n"),
        ];
        let expected = [
            "[0] = run  compose.yaml:4",
            "[1] = --tag  compose.yaml:4",
            "[2] = 1  compose.yaml:4 (TAG from .env:1)",
            "[3] = a b c  compose.yaml:4 (B from .env:2)",
        ];
        assert_eq!(lines(&files, "services.s.command"), expected);
    }

    #[test]
    fn steps_name_the_line_that_leads_to_another_file() {
        let files = [
            ("compose.yaml", "include: [inc/c.yml]\nservices:\n  s:\n    extends: {file: base.yml, service: b}\n"),
            ("base.yml", "services:\n  b: {image: x}\n"),
            ("inc/c.yml", "services:\n  i:\n    image: y\n    env_file: e.env\n"),
            ("inc/e.env", "A=1\n"),
        ];
        assert_eq!(lines(&files, "services.s.image"), [" = x  base.yml:2 (extends b in compose.yaml:4)"]);
        assert_eq!(lines(&files, "services.i.image"), [" = y  inc/c.yml:3 (include in compose.yaml:1)"]);
        let env = [".A = 1  inc/e.env:1 (env_file in inc/c.yml:4; include in compose.yaml:1)"];
        assert_eq!(lines(&files, "services.i.environment"), env);
    }

    #[test]
    fn what_comes_from_a_secret_is_masked_wherever_it_lands() {
        let compose = "\
include: [inc/c.yml]
services:
  s:
    image: x
    command: [\"--lock\", \"-P${DB_PASSWORD}\"]
    env_file: s.env
    environment: {B: \"${DB_PASSWORD}\", C: \"x=${JWT_SECRET};y\", D: \"${PW:-default1}\", E: sk_live_abcdefgh1}
    labels: {users: \"admin:$$apr1$$abcdefgh$$ijkl\"}
    healthcheck: {test: [CMD, check, \"${JWT_SECRET}\"]}
";
        let files = [
            ("compose.yaml", compose),
            ("s.env", "F=${DB_PASSWORD}\nG=s3cr3tvalue\n"),
            (
                "inc/c.yml",
                "services:\n  i:\n    image: x\n    environment: {B: '${PW:-default1}'}\n    command: ['$PW']\n",
            ),
            ("inc/.env", "PW=innerpw\n"),
            (".env", "DB_PASSWORD=s3cr3tvalue\nJWT_SECRET=jwt\n"),
        ];
        let all = lines(&files, "").join("\n");
        for secret in ["s3cr3tvalue", "=jwt", "= jwt", "default1", "abcdefgh", "innerpw"] {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
        let environment = lines(&files, "services.s.environment.C");
        assert_eq!(environment, [" = x=***;y  compose.yaml:7 (JWT_SECRET from .env:2)"]);
    }
}
