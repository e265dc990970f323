//! The variable of the project that was to carry a server's password and is blank.

use crate::catalog::Mechanism;
use crate::model::container_env::ContainerEnv;
use crate::model::node::{Node, Text, Value};
use crate::syntax::template::PieceOrigin;

/// Name of the blank variable in the place of the password, if there is one: behind the option of the server, or in the
/// variable that its image reads.
pub fn blank_password_variable(mechanism: &Mechanism, service: &Node, env: &ContainerEnv) -> Option<String> {
    let (argv, names) = match mechanism {
        Mechanism::Argv(argv) => (argv, &[][..]),
        Mechanism::Env(env) => (&env.argv, env.password.as_slice()),
        Mechanism::ArgsInEnv(args) => (&args.argv, &[][..]),
    };
    let flag = argv.password_flag.as_str();
    let behind_flag = ["command", "entrypoint"].into_iter().filter_map(|key| service.get(key)).find_map(|node| {
        match &node.value {
            Value::Text(text) => blank_behind(text, flag),
            Value::List(items) => in_list(items, flag),
            _ => None,
        }
    });
    let in_environment = || {
        names.iter().find_map(|name| {
            let text = env.get(name)?.value.as_ref().filter(|text| text.value.is_empty())?;
            text.whole_variable().map(str::to_owned)
        })
    };
    behind_flag.or_else(in_environment)
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
