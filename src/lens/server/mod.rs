//! Whether a server demands a password, and what to change so that it does.
//! The facts were measured with redis 6.0, 7.0, 8.0 and valkey 9.1; images by their own scripts.

mod arguments;
mod door;
mod judge;
mod repair;
mod sentinel;
mod start;

use super::value::{Environment, Lookup, Secret, Word, file_name};
use crate::catalog::{ArgsInEnv, Env, Mechanism};
use crate::text::EditSet;
use start::Start;

pub use sentinel::{Monitor, Sentinel, authenticate_sentinel, sentinel};

/// What a service says about its server.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// `entrypoint`, if the project has one.
    pub entrypoint: Option<&'a [Word]>,
    /// `command`, if the project has one.
    pub command: Option<&'a [Word]>,
    /// The container's environment.
    pub env: &'a Environment<'a>,
    /// Configuration files, by their path in the container.
    pub conf: &'a dyn Fn(&str) -> ConfFile,
}

/// What stands at a path in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfFile {
    /// Nothing is mounted there: the image's own file, if any.
    NotMounted,
    /// Something that can't be read is mounted there or above.
    Unreadable,
    /// A file that was read.
    Read(Box<ConfAuth>),
    /// A script of the project.
    Script(Script),
}

/// A script that is a file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its path as a person knows it, from the folder of the project.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// What a configuration file says about passwords.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfAuth {
    /// The value of its last `requirepass`, which may be blank.
    pub requirepass: Option<Secret>,
    /// What `user default …` says.
    pub default_user: DefaultUser,
    /// The file with users that it names, by its path in the container.
    pub acl_file: Option<String>,
    /// True if it includes a file that can't be seen.
    pub includes_unknown: bool,
    /// The host of the server that it makes a copy of.
    pub replica_of: Option<String>,
    /// True if it makes the server a part of a cluster.
    pub is_clustered: bool,
    /// The password that it presents to the server that it copies.
    pub master_password: Option<Secret>,
    /// The servers that it lets a Sentinel watch.
    pub monitors: Vec<Monitor>,
    /// The addresses on which it listens, if it names them.
    pub bind: Option<Vec<String>>,
    /// What it says about the protected mode.
    pub protected_mode: Option<String>,
    /// Its `port`.
    pub port: Option<String>,
    /// Its `tls-port`.
    pub tls_port: Option<String>,
    /// Its `tls-auth-clients`.
    pub tls_auth_clients: Option<String>,
}

/// The user that clients are before they log in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DefaultUser {
    /// Nothing defines it: it has all rights, and `requirepass` is its password.
    #[default]
    NotDefined,
    /// It needs no password, whatever `requirepass` says.
    Open,
    /// It needs a password; `None` if that can't be known.
    Password(Option<Secret>),
    /// Nobody can be it.
    Off,
}

/// Whether a server demands a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// It does not.
    Open,
    /// It does; `None` if the password can't be known.
    Password(Option<Secret>),
    /// It does not start; the reason reads after "the server does not start: ".
    Refuses(String),
    /// A file with users or the user `default` decides alone; `requirepass` has no effect or is not all.
    Acl,
    /// It can't be known; the reason is a sentence without a full stop.
    Unknown(String),
    /// It is no server of data that others reach, such as a sentinel; what it is, as a sentence without a full stop.
    NoServer(String),
}

impl Auth {
    /// The password, if it is the text of a shell's `$(…)` that no shell has replaced.
    pub fn unexpanded(&self) -> Option<&str> {
        match self {
            Self::Password(Some(secret)) => {
                Some(secret.reveal()).filter(|text| text.starts_with("$(") && text.ends_with(')'))
            }
            _ => None,
        }
    }

    /// The password, if it is the text of a variable, `${NAME}` or `$NAME`, that nothing has replaced.
    pub fn unexpanded_variable(&self) -> Option<&str> {
        match self {
            Self::Password(Some(secret)) => Some(secret.reveal()).filter(|text| variable_of(text).is_some()),
            _ => None,
        }
    }
}

/// The name in `${NAME}` or `$NAME`. Without braces only one in capitals: `$ecret` is a password.
pub fn variable_of(text: &str) -> Option<&str> {
    let is_name = |name: &str, may_be: fn(char) -> bool| {
        !name.starts_with(|c: char| c.is_ascii_digit()) && name.len() > 1 && name.chars().all(|c| c == '_' || may_be(c))
    };
    let braced = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let braced = braced.filter(|name| is_name(name, |c| c.is_ascii_alphanumeric()));
    let bare = || text.strip_prefix('$').filter(|name| is_name(name, |c| c.is_ascii_uppercase() || c.is_ascii_digit()));
    braced.or_else(bare)
}

