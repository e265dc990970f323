//! From the long form to what Compose prints, key by key as the table of the schema says.

use super::item::{Item, Origin, Value};
use super::{Unused, resources, unit};
use crate::model::node::{self, Map, Node};
use crate::model::schema::{Alternative, Key, Print, Section, Type, compose};
use crate::model::{Fault, Workspace, boolean};
use crate::syntax::words;

/// The services; what Compose can't read is reported.
pub(super) fn services(workspace: &mut Workspace<'_>, root: &Node) -> Vec<(String, Item)> {
    let mut printer = Printer { faults: Vec::new() };
    let section = compose().section("service");
    let printed = resources(root, "services").filter_map(|(name, node)| {
        let map = node.as_map()?;
        Some((name.to_owned(), printer.section(node, map, section)))
    });
    let mut printed: Vec<_> = printed.collect();
    printed.sort_by(|(a, _), (b, _)| a.cmp(b));
    for fault in printer.faults {
        workspace.report_at(&fault.place, fault.weight, fault.message, fault.help.as_deref());
    }
    printed
}

/// The whole project: what no service uses is left out.
pub(super) fn project(root: &Node, services: Vec<(String, Item)>, name: &str, unused: Unused) -> Item {
    let mut printer = Printer { faults: Vec::new() };
    let origin = Origin::of(root);
    let written = root.get("name").map_or_else(|| origin.clone(), Origin::of);
    let mut entries = vec![("name".to_owned(), Item { value: Value::Text(name.to_owned()), origin: written })];
    let mut used = Vec::new();
    for kind in ["networks", "volumes", "secrets", "configs"] {
        let section = compose().section(kind.trim_end_matches('s'));
        let mut printed: Vec<(String, Item)> = resources(root, kind)
            .filter(|(name, _)| unused == Unused::Keep || services.iter().any(|(_, service)| uses(service, kind, name)))
            .filter_map(|(name, node)| Some((name.to_owned(), printer.section(node, node.as_map()?, section))))
            .collect();
        printed.sort_by(|(a, _), (b, _)| a.cmp(b));
        if !printed.is_empty() {
            used.push((kind.to_owned(), Item { value: Value::Map(printed), origin: origin.clone() }));
        }
    }
    entries.push(("services".to_owned(), Item { value: Value::Map(services), origin }));
    entries.extend(used);
    let extensions = root.as_map().into_iter().flat_map(|map| &map.entries);
    let extensions = extensions.filter(|entry| entry.key.starts_with("x-"));
    entries.extend(extensions.map(|entry| (entry.key.clone(), as_written(&entry.value))));
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Item { value: Value::Map(entries), origin: Origin::of(root) }
}

/// True if the service uses the resource.
fn uses(service: &Item, kind: &str, name: &str) -> bool {
    let sources = |item: Option<&Item>| {
        item.map(Item::items).unwrap_or_default().iter().any(|item| {
            item.get("source").and_then(Item::text) == Some(name)
                && (kind != "volumes" || item.get("type").and_then(Item::text) == Some("volume"))
        })
    };
    match kind {
        "networks" => service.at(&["networks", name]).is_some(),
        "secrets" => sources(service.get("secrets")) || sources(service.at(&["build", "secrets"])),
        kind => sources(service.get(kind)),
    }
}

/// A value below an `x-` key.
fn as_written(node: &Node) -> Item {
    let value = match &node.value {
        node::Value::Null => Value::Null,
        node::Value::Bool(value) => Value::Bool(*value),
        node::Value::Int(value) => Value::Int(*value),
        node::Value::Float(value) => Value::Float(*value),
        node::Value::Timestamp(text) if text.len() == 10 => Value::Text(format!("{text}T00:00:00Z")),
        node::Value::Timestamp(text) => Value::Text(text.clone()),
        node::Value::Text(text) => Value::Text(text.value.clone()),
        node::Value::List(items) => Value::List(items.iter().map(as_written).collect()),
        node::Value::Map(map) => {
            Value::Map(map.entries.iter().map(|entry| (entry.key.clone(), as_written(&entry.value))).collect())
        }
    };
    Item { value, origin: Origin::of(node) }
}

struct Printer {
    faults: Vec<Fault>,
}

