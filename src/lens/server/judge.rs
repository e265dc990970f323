//! From the options of a server to whether it demands a password.

use super::arguments::{Arguments, Item, ServerOption, option_name, parse};
use super::start::Start;
use super::{Auth, ConfAuth, ConfFile, DefaultUser, Setup, UsersIn};
use crate::catalog::{Argv, ArgvSyntax, Env};
use crate::lens::value::{Environment, Lookup, Secret, Word};

/// What was found out about one start.
pub(super) struct Judgement {
    pub auth: Auth,
    /// True if a definition of the user `default` decides, and `requirepass` has no effect.
    pub user_decides: bool,
    /// The last option that sets the password.
    pub option: Option<ServerOption>,
    /// The last option with the password for the server that it copies.
    pub master_option: Option<ServerOption>,
    pub arguments: Arguments,
}

/// The file in which users may stand: the last one that its options name, else its configuration.
pub(super) fn users_file(argv: &Argv, start: &Start, setup: &Setup<'_>) -> Option<UsersIn> {
    let options = parse(argv, &start.arguments);
    let of_config = options.config.as_ref().and_then(|file| config(argv, file, start, setup)?.acl_file);
    let is_it =
        |option: &&ServerOption| argv.acl_flag.as_ref().is_some_and(|flag| option_name(argv, flag) == option.name);
    let is_user =
        |option: &&ServerOption| argv.user_flag.as_ref().is_some_and(|flag| option_name(argv, flag) == option.name);
    let own = options.items.iter().fold(of_config, |found, item| match item {
        Item::Option(option) if is_it(&option) => {
            let path = option.values.first().filter(|value| value.word.certain);
            path.map(|value| value.word.text.clone()).filter(|path| !path.is_empty())
        }
        Item::Option(option) if option.name == "include" => {
            let file = option.values.first().and_then(|file| config(argv, &file.word, start, setup));
            file.and_then(|conf| conf.acl_file).or(found)
        }
        _ => found,
    });
    let has_user = options.items.iter().any(|item| matches!(item, Item::Option(option) if is_user(&option)));
    let of_config = || options.config.clone().filter(|file| file.certain && !has_user);
    own.map(UsersIn::Own).or_else(|| of_config().map(|file| UsersIn::Config(file.text)))
}

/// What all starts have in common.
pub(super) fn all(argv: &Argv, starts: &[Start], setup: &Setup<'_>) -> Auth {
    let mut found: Option<Auth> = None;
    for start in starts {
        let auth = one(argv, start, setup).auth;
        match &found {
            Some(other) if *other != auth => {
                return Auth::Unknown("its script starts the server in different ways".to_owned());
            }
            _ => found = Some(auth),
        }
    }
    found.unwrap_or_else(|| Auth::Unknown("it can't be seen what starts the server".to_owned()))
}

pub(super) fn one(argv: &Argv, start: &Start, setup: &Setup<'_>) -> Judgement {
    let mut arguments = parse(argv, &start.arguments);
    let (auth, user_decides) = judge(argv, &arguments, start, setup);
    let option = password_option(argv, &mut arguments, start, setup);
    let master_option = argv.master_password_flag.as_ref().and_then(|flag| take_last(argv, flag, &mut arguments));
    Judgement { auth, user_decides, option, master_option, arguments }
}

/// The last option that sets the password, unless a file that is included behind it sets it again.
fn password_option(argv: &Argv, arguments: &mut Arguments, start: &Start, setup: &Setup<'_>) -> Option<ServerOption> {
    let name = option_name(argv, &argv.password_flag);
    let is_it = |item: &Item| matches!(item, Item::Option(option) if option.name == name);
    let at = arguments.items.iter().rposition(is_it)?;
    let is_moot = arguments.items[at + 1..].iter().any(|item| includes_password(argv, item, start, setup));
    if is_moot { None } else { take_last(argv, &argv.password_flag, arguments) }
}

/// The last option of this name.
fn take_last(argv: &Argv, flag: &str, arguments: &mut Arguments) -> Option<ServerOption> {
    let name = option_name(argv, flag);
    let is_it = |item: &Item| matches!(item, Item::Option(option) if option.name == name);
    let at = arguments.items.iter().rposition(is_it)?;
    match std::mem::replace(&mut arguments.items[at], Item::Opaque) {
        Item::Option(option) => Some(option),
        _ => None,
    }
}

