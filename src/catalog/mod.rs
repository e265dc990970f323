//! Plain types for what `rules/stores/` says about data stores: images, mechanisms, clients, URL schemes.
//! Nothing here names a store; the rule files do.

mod client;
mod image;

pub use client::{Client, Settings, Sign};
pub use image::{ImageError, ImageName};

/// A kind of data store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The stem of its file, as in `redis`.
    pub id: String,
    /// Its name for people, as in `Redis`.
    pub title: String,
    /// Which images hold it; the first pattern that matches decides.
    pub images: Vec<ImagePattern>,
    /// Ports that it listens on unless told otherwise.
    pub ports: Vec<u16>,
    /// Programs that healthchecks ask it with.
    pub clients: Vec<ClientProgram>,
    /// Its URL schemes.
    pub schemes: UrlSchemes,
    /// The user that a URL names when only a password is needed, as in `default`.
    pub default_user: String,
    /// Programs and frameworks that use it, by the variables that lead them to it; several may speak of one image.
    pub variables: Vec<Client>,
}

/// Images that hold a store, and how they take its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePattern {
    /// A regular expression that must match [`ImageName::repository`] as a whole.
    pub pattern: String,
    /// The name of the product for people, if it is not that of the store.
    pub title: Option<String>,
    /// How a server from such an image is given its password.
    pub mechanism: Mechanism,
    /// True if the image may start its server in another way than `mechanism` says when the project gives no command.
    pub is_fork: bool,
}

/// How a server is given its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mechanism {
    /// By arguments and a configuration file.
    Argv(Argv),
    /// By the container's environment, as Bitnami's images do.
    Env(Box<Env>),
    /// By arguments that stand in a variable.
    ArgsInEnv(ArgsInEnv),
}

impl Mechanism {
    /// The arguments of the server itself.
    pub fn argv(&self) -> &Argv {
        match self {
            Self::Argv(argv) => argv,
            Self::Env(env) => &env.argv,
            Self::ArgsInEnv(args) => &args.argv,
        }
    }
}

/// A server that takes its password as an argument. The last of several wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argv {
    /// File names of the server, as in `redis-server`.
    pub server_programs: Vec<String>,
    /// File names of programs that are something else under the same arguments, as in `redis-sentinel`.
    pub other_programs: Vec<String>,
    /// What the image runs when the project gives no command.
    pub default_command: Vec<String>,
    /// File names of the image's entry point, which hands its arguments on, as in `docker-entrypoint.sh`.
    pub entrypoints: Vec<String>,
    /// As in `--requirepass`.
    pub password_flag: String,
    /// The option with the password that a server presents to the one that it copies, as in `--masterauth`.
    pub master_password_flag: Option<String>,
    /// How the server reads its arguments.
    pub syntax: ArgvSyntax,
    /// The option that names a file with users, as in `--aclfile`.
    pub acl_flag: Option<String>,
    /// The option that defines a user in place, as in `--user`.
    pub user_flag: Option<String>,
    /// The option that turns the server into something else, as in `--sentinel`.
    pub other_mode_flags: Vec<String>,
    /// Options that make the server a copy of another one, as in `--replicaof`, with the host as first value.
    pub replica_flags: Vec<String>,
    /// Options that make it part of a cluster when their value is `yes`, as in `--cluster-enabled`.
    pub cluster_flags: Vec<String>,
    /// How the name of a configuration file ends for the entry point to know it, as in `.conf`.
    pub config_suffix: Option<String>,
    /// Configuration files that the image brings along and that set no password.
    pub image_configs: Vec<String>,
    /// A variable that the server itself reads when there is no such argument, as in `DFLY_requirepass`.
    pub password_variable: Option<String>,
    /// The option with the addresses on which it listens, as in `--bind`.
    pub bind_flag: Option<String>,
    /// The option that keeps others out while there is no password, as in `--protected-mode`.
    pub protected_mode_flag: Option<String>,
    /// The first version in which that holds for a server that names its addresses, too; `None` if there is none.
    pub protects_bound_since: Option<u32>,
}

/// How a server reads its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgvSyntax {
    /// As lines of a configuration file: `--name value…`, never `--name=value`; names in any case; a file first.
    Directives,
    /// As flags: `--name=value` or `--name value`, one dash or two; names as they are.
    Flags,
}

