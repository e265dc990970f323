//! Decodes the files about data stores and admin interfaces.

use std::sync::Arc;

use regex::Regex;

use super::rule::stem;
use crate::catalog::{
    ArgsInEnv, Argv, ArgvSyntax, Client, ClientFlag, ClientProgram, ConnectionFlags, CredentialVariable, Env,
    ImagePattern, Mechanism, Settings, Sign, Store, UrlSchemes,
};
use crate::decode::{Decoder, Mapping};
use crate::rule::set::AdminInterface;
use crate::syntax::Problem;
use crate::syntax::yaml::NodeId;

const STORE_KEYS: [&str; 9] =
    ["id", "title", "images", "ports", "clients", "schemes", "default_user", "variables", "mechanisms"];
const ARGV_KEYS: [&str; 18] = [
    "kind",
    "server_programs",
    "other_programs",
    "default_command",
    "entrypoints",
    "password_flag",
    "master_password_flag",
    "syntax",
    "acl_flag",
    "user_flag",
    "other_mode_flags",
    "replica_flags",
    "cluster_flags",
    "config_suffix",
    "image_configs",
    "bind_flag",
    "protected_mode_flag",
    "protects_bound_since",
];
const ENV_KEYS: [&str; 13] = [
    "kind",
    "password",
    "password_file",
    "allow_empty",
    "acl_file",
    "extra_args",
    "replication_mode",
    "master_host",
    "master_password",
    "cluster_nodes",
    "cluster_creator",
    "runners",
    "argv",
];
const ARGS_IN_ENV_KEYS: [&str; 5] = ["kind", "variable", "after_command", "readers", "argv"];
const CLIENT_KEYS: [&str; 15] = [
    "names",
    "password_flags",
    "user_flags",
    "uri_flags",
    "error_flags",
    "connection",
    "warning_flags",
    "other_flags",
    "credential_variables",
    "auth_commands",
    "meant_as_probe",
    "default_user",
    "probe",
    "answer",
    "refusal",
];
const VARIABLES_KEYS: [&str; 16] = [
    "image",
    "signs",
    "unmistakable",
    "url",
    "host_list",
    "settings",
    "host",
    "host_option",
    "port",
    "user",
    "password",
    "password_file",
    "url_password",
    "default_host",
    "default_url",
    "reads_elsewhere",
];

/// The store in `text`, the file at `path`.
///
/// # Errors
/// Everything that is wrong with it, by place.
pub(in super::super) fn store(path: &str, text: Arc<str>) -> Result<Store, Vec<Problem>> {
    let (mut decoder, root) = Decoder::new(text);
    let store = root.and_then(|root| decoder.store(root, path));
    decoder.finish(store)
}

/// The admin interfaces in `text`.
///
/// # Errors
/// Everything that is wrong with it, by place.
pub(in super::super) fn admin(text: Arc<str>) -> Result<Vec<AdminInterface>, Vec<Problem>> {
    let (mut decoder, root) = Decoder::new(text);
    let interfaces = root.and_then(|root| decoder.interfaces(root));
    decoder.finish(interfaces)
}

impl Decoder {
    fn store(&mut self, root: NodeId, path: &str) -> Option<Store> {
        let what = "a store";
        let mapping = self.mapping(root, what, &STORE_KEYS)?;
        let id = self.required(&mapping, "id", what).and_then(|node| {
            let id = self.text(node, "`id`")?;
            if id != stem(path) {
                self.report(node, format!("the file of store `{id}` must be called `{id}.yaml`"));
            }
            Some(id)
        });
        let title = self.required_text(&mapping, "title", what);
        let default_user = self.required_text(&mapping, "default_user", what);
        let ports = self.required(&mapping, "ports", what).and_then(|id| self.ports(id, "`ports`"));
        let mechanisms = self.required(&mapping, "mechanisms", what).and_then(|id| self.mechanisms(id));
        let images = self.required(&mapping, "images", what).and_then(|id| self.images(id, &mechanisms?));
        let clients = self.each(&mapping, "clients", Self::client);
        let variables = self.each(&mapping, "variables", Self::variables);
        let schemes = mapping.get("schemes").map_or(Some(UrlSchemes::default()), |id| self.schemes(id));
        Some(Store {
            id: id?,
            title: title?,
            images: images?,
            ports: ports?,
            clients: clients?,
            schemes: schemes?,
            default_user: default_user?,
            variables: variables?,
        })
    }