impl Printer {
    fn section(&mut self, node: &Node, map: &Map, section: &Section) -> Item {
        let mut entries = Vec::new();
        for key in &section.keys {
            let written = map.get(&key.name).filter(|value| !value.is_null());
            let printed = match written {
                Some(value) => self.key(value, key),
                None if key.always => Some(self.absent(node, key)),
                None => None,
            };
            entries.extend(printed.map(|item| (section.printed_name(key).into_owned(), item)));
        }
        Item { value: Value::Map(entries), origin: Origin::of(node) }
    }

    /// What stands for a key that is always printed and is not written.
    fn absent(&mut self, node: &Node, key: &Key) -> Item {
        let section = key.value.0.iter().find_map(|alternative| match alternative {
            Alternative::Section(name) => Some(name),
            _ => None,
        });
        match section {
            Some(name) => {
                let item = self.section(node, &Map::default(), compose().section(name));
                Item { origin: item.origin.by_default(), ..item }
            }
            None => Item { value: Value::Null, origin: Origin::of(node).by_default() },
        }
    }

    /// The value of a key; `None` if it stands for nothing and is left out.
    fn key(&mut self, node: &Node, key: &Key) -> Option<Item> {
        let item = self.value(node, &key.value, key.print)?;
        let is_section = key.value.0.iter().any(|alternative| matches!(alternative, Alternative::Section(_)));
        let zero = match &item.value {
            Value::Null => true,
            Value::Bool(value) => !value,
            Value::Int(value) => *value == 0,
            Value::Float(value) => *value == 0.0,
            Value::Text(text) if key.print == Print::Bytes => text == "0",
            Value::Text(text) if key.print == Print::Duration => text == "0s",
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty() && !is_section,
        };
        (!zero || key.keeps_zero).then_some(item)
    }

    fn value(&mut self, node: &Node, value: &Type, print: Print) -> Option<Item> {
        let printed = match print {
            Print::Never => return None,
            Print::ByType => return self.by_type(node, value),
            Print::Text if matches!(node.value, node::Value::Float(_)) => {
                self.refuse(node, "Compose wants a text here")?
            }
            Print::Text => Value::Text(node.scalar_text()?.value),
            Print::Bool => self.bool(node)?,
            Print::Int | Print::Count => self.int(node, print)?,
            Print::Float => self.float(node)?,
            Print::Bytes => self.bytes(node)?,
            Print::Duration => self.duration(node)?,
            Print::Command => return self.command(node),
            Print::Test => return Some(test(node)),
            Print::Mode => mode(node)?,
            Print::Labels | Print::Strings => self.pairs(node, false),
            Print::Env | Print::Args => self.pairs(node, true),
            Print::Hosts => self.hosts(node),
            Print::List => Value::List(list(node)),
            Print::Ssh => ssh(node),
            Print::Any => options(node),
        };
        Some(Item { value: printed, origin: Origin::of(node) })
    }

    fn by_type(&mut self, node: &Node, value: &Type) -> Option<Item> {
        let origin = Origin::of(node);
        let alternatives = || value.0.iter();
        let printed = match &node.value {
            node::Value::Null => Value::Null,
            node::Value::Map(map) => {
                if let Some(name) = alternatives().find_map(|alternative| match alternative {
                    Alternative::Section(name) => Some(name),
                    _ => None,
                }) {
                    return Some(self.section(node, map, compose().section(name)));
                }
                let inner = alternatives().find_map(|alternative| match alternative {
                    Alternative::Map { value, .. } => Some(value),
                    _ => None,
                })?;
                let entries = map.entries.iter();
                let mut entries: Vec<(String, Item)> =
                    entries.filter_map(|entry| Some((entry.key.clone(), self.by_type(&entry.value, inner)?))).collect();
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                Value::Map(entries)
            }
            node::Value::List(items) => {
                let inner = alternatives().find_map(|alternative| match alternative {
                    Alternative::List { item, .. } => Some(item),
                    _ => None,
                })?;
                Value::List(items.iter().filter_map(|item| self.by_type(item, inner)).collect())
            }
            _ if alternatives().any(|alternative| matches!(alternative, Alternative::Bool)) => self.bool(node)?,
            _ if alternatives().any(|alternative| matches!(alternative, Alternative::Int { .. })) => {
                self.int(node, Print::Int)?
            }
            _ => Value::Text(node.scalar_text()?.value),
        };
        Some(Item { value: printed, origin })
    }

