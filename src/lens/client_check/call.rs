//! One call of a client: its options, its credential, its command.

use std::ops::Range;

use super::{ClientCheck, Credential, CredentialSource, NoCredential, Verdict, is_client};
use crate::catalog::ClientProgram;
use crate::lens::value::{Lookup, Secret, Word, file_name};

/// A client with its words, understood.
pub(super) struct ClientCall {
    /// Index among the known clients.
    pub client: usize,
    /// Its file name.
    pub program: String,
    /// In order.
    pub options: Vec<ClientOption>,
    /// Where the command starts among the words.
    pub command_start: usize,
    /// The command, without the arguments of a login.
    pub command: Vec<String>,
    /// What it logs in with.
    pub credential: Credential,
    /// True if it exits with an error when the server answers with one.
    pub fails_on_error: bool,
    connection: Vec<String>,
}

/// An option, by its words; the program is word 0.
pub(super) struct ClientOption {
    pub role: Role,
    pub words: Range<usize>,
}

/// What an option is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Password,
    User,
    Uri,
    Error,
    Warning,
    Connection,
    Other,
}

/// The user info of a URL.
pub(super) struct UriLogin<'a> {
    pub user: Option<&'a str>,
    pub password: Option<&'a str>,
}

impl ClientCall {
    /// Reads `words`, program first. `None` if the program is no client.
    /// `variables` are those of the client; `has_input` is true if its input comes from a pipe or file.
    pub fn parse(
        words: &[Word],
        clients: &[ClientProgram],
        variables: &dyn Fn(&str) -> Lookup,
        has_input: bool,
    ) -> Option<Result<Self, String>> {
        let program = file_name(&words.first().filter(|word| word.certain)?.text);
        let at = clients.iter().position(|client| is_client(program, std::slice::from_ref(client)))?;
        let client = clients.get(at)?;
        Some(Self::understand(words, at, client, program, variables, has_input))
    }

    fn understand(
        words: &[Word],
        at: usize,
        client: &ClientProgram,
        program: &str,
        variables: &dyn Fn(&str) -> Lookup,
        has_input: bool,
    ) -> Result<Self, String> {
        let (options, command_start) = parse_options(words, client)?;
        let command_words = words.get(command_start..).unwrap_or_default();
        let logs_in = command_words
            .first()
            .is_some_and(|word| client.auth_commands.iter().any(|auth| auth.eq_ignore_ascii_case(&word.text)));
        let last_value = |role: &[Role]| {
            let option = options.iter().rfind(|option| role.contains(&option.role))?;
            Some((option.role, words.get(option.words.end - 1)?))
        };
        let user = last_value(&[Role::User]).map(|(_, word)| word.text.clone());
        let carrier = last_value(&[Role::Password, Role::Uri]);
        let command = if logs_in { command_words.get(..1).unwrap_or_default() } else { command_words };
        let mut call = Self {
            client: at,
            program: program.to_owned(),
            command_start,
            command: command.iter().map(|word| word.text.clone()).collect(),
            credential: Credential::None(NoCredential::Absent),
            fails_on_error: options.iter().any(|option| option.role == Role::Error),
            connection: connection(words, &options),
            options,
        };
        if command_words.is_empty() && has_input {
            return Err("the client takes its commands from a pipe".to_owned());
        }
        call.credential = match carrier {
            Some((Role::Password, _)) if command_words.is_empty() => Credential::None(NoCredential::TookCommand),
            _ if logs_in => login(command_words),
            Some((Role::Password, word)) => of_value(word, user, CredentialSource::Option),
            Some((_, word)) => of_uri(word).unwrap_or_else(|| of_variables(client, program, variables, user)),
            None => of_variables(client, program, variables, user),
        };
        if command_words.is_empty() && !call.took_command() {
            return Err("the client gets no command".to_owned());
        }
        Ok(call)
    }

    /// True if a blank password let the command count as the password.
    pub fn took_command(&self) -> bool {
        self.credential == Credential::None(NoCredential::TookCommand)
    }

    /// Treats the password as unknown.
    pub fn forget_value(&mut self) {
        if let Credential::Presented { value, .. } = &mut self.credential {
            *value = None;
        }
    }

    pub fn into_check(self, verdict: Verdict) -> ClientCheck {
        ClientCheck {
            program: self.program,
            connection: self.connection,
            credential: self.credential,
            verdict,
            command: self.command,
        }
    }
}

/// The options, and where the command starts.
fn parse_options(words: &[Word], client: &ClientProgram) -> Result<(Vec<ClientOption>, usize), String> {
    let mut options = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at).filter(|word| word.text.len() > 1 && word.text.starts_with('-')) {
        let (role, takes_value) =
            role(client, &word.text).filter(|_| word.certain).ok_or("the client has an option that is not known")?;
        let end = at + 1 + usize::from(takes_value);
        if end > words.len() {
            return Err("the client's last option has no value".to_owned());
        }
        options.push(ClientOption { role, words: at..end });
        at = end;
    }
    Ok((options, at))
}