/// What `requirepass` comes to.
enum Password {
    /// It is not set.
    None,
    /// It is blank.
    Blank,
    Set(Option<Secret>),
    /// Something that can't be seen may set it.
    Unknown(String),
}

/// With whether a definition of the user `default` decided.
fn judge(argv: &Argv, arguments: &Arguments, start: &Start, setup: &Setup<'_>) -> (Auth, bool) {
    let mut password = Password::None;
    let mut default_user = DefaultUser::NotDefined;
    let mut acl_file = false;
    let mut config_known = true;
    if let Some(path) = &arguments.config {
        match config(argv, path, start, setup) {
            Some(conf) => {
                password = match conf.requirepass {
                    _ if conf.includes_unknown => {
                        config_known = false;
                        Password::Unknown(format!("{} includes a file that can't be seen", path.text))
                    }
                    None => Password::None,
                    Some(secret) if secret.reveal().is_empty() => Password::Blank,
                    Some(secret) => Password::Set(Some(secret)),
                };
                default_user = conf.default_user;
                acl_file = conf.acl_file.is_some();
            }
            None => {
                config_known = false;
                password = Password::Unknown(format!("{} can't be seen", path.text));
            }
        }
    }
    let flag = &argv.password_flag;
    let password_name = option_name(argv, flag);
    for item in &arguments.items {
        let option = match item {
            Item::Option(option) => option,
            Item::Opaque => {
                password = Password::Unknown("its arguments can't be known".to_owned());
                continue;
            }
            Item::Stray => return (Auth::Refuses("an argument belongs to no option".to_owned()), false),
        };
        let is = |flag: &Option<String>| flag.as_ref().is_some_and(|flag| option_name(argv, flag) == option.name);
        let is_among = |flags: &[String]| flags.iter().any(|flag| option_name(argv, flag) == option.name);
        if option.name == password_name {
            password = match option.values.as_slice() {
                [] => return (Auth::Refuses(format!("`{flag}` has no value")), false),
                [only] if !only.word.certain => Password::Set(None),
                [only] if only.word.text.is_empty() => Password::Blank,
                [only] => Password::Set(Some(Secret::new(&only.word.text))),
                several => {
                    return (Auth::Refuses(format!("`{flag}` takes one value and gets {}", several.len())), false);
                }
            };
        } else if misspelt(argv, &option.name, &password_name) {
            return (Auth::Refuses(format!("`{flag}` is misspelt, or its value is not a word of its own")), false);
        } else if is(&argv.acl_flag) {
            acl_file = option.values.first().is_some_and(|value| !value.word.text.is_empty() || !value.word.certain);
        } else if is(&argv.user_flag) {
            default_user = default_user_of(option).unwrap_or(default_user);
        } else if is_among(&argv.other_mode_flags) {
            return (Auth::NoServer(format!("--{} makes it something else than a server of data", option.name)), false);
        } else if option.name == "include" {
            let [file] = option.values.as_slice() else {
                return (Auth::Refuses("`--include` takes one file".to_owned()), false);
            };
            match config(argv, &file.word, start, setup) {
                // Its lines stand in the place of the option (measured with redis 7.0).
                Some(conf) if !conf.includes_unknown => {
                    if let Some(secret) = conf.requirepass {
                        password =
                            if secret.reveal().is_empty() { Password::Blank } else { Password::Set(Some(secret)) };
                    }
                    if conf.default_user != DefaultUser::NotDefined {
                        default_user = conf.default_user;
                    }
                    acl_file |= conf.acl_file.is_some();
                }
                _ => {
                    config_known = false;
                    password = Password::Unknown(format!("it includes {}, which can't be seen", file.word.text));
                }
            }
        } else if option.name == "flagfile" {
            config_known = false;
            password = Password::Unknown("it includes a file that can't be seen".to_owned());
        }
    }
    if acl_file {
        return (Auth::Acl, true);
    }
    match default_user {
        DefaultUser::NotDefined => {}
        DefaultUser::Open => return (Auth::Open, true),
        DefaultUser::Password(secret) => return (Auth::Password(secret), true),
        DefaultUser::Off => return (Auth::Acl, true),
    }
    let auth = match password {
        Password::Set(secret) => Auth::Password(secret),
        Password::Unknown(why) => Auth::Unknown(why),
        Password::Blank if !config_known => Auth::Unknown("its configuration can't be seen".to_owned()),
        Password::None => match argv.password_variable.as_ref().map(|name| (setup.env)(name)) {
            Some(Lookup::Known(text)) if !text.is_empty() => Auth::Password(Some(Secret::new(text))),
            Some(Lookup::Unknown) => Auth::Password(None),
            _ => Auth::Open,
        },
        Password::Blank => Auth::Open,
    };
    (auth, false)
}

