//! The healthcheck that logs in and notices a refusal, with all else as it was.

use super::call::{ClientCall, ClientOption, Role, uri_login};
use super::site::{Site, collect, source_word, takes_output, with_blank_before, with_blank_behind};
use super::{Answer, CheckReading, Credential, CredentialSource, Subject, Test, Verdict, read, simulate};
use crate::catalog::ClientProgram;
use crate::lens::shell_run::strip_wrappers;
use crate::lens::value::{Environment, Lookup, Word};
use crate::syntax::shell::{self, PartKind, Simple};
use crate::text::{Edit, EditSet, Span};

/// A repaired healthcheck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRepair {
    /// What becomes of the test.
    pub test: NewTest,
    /// The variable of the container's environment that must hold the password; `None` if the test has what it needs.
    pub variable: Option<String>,
}

/// What becomes of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewTest {
    /// It stays.
    Same,
    /// Changes inside a script. Places are bytes of the text as the container gets it, and so are the texts: Compose
    /// wants each `$` in them twice.
    Edits {
        /// The word that is the script; `None` where the whole test is it.
        word: Option<usize>,
        /// What changes.
        edits: EditSet,
    },
    /// `CMD-SHELL` with a new text, in the place of a list of words.
    Shell(Vec<Piece>),
}

/// A piece of a new shell text. Pieces are joined as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text of the shell.
    Text(String),
    /// The word of the old test at this index, quoted for the shell, so that its spelling in the file can be kept.
    Word(usize),
}

impl NewTest {
    /// The shell text of [`NewTest::Shell`], with the values of the old test's `words`. `None` for other changes.
    pub fn shell_text(&self, words: &[Word]) -> Option<String> {
        let Self::Shell(pieces) = self else { return None };
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Word(index) => words.get(*index).map(|word| quote(&word.text)).unwrap_or_default(),
        };
        Some(pieces.iter().map(text).collect())
    }
}

/// Why a healthcheck can't be repaired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCheckRepair {
    /// It asks through no client.
    #[error("the healthcheck asks through no client that takes a password")]
    NotAClient,
    /// It can't be understood.
    #[error("the healthcheck can't be changed safely: {0}")]
    Unparsed(String),
    /// It logs in as a user of its own.
    #[error("the healthcheck logs in as the user {0}, whose password is not that of the server")]
    OtherUser(String),
    /// The change would not do what it must.
    #[error("the healthcheck must be rewritten by hand, as in `{0}`")]
    ByHand(String),
}

/// The change after which the test logs in by the environment and fails when the server refuses it. Options that say
/// where the server is stay. `password` is the server's, as far as it is known: a credential of the test that equals
/// it stays, as does one that comes from a variable or file.
///
/// # Errors
/// [`NoCheckRepair`] if it can't be changed, or if the changed test would not do what it must.
pub fn authenticate(
    test: Test<'_>,
    clients: &[ClientProgram],
    env: &Environment<'_>,
    password: Option<&str>,
) -> Result<CheckRepair, NoCheckRepair> {
    change(test, clients, env, &Login::Server(password))
}

/// The change after which the test logs in as a user by the environment, and fails when the server refuses it.
///
/// # Errors
/// [`NoCheckRepair`] if it can't be changed, or if the changed test would not do what it must.
pub fn authenticate_as(
    test: Test<'_>,
    clients: &[ClientProgram],
    env: &Environment<'_>,
    user: &str,
    password: &str,
) -> Result<CheckRepair, NoCheckRepair> {
    change(test, clients, env, &Login::User { name: user, password })
}

/// The change after which the test logs in by what the shell makes of `substitution`, such as `$(cat /run/secrets/redis)`,
/// and fails when the server refuses it.
///
/// # Errors
/// [`NoCheckRepair`] if it can't be changed, or if the changed test would not do what it must.
pub fn authenticate_by(
    test: Test<'_>,
    clients: &[ClientProgram],
    env: &Environment<'_>,
    substitution: &str,
) -> Result<CheckRepair, NoCheckRepair> {
    change(test, clients, env, &Login::Substituted(substitution))
}

/// The change after which the test fails when the server refuses what it presents, which stays as it is.
///
/// # Errors
/// [`NoCheckRepair`] if it can't be changed, or if the changed test would not do what it must.
pub fn notice_refusal(
    test: Test<'_>,
    clients: &[ClientProgram],
    env: &Environment<'_>,
) -> Result<CheckRepair, NoCheckRepair> {
    change(test, clients, env, &Login::Own)
}