/// What an option is about, and whether the next word belongs to it.
fn role(client: &ClientProgram, text: &str) -> Option<(Role, bool)> {
    let among = |names: &[String]| names.iter().any(|name| name == text);
    let connection = &client.connection;
    let rows = [
        (&client.password_flags, Role::Password, true),
        (&client.user_flags, Role::User, true),
        (&client.uri_flags, Role::Uri, true),
        (&client.error_flags, Role::Error, false),
        (&client.warning_flags, Role::Warning, false),
        (&connection.host, Role::Connection, true),
        (&connection.port, Role::Connection, true),
        (&connection.database, Role::Connection, true),
        (&connection.tls, Role::Connection, false),
    ];
    let flags = [(&connection.further, Role::Connection), (&client.other_flags, Role::Other)];
    rows.into_iter().find(|(names, ..)| among(names)).map(|(_, role, takes_value)| (role, takes_value)).or_else(|| {
        flags
            .into_iter()
            .find_map(|(flags, role)| flags.iter().find(|flag| flag.name == text).map(|flag| (role, flag.takes_value)))
    })
}

fn connection(words: &[Word], options: &[ClientOption]) -> Vec<String> {
    let kept = options.iter().filter(|option| option.role == Role::Connection);
    kept.flat_map(|option| words.get(option.words.clone()).unwrap_or_default()).map(|word| word.text.clone()).collect()
}

fn of_value(word: &Word, user: Option<String>, source: CredentialSource) -> Credential {
    match (word.certain, word.text.as_str()) {
        (true, "") => Credential::None(NoCredential::Blank),
        (true, text) => Credential::Presented { source, value: Some(Secret::new(text)), user },
        (false, _) => Credential::Presented { source, value: None, user },
    }
}

/// `auth PASSWORD` or `auth USER PASSWORD`.
fn login(words: &[Word]) -> Credential {
    match words {
        [_, password] => of_value(password, None, CredentialSource::Command),
        [_, user, password] => of_value(password, Some(user.text.clone()), CredentialSource::Command),
        _ => Credential::None(NoCredential::Absent),
    }
}

/// `None` if the URL has no user info.
fn of_uri(word: &Word) -> Option<Credential> {
    let source = CredentialSource::Url;
    if !word.certain {
        return Some(Credential::Presented { source, value: None, user: None });
    }
    let login = uri_login(&word.text)?;
    // The client takes `redis://text@host` as a password.
    Some(match (login.user, login.password) {
        (Some(""), Some(_)) => Credential::None(NoCredential::UrlWithoutUser),
        (user, Some(password)) => of_value(&decoded(password), user.map(str::to_owned), source),
        (Some(text), None) => of_value(&decoded(text), None, source),
        (None, None) => return None,
    })
}

fn decoded(text: &str) -> Word {
    Word::known(percent_encoding::percent_decode_str(text).decode_utf8_lossy())
}

/// The user info of a URL, if it has one.
pub(super) fn uri_login(text: &str) -> Option<UriLogin<'_>> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (info, _) = rest.rsplit_once('@')?;
    Some(match info.split_once(':') {
        Some((user, password)) => UriLogin { user: Some(user), password: Some(password) },
        None => UriLogin { user: Some(info), password: None },
    })
}

/// The host of a client's URL, and the password that it takes from there.
pub fn read_uri(text: &str) -> (String, Option<String>) {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let address = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    let host = address.split([':', '/']).next().unwrap_or_default().to_owned();
    let login = uri_login(text);
    (host, login.and_then(|login| login.password.or(login.user)).map(|password| decoded(password).text))
}

/// What the client finds in its environment.
fn of_variables(
    client: &ClientProgram,
    program: &str,
    variables: &dyn Fn(&str) -> Lookup,
    user: Option<String>,
) -> Credential {
    let read = client
        .credential_variables
        .iter()
        .filter(|variable| variable.programs.is_empty() || variable.programs.iter().any(|name| name == program));
    let mut missing = NoCredential::Absent;
    for variable in read {
        let source = CredentialSource::Variable(variable.name.clone());
        match variables(&variable.name) {
            Lookup::Absent => {}
            Lookup::Known(text) if text.is_empty() => missing = NoCredential::Blank,
            Lookup::Known(text) => return Credential::Presented { source, value: Some(Secret::new(text)), user },
            Lookup::Unknown => return Credential::Presented { source, value: None, user },
        }
    }
    Credential::None(missing)
}
