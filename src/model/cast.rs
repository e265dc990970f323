//! Texts that Compose turns into numbers and booleans once their variables are replaced.

use super::fault::Fault;
use super::node::{Certainty, Node, Value};

/// What a text becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cast {
    Int,
    Float,
    Bool,
}

/// Where, `*` standing for any key or item.
const CASTS: [(&str, Cast); 42] = [
    ("services.*.cpu_count", Cast::Int),
    ("services.*.cpu_percent", Cast::Float),
    ("services.*.cpu_period", Cast::Int),
    ("services.*.cpu_quota", Cast::Int),
    ("services.*.cpu_rt_period", Cast::Int),
    ("services.*.cpu_rt_runtime", Cast::Int),
    ("services.*.cpus", Cast::Float),
    ("services.*.cpu_shares", Cast::Int),
    ("services.*.init", Cast::Bool),
    ("services.*.depends_on.*.required", Cast::Bool),
    ("services.*.depends_on.*.restart", Cast::Bool),
    ("services.*.deploy.replicas", Cast::Int),
    ("services.*.deploy.update_config.parallelism", Cast::Int),
    ("services.*.deploy.update_config.max_failure_ratio", Cast::Float),
    ("services.*.deploy.rollback_config.parallelism", Cast::Int),
    ("services.*.deploy.rollback_config.max_failure_ratio", Cast::Float),
    ("services.*.deploy.restart_policy.max_attempts", Cast::Int),
    ("services.*.deploy.placement.max_replicas_per_node", Cast::Int),
    ("services.*.healthcheck.retries", Cast::Int),
    ("services.*.healthcheck.disable", Cast::Bool),
    ("services.*.oom_kill_disable", Cast::Bool),
    ("services.*.oom_score_adj", Cast::Int),
    ("services.*.pids_limit", Cast::Int),
    ("services.*.ports.*.target", Cast::Int),
    ("services.*.privileged", Cast::Bool),
    ("services.*.read_only", Cast::Bool),
    ("services.*.scale", Cast::Int),
    ("services.*.stdin_open", Cast::Bool),
    ("services.*.tty", Cast::Bool),
    ("services.*.ulimits.*", Cast::Int),
    ("services.*.ulimits.*.hard", Cast::Int),
    ("services.*.ulimits.*.soft", Cast::Int),
    ("services.*.volumes.*.read_only", Cast::Bool),
    ("services.*.volumes.*.volume.nocopy", Cast::Bool),
    ("networks.*.external", Cast::Bool),
    ("networks.*.internal", Cast::Bool),
    ("networks.*.attachable", Cast::Bool),
    ("networks.*.enable_ipv4", Cast::Bool),
    ("networks.*.enable_ipv6", Cast::Bool),
    ("volumes.*.external", Cast::Bool),
    ("secrets.*.external", Cast::Bool),
    ("configs.*.external", Cast::Bool),
];

/// Casts what is to be cast below the top of a file. A text that would be another one if a variable were set stays.
pub(super) fn apply(root: &mut Node, faults: &mut Vec<Fault>) {
    for (path, cast) in CASTS {
        let steps: Vec<&str> = path.split('.').collect();
        visit(root, &steps, &mut |node| cast_node(node, cast, faults));
    }
}

/// Calls `act` on every node at `path`, in which `*` stands for any key or item.
pub(super) fn visit(node: &mut Node, path: &[&str], act: &mut dyn FnMut(&mut Node)) {
    let Some((first, rest)) = path.split_first() else { return act(node) };
    match &mut node.value {
        Value::Map(map) => {
            for entry in map.entries.iter_mut().filter(|entry| *first == "*" || entry.key == *first) {
                visit(&mut entry.value, rest, act);
            }
        }
        Value::List(items) if *first == "*" => items.iter_mut().for_each(|item| visit(item, rest, act)),
        _ => {}
    }
}

fn cast_node(node: &mut Node, cast: Cast, faults: &mut Vec<Fault>) {
    let Value::Text(text) = &node.value else { return };
    if text.certainty != Certainty::Known {
        return;
    }
    let (value, wanted) = match cast {
        Cast::Int => (text.value.parse::<i64>().ok().map(|number| Value::Int(number.into())), "a whole number"),
        Cast::Float => (text.value.parse::<f64>().ok().map(Value::Float), "a number"),
        Cast::Bool => (boolean(&text.value).map(Value::Bool), "`true` or `false`"),
    };
    if let Some(Value::Bool(value)) = value
        && !matches!(text.value.to_lowercase().as_str(), "true" | "false")
    {
        let message = "Compose reads a boolean here, other readers of YAML 1.2 a text";
        faults.push(Fault::warning(&node.place, message).with_help(format!("write `{value}`")));
    }
    match value {
        Some(value) => node.value = value,
        None => faults.push(Fault::new(&node.place, format!("Compose wants {wanted} here, this is another text"))),
    }
}

/// A boolean as Compose reads one out of a text.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(true),
        "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}