/// Which list a word belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordList {
    /// `entrypoint`
    Entrypoint,
    /// `command`
    Command,
}

impl WordList {
    /// The key of the service that holds it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Entrypoint => "entrypoint",
            Self::Command => "command",
        }
    }
}

/// A change that makes the server demand a password. Indices count the words as the container gets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEdit {
    /// There is no command yet: this is the whole one.
    SetCommand {
        /// Program and arguments.
        words: Vec<String>,
    },
    /// Further words at the end.
    AppendWords {
        /// Of which list.
        list: WordList,
        /// In order.
        words: Vec<String>,
    },
    /// Other words in the place of one.
    ReplaceWord {
        /// In which list.
        list: WordList,
        /// The word that goes.
        index: usize,
        /// What takes its place; more than one where one word must be parted.
        words: Vec<String>,
    },
    /// The option at `index` has no value: the text holds none, or one that came out blank and vanished. It goes right
    /// behind the option, in the place of what vanished there.
    SetValueAfterFlag {
        /// In which list.
        list: WordList,
        /// The option.
        index: usize,
        /// Its value.
        value: String,
    },
    /// Changes inside a script, the word `index`. Places are bytes of the word as the container gets it. The
    /// texts hold the reference for Compose to replace, in double quotes for the shell.
    EditShell {
        /// In which list.
        list: WordList,
        /// The script.
        index: usize,
        /// What changes.
        edits: EditSet,
    },
    /// Variables of the container.
    SetEnv {
        /// Names and values.
        set: Vec<(String, String)>,
        /// Names that go.
        remove: Vec<String>,
    },
    /// Changes inside the value of a variable, which is set. Places are bytes of the value as the container gets it.
    EditEnv {
        /// Its name.
        variable: String,
        /// What changes.
        edits: EditSet,
    },
}

/// Why caulk can't make the server demand a password; it says what a person can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRepair {
    /// Users are defined elsewhere.
    #[error(
        "a file with users or the user `default` decides who may log in, not `{0}`: write `user default off` there if every program logs in by a name, else `user default on >PASSWORD ~* &* +@all`"
    )]
    Acl(String),
    /// What starts the server can't be seen.
    #[error("{0}")]
    Unknown(String),
    /// A script of its own starts the server.
    #[error(
        "{path} starts the server, in line {line}: add `{flag} \"${variable}\"` to the end of that command, and `{variable}: {reference}` to the service's `environment`, with a value in .env (`openssl rand -hex 32`); then run caulk again for the rest"
    )]
    ScriptFile {
        /// Its path.
        path: String,
        /// The line of the command, from 1.
        line: usize,
        /// The option that takes the password.
        flag: String,
        /// The variable of the container with the password.
        variable: String,
        /// What Compose puts into it.
        reference: String,
    },
    /// The password is taken from a file.
    #[error("the password comes from the file that {0} names")]
    File(String),
    /// An option stands where another one can't be added at the same time.
    #[error("`{0}` can't be written beside what is there")]
    NoRoom(String),
    /// The option has several values.
    #[error("`{0}` gets several values: put quotes around the password")]
    SeveralValues(String),
    /// The arguments are wrong in another way.
    #[error("the server does not start: {0}")]
    Refuses(String),
}

/// Whether the server demands a password.
pub fn auth(mechanism: &Mechanism, setup: &Setup<'_>) -> Auth {
    match route(mechanism, setup) {
        Route::Decided(auth) | Route::Variables { auth, .. } => auth,
        Route::Starts { argv, starts, .. } => judge::all(argv, &starts, setup),
    }
}

/// What to change so that the server demands `reference`, a text such as `${REDIS_PASSWORD:?…}`, and presents it to the
/// server that it copies if `presents`. It replaces a password that is there already; nothing else about the service changes.
/// Several changes never move each other's words.
///
/// # Errors
/// [`NoRepair`] where that takes more than these changes, or more than can be seen.
pub fn require_password(
    mechanism: &Mechanism,
    setup: &Setup<'_>,
    reference: &str,
    presents: bool,
) -> Result<Vec<ServerEdit>, NoRepair> {
    match route(mechanism, setup) {
        Route::Decided(Auth::Refuses(why)) => Err(NoRepair::Refuses(why)),
        Route::Decided(Auth::Unknown(why) | Auth::NoServer(why)) => Err(NoRepair::Unknown(why)),
        Route::Decided(_) => Err(NoRepair::Unknown("it can't be seen what starts the server".to_owned())),
        Route::Variables { env, auth } => Ok(vec![repair::variables(env, &auth, setup, reference, presents)?]),
        Route::Starts { argv, starts, variable } => {
            repair::starts(argv, &starts, variable.as_deref(), setup, reference, presents)
        }
    }
}