    /// The mechanisms by their names, which the images use.
    fn mechanisms(&mut self, id: NodeId) -> Option<Vec<(String, Mechanism)>> {
        let mapping = self.open_mapping(id, "`mechanisms`")?;
        let mechanisms: Vec<_> =
            mapping.entries.iter().map(|entry| Some((entry.name.clone(), self.mechanism(entry.value)?))).collect();
        mechanisms.into_iter().collect()
    }

    fn mechanism(&mut self, id: NodeId) -> Option<Mechanism> {
        let what = "a mechanism";
        let open = self.open_mapping(id, what)?;
        let kind = self.required(&open, "kind", what)?;
        match self.word(kind, "`kind`", &[("argv", 0), ("env", 1), ("args-in-env", 2)])? {
            0 => self.argv(id).map(Mechanism::Argv),
            1 => {
                let mapping = self.mapping(id, "an `env` mechanism", &ENV_KEYS)?;
                let mut list = |key: &str| self.list_or_empty(&mapping, key);
                let (password, password_file) = (list("password"), list("password_file"));
                let (allow_empty, acl_file) = (list("allow_empty"), list("acl_file"));
                let (extra_args, runners) = (list("extra_args"), list("runners"));
                let (replication_mode, master_host) = (list("replication_mode"), list("master_host"));
                let master_password = list("master_password");
                let (cluster_nodes, cluster_creator) = (list("cluster_nodes"), list("cluster_creator"));
                let argv = self.required(&mapping, "argv", what).and_then(|id| self.argv(id));
                Some(Mechanism::Env(Box::new(Env {
                    password: password?,
                    password_file: password_file?,
                    allow_empty: allow_empty?,
                    acl_file: acl_file?,
                    extra_args: extra_args?,
                    replication_mode: replication_mode?,
                    master_host: master_host?,
                    master_password: master_password?,
                    cluster_nodes: cluster_nodes?,
                    cluster_creator: cluster_creator?,
                    runners: runners?,
                    argv: argv?,
                })))
            }
            _ => {
                let mapping = self.mapping(id, "an `args-in-env` mechanism", &ARGS_IN_ENV_KEYS)?;
                let variable = self.required_text(&mapping, "variable", what);
                let after =
                    self.required(&mapping, "after_command", what).and_then(|id| self.bool(id, "`after_command`"));
                let readers = self.list_or_empty(&mapping, "readers");
                let argv = self.required(&mapping, "argv", what).and_then(|id| self.argv(id));
                Some(Mechanism::ArgsInEnv(ArgsInEnv {
                    variable: variable?,
                    after_command: after?,
                    readers: readers?,
                    argv: argv?,
                }))
            }
        }
    }