/// How the changed test logs in.
enum Login<'a> {
    /// With the server's password, as far as it is known.
    Server(Option<&'a str>),
    /// As this user.
    User { name: &'a str, password: &'a str },
    /// With what the shell makes of this.
    Substituted(&'a str),
    /// As it did.
    Own,
}

fn change(
    test: Test<'_>,
    clients: &[ClientProgram],
    env: &Environment<'_>,
    login: &Login<'_>,
) -> Result<CheckRepair, NoCheckRepair> {
    let check = match read(test, clients, env) {
        CheckReading::Disabled | CheckReading::NotAClient => return Err(NoCheckRepair::NotAClient),
        CheckReading::Unparsed(why) => return Err(NoCheckRepair::Unparsed(why)),
        CheckReading::Client(check) => check,
    };
    let repair = Repair { clients, env, login, adds_verdict: check.verdict == Verdict::IgnoresRefusal };
    match Subject::of(test) {
        Subject::Nothing => Err(NoCheckRepair::NotAClient),
        Subject::Words { words, skip } => repair.words(words, skip),
        Subject::Script { text, index } => repair.script(text, index),
    }
}

struct Repair<'a> {
    clients: &'a [ClientProgram],
    env: &'a Environment<'a>,
    login: &'a Login<'a>,
    adds_verdict: bool,
}

