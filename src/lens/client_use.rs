//! Services that talk to a store through its client, as those do that make a cluster: whom they address, and whether they log in.

use super::client_check::read_uri;
use super::shell_run::{self, Call, Others, Outcome, shell_script_index, strip_wrappers};
use super::value::{Environment, Lookup, Secret, Word, file_name};
use crate::catalog::ClientProgram;
use crate::syntax::shell;

/// What a command does with clients.
#[derive(Debug, Default)]
pub struct ClientUse {
    /// Hosts that a client is told, without ports.
    pub hosts: Vec<String>,
    /// The most servers that one call is told with their ports, as in `--cluster create HOST:PORT …`.
    pub addresses: usize,
    /// True if a client is called, or named in what can't be read.
    pub calls_client: bool,
    /// True if a call does not log in, and has no URL in which it could.
    pub lacks_credential: bool,
    /// True if a call does not log in by the URL that it has.
    pub has_bare_url: bool,
    /// What calls log in with; `None` where that can't be known.
    pub credentials: Vec<Option<Secret>>,
    /// True if all was read, and nothing else is run that could talk to a server.
    pub is_understood: bool,
}

/// Programs that talk to no store.
const HARMLESS: [&str; 29] = [
    "sleep", "echo", "printf", "grep", "true", "false", "test", "[", "[[", "exit", "set", "wait", "tr", "cut", "awk",
    "sed", "head", "tail", "seq", "cat", "getent", "hostname", "date", ":", "yes", "export", "cd", "expr", "break",
];

/// Reads the words of entry point and command.
pub fn client_use(words: &[Word], clients: &[ClientProgram], env: &Environment<'_>) -> ClientUse {
    let mut found = ClientUse { is_understood: true, ..ClientUse::default() };
    let stripped = strip_wrappers(words);
    let mut skip = stripped.skip;
    if words.get(skip).is_some_and(|word| file_name(&word.text) == "docker-entrypoint.sh") {
        skip += 1;
    }
    let words = words.get(skip..).unwrap_or_default();
    let Some(index) = shell_script_index(words) else {
        let variables = |name: &str| {
            let own = stripped.assigned.iter().rev().find(|(known, _)| known == name);
            own.map_or_else(|| env(name), |(_, value)| value.clone())
        };
        if !found.call(words, clients, &variables) {
            found.is_understood = words.is_empty();
            found.calls_client = names_client(words, clients);
        }
        return found;
    };
    let Some(script) = words.get(index).filter(|word| word.certain) else {
        return ClientUse { calls_client: names_client(words, clients), ..ClientUse::default() };
    };
    let Ok(script) = shell::parse(&script.text) else {
        return ClientUse { calls_client: names_client(words, clients), ..ClientUse::default() };
    };
    let mut programs = |call: &Call<'_>| {
        let words: Vec<Word> = call.words.iter().map(|word| word.word.clone()).collect();
        if found.call(&words, clients, call.variables) {
            return Some(Outcome::UNKNOWN);
        }
        let is_harmless = words.first().is_some_and(|word| HARMLESS.contains(&file_name(&word.text)));
        found.is_understood &= is_harmless;
        None
    };
    shell_run::run(&script, env, Others::Unknown, &mut programs);
    found
}

fn names_client(words: &[Word], clients: &[ClientProgram]) -> bool {
    let mut names = clients.iter().flat_map(|client| &client.names);
    names.any(|name| words.iter().any(|word| word.text.contains(name.as_str())))
}