/// The configuration file; `None` if it can't be seen.
pub(super) fn config(argv: &Argv, path: &Word, start: &Start, setup: &Setup<'_>) -> Option<ConfAuth> {
    if !path.certain || start.written_files.contains(&path.text) {
        return None;
    }
    match (setup.conf)(&path.text) {
        ConfFile::Read(conf) => Some(*conf),
        ConfFile::NotMounted if argv.image_configs.contains(&path.text) => Some(ConfAuth::default()),
        ConfFile::NotMounted | ConfFile::Unreadable | ConfFile::Script(_) => None,
    }
}

/// True for `--include FILE` with a file that sets the password.
fn includes_password(argv: &Argv, item: &Item, start: &Start, setup: &Setup<'_>) -> bool {
    let Item::Option(ServerOption { name, values, .. }) = item else { return false };
    let file = values.first().filter(|_| name == "include");
    file.and_then(|file| config(argv, &file.word, start, setup)).is_some_and(|conf| conf.requirepass.is_some())
}

/// `requirepass=pw` and `require-pass` are no options where lines of configuration are read.
fn misspelt(argv: &Argv, name: &str, password_name: &str) -> bool {
    let head = name.split('=').next().unwrap_or(name);
    argv.syntax == ArgvSyntax::Directives && head.replace(['-', '_'], "") == password_name
}

/// What `--user NAME RULE…` makes of the user `default`; `None` if it is another user.
fn default_user_of(option: &ServerOption) -> Option<DefaultUser> {
    let (name, rules) = option.values.split_first()?;
    if name.word.certain && name.word.text != "default" {
        return None;
    }
    let (mut is_on, mut no_password) = (false, false);
    let mut secret: Option<Option<Secret>> = None;
    for rule in rules {
        match rule.word.text.as_str() {
            "on" => is_on = true,
            "off" => is_on = false,
            "nopass" => {
                no_password = true;
                secret = None;
            }
            "resetpass" | "reset" => {
                no_password = false;
                secret = None;
            }
            text => {
                let known = text.strip_prefix('>').filter(|_| rule.word.certain);
                if text.starts_with(['>', '#']) || !rule.word.certain {
                    no_password = false;
                    secret = Some(known.map(Secret::new));
                }
            }
        }
    }
    Some(match (is_on, no_password, secret) {
        (true, true, _) => DefaultUser::Open,
        (true, false, Some(secret)) => DefaultUser::Password(secret),
        _ => DefaultUser::Off,
    })
}

/// True if the arguments say anything about the password, or may.
pub(super) fn has_password_option(argv: &Argv, start: &Start) -> bool {
    let name = option_name(argv, &argv.password_flag);
    parse(argv, &start.arguments).items.iter().any(|item| match item {
        Item::Option(option) => option.name == name || misspelt(argv, &option.name, &name),
        Item::Opaque => true,
        Item::Stray => false,
    })
}

/// The host of the server that this one copies.
pub(super) fn replica_of(argv: &Argv, start: &Start, setup: &Setup<'_>) -> Option<String> {
    let options = parse(argv, &start.arguments);
    let argument = options.items.iter().find_map(|item| match item {
        Item::Option(option) if argv.replica_flags.iter().any(|flag| option_name(argv, flag) == option.name) => {
            let value = option.values.first().filter(|value| value.word.certain)?;
            value.word.text.split_ascii_whitespace().next().map(str::to_owned)
        }
        _ => None,
    });
    let by_file = || files(&options).find_map(|file| config(argv, file, start, setup)?.replica_of);
    argument.or_else(by_file)
}

