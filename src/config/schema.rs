//! The JSON Schema of `caulk.yaml`: completion and checks in editors.

use serde_json::{Value, json};

use super::SecretsPolicy;
use crate::rule::{RuleSet, Severity, Tier};

/// The schema, as a JSON text with a final newline. It knows the rules that come with caulk and lets others pass.
pub fn schema() -> String {
    let rules: Vec<_> =
        RuleSet::built_in().rules.iter().map(|rule| json!({"const": rule.id, "description": rule.summary})).collect();
    let own = json!({"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "description": "a rule of your own"});
    let tiers = Tier::ALL.map(Tier::as_str);
    let texts = json!({"type": "array", "items": {"type": "string", "minLength": 1}});
    let (over, top) = (properties(true), properties(false));
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of caulk",
        "type": ["object", "null"],
        "properties": top,
        "additionalProperties": false,
        "definitions": {
            "rule": {"anyOf": [{"oneOf": rules}, own]},
            "rules_or_tiers": {
                "type": "array",
                "items": {"anyOf": [{"enum": tiers, "description": "a tier"}, {"$ref": "#/definitions/rule"}]},
            },
            "texts": texts,
            "override": {
                "type": "object",
                "properties": over,
                "required": ["paths"],
                "additionalProperties": false,
            },
            "project": project(),
        },
    });
    let mut text = serde_json::to_string_pretty(&schema).expect("a JSON value can always be written");
    text.push('\n');
    text
}

/// The keys of an override, or of the file as a whole.
fn properties(of_override: bool) -> Value {
    let list =
        |name: &str, doc: &str| json!({"description": doc, "allOf": [{"$ref": format!("#/definitions/{name}")}]});
    let severity = json!({
        "type": "object",
        "description": "how bad what a rule finds is",
        "propertyNames": {"$ref": "#/definitions/rule"},
        "additionalProperties": {"enum": Severity::ALL.map(Severity::as_str)},
    });
    let mut properties = json!({
        "select": list("rules_or_tiers", "tiers to run beyond the default one; if a rule is named, only what is named runs"),
        "ignore": list("rules_or_tiers", "rules or tiers not to run"),
        "severity": severity,
        "allowed_addresses": list("texts", "addresses that ports may be published on if they are written out"),
    });
    let further = if of_override {
        json!({"paths": list("texts", "patterns as in .gitignore, relative to the file")})
    } else {
        let items = |name: &str| json!({"$ref": format!("#/definitions/{name}")});
        json!({
            "overrides": {"type": "array", "description": "what differs for some paths", "items": items("override")},
            "exclude": list("texts", "paths that are not looked at; patterns as in .gitignore"),
            "rules": list("texts", "folders with rules of your own"),
            "projects": {
                "type": "array",
                "description": "projects that Compose is told about with options",
                "items": items("project"),
            },
            "secrets": {
                "description": "whether --fix makes passwords",
                "enum": SecretsPolicy::ALL.map(SecretsPolicy::as_str),
            },
            "baseline": {"type": "string", "minLength": 1, "description": "file with the findings that are known"},
        })
    };
    if let (Some(properties), Value::Object(further)) = (properties.as_object_mut(), further) {
        properties.extend(further);
    }
    properties
}

fn project() -> Value {
    let texts = |doc: &str| json!({"description": doc, "allOf": [{"$ref": "#/definitions/texts"}]});
    json!({
        "type": "object",
        "properties": {
            "files": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "minLength": 1},
                "description": "Compose files in the order of -f",
            },
            "env_files": texts("env files in the place of .env, in the order of --env-file"),
            "profiles": texts("profiles that are enabled"),
            "project_directory": {"type": "string", "minLength": 1, "description": "the folder that relative paths rest on"},
        },
        "required": ["files"],
        "additionalProperties": false,
    })
}