    fn bool(&mut self, node: &Node) -> Option<Value> {
        match &node.value {
            node::Value::Bool(value) => Some(Value::Bool(*value)),
            node::Value::Text(text) => match boolean(&text.value) {
                Some(value) => Some(Value::Bool(value)),
                None => self.refuse(node, "Compose wants `true` or `false` here, this is another text"),
            },
            _ => None,
        }
    }

    fn int(&mut self, node: &Node, print: Print) -> Option<Value> {
        match &node.value {
            node::Value::Int(value) if *value < 0 && print == Print::Count => {
                self.refuse(node, "this number can't be negative")
            }
            node::Value::Int(value) => Some(Value::Int(*value)),
            node::Value::Float(value) => Some(Value::Int(*value as i128)),
            node::Value::Text(text) if text.value.eq_ignore_ascii_case("all") => Some(Value::Int(-1)),
            node::Value::Text(text) => match text.value.parse() {
                Ok(value) => Some(Value::Int(value)),
                Err(_) => self.refuse(node, "Compose wants a whole number here, this is another text"),
            },
            _ => None,
        }
    }

    fn float(&mut self, node: &Node) -> Option<Value> {
        let wide = match &node.value {
            node::Value::Int(value) => return Some(Value::Int(*value)),
            node::Value::Float(value) => *value,
            node::Value::Text(text) => match text.value.parse::<f64>() {
                Ok(value) => value,
                Err(_) => return self.refuse(node, "Compose wants a number here, this is another text"),
            },
            _ => return None,
        };
        // Compose keeps 32 bits of it.
        (wide as f32).to_string().parse().ok().map(Value::Float)
    }

    fn bytes(&mut self, node: &Node) -> Option<Value> {
        let bytes = match &node.value {
            node::Value::Int(value) => Some(*value),
            // The reference takes no notice of a size with a point.
            node::Value::Float(_) => Some(0),
            node::Value::Text(text) => unit::bytes(&text.value),
            _ => return None,
        };
        match bytes {
            Some(bytes) => Some(Value::Text(bytes.to_string())),
            None => self.refuse(node, "Compose wants a size here, such as `512m`"),
        }
    }

    fn duration(&mut self, node: &Node) -> Option<Value> {
        let text = node.as_text()?;
        match unit::duration(&text.value) {
            Some(nanoseconds) => Some(Value::Text(unit::duration_text(nanoseconds))),
            None => self.refuse(node, "Compose wants a time here, such as `30s` or `1m30s`"),
        }
    }

    /// The words of a command.
    fn command(&mut self, node: &Node) -> Option<Item> {
        let origin = Origin::of(node);
        let word = |written: &node::Text, word: &words::Word| Item {
            value: Value::Text(word.value.clone()),
            origin: Origin::of_text(&written.slice(word.span.start..word.span.end), &node.place),
        };
        let words = match &node.value {
            node::Value::Text(written) => match words::split(&written.value) {
                Ok(split) => split.words.iter().map(|found| word(written, found)).collect(),
                Err(error) => return self.refuse(node, &error.to_string()),
            },
            _ => list(node),
        };
        Some(Item { value: Value::List(words), origin })
    }