/// The password that the server presents to the one that it copies.
pub fn master_password(mechanism: &Mechanism, setup: &Setup<'_>) -> Lookup {
    match route(mechanism, setup) {
        Route::Decided(_) => Lookup::Unknown,
        Route::Variables { env, .. } => {
            // A master of these images presents its own one day.
            let names = if judge::copies(env, setup.env) { &env.master_password } else { &env.password };
            names.iter().map(|name| (setup.env)(name)).find(Lookup::is_present).unwrap_or(Lookup::Absent)
        }
        Route::Starts { argv, starts, .. } => {
            let mut found = starts.iter().map(|start| judge::master_password(argv, start, setup));
            let first = found.next().unwrap_or(Lookup::Absent);
            if found.all(|other| other == first) { first } else { Lookup::Unknown }
        }
    }
}

/// The file, by its path in the container, from which the server takes its password: a variable of the image names it, or
/// its script calls `$(cat FILE)` in the place of the password. `None` where the password does not come from one.
pub fn password_file(mechanism: &Mechanism, setup: &Setup<'_>) -> Option<String> {
    let argv = mechanism.argv();
    let variables = match mechanism {
        Mechanism::Argv(_) | Mechanism::ArgsInEnv(_) => &[][..],
        Mechanism::Env(env) => env.password_file.as_slice(),
    };
    let words = [setup.entrypoint, setup.command].into_iter().flatten().flatten();
    let printed = words.filter_map(|word| printed_behind(&word.text, &argv.password_flag)).next_back();
    let named = || match route(mechanism, setup) {
        Route::Variables { .. } => variables.iter().find_map(|name| match (setup.env)(name) {
            Lookup::Known(path) => Some(path),
            Lookup::Absent | Lookup::Unknown => None,
        }),
        Route::Decided(_) | Route::Starts { .. } => None,
    };
    printed.or_else(named).filter(|path| is_plain_path(path))
}

/// The file in `--requirepass "$(cat FILE)"`.
fn printed_behind(script: &str, flag: &str) -> Option<String> {
    let (_, rest) = script.rsplit_once(flag)?;
    let rest = rest.trim_start_matches(['=', ' ']).trim_start_matches('"');
    let (path, _) = rest.strip_prefix("$(cat ").or_else(|| rest.strip_prefix("$(<"))?.split_once(')')?;
    Some(path.trim().to_owned())
}

/// True for a path that needs no quotes anywhere.
fn is_plain_path(path: &str) -> bool {
    path.starts_with('/') && path.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
}

/// The host of the server that this one copies, if its arguments or its variables name one.
pub fn replica_of(mechanism: &Mechanism, setup: &Setup<'_>) -> Option<String> {
    match route(mechanism, setup) {
        Route::Decided(_) => None,
        Route::Variables { env, .. } => judge::copies(env, setup.env).then(|| {
            let host = env.master_host.iter().find_map(|name| match (setup.env)(name) {
                Lookup::Known(host) => Some(host),
                Lookup::Absent | Lookup::Unknown => None,
            });
            host.unwrap_or_default()
        }),
        Route::Starts { argv, starts, .. } => starts.iter().find_map(|start| judge::replica_of(argv, start, setup)),
    }
}

/// A file in which the users of a server may stand, by its path in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsersIn {
    /// A file of their own, which decides alone.
    Own(String),
    /// The configuration.
    Config(String),
}

/// The file with the users of a server; `None` if there is none, or it can't be known.
pub fn users_file(mechanism: &Mechanism, setup: &Setup<'_>) -> Option<UsersIn> {
    match route(mechanism, setup) {
        Route::Decided(_) => None,
        Route::Variables { env, .. } => env.acl_file.iter().find_map(|name| match (setup.env)(name) {
            Lookup::Known(path) if !path.is_empty() => Some(UsersIn::Own(path)),
            Lookup::Known(_) | Lookup::Absent | Lookup::Unknown => None,
        }),
        Route::Starts { argv, starts, .. } => {
            let mut found = starts.iter().map(|start| judge::users_file(argv, start, setup));
            let first = found.next()??;
            found.all(|other| other.as_ref() == Some(&first)).then_some(first)
        }
    }
}

