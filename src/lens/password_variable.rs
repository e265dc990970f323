//! The variable of the project that was to carry a server's password and is blank.

use crate::catalog::Mechanism;
use crate::model::container_env::ContainerEnv;
use crate::model::node::{Node, Text, Value};
use crate::syntax::template::{Piece, PieceOrigin, names_variable};

/// Name of the blank variable in the place of the password, if there is one: behind the option of the server, or in a
/// variable that its image reads.
pub fn blank_password_variable(mechanism: &Mechanism, service: &Node, env: &ContainerEnv) -> Option<String> {
    let argv = mechanism.argv();
    // Variables that hold the password, and such that hold options.
    let (passwords, options) = match mechanism {
        Mechanism::Argv(_) => (&[][..], &[][..]),
        Mechanism::Env(env) => (env.password.as_slice(), env.extra_args.as_slice()),
        Mechanism::ArgsInEnv(args) => (&[][..], std::slice::from_ref(&args.variable)),
    };
    let flag = argv.password_flag.as_str();
    let behind_flag =
        ["command", "entrypoint"].into_iter().filter_map(|key| service.get(key)).find_map(|node| match &node.value {
            Value::Text(text) => blank_behind(text, flag),
            Value::List(items) => in_list(items, flag),
            _ => None,
        });
    let value = |name: &String| env.get(name)?.value.as_ref();
    let in_password = || {
        let mut texts = passwords.iter().chain(&argv.password_variable).filter_map(value);
        texts.find_map(|text| text.whole_variable().filter(|_| text.value.is_empty()).map(str::to_owned))
    };
    let in_options = || options.iter().filter_map(value).find_map(|text| blank_behind(text, flag));
    behind_flag.or_else(in_password).or_else(in_options)
}

/// True for names such as `REDIS_PASSWORD`, `CACHE_PASS`, `REDIS_AUTH`.
pub fn is_password_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ["PASSWORD", "PASSWD", "_PASS", "_PW", "_AUTH", "SECRET"].iter().any(|word| upper.contains(word)) || upper == "PASS"
}

/// Name of the variable without a value on which it hangs what starts the server: one with the name of a password, in a
/// command that may ask for one, or in a variable that the command's shell reads. `is_unset` tells whether nothing gives it a
/// value.
pub fn unset_password_variable(
    mechanism: &Mechanism,
    service: &Node,
    env: &ContainerEnv,
    is_unset: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let first =
        |names: Vec<&str>| names.into_iter().find(|name| is_password_name(name) && is_unset(name)).map(str::to_owned);
    let texts = || ["entrypoint", "command"].into_iter().filter_map(|key| service.get(key)).flat_map(Node::texts);
    let left_out = texts().flat_map(|text| text.pieces.iter().filter_map(move |piece| left_out(text, piece))).collect();
    if let Some(name) = first(left_out) {
        return Some(name);
    }
    if !texts().any(|text| text.value.contains(&mechanism.argv().password_flag)) {
        return None;
    }
    let by_shell = || {
        let is_read = |name: &str| texts().any(|text| names_variable(&text.value, name));
        let mut read = env.variables.iter().filter(|variable| is_read(&variable.name));
        read.find_map(|variable| match &variable.value {
            Some(text) => first(text.variables()),
            None => first(vec![&variable.name]),
        })
    };
    texts().find_map(|text| first(text.variables())).or_else(by_shell)
}

/// The variable of an expansion that may bring options along and came out blank: `${NAME:+--requirepass $NAME}`.
fn left_out<'t>(text: &'t Text, piece: &'t Piece) -> Option<&'t str> {
    let PieceOrigin::Variable { name } = &piece.origin else { return None };
    let has_operator = piece.source.len() > name.len() + "${}".len();
    let before = text.value.get(..piece.output.start)?.split_ascii_whitespace().next_back();
    let is_value = before.is_some_and(|word| word.starts_with('-'));
    (has_operator && piece.output.is_empty() && !is_value).then_some(name.as_str())
}