    fn argv(&mut self, id: NodeId) -> Option<Argv> {
        let what = "an `argv` mechanism";
        let known: Vec<_> = ARGV_KEYS.into_iter().chain(["password_variable"]).collect();
        let mapping = self.mapping(id, what, &known)?;
        let mut list = |key: &str| self.list_or_empty(&mapping, key);
        let (server_programs, other_programs) = (list("server_programs"), list("other_programs"));
        let (default_command, entrypoints) = (list("default_command"), list("entrypoints"));
        let (other_mode_flags, image_configs) = (list("other_mode_flags"), list("image_configs"));
        let (replica_flags, cluster_flags) = (list("replica_flags"), list("cluster_flags"));
        let mut optional = |key: &str| match mapping.get(key) {
            Some(id) => self.text(id, &format!("`{key}`")).map(Some),
            None => Some(None),
        };
        let (acl_flag, user_flag) = (optional("acl_flag"), optional("user_flag"));
        let (config_suffix, password_variable) = (optional("config_suffix"), optional("password_variable"));
        let master_password_flag = optional("master_password_flag");
        let (bind_flag, protected_mode_flag) = (optional("bind_flag"), optional("protected_mode_flag"));
        let protects_bound_since = match mapping.get("protects_bound_since") {
            Some(id) => self.number(id, "`protects_bound_since`").map(Some),
            None => Some(None),
        };
        let password_flag = self.required_text(&mapping, "password_flag", what);
        let words = [("directives", ArgvSyntax::Directives), ("flags", ArgvSyntax::Flags)];
        let syntax = self.required(&mapping, "syntax", what).and_then(|id| self.word(id, "`syntax`", &words));
        Some(Argv {
            server_programs: server_programs?,
            other_programs: other_programs?,
            default_command: default_command?,
            entrypoints: entrypoints?,
            password_flag: password_flag?,
            master_password_flag: master_password_flag?,
            syntax: syntax?,
            acl_flag: acl_flag?,
            user_flag: user_flag?,
            other_mode_flags: other_mode_flags?,
            replica_flags: replica_flags?,
            cluster_flags: cluster_flags?,
            config_suffix: config_suffix?,
            image_configs: image_configs?,
            password_variable: password_variable?,
            bind_flag: bind_flag?,
            protected_mode_flag: protected_mode_flag?,
            protects_bound_since: protects_bound_since?,
        })
    }

    fn images(&mut self, id: NodeId, mechanisms: &[(String, Mechanism)]) -> Option<Vec<ImagePattern>> {
        let items = self.list(id, "`images`")?;
        let images: Vec<_> = items
            .into_iter()
            .map(|item| {
                let what = "an image";
                let mapping = self.mapping(item, what, &["pattern", "title", "mechanism", "fork"])?;
                let pattern = self.required(&mapping, "pattern", what).and_then(|id| self.pattern(id, "`pattern`"));
                let words: Vec<_> = mechanisms.iter().map(|(name, mechanism)| (name.as_str(), mechanism)).collect();
                let mechanism =
                    self.required(&mapping, "mechanism", what).and_then(|id| self.word(id, "`mechanism`", &words));
                let is_fork = mapping.get("fork").map_or(Some(false), |id| self.bool(id, "`fork`"));
                let title = mapping.get("title").map_or(Some(None), |id| self.text(id, "`title`").map(Some));
                Some(ImagePattern {
                    pattern: pattern?,
                    title: title?,
                    mechanism: mechanism?.clone(),
                    is_fork: is_fork?,
                })
            })
            .collect();
        images.into_iter().collect()
    }

    fn client(&mut self, id: NodeId) -> Option<ClientProgram> {
        let what = "a client";
        let mapping = self.mapping(id, what, &CLIENT_KEYS)?;
        let mut list = |key: &str| self.list_or_empty(&mapping, key);
        let (names, password_flags, user_flags) = (list("names"), list("password_flags"), list("user_flags"));
        let (uri_flags, error_flags, auth_commands) = (list("uri_flags"), list("error_flags"), list("auth_commands"));
        let meant_as_probe = list("meant_as_probe");
        let warning_flags = list("warning_flags");
        let mut text = |key: &str| self.required_text(&mapping, key, what);
        let (default_user, probe, answer, refusal) =
            (text("default_user"), text("probe"), text("answer"), text("refusal"));
        let connection = mapping.get("connection").map_or(Some(ConnectionFlags::default()), |id| self.connection(id));
        let other_flags = self.flags(&mapping, "other_flags");
        let credential_variables = self.each(&mapping, "credential_variables", |decoder, id| {
            let what = "a credential variable";
            let mapping = decoder.mapping(id, what, &["name", "programs"])?;
            let name = decoder.required_text(&mapping, "name", what);
            let programs = decoder.list_or_empty(&mapping, "programs");
            Some(CredentialVariable { name: name?, programs: programs? })
        });
        Some(ClientProgram {
            names: names?,
            password_flags: password_flags?,
            user_flags: user_flags?,
            uri_flags: uri_flags?,
            error_flags: error_flags?,
            connection: connection?,
            warning_flags: warning_flags?,
            other_flags: other_flags?,
            credential_variables: credential_variables?,
            auth_commands: auth_commands?,
            meant_as_probe: meant_as_probe?,
            default_user: default_user?,
            probe: probe?,
            answer: answer?,
            refusal: refusal?,
        })
    }