/// What keeps everyone out but the programs in its own container, as long as it has no password: the option with its
/// value. `version` is the first number of the server's version; `None` means a new one.
pub fn closed_to_others(mechanism: &Mechanism, setup: &Setup<'_>, version: Option<u32>) -> Option<String> {
    match route(mechanism, setup) {
        Route::Decided(_) | Route::Variables { .. } => None,
        Route::Starts { argv, starts, .. } => {
            let mut found = starts.iter().map(|start| door::closed_to_others(argv, start, setup, version));
            let first = found.next()??;
            found.all(|other| other.is_some()).then_some(first)
        }
    }
}

/// True if only programs with a certificate get in, whatever else they present.
pub fn asks_for_certificates(mechanism: &Mechanism, setup: &Setup<'_>) -> bool {
    match route(mechanism, setup) {
        Route::Decided(_) | Route::Variables { .. } => false,
        Route::Starts { argv, starts, .. } => {
            !starts.is_empty() && starts.iter().all(|start| door::asks_for_certificates(argv, start, setup))
        }
    }
}

/// True if its arguments, its file or its variables make it a part of a cluster.
pub fn is_clustered(mechanism: &Mechanism, setup: &Setup<'_>) -> bool {
    match route(mechanism, setup) {
        Route::Decided(_) => false,
        Route::Variables { env, .. } => judge::is_node(env, setup.env),
        Route::Starts { argv, starts, .. } => starts.iter().any(|start| judge::is_clustered(argv, start, setup)),
    }
}

/// True if its image's scripts make the cluster, through a client.
pub fn makes_cluster(mechanism: &Mechanism, lookup: &Environment<'_>) -> bool {
    let Mechanism::Env(env) = mechanism else { return false };
    env.cluster_creator.iter().any(|name| judge::is_yes(&lookup(name)))
}

/// What decides about the password.
enum Route<'a> {
    /// Something that was found on the way.
    Decided(Auth),
    /// Variables that the image's scripts read.
    Variables { env: &'a Env, auth: Auth },
    /// The arguments of the server; with a variable that takes further ones when there is no command.
    Starts { argv: &'a crate::catalog::Argv, starts: Vec<Start>, variable: Option<String> },
}

fn route<'a>(mechanism: &'a Mechanism, setup: &Setup<'_>) -> Route<'a> {
    match mechanism {
        Mechanism::Argv(argv) => match start::find(argv, setup) {
            Ok(starts) => Route::Starts { argv, starts, variable: None },
            Err(auth) => Route::Decided(auth),
        },
        Mechanism::Env(env) => route_env(env, setup),
        Mechanism::ArgsInEnv(args) => route_args(args, setup),
    }
}

fn route_env<'a>(env: &'a Env, setup: &Setup<'_>) -> Route<'a> {
    let words: Vec<&Word> =
        setup.entrypoint.unwrap_or_default().iter().chain(setup.command.unwrap_or_default()).collect();
    let runs_image = words.is_empty() || words.iter().any(|word| word.certain && env.runners.contains(&word.text));
    if !runs_image {
        return match start::find(&env.argv, setup) {
            Ok(starts) => Route::Starts { argv: &env.argv, starts, variable: None },
            Err(auth) => Route::Decided(auth),
        };
    }
    let extra = env.extra_args.iter().find(|name| (setup.env)(name).is_present());
    let start = start::behind_runner(env, setup, extra.map(String::as_str));
    if judge::has_password_option(&env.argv, &start) {
        return Route::Starts { argv: &env.argv, starts: vec![start], variable: extra.cloned() };
    }
    Route::Variables { env, auth: judge::variables(env, setup.env) }
}

fn route_args<'a>(args: &'a ArgsInEnv, setup: &Setup<'_>) -> Route<'a> {
    let argv = &args.argv;
    let first = setup.entrypoint.or(setup.command).and_then(<[Word]>::first);
    let reads = first.is_none_or(|word| args.readers.iter().any(|reader| reader == file_name(&word.text)));
    let value = if args.after_command || reads { (setup.env)(&args.variable) } else { Lookup::Absent };
    let writes_variable = reads && !args.after_command;
    // A program that reads the variable stands for the image's own command.
    let setup = if reads {
        Setup { entrypoint: None, command: setup.command.filter(|_| args.after_command), ..*setup }
    } else {
        *setup
    };
    match start::find(argv, &setup) {
        Ok(mut starts) => {
            for start in &mut starts {
                start.append_variable(&value, writes_variable);
            }
            let variable = (writes_variable || value.is_present()).then(|| args.variable.clone());
            Route::Starts { argv, starts, variable }
        }
        Err(auth) => Route::Decided(auth),
    }
}

#[cfg(test)]
mod tests;