/// What it presents to the server that it copies.
pub(super) fn master_password(argv: &Argv, start: &Start, setup: &Setup<'_>) -> Lookup {
    let Some(flag) = &argv.master_password_flag else { return Lookup::Unknown };
    let name = option_name(argv, flag);
    let options = parse(argv, &start.arguments);
    if options.items.iter().any(|item| matches!(item, Item::Opaque)) {
        return Lookup::Unknown;
    }
    let option = options.items.iter().rev().find_map(|item| match item {
        Item::Option(option) if option.name == name => Some(option),
        _ => None,
    });
    match option.map(|option| option.values.as_slice()) {
        Some([value]) if value.word.certain => Lookup::Known(value.word.text.clone()),
        Some(_) => Lookup::Unknown,
        None => {
            let read: Option<Vec<_>> = files(&options).map(|file| config(argv, file, start, setup)).collect();
            let last = read.map(|files| files.into_iter().rev().find_map(|conf| conf.master_password));
            match last {
                None => Lookup::Unknown,
                Some(None) => Lookup::Absent,
                Some(Some(secret)) => Lookup::Known(secret.reveal().to_owned()),
            }
        }
    }
}

/// True if the variables of an image with scripts make the server a copy.
pub(super) fn copies(env: &Env, lookup: &Environment<'_>) -> bool {
    let is_copy =
        |name: &String| matches!(lookup(name), Lookup::Known(mode) if matches!(mode.as_str(), "slave" | "replica"));
    env.replication_mode.iter().any(is_copy)
}

/// True if the variables of an image with scripts make the server a node of a cluster.
pub(super) fn is_node(env: &Env, lookup: &Environment<'_>) -> bool {
    env.cluster_nodes.iter().any(|name| !lookup(name).is_blank())
}

/// True if a variable says yes, as the scripts of images understand it.
pub(super) fn is_yes(value: &Lookup) -> bool {
    matches!(value, Lookup::Known(text) if matches!(text.to_ascii_lowercase().as_str(), "1" | "yes" | "true"))
}

/// True if it is part of a cluster.
pub(super) fn is_clustered(argv: &Argv, start: &Start, setup: &Setup<'_>) -> bool {
    let options = parse(argv, &start.arguments);
    let by_argument = options.items.iter().any(|item| match item {
        Item::Option(option) => {
            argv.cluster_flags.iter().any(|flag| option_name(argv, flag) == option.name)
                && option.values.first().is_some_and(|value| value.word.text != "no")
        }
        _ => false,
    });
    by_argument || files(&options).any(|file| config(argv, file, start, setup).is_some_and(|conf| conf.is_clustered))
}

/// The configuration files that arguments name.
fn files(arguments: &Arguments) -> impl Iterator<Item = &Word> {
    let included = arguments.items.iter().filter_map(|item| match item {
        Item::Option(option) if option.name == "include" => option.values.first().map(|value| &value.word),
        _ => None,
    });
    arguments.config.iter().chain(included)
}

/// What the variables of an image with scripts come to.
pub(super) fn variables(env: &Env, lookup: &Environment<'_>) -> Auth {
    let present = |names: &[String]| names.iter().any(|name| !lookup(name).is_blank());
    if present(&env.acl_file) {
        return Auth::Acl;
    }
    if present(&env.password_file) {
        return Auth::Password(None);
    }
    for name in &env.password {
        match lookup(name) {
            Lookup::Known(text) if !text.is_empty() => return Auth::Password(Some(Secret::new(text))),
            Lookup::Unknown => return Auth::Password(None),
            Lookup::Known(_) | Lookup::Absent => {}
        }
    }
    let mut allowed = Some(false);
    for name in &env.allow_empty {
        match lookup(name) {
            value if is_yes(&value) => return Auth::Open,
            Lookup::Unknown => allowed = None,
            Lookup::Known(_) | Lookup::Absent => {}
        }
    }
    let name = env.password.first().map_or("the password", String::as_str);
    match allowed {
        Some(_) => Auth::Refuses(format!("{name} is not set")),
        None => Auth::Unknown(format!("{name} is not set, and it can't be known whether that is allowed")),
    }
}