    fn connection(&mut self, id: NodeId) -> Option<ConnectionFlags> {
        let mapping = self.mapping(id, "`connection`", &["host", "port", "database", "tls", "further"])?;
        let mut list = |key: &str| self.list_or_empty(&mapping, key);
        let (host, port, database, tls) = (list("host"), list("port"), list("database"), list("tls"));
        let further = self.flags(&mapping, "further");
        Some(ConnectionFlags { host: host?, port: port?, database: database?, tls: tls?, further: further? })
    }

    /// Options: `with_value` and `without_value`, each a list of names.
    fn flags(&mut self, mapping: &Mapping, key: &str) -> Option<Vec<ClientFlag>> {
        let Some(id) = mapping.get(key) else { return Some(Vec::new()) };
        let mapping = self.mapping(id, &format!("`{key}`"), &["with_value", "without_value"])?;
        let mut flags = Vec::new();
        for (key, takes_value) in [("with_value", true), ("without_value", false)] {
            let names = self.list_or_empty(&mapping, key)?;
            flags.extend(names.into_iter().map(|name| ClientFlag { name, takes_value }));
        }
        Some(flags)
    }

    /// The variables of one program or framework.
    fn variables(&mut self, id: NodeId) -> Option<Client> {
        let what = "what is known of a client";
        let mapping = self.mapping(id, what, &VARIABLES_KEYS)?;
        let image = match mapping.get("image") {
            Some(id) => self.pattern(id, "`image`").map(Some),
            None => Some(None),
        };
        let signs = self.each(&mapping, "signs", |decoder, id| {
            let names = decoder.texts(id, "a group of `signs`")?;
            Some(names.iter().map(|name| Sign::parse(name)).collect())
        });
        let mut flag = |key: &str| mapping.get(key).map_or(Some(false), |id| self.bool(id, &format!("`{key}`")));
        let (is_unmistakable, reads_elsewhere) = (flag("unmistakable"), flag("reads_elsewhere"));
        let mut list = |key: &str| self.list_or_empty(&mapping, key);
        let (url, host_list) = (list("url"), list("host_list"));
        let (host, port, user) = (list("host"), list("port"), list("user"));
        let host_option = list("host_option");
        let (password, password_file) = (list("password"), list("password_file"));
        let url_password = list("url_password");
        let settings = match mapping.get("settings") {
            Some(id) => self.settings(id).map(Some),
            None => Some(None),
        };
        let mut optional = |key: &str| match mapping.get(key) {
            Some(id) => self.text(id, &format!("`{key}`")).map(Some),
            None => Some(None),
        };
        let (default_host, default_url) = (optional("default_host"), optional("default_url"));
        let client = Client {
            image: image?,
            signs: signs?,
            is_unmistakable: is_unmistakable?,
            url: url?,
            host_list: host_list?,
            settings: settings?,
            host: host?,
            host_option: host_option?,
            port: port?,
            user: user?,
            password: password?,
            password_file: password_file?,
            url_password: url_password?,
            default_host: default_host?,
            default_url: default_url?,
            reads_elsewhere: reads_elsewhere?,
        };
        if client.image.is_none() && client.signs.is_empty() && !client.is_unmistakable {
            self.report(id, format!("{what} needs `image`, `signs` or `unmistakable: true`"));
            return None;
        }
        if client.url.is_empty() && client.default_url.is_some() {
            self.report(id, format!("{what} needs `url` where it has a `default_url`"));
            return None;
        }
        if client.password.is_empty()
            && !(client.host.is_empty() && client.host_option.is_empty() && client.default_host.is_none())
        {
            self.report(id, format!("{what} needs `password` where it has a host"));
            return None;
        }
        Some(client)
    }

