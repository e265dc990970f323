//! The JSON Schema of rule files, made from the table of fields: completion and checks in editors.

use serde_json::{Map, Value, json};

use super::decode::operators;
use super::fields::{FieldInfo, FieldType, ViewKind};
use super::fix::{Applicability, BuiltIn};
use super::severity::{Severity, Tier};

/// The schema, as a JSON text with a final newline.
pub fn schema() -> String {
    let mut definitions = Map::new();
    for (name, ty) in
        [("text", FieldType::Text), ("number", FieldType::Number), ("bool", FieldType::Bool), ("list", FieldType::List)]
    {
        definitions.insert(format!("{name}_matcher"), matcher(ty));
    }
    for kind in ViewKind::ALL {
        definitions.insert(format!("{}_where", kind.name()), condition(kind));
        definitions.insert(format!("{}_fixes", kind.name()), fixes(kind));
        definitions.insert(format!("{}_also", kind.name()), also(kind));
        definitions.insert(format!("{}_case", kind.name()), object(case_keys(kind), &[]));
        definitions.insert(format!("{}_severity", kind.name()), severity(kind));
        definitions.insert(format!("{}_label", kind.name()), label(kind));
    }
    definitions.insert("files".into(), files());
    let branches: Vec<_> = ViewKind::ALL
        .into_iter()
        .map(|kind| {
            let mut keys = case_keys(kind);
            keys.insert("cases".into(), json!({"type": "array", "minItems": 1, "items": reference(kind, "case")}));
            json!({"if": {"properties": {"for": {"const": kind.name()}}, "required": ["for"]}, "then": {"properties": keys}})
        })
        .collect();
    let views: Vec<_> =
        ViewKind::ALL.into_iter().map(|kind| json!({"const": kind.name(), "description": kind.doc()})).collect();
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A rule of caulk",
        "type": "object",
        "required": ["id", "since", "tier", "summary", "why", "for"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "description": "the file's name without .yaml"},
            "since": {"type": "string", "description": "the version that had it first"},
            "tier": {"enum": Tier::ALL.map(Tier::as_str)},
            "summary": {"type": "string", "description": "one line"},
            "why": {"type": "string", "description": "why it matters, in Markdown"},
            "links": {"type": "array", "items": {"type": "string"}},
            "for": {"description": "what the rule looks at", "anyOf": views},
            "where": true, "severity": true, "message": true, "help": true, "at": true, "also": true, "fix": true,
            "follows": true, "cases": true,
            "examples": {"type": "array", "items": example()},
        },
        "additionalProperties": false,
        "allOf": branches,
        "definitions": definitions,
    });
    let mut text = serde_json::to_string_pretty(&schema).expect("a JSON value can always be written");
    text.push('\n');
    text
}

