//! Clients that scripts and people start in the container of a server, as in `docker compose exec redis redis-cli ping`:
//! they log in by the container's environment.

use std::path::PathBuf;

use super::credential::Credential;
use super::{Member, Seal};
use crate::catalog::ClientProgram;
use crate::lens::server::Auth;
use crate::lens::value::file_name;
use crate::model::discover::scripts_around;
use crate::model::node::Node;
use crate::source::relative_to;
use crate::syntax::compose_call::{Execution, executions};

/// A call that somebody wrote down.
struct Call {
    path: PathBuf,
    line: usize,
    variable: String,
}

impl Seal<'_, '_, '_> {
    /// Lets the clients log in that texts of the repository start in the container of a server that was open. Without
    /// them, its environment stays as it is.
    pub(super) fn called_clients(&mut self, member: &Member<'_>, credential: &Credential) {
        if !matches!(member.store.auth, Auth::Open | Auth::Refuses(_)) {
            return;
        }
        let Some(call) = self.call_without_password(member) else { return };
        if self.log_in_variable(member, &member.store.service, credential, &call.variable).is_err() {
            let (name, path) = (&member.store.service, relative_to(&member.project.folder, &call.path));
            let note = format!(
                "{path}, line {}, starts a client in the container of `{name}`: it must log in from now on, for example by {} in its environment",
                call.line, call.variable
            );
            self.repair.notes.push(note.into());
        }
    }

    /// The first call that presents no password.
    fn call_without_password(&self, member: &Member<'_>) -> Option<Call> {
        let clients = &member.definition.clients;
        let names_one = |text: &str| clients.iter().flat_map(|client| &client.names).any(|name| text.contains(name));
        scripts_around(self.bench.files, &member.project.folder).into_iter().find_map(|(path, text)| {
            if !text.contains("exec") || !names_one(&text) {
                return None;
            }
            let mut calls = executions(&text).into_iter().filter(|call| is_in(call, member));
            calls.find_map(|call| {
                Some(Call { path: path.clone(), line: call.line, variable: variable(&call, clients)? })
            })
        })
    }
}

/// True if the container is that of the server: the service, its `container_name`, or the name that Compose makes.
fn is_in(call: &Execution, member: &Member<'_>) -> bool {
    let (target, service) = (&call.target, &member.store.service);
    let named = member.node.get("container_name").and_then(Node::as_text);
    target == service
        || named.is_some_and(|name| name.value == *target)
        || ['-', '_'].iter().any(|mark| target.ends_with(&format!("{mark}{service}{mark}1")))
}

/// The variable by which the client of a call would log in; nothing if it calls none, or presents a password.
fn variable(call: &Execution, clients: &[ClientProgram]) -> Option<String> {
    let program = |word: &String| {
        let name = file_name(word);
        Some((clients.iter().find(|client| client.names.iter().any(|known| known == name))?, name.to_owned()))
    };
    let (client, name) = call.words.iter().find_map(program)?;
    let options = client.password_flags.iter().chain(&client.uri_flags).chain(&client.auth_commands);
    let presents = options.into_iter().any(|option| call.words.iter().any(|word| word.eq_ignore_ascii_case(option)));
    let variables = client.credential_variables.iter();
    let reads = variables.clone().find(|variable| variable.programs.is_empty() || variable.programs.contains(&name))?;
    (!presents).then(|| reads.name.clone())
}