    fn settings(&mut self, id: NodeId) -> Option<Settings> {
        let mapping = self.mapping(id, "`settings`", &["variable", "host", "password"])?;
        let mut text = |key: &str| match mapping.get(key) {
            Some(id) => self.text(id, &format!("`{key}`")),
            None => {
                self.report(id, format!("`settings` needs `{key}`"));
                None
            }
        };
        let (variable, host, password) = (text("variable"), text("host"), text("password"));
        Some(Settings { variable: variable?, host: host?, password: password? })
    }

    fn schemes(&mut self, id: NodeId) -> Option<UrlSchemes> {
        let mapping = self.mapping(id, "`schemes`", &["plain", "tls", "unjudged"])?;
        let mut list = |key: &str| self.list_or_empty(&mapping, key);
        let (plain, tls, unjudged) = (list("plain"), list("tls"), list("unjudged"));
        Some(UrlSchemes { plain: plain?, tls: tls?, unjudged: unjudged? })
    }

    fn ports(&mut self, id: NodeId, what: &str) -> Option<Vec<u16>> {
        let items = self.list(id, what)?;
        items.into_iter().map(|item| self.number(item, "a port")).collect::<Vec<_>>().into_iter().collect()
    }

    fn interfaces(&mut self, root: NodeId) -> Option<Vec<AdminInterface>> {
        let what = "the list of admin interfaces";
        let mapping = self.mapping(root, what, &["interfaces"])?;
        let items = self.required(&mapping, "interfaces", what).and_then(|id| self.list(id, "`interfaces`"))?;
        let interfaces: Vec<_> = items
            .into_iter()
            .map(|item| {
                let what = "an admin interface";
                let mapping = self.mapping(item, what, &["title", "image", "command", "ports"])?;
                let title = self.required_text(&mapping, "title", what);
                let image = self.required(&mapping, "image", what).and_then(|id| self.whole(id, "`image`"));
                let command = match mapping.get("command") {
                    Some(id) => self.regex(id, "`command`").map(Some),
                    None => Some(None),
                };
                let ports = match mapping.get("ports") {
                    Some(id) => self.ports(id, "`ports`"),
                    None => Some(Vec::new()),
                };
                Some(AdminInterface { title: title?, image: image?, command: command?, ports: ports? })
            })
            .collect();
        interfaces.into_iter().collect()
    }

    /// A regular expression for a whole text, as it is written.
    fn pattern(&mut self, id: NodeId, what: &str) -> Option<String> {
        self.whole(id, what)?;
        self.text(id, what)
    }

    /// A regular expression that must match a whole text.
    fn whole(&mut self, id: NodeId, what: &str) -> Option<Regex> {
        let pattern = self.regex(id, what)?;
        let whole = Regex::new(&format!("^(?:{})$", pattern.as_str()));
        if whole.is_err() {
            self.report(id, format!("{what} is too big"));
        }
        whole.ok()
    }

    fn required_text(&mut self, mapping: &Mapping, key: &str, what: &str) -> Option<String> {
        let id = self.required(mapping, key, what)?;
        self.text(id, &format!("`{key}`"))
    }

    fn list_or_empty(&mut self, mapping: &Mapping, key: &str) -> Option<Vec<String>> {
        mapping.get(key).map_or(Some(Vec::new()), |id| self.texts(id, &format!("`{key}`")))
    }