/// An image whose scripts make the configuration from variables. In each list, the first name is the one to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Env {
    /// Variables with the password.
    pub password: Vec<String>,
    /// Variables with the path of a file that holds it; it beats the password.
    pub password_file: Vec<String>,
    /// Variables that allow an empty password when they are `yes`, `true` or `1`.
    pub allow_empty: Vec<String>,
    /// Variables with the path of a file that defines users.
    pub acl_file: Vec<String>,
    /// Variables with further arguments for the server.
    pub extra_args: Vec<String>,
    /// Variables that make the server a copy when they are `slave` or `replica`, as in `REDIS_REPLICATION_MODE`.
    pub replication_mode: Vec<String>,
    /// Variables with the host of the server that it copies.
    pub master_host: Vec<String>,
    /// Variables with the password of the server that it copies.
    pub master_password: Vec<String>,
    /// Variables that make the server a node of a cluster, as in `REDIS_NODES`.
    pub cluster_nodes: Vec<String>,
    /// Variables that let the server make the cluster, through its client, when they are `yes`, `true` or `1`.
    pub cluster_creator: Vec<String>,
    /// Paths of the scripts that read these variables, as in `/opt/bitnami/scripts/redis/run.sh`.
    /// A command that starts anything else goes past them.
    pub runners: Vec<String>,
    /// What a command that goes past the scripts means.
    pub argv: Argv,
}

/// An image that takes server arguments from a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgsInEnv {
    /// As in `REDIS_ARGS`. Its value is split at blanks; quotes mean nothing.
    pub variable: String,
    /// True if they follow the command's own arguments; false if a command of the project leaves them unread.
    pub after_command: bool,
    /// File names of programs that read the variable even as a command of the project.
    pub readers: Vec<String>,
    /// What the arguments mean.
    pub argv: Argv,
}

/// A client that a healthcheck can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientProgram {
    /// File names, as in `redis-cli`.
    pub names: Vec<String>,
    /// Options that carry the password, as in `-a`.
    pub password_flags: Vec<String>,
    /// Options that carry the user, as in `--user`.
    pub user_flags: Vec<String>,
    /// Options that carry a URL, as in `-u`.
    pub uri_flags: Vec<String>,
    /// Options without a value that make it fail when the server answers with an error, as in `-e`.
    pub error_flags: Vec<String>,
    /// Options that say where the server is; a repair keeps them.
    pub connection: ConnectionFlags,
    /// Options without a value that hide warnings about `password_flags`, as in `--no-auth-warning`.
    pub warning_flags: Vec<String>,
    /// All other options.
    pub other_flags: Vec<ClientFlag>,
    /// Variables that it takes the password from, best first.
    pub credential_variables: Vec<CredentialVariable>,
    /// Commands that log in, with the password as last argument, as in `auth`.
    pub auth_commands: Vec<String>,
    /// Commands, their words parted by a blank, that people write where they mean the probe.
    pub meant_as_probe: Vec<String>,
    /// The user that it logs in as without `user_flags`, as in `default`.
    pub default_user: String,
    /// A command that changes nothing and needs a login, as in `ping`.
    pub probe: String,
    /// What the server answers to it, as in `PONG`.
    pub answer: String,
    /// What the server answers to a stranger, as in `NOAUTH Authentication required.`
    pub refusal: String,
}

/// The options of a client that say where the server is. The first name of each is the one to write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionFlags {
    /// As in `-h`.
    pub host: Vec<String>,
    /// As in `-p`.
    pub port: Vec<String>,
    /// As in `-n`.
    pub database: Vec<String>,
    /// As in `--tls`; without a value.
    pub tls: Vec<String>,
    /// Further ones, as in `-s` for a socket or `--cacert`.
    pub further: Vec<ClientFlag>,
}

/// An option of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFlag {
    /// With its dashes.
    pub name: String,
    /// True if the next word belongs to it.
    pub takes_value: bool,
}

/// A variable that a client takes the password from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialVariable {
    /// As in `REDISCLI_AUTH`.
    pub name: String,
    /// The programs that read it; empty: all of them.
    pub programs: Vec<String>,
}

/// The URL schemes of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UrlSchemes {
    /// Without encryption, as in `redis`; the first is the one to write.
    pub plain: Vec<String>,
    /// Over TLS, as in `rediss`; the first is the one to write.
    pub tls: Vec<String>,
    /// Schemes of other shapes that some clients read, as in `redis+sentinel` or `unix`: they are not judged.
    pub unjudged: Vec<String>,
}