fn object(properties: Map<String, Value>, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn reference(kind: ViewKind, what: &str) -> Value {
    json!({"$ref": format!("#/definitions/{}_{what}", kind.name())})
}

fn case_keys(kind: ViewKind) -> Map<String, Value> {
    let keys = [
        ("where", reference(kind, "where")),
        ("severity", reference(kind, "severity")),
        ("tier", json!({"enum": Tier::ALL.map(Tier::as_str)})),
        (
            "message",
            json!({"type": "string", "description": "one sentence; {{field}} and {{field | filter}} are filled in"}),
        ),
        ("help", json!({"type": "string", "description": "what to do about it"})),
        ("at", reference(kind, "label")),
        ("also", reference(kind, "also")),
        ("fix", reference(kind, "fixes")),
        (
            "follows",
            json!({"type": "string", "description": "the rule from which this follows: what silences that silences this, too"}),
        ),
    ];
    keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// What may stand behind a field in `where`.
fn matcher(ty: FieldType) -> Value {
    let name = match ty {
        FieldType::Text | FieldType::Choice(_) => "text",
        FieldType::Number => "number",
        FieldType::Bool => "bool",
        FieldType::List => "list",
    };
    let own = json!({"$ref": format!("#/definitions/{name}_matcher")});
    let item = json!({"$ref": "#/definitions/text_matcher"});
    let literal = match ty {
        FieldType::Number => json!({"type": "integer"}),
        FieldType::Bool => json!({"type": "boolean"}),
        _ => json!({"type": ["string", "number", "boolean"]}),
    };
    let properties: Map<String, Value> = operators(ty)
        .iter()
        .map(|operator| {
            let value = match *operator {
                "equal" => literal.clone(),
                "in" => json!({"type": "array", "items": literal}),
                "matches" => json!({"type": "string", "format": "regex"}),
                "lt" | "gt" => json!({"type": "integer"}),
                "not" => own.clone(),
                "any" | "all" => json!({"type": "array", "minItems": 1, "items": own}),
                "some_of" | "none_of" | "every" => item.clone(),
                _ => json!({"type": "string"}),
            };
            ((*operator).to_owned(), value)
        })
        .collect();
    let mut forms = vec![json!({"enum": ["present", "absent"]})];
    if ty != FieldType::List {
        forms.push(literal);
    }
    forms.push(json!({"type": "object", "minProperties": 1, "properties": properties, "additionalProperties": false}));
    json!({ "anyOf": forms })
}

fn condition(kind: ViewKind) -> Value {
    let own = reference(kind, "where");
    let mut properties: Map<String, Value> =
        kind.fields().map(|field| (field.name.to_owned(), field_matcher(field))).collect();
    properties.insert("not".into(), own.clone());
    for name in ["any", "all"] {
        properties.insert(name.into(), json!({"type": "array", "minItems": 1, "items": own}));
    }
    json!({"type": "object", "minProperties": 1, "properties": properties, "additionalProperties": false})
}

fn field_matcher(field: &FieldInfo) -> Value {
    let name = match field.ty {
        FieldType::Text => "text",
        FieldType::Number => "number",
        FieldType::Bool => "bool",
        FieldType::List => "list",
        FieldType::Choice(values) => {
            let literals: Vec<_> = values.iter().copied().chain(["present", "absent"]).collect();
            let matcher = json!({"type": "object"});
            return json!({"description": field.doc, "anyOf": [{"enum": literals}, matcher]});
        }
    };
    json!({"description": field.doc, "allOf": [{"$ref": format!("#/definitions/{name}_matcher")}]})
}

fn severity(kind: ViewKind) -> Value {
    let words = json!({"enum": Severity::ALL.map(Severity::as_str)});
    let fields: Vec<_> = kind.fields().map(|field| field.name).collect();
    let depends = json!({
        "type": "object",
        "properties": {"by": {"enum": fields}, "else": words},
        "required": ["by", "else"],
        "additionalProperties": words,
    });
    json!({"anyOf": [words, depends]})
}

fn label(kind: ViewKind) -> Value {
    let fields: Vec<_> =
        kind.fields().flat_map(|field| [field.name.to_owned(), format!("{}.key", field.name)]).collect();
    json!({ "enum": fields })
}

fn also(kind: ViewKind) -> Value {
    json!({"type": "object", "propertyNames": reference(kind, "label"), "additionalProperties": {"type": "string"}})
}

fn fixes(kind: ViewKind) -> Value {
    let writable: Vec<_> = kind.fields().filter(|field| field.writable).map(|field| field.name).collect();
    let repairs: Vec<_> = BuiltIn::ALL
        .into_iter()
        .filter(|built_in| built_in.views().contains(&kind))
        .map(|built_in| json!({"const": built_in.name(), "description": built_in.doc()}))
        .collect();
    let mut properties = Map::new();
    properties.insert("where".into(), reference(kind, "where"));
    properties.insert("title".into(), json!({"type": "string"}));
    properties.insert("applicability".into(), json!({"enum": Applicability::ALL.map(Applicability::as_str)}));
    properties.insert("lines".into(), json!({"type": "string", "description": "lines that a person should write"}));
    if !repairs.is_empty() {
        properties.insert("repair".into(), json!({ "anyOf": repairs }));
    }
    if !writable.is_empty() {
        let name = json!({ "enum": writable });
        let edit = json!({
            "type": "object",
            "properties": {
                "set": name, "ensure": name, "append": name, "remove": name, "rename": name,
                "to": {"type": ["string", "number", "boolean", "array"]},
            },
            "additionalProperties": false,
        });
        properties.insert("edits".into(), json!({"type": "array", "minItems": 1, "items": edit}));
    }
    json!({"type": "array", "items": object(properties, &["title"])})
}

fn files() -> Value {
    json!({"anyOf": [
        {"type": "string", "description": "the text of compose.yaml"},
        {"type": "object", "description": "texts by their paths", "additionalProperties": {"type": "string"}},
    ]})
}

fn example() -> Value {
    let files = json!({"$ref": "#/definitions/files"});
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "good": files, "bad": files, "fixed": files,
            "at": {"type": "string", "description": "the text that the first label covers"},
        },
        "required": ["name"],
        "additionalProperties": false,
        "oneOf": [{"required": ["good"]}, {"required": ["bad"]}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SNAPSHOTS=overwrite` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        snapbox::assert_data_eq!(schema(), snapbox::file!["../../rules/schema.json"].raw());
    }

    #[test]
    fn every_field_of_a_view_is_in_its_schema() {
        let schema: Value = serde_json::from_str(&schema()).expect("it is JSON");
        for kind in ViewKind::ALL {
            let fields = &schema["definitions"][format!("{}_where", kind.name())]["properties"];
            for field in kind.fields() {
                assert_eq!(fields[field.name]["description"], field.doc, "{}", field.name);
            }
        }
    }
}