    fn each<T>(
        &mut self,
        mapping: &Mapping,
        key: &str,
        mut read: impl FnMut(&mut Self, NodeId) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(id) = mapping.get(key) else { return Some(Vec::new()) };
        let items = self.list(id, &format!("`{key}`"))?;
        let values: Vec<_> = items.into_iter().map(|item| read(self, item)).collect();
        values.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::store;
    use crate::catalog::{Client, Sign};
    use crate::text::LineIndex;

    const REDIS: &str = include_str!("../../../rules/stores/redis.yaml");

    /// The clients of a store that knows no others, or what is wrong with them.
    fn clients(entry: &str) -> Result<Vec<Client>, Vec<String>> {
        let (before, _) = REDIS.split_once("\nvariables:\n").expect("the store knows clients");
        let text = format!("{before}\nvariables:\n{entry}\n");
        let result = store("rules/stores/redis.yaml", Arc::from(text.as_str()));
        let first = before.lines().count() + 1;
        let index = LineIndex::new(&text);
        let shown = |problem: &crate::syntax::Problem| {
            let place = index.line_column(&text, problem.span.start);
            format!("{}:{} {}", place.line - first, place.column, problem.message)
        };
        result.map(|store| store.variables).map_err(|problems| problems.iter().map(shown).collect())
    }

    #[test]
    fn a_client_is_told_by_its_image_by_its_names_or_by_signs() {
        let read = clients(
            "- { image: example/app, url: [APP_URL], host: [APP_HOST], password: [APP_PASS], url_password: [APP_PASS], default_host: redis }\n\
             - { unmistakable: true, host: [A_HOST], port: [A_PORT], user: [A_USER], password: [A_PASSWORD], password_file: [A_FILE] }\n\
             - { signs: [[KEY, CACHE=redis]], host: [HOST], password: [PASSWORD], reads_elsewhere: true }\n\
             - { image: postgres }",
        );
        let list = |name: &str| vec![name.to_owned()];
        let expected = [
            Client {
                image: Some("example/app".to_owned()),
                url: list("APP_URL"),
                host: list("APP_HOST"),
                password: list("APP_PASS"),
                url_password: list("APP_PASS"),
                default_host: Some("redis".to_owned()),
                ..Client::default()
            },
            Client {
                is_unmistakable: true,
                host: list("A_HOST"),
                port: list("A_PORT"),
                user: list("A_USER"),
                password: list("A_PASSWORD"),
                password_file: list("A_FILE"),
                ..Client::default()
            },
            Client {
                signs: vec![vec![
                    Sign { name: "KEY".to_owned(), value: None },
                    Sign { name: "CACHE".to_owned(), value: Some("redis".to_owned()) },
                ]],
                host: list("HOST"),
                password: list("PASSWORD"),
                reads_elsewhere: true,
                ..Client::default()
            },
            Client { image: Some("postgres".to_owned()), ..Client::default() },
        ];
        assert_eq!(read.as_deref(), Ok(&expected[..]));
    }

    #[test]
    fn what_tells_a_client_and_its_password_must_be_said() {
        for (entry, problem) in [
            (
                "- { host: [A], password: [B] }",
                "1:3 what is known of a client needs `image`, `signs` or `unmistakable: true`",
            ),
            ("- { image: app, host: [A] }", "1:3 what is known of a client needs `password` where it has a host"),
            (
                "- { image: app, default_host: redis }",
                "1:3 what is known of a client needs `password` where it has a host",
            ),
            ("- { image: app, unmistakable: sure }", "1:31 `unmistakable` must be true or false"),
        ] {
            assert_eq!(clients(entry), Err(vec![problem.to_owned()]), "{entry}");
        }
        assert!(clients("- { image: '(' }").is_err());
        assert!(clients("- { image: app, hosts: [A] }").is_err());
    }
}
