//! Tells Compose files from other YAML whose name sounds like one: tasks of Ansible, jobs of GitLab, actions of GitHub,
//! manifests of Kubernetes, templates.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::{MAIN_NAMES, OVERRIDE_NAMES};
use crate::source::{FileKind, Files, decode, is_compose_name};
use crate::syntax::yaml::{self, Document, Kind, NodeId};

/// The keys of a Compose file's top level (Compose specification), without `x-…`.
const KEYS: [&str; 9] =
    ["version", "name", "include", "services", "models", "networks", "volumes", "secrets", "configs"];
/// Those that other kinds of files hardly have.
const TELLING_KEYS: [&str; 3] = ["version", "networks", "volumes"];

/// True if a file that nobody has named is to be taken for a Compose file, by its name and by what it holds. One that
/// can't be read is, so that somebody hears of it.
pub fn is_compose_file(files: &dyn Files, path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    // `{{cookiecutter.name}}/compose.yml` becomes a Compose file later.
    let is_in_template = path.components().any(|part| part.as_os_str().to_string_lossy().contains("{{"));
    is_compose_name(name) && !is_in_template && holds_compose(files, path)
}

/// True if a file whose name says nothing holds a Compose file, or can't be read.
pub(super) fn holds_compose(files: &dyn Files, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if files.kind(path) != FileKind::File {
        return true;
    }
    let Ok(text) = files.read(path).and_then(|bytes| decode(&bytes)) else { return true };
    let is_usual_name = MAIN_NAMES.contains(&name) || OVERRIDE_NAMES.contains(&name);
    has_shape(&text, is_usual_name)
}

/// True if the text is a Compose file or a part of one, as well as that can be seen.
fn has_shape(text: &str, is_usual_name: bool) -> bool {
    /// `{% if %}`, `{{ name }}`; what Compose itself hands on starts with a dot: `{{.Node.Hostname}}`.
    static TEMPLATE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{%|\{\{-?\s*[A-Za-z_]").expect("it is a regular expression"));
    let (document, problems) = yaml::parse(text.into());
    if !problems.is_empty() && TEMPLATE.is_match(text) {
        return false;
    }
    // What comes behind a mistake is not read.
    if !problems.is_empty() && text.lines().any(|line| line.trim_end() == "services:") {
        return true;
    }
    let is_empty = |root: NodeId| matches!(&document.node(root).kind, Kind::Scalar { value, .. } if value.is_empty());
    let roots: Vec<_> = document.roots.iter().copied().filter(|root| !is_empty(*root)).collect();
    match roots.as_slice() {
        [] => is_usual_name,
        roots => roots.iter().any(|root| is_compose_mapping(&document, *root)),
    }
}

fn is_compose_mapping(document: &Document, root: NodeId) -> bool {
    let Kind::Map(pairs) = &document.node(root).kind else { return false };
    let keys: Vec<_> = pairs.iter().filter_map(|pair| document.scalar(pair.key)).collect();
    let has_services = || {
        let services = document.get(root, "services").and_then(|pair| document.follow(pair.value));
        services.is_some_and(|services| matches!(document.node(services).kind, Kind::Map(_)))
    };
    let are_known = || keys.iter().all(|key| KEYS.contains(key) || key.starts_with("x-"));
    // Compose files of version 1, which Compose does not read any more.
    let is_old = || pairs.iter().any(|pair| is_old_service(document, pair.value));
    has_services() || are_known() || is_old() || keys.iter().any(|key| TELLING_KEYS.contains(key))
}

fn is_old_service(document: &Document, node: NodeId) -> bool {
    let has = |key: &str| document.get(node, key).is_some();
    // A job of GitLab has an image, too.
    (has("image") || has("build"))
        && ["ports", "volumes", "links", "command", "environment"].into_iter().any(has)
        && !has("script")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compose_files_and_parts_of_them_have_the_shape() {
        let texts = [
            "services:\n  a:\n    image: a\n",
            "version: '3'\nservice:\n  a:\n    image: a\n",
            "x-logging: &l {}\n",
            "volumes: {data: {}}\n",
            "include: [a.yml]\n",
            "services:\n  a:\n    labels: ['{{ x }}']\n",
            "services:\n  a:\n    image: 'a\n  b: {{.Node}}\n",
            "redis:\n  image: redis:5\n  ports: ['6379:6379']\n",
            "Some words\nand more\n\nservices:\n  a:\n    image: a\n",
            "name: x\n---\nservices:\n  a: {image: a}\n",
        ];
        for text in texts {
            assert!(has_shape(text, false), "{text}");
        }
        assert!(has_shape("", true));
    }

    #[test]
    fn other_yaml_has_another_shape() {
        let texts = [
            "- name: copy\n  copy: {src: a}\n",
            "include: [a.yml]\nstages: [up]\nservices: [docker:dind]\nup:\n  script: [docker compose up]\n",
            "up:\n  image: docker\n  variables: {A: 1}\n  script: [docker compose up]\n",
            "name: up\nruns:\n  using: composite\n  steps: []\n",
            "name: up\non: push\njobs:\n  up: {runs-on: x}\n",
            "apiVersion: v1\nkind: Deployment\n",
            "services:\n  a:\n    image: {{ image }}\n    ports:\n{% for p in ports %}\n",
            "just words\n",
            "",
        ];
        for text in texts {
            assert!(!has_shape(text, false), "{text}");
        }
    }
}