impl Repair<'_> {
    fn keeps_login(&self) -> bool {
        matches!(self.login, Login::Own)
    }

    /// The server's password, as far as it is known.
    fn password(&self) -> Option<&str> {
        match self.login {
            Login::Server(password) => *password,
            Login::User { password, .. } => Some(password),
            Login::Substituted(_) | Login::Own => None,
        }
    }

    /// The assignment that a command of the shell needs in front, with a blank behind; blank where none is needed.
    fn assignment(&self, call: &ClientCall, client: &ClientProgram) -> String {
        let mut read = client.credential_variables.iter();
        let variable = read.find(|variable| variable.programs.is_empty() || variable.programs.contains(&call.program));
        match (self.login, variable) {
            (Login::Substituted(text), Some(variable)) => format!("{}=\"{text}\" ", variable.name),
            _ => String::new(),
        }
    }

    /// The option that names the user, with a blank in front; blank where none is needed.
    fn user_option(&self, client: &ClientProgram) -> String {
        match (self.login, client.user_flags.first()) {
            (Login::User { name, .. }, Some(flag)) if *name != client.default_user => {
                format!(" {flag} {}", quote(name))
            }
            _ => String::new(),
        }
    }

    /// True if a login of the test that looks right may stay, as it is the one that is wanted.
    fn may_keep(&self, call: &ClientCall, client: &ClientProgram) -> bool {
        match self.login {
            Login::Own => true,
            Login::Server(_) => other_user(call, client).is_some(),
            Login::User { .. } | Login::Substituted(_) => false,
        }
    }

    fn words(&self, words: &[Word], skip: usize) -> Result<CheckRepair, NoCheckRepair> {
        let own = words.get(skip..).unwrap_or_default();
        let call = match ClientCall::parse(own, self.clients, self.env, false) {
            Some(Ok(call)) => call,
            Some(Err(why)) => return Err(NoCheckRepair::Unparsed(why)),
            None => return Err(NoCheckRepair::NotAClient),
        };
        let client = &self.clients[call.client];
        if let (Some(user), Login::Server(_)) = (other_user(&call, client), self.login) {
            return Err(NoCheckRepair::OtherUser(user));
        }
        let variable = self.needed_variable(&call, client);
        let assignment = self.assignment(&call, client);
        let user_option = self.user_option(client);
        let is_bare = !call.options.iter().any(|option| is_login(option.role))
            && !is_login_command(&call)
            && user_option.is_empty()
            && assignment.is_empty();
        if is_bare && !self.adds_verdict {
            return Ok(CheckRepair { test: NewTest::Same, variable });
        }
        let mut pieces = Vec::new();
        if !assignment.is_empty() {
            pieces.push(Piece::Text(assignment.trim_end().to_owned()));
        }
        // `env` in front of the client may set the credential anew.
        let is_own_variable = |word: &Word| {
            let names = client.credential_variables.iter().map(|variable| variable.name.as_str());
            word.text.split_once('=').is_some_and(|(name, _)| names.into_iter().any(|known| known == name))
        };
        let wrappers = (0..skip).filter(|index| self.keeps_login() || !is_own_variable(&words[*index]));
        wrappers.chain([skip]).for_each(|index| push_word(&mut pieces, index));
        if !user_option.is_empty() {
            pieces.push(Piece::Text(user_option));
        }
        let asks = is_probe(&call, client);
        let mut command = pieces.clone();
        for option in &call.options {
            match option.role {
                role if matches!(role, Role::Connection | Role::Warning) || self.keeps_login() && is_login(role) => {
                    for index in option.words.clone() {
                        push_word(&mut pieces, skip + index);
                        push_word(&mut command, skip + index);
                    }
                }
                Role::Uri => {
                    let connection = Piece::Text(uri_connection(own, option, client)?);
                    pieces.push(connection.clone());
                    command.push(connection);
                }
                role if !is_login(role) => {
                    option.words.clone().for_each(|index| push_word(&mut command, skip + index));
                }
                _ => {}
            }
        }
        (skip + call.command_start..words.len()).for_each(|index| push_word(&mut command, index));
        let verdict = Piece::Text(format!(" {} | grep -q {}", client.probe, client.answer));
        let pieces = match (asks, self.adds_verdict) {
            (true, _) => [pieces, vec![verdict]].concat(),
            (false, true) => [pieces, vec![verdict, Piece::Text(" && ".to_owned())], command].concat(),
            (false, false) => command,
        };
        let test = NewTest::Shell(pieces);
        let text = test.shell_text(words).unwrap_or_default();
        self.verify(&Word::known(text), client, variable.as_deref())?;
        Ok(CheckRepair { test, variable })
    }

    fn script(&self, text: &Word, index: Option<usize>) -> Result<CheckRepair, NoCheckRepair> {
        let script = shell::parse(&text.text).map_err(|error| NoCheckRepair::Unparsed(error.to_string()))?;
        let mut sites = Vec::new();
        collect(&script, false, &mut sites);
        // One verdict is enough where the test can't come to its end without it.
        let once = self.script_with(text, &sites, index, true);
        if once.is_ok() || !self.adds_verdict { once } else { self.script_with(text, &sites, index, false) }
    }

    fn script_with(
        &self,
        text: &Word,
        sites: &[Site<'_>],
        index: Option<usize>,
        is_one_enough: bool,
    ) -> Result<CheckRepair, NoCheckRepair> {
        let mut edits = EditSet::new();
        let mut variable = None;
        let mut used: Option<&ClientProgram> = None;
        for site in sites {
            let asks_before = self.adds_verdict && !(is_one_enough && used.is_some());
            let Some((client, needed)) = self.site(site, &text.text, asks_before, &mut edits)? else { continue };
            used = Some(client);
            variable = variable.or(needed);
        }
        let client = used.ok_or(NoCheckRepair::NotAClient)?;
        let changed = Word { text: edits.apply(&text.text), certain: text.certain };
        self.verify(&changed, client, variable.as_deref())?;
        let test = if edits.is_empty() { NewTest::Same } else { NewTest::Edits { word: index, edits } };
        Ok(CheckRepair { test, variable })
    }

    /// Adds the edits for one command of a script; returns its client and the variable that it needs. Where the command
    /// is more than the probe, it stays, and the probe comes before it if the site `asks_before`.
    fn site(
        &self,
        site: &Site<'_>,
        text: &str,
        asks_before: bool,
        edits: &mut EditSet,
    ) -> Result<Option<(&ClientProgram, Option<String>)>, NoCheckRepair> {
        let simple = site.simple;
        let words: Vec<Word> = simple.words.iter().map(source_word).collect();
        let skip = strip_wrappers(&words).skip;
        let own = words.get(skip..).unwrap_or_default();
        let spans: Vec<Span> = simple.words.iter().skip(skip).map(|word| word.span).collect();
        let call = match ClientCall::parse(own, self.clients, self.env, false) {
            None => return Ok(None),
            Some(Err(why)) => return Err(NoCheckRepair::Unparsed(why)),
            Some(Ok(call)) => call,
        };
        let client = &self.clients[call.client];
        let is_right = || !matches!(self.login, Login::User { .. }) && self.is_right(&call, simple, skip);
        let keeps = self.may_keep(&call, client) || is_right();
        let needed = if keeps { None } else { self.needed_variable(&call, client) };
        let assignment = if keeps { String::new() } else { self.assignment(&call, client) };
        let mut add = |edit: Edit| edits.insert(edit).map_err(|error| NoCheckRepair::Unparsed(error.to_string()));
        let asks = is_probe(&call, client);
        let becomes_probe = self.adds_verdict && asks && !is_written_as_probe(&call, client);
        // The words of the call that the probe before it needs, too.
        let mut before: Vec<Span> = simple.words.iter().take(skip + 1).map(|word| word.span).collect();
        let mut connections = String::new();
        if !assignment.is_empty() {
            add(Edit::insert(simple.span.start, assignment.clone()))?;
        }
        let user_option = self.user_option(client);
        if let Some(program) = spans.first().filter(|_| !user_option.is_empty()) {
            add(Edit::insert(program.end, user_option.clone()))?;
            connections += &user_option;
        }
        for option in &call.options {
            let goes = match option.role {
                Role::Other => becomes_probe,
                role => is_login(role) && !keeps,
            };
            if goes {
                let from = spans[option.words.start - 1].end;
                let new = match option.role {
                    Role::Uri => uri_connection(own, option, client)?,
                    _ => String::new(),
                };
                connections += &new;
                add(Edit::replace(Span::new(from, spans[option.words.end - 1].end), new))?;
            } else if !matches!(option.role, Role::Other | Role::Error) {
                before.extend(option.words.clone().filter_map(|word| spans.get(word)));
            }
        }
        let is_own = |name: &str| client.credential_variables.iter().any(|variable| variable.name == name);
        if !keeps {
            for assignment in simple.assignments.iter().filter(|assignment| is_own(&assignment.name)) {
                add(Edit::delete(with_blank_behind(assignment.span, text)))?;
            }
        }
        if becomes_probe {
            match (spans.get(call.command_start), spans.last()) {
                (Some(first), Some(last)) => {
                    add(Edit::replace(Span::new(first.start, last.end), client.probe.clone()))?;
                }
                (None, Some(last)) => add(Edit::insert(last.end, format!(" {}", client.probe)))?,
                (_, None) => {}
            }
        }
        if self.adds_verdict && asks && !site.is_substituted {
            for redirection in simple.redirections.iter().filter(|redirection| takes_output(redirection)) {
                add(Edit::delete(with_blank_before(redirection.span, text)))?;
            }
            let rest = Span::new(simple.span.end, site.pipeline.span.end.max(simple.span.end));
            add(Edit::replace(rest, format!(" | grep -q {}", client.answer)))?;
        }
        if asks_before && !asks && !site.is_substituted {
            let assignments = simple.assignments.iter().filter(|assignment| keeps || !is_own(&assignment.name));
            let words = assignments.map(|assignment| assignment.span).chain(before).map(|span| span.slice(text));
            let words: Vec<&str> = words.collect();
            let words = words.join(" ");
            let probe = format!("{assignment}{words}{connections} {} | grep -q {} && ", client.probe, client.answer);
            add(Edit::insert(site.pipeline.span.start, probe))?;
        }
        Ok(Some((client, needed)))
    }

    /// True if the credential that is written looks like the server's.
    fn is_right(&self, call: &ClientCall, simple: &Simple, skip: usize) -> bool {
        let Credential::Presented { source, value, .. } = &call.credential else { return self.assigns(simple, call) };
        let equals = |value: &str| self.password() == Some(value);
        match source {
            CredentialSource::Variable(_) => self.assigns(simple, call),
            CredentialSource::Command => false,
            CredentialSource::Url => value.as_ref().is_some_and(|value| equals(value.reveal())),
            CredentialSource::Option => {
                let option: Option<&ClientOption> = call.options.iter().rfind(|option| option.role == Role::Password);
                let word = option.and_then(|option| simple.words.get(skip + option.words.end - 1));
                word.is_some_and(|word| self.is_right_word(word))
            }
        }
    }

    /// True if the command sets the credential variable to what looks right.
    fn assigns(&self, simple: &Simple, call: &ClientCall) -> bool {
        let client = &self.clients[call.client];
        simple.assignments.iter().any(|assignment| {
            client.credential_variables.iter().any(|variable| variable.name == assignment.name)
                && self.is_right_word(&assignment.value)
        })
    }

    fn is_right_word(&self, word: &shell::Word) -> bool {
        if let Some(text) = word.literal() {
            return self.password() == Some(text.as_str());
        }
        let [part] = word.parts.as_slice() else { return false };
        match &part.kind {
            PartKind::Literal(_) => false,
            PartKind::Substitution(_) => true,
            PartKind::Variable(variable) => match (self.env)(&variable.name) {
                Lookup::Absent => false,
                Lookup::Unknown => true,
                Lookup::Known(text) => !text.is_empty() && self.password().is_none_or(|password| password == text),
            },
        }
    }

    /// The variable that must hold the password, unless it does.
    fn needed_variable(&self, call: &ClientCall, client: &ClientProgram) -> Option<String> {
        if matches!(self.login, Login::Own | Login::Substituted(_)) {
            return None;
        }
        let variables = client.credential_variables.iter();
        let mut read =
            variables.filter(|variable| variable.programs.is_empty() || variable.programs.contains(&call.program));
        let holds = |name: &str| match (self.env)(name) {
            Lookup::Absent => false,
            Lookup::Unknown => true,
            Lookup::Known(text) => !text.is_empty() && self.password().is_none_or(|password| password == text),
        };
        let names: Vec<&str> = read.by_ref().map(|variable| variable.name.as_str()).collect();
        let present = names.iter().find(|name| (self.env)(name).is_present()).or(names.first())?;
        (!holds(present)).then(|| (*present).to_owned())
    }

    /// Runs the changed test on paper: it must log in each time, pass when it is let in, and fail when it is refused.
    fn verify(&self, text: &Word, client: &ClientProgram, variable: Option<&str>) -> Result<(), NoCheckRepair> {
        let by_hand = || NoCheckRepair::ByHand(format!("{} | grep -q {}", probe_command(client), client.answer));
        let env = |name: &str| match Some(name) == variable {
            true => Lookup::Unknown,
            false => (self.env)(name),
        };
        let refused = simulate(text, self.clients, &env, Answer::Refusal).map_err(NoCheckRepair::Unparsed)?;
        let welcome = simulate(text, self.clients, &env, Answer::Welcome).map_err(NoCheckRepair::Unparsed)?;
        let logs_in = |call: &ClientCall| matches!(call.credential, Credential::Presented { .. });
        let all_log_in = !welcome.calls.is_empty() && welcome.calls.iter().chain(&refused.calls).all(logs_in);
        let passes = match welcome.status {
            Some(status) => status == 0,
            // The answer to another command than the probe is not known; the test decided on it before, too.
            None => !self.adds_verdict,
        };
        let detects = refused.status.is_some_and(|status| status != 0);
        if all_log_in && passes && detects { Ok(()) } else { Err(by_hand()) }
    }
}