impl ClientUse {
    /// Notes a call. False if the program is no client.
    fn call(&mut self, words: &[Word], clients: &[ClientProgram], variables: &dyn Fn(&str) -> Lookup) -> bool {
        let Some((program, arguments)) = words.split_first().filter(|(program, _)| program.certain) else {
            return false;
        };
        let program = file_name(&program.text);
        let Some(client) = clients.iter().find(|client| client.names.iter().any(|name| name == program)) else {
            return false;
        };
        self.calls_client = true;
        let among = |flags: &[String], word: &Word| flags.contains(&word.text);
        let value_of = |flags: &[String]| {
            let at = arguments.iter().rposition(|word| among(flags, word))?;
            arguments.get(at + 1)
        };
        self.hosts.extend(value_of(&client.connection.host).map(|word| word.text.clone()));
        // `--cluster create HOST:PORT …` and its like.
        let address = |word: &Word| {
            let (host, port) = word.text.rsplit_once(':')?;
            (!host.contains('/') && port.parse::<u16>().is_ok()).then(|| host.to_owned())
        };
        let hosts: Vec<_> = arguments.iter().filter_map(address).collect();
        self.addresses = self.addresses.max(hosts.len());
        self.hosts.extend(hosts.into_iter().filter(|host| !host.is_empty()));
        let uri = value_of(&client.uri_flags);
        let (host, password) = uri.map(|word| read_uri(&word.text)).unwrap_or_default();
        self.hosts.extend(Some(host).filter(|host| !host.is_empty()));
        let of_uri = uri.filter(|word| !word.certain || password.is_some());
        let of_uri = of_uri.map(|word| (word.certain, password.unwrap_or_default()));
        let of_option = value_of(&client.password_flags).map(|word| (word.certain, word.text.clone()));
        let in_variable = || {
            let read = client.credential_variables.iter();
            let mut read = read.filter(|variable| {
                variable.programs.is_empty() || variable.programs.iter().any(|name| name == program)
            });
            read.find_map(|variable| match variables(&variable.name) {
                Lookup::Known(text) if !text.is_empty() => Some(Some(Secret::new(text))),
                Lookup::Unknown => Some(None),
                Lookup::Known(_) | Lookup::Absent => None,
            })
        };
        match of_option.or(of_uri) {
            Some((is_certain, password)) => self.credentials.push(is_certain.then(|| Secret::new(password))),
            None => match in_variable() {
                Some(secret) => self.credentials.push(secret),
                None if uri.is_some() => self.has_bare_url = true,
                None => self.lacks_credential = true,
            },
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lens::example_store as store;

    fn used(words: &[&str], variables: &[(&str, &str)]) -> ClientUse {
        let words: Vec<_> = words.iter().map(|word| Word::known(*word)).collect();
        let env = |name: &str| match variables.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Lookup::Known((*value).to_owned()),
            None => Lookup::Absent,
        };
        client_use(&words, &[store::client()], &env)
    }

    #[test]
    fn the_hosts_of_all_calls_are_found_in_scripts_with_loops() {
        let script =
            "until redis-cli -h a ping; do sleep 1; done; redis-cli --cluster create b:1 10.0.0.3:2 --cluster-yes";
        let found = used(&["sh", "-c", script], &[]);
        assert_eq!((found.hosts.join(" ").as_str(), found.addresses), ("a b 10.0.0.3", 2));
        assert!(found.lacks_credential && found.is_understood && found.credentials.is_empty());
        let direct = used(&["redis-cli", "--cluster", "create", "a:1", "b:1"], &[]);
        assert_eq!(direct.hosts, ["a", "b"]);
        assert!(direct.lacks_credential && direct.is_understood);
    }

    #[test]
    fn a_login_counts_however_it_is_given() {
        for words in [
            &["redis-cli", "-a", "pw", "-h", "a", "ping"][..],
            &["sh", "-c", "REDISCLI_AUTH=pw redis-cli -h a ping"],
            &["redis-cli", "-u", "redis://default:pw@a:6379/1", "ping"],
        ] {
            let found = used(words, &[]);
            assert!(!found.lacks_credential, "{words:?}");
            assert_eq!(found.credentials, [Some(Secret::new("pw"))], "{words:?}");
        }
        let bare = used(&["redis-cli", "-u", "redis://a:6379/1", "ping"], &[]);
        assert!(bare.has_bare_url && !bare.lacks_credential && bare.credentials.is_empty());
        assert_eq!(bare.hosts, ["a"]);
        assert!(!used(&["redis-cli", "ping"], &[("REDISCLI_AUTH", "pw")]).lacks_credential);
        assert!(used(&["redis-cli", "ping"], &[("REDISCLI_AUTH", "")]).lacks_credential);
    }

    #[test]
    fn what_may_do_more_is_not_understood() {
        for words in [
            &["/init.sh"][..],
            &["sh", "-c", "redis-cli ping; ./more"],
            &["sh", "-c", "case a in b) redis-cli ping;; esac"],
        ] {
            assert!(!used(words, &[]).is_understood, "{words:?}");
        }
        assert!(used(&["sh", "-c", "case a in b) redis-cli ping;; esac"], &[]).calls_client);
    }
}