    /// `KEY=value` items or a mapping, sorted; a key without a value stays empty or `null`.
    fn pairs(&mut self, node: &Node, nullable: bool) -> Value {
        let absent = || if nullable { Value::Null } else { Value::Text(String::new()) };
        let mut entries: Vec<(String, Item)> = Vec::new();
        match &node.value {
            node::Value::Map(map) => {
                for entry in &map.entries {
                    let value = entry.value.scalar_text().map_or_else(absent, |text| Value::Text(text.value));
                    entries.push((entry.key.clone(), Item { value, origin: Origin::of(&entry.value) }));
                }
            }
            node::Value::List(items) => {
                for item in items {
                    let Some(text) = item.scalar_text() else { continue };
                    let (key, value) = match text.value.split_once('=') {
                        Some((key, value)) => (key, Value::Text(value.to_owned())),
                        None => (text.value.as_str(), absent()),
                    };
                    if nullable && key.ends_with(char::is_whitespace) {
                        let help = "Compose takes no blank before `=`";
                        self.faults
                            .push(Fault::new(&item.place, "the variable's name ends with a blank").with_help(help));
                    }
                    entries.retain(|(known, _)| known != key);
                    entries.push((key.to_owned(), Item { value, origin: Origin::of(item) }));
                }
            }
            _ => {}
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Value::Map(entries)
    }

    /// `NAME=ADDRESS` items, sorted.
    fn hosts(&mut self, node: &Node) -> Value {
        let mut hosts: Vec<(String, Origin)> = Vec::new();
        let plain = |address: &str| {
            let inner = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
            inner.unwrap_or(address).to_owned()
        };
        match &node.value {
            node::Value::Map(map) => {
                for entry in &map.entries {
                    let addresses =
                        entry.value.as_list().map_or_else(|| vec![&entry.value], |items| items.iter().collect());
                    for address in addresses {
                        if let Some(text) = address.scalar_text() {
                            hosts.push((format!("{}={}", entry.key, plain(&text.value)), Origin::of(address)));
                        }
                    }
                }
            }
            node::Value::List(items) => {
                for item in items {
                    let Some(text) = item.scalar_text() else { continue };
                    match text.value.split_once('=').or_else(|| text.value.split_once(':')) {
                        Some((name, _)) if name.is_empty() || name.contains(':') => {
                            self.faults.push(Fault::new(&item.place, "this is no name of a host"));
                        }
                        None => self.faults.push(Fault::new(&item.place, "this host has no address")),
                        Some((name, address)) => hosts.push((format!("{name}={}", plain(address)), Origin::of(item))),
                    }
                }
            }
            _ => {}
        }
        hosts.sort_by(|(a, _), (b, _)| a.cmp(b));
        Value::List(hosts.into_iter().map(|(host, origin)| Item { value: Value::Text(host), origin }).collect())
    }

    fn refuse<T>(&mut self, node: &Node, message: &str) -> Option<T> {
        self.faults.push(Fault::new(&node.place, message));
        None
    }
}

/// The texts of a list, or of a single text.
fn list(node: &Node) -> Vec<Item> {
    let nodes: Vec<&Node> = node.as_list().map_or_else(|| vec![node], |items| items.iter().collect());
    let text = |node: &Node| Some(Item { value: Value::Text(node.scalar_text()?.value), origin: Origin::of(node) });
    nodes.into_iter().filter_map(text).collect()
}

/// A healthcheck's test: a text is for the shell.
fn test(node: &Node) -> Item {
    let mut words = list(node);
    if node.as_text().is_some() {
        words.insert(0, Item { value: Value::Text("CMD-SHELL".to_owned()), origin: Origin::of(node) });
    }
    Item { value: Value::List(words), origin: Origin::of(node) }
}

/// Permissions as four octal digits.
fn mode(node: &Node) -> Option<Value> {
    let number = match &node.value {
        node::Value::Int(number) => *number,
        node::Value::Text(text) => i128::from_str_radix(&text.value, 8).ok()?,
        _ => return None,
    };
    Some(Value::Text(format!("0{number:o}")))
}

fn ssh(node: &Node) -> Value {
    match &node.value {
        node::Value::Map(map) => {
            let mut keys: Vec<Item> = map
                .entries
                .iter()
                .map(|entry| {
                    let path = entry.value.scalar_text().filter(|path| !path.value.is_empty());
                    let text = path.map_or_else(|| entry.key.clone(), |path| format!("{}={}", entry.key, path.value));
                    Item { value: Value::Text(text), origin: Origin::of(&entry.value) }
                })
                .collect();
            keys.sort_by(|a, b| a.text().cmp(&b.text()));
            Value::List(keys)
        }
        _ => Value::List(list(node)),
    }
}

/// Options, each of which may have several values.
fn options(node: &Node) -> Value {
    let Some(map) = node.as_map() else { return Value::Null };
    let entry = |entry: &node::Entry| {
        let item = Item { value: Value::List(list(&entry.value)), origin: Origin::of(&entry.value) };
        (entry.key.clone(), item)
    };
    Value::Map(map.entries.iter().map(entry).collect())
}