/// True if the command asks no more than whether the server is there, so that the probe can take its place.
fn is_probe(call: &ClientCall, client: &ClientProgram) -> bool {
    let is_login = |word: &String| client.auth_commands.iter().any(|auth| word.eq_ignore_ascii_case(auth));
    let command = call.command.join(" ");
    call.command.first().is_none_or(|word| word.eq_ignore_ascii_case(&client.probe) || is_login(word))
        || client.meant_as_probe.iter().any(|known| command.eq_ignore_ascii_case(known))
}

/// True if the command is the probe, with nothing else.
fn is_written_as_probe(call: &ClientCall, client: &ClientProgram) -> bool {
    call.command.len() == 1 && call.command[0].eq_ignore_ascii_case(&client.probe)
}

fn probe_command(client: &ClientProgram) -> String {
    format!("{} {}", client.names.first().map_or("client", String::as_str), client.probe)
}

fn is_login(role: Role) -> bool {
    matches!(role, Role::Password | Role::User | Role::Uri)
}

fn is_login_command(call: &ClientCall) -> bool {
    matches!(&call.credential, Credential::Presented { source: CredentialSource::Command, .. })
}

/// The user that the call logs in as, if it is not the default one.
fn other_user(call: &ClientCall, client: &ClientProgram) -> Option<String> {
    match &call.credential {
        Credential::Presented { user: Some(user), .. } if *user != client.default_user => Some(user.clone()),
        _ => None,
    }
}