/// Name of the variable that carries the password of a server; `is_it` tells by its name whether its value is the password.
pub fn password_variable(
    mechanism: &Mechanism,
    service: &Node,
    env: &ContainerEnv,
    is_it: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let names = match mechanism {
        Mechanism::Env(env) => env.password.clone(),
        Mechanism::ArgsInEnv(args) => vec![args.variable.clone()],
        Mechanism::Argv(argv) => argv.password_variable.iter().cloned().collect(),
    };
    let words =
        ["command", "entrypoint"].into_iter().filter_map(|key| service.get(key)).flat_map(|node| match &node.value {
            Value::Text(text) => vec![text],
            Value::List(items) => items.iter().filter_map(Node::as_text).collect(),
            _ => Vec::new(),
        });
    let values = names.iter().filter_map(|name| env.get(name)?.value.as_ref());
    let named = words.chain(values).flat_map(|text| text.variables());
    named.into_iter().find(|name| is_it(name)).map(str::to_owned)
}

fn in_list(items: &[Node], flag: &str) -> Option<String> {
    let texts: Vec<&Text> = items.iter().filter_map(Node::as_text).collect();
    let as_item = texts.windows(2).find_map(|pair| {
        let [option, value] = pair else { return None };
        (option.value == flag && value.value.is_empty()).then(|| value.whole_variable().map(str::to_owned)).flatten()
    });
    as_item.or_else(|| texts.iter().find_map(|text| blank_behind(text, flag)))
}

/// The blank variable right behind an option, quotes between them or not.
fn blank_behind(text: &Text, flag: &str) -> Option<String> {
    text.pieces.iter().find_map(|piece| {
        let PieceOrigin::Variable { name } = &piece.origin else { return None };
        let before = text.value.get(..piece.output.start).filter(|_| piece.output.is_empty())?;
        let option = before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '='));
        (option.len() < before.len() && option.ends_with(flag)).then(|| name.clone())
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::catalog::{Argv, ArgvSyntax};
    use crate::model::discover::projects_of;
    use crate::model::{Options, Workspace};
    use crate::source::{NoFiles, Overlay};

    fn name_in(command: &str) -> Option<String> {
        let mut files = Overlay::new(&NoFiles);
        let text = format!("services:\n  a:\n    image: x\n    command: {command}\n");
        files.set(PathBuf::from("/p/compose.yaml"), text.as_bytes());
        files.set(PathBuf::from("/p/.env"), b"NONE=\nSET=kept\n".as_slice());
        let sets = projects_of(&files, &[PathBuf::from("/p/compose.yaml")]);
        let workspace = Workspace::read(&files, &sets, &Options::default());
        let mechanism = Mechanism::Argv(Argv {
            server_programs: vec!["server".into()],
            other_programs: Vec::new(),
            entrypoints: Vec::new(),
            default_command: Vec::new(),
            password_flag: "--requirepass".into(),
            master_password_flag: None,
            syntax: ArgvSyntax::Directives,
            acl_flag: None,
            user_flag: None,
            other_mode_flags: Vec::new(),
            replica_flags: Vec::new(),
            cluster_flags: Vec::new(),
            config_suffix: None,
            image_configs: Vec::new(),
            password_variable: None,
            bind_flag: None,
            protected_mode_flag: None,
            protects_bound_since: None,
        });
        let project = &workspace.projects[0];
        blank_password_variable(&mechanism, project.service("a").expect("it is there"), &project.containers["a"])
    }

    #[test]
    fn only_a_blank_variable_in_the_place_of_the_password_is_named() {
        let cases = [
            ("server --requirepass $NONE", Some("NONE")),
            ("server --requirepass '\"${NONE}\"' --x", Some("NONE")),
            ("[server, --requirepass, $NONE]", Some("NONE")),
            ("[sh, -c, 'server --requirepass \"$NONE\"']", Some("NONE")),
            ("server --requirepass $UNSET", Some("UNSET")),
            ("server --requirepass $SET", None),
            ("server --other $NONE --requirepass $SET", None),
            ("[server, --other, $NONE, --requirepass, '']", None),
        ];
        for (command, expected) in cases {
            assert_eq!(name_in(command).as_deref(), expected, "{command}");
        }
    }
}