/// Where the URL of an option leads, as options.
fn uri_connection(words: &[Word], option: &ClientOption, client: &ClientProgram) -> Result<String, NoCheckRepair> {
    match words.get(option.words.end - 1) {
        Some(uri) if uri.certain => Ok(connection_of_uri(&uri.text, client)),
        _ => Err(NoCheckRepair::Unparsed("its URL can't be known".to_owned())),
    }
}

/// Where a URL leads, as options, each behind a blank.
fn connection_of_uri(text: &str, client: &ClientProgram) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let rest = uri_login(text).map_or(rest, |_| rest.rsplit_once('@').map_or(rest, |(_, rest)| rest));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let database = database.split(['?', '#']).next().unwrap_or("");
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    let flags = &client.connection;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut options = String::new();
    for (flag, value) in [(&flags.host, host), (&flags.port, port), (&flags.database, database)] {
        if let Some(flag) = flag.first().filter(|_| !value.is_empty()) {
            options += &format!(" {flag} {}", quote(value));
        }
    }
    if let Some(flag) = flags.tls.first().filter(|_| scheme.ends_with("ss") || scheme.ends_with("+tls")) {
        options += &format!(" {flag}");
    }
    options
}

/// A word for the shell, in single quotes if it holds anything special.
fn quote(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn push_word(pieces: &mut Vec<Piece>, index: usize) {
    if !pieces.is_empty() {
        pieces.push(Piece::Text(" ".to_owned()));
    }
    pieces.push(Piece::Word(index));
}
