//! Healthchecks that ask a store through its client: what they present, and whether they notice a refusal.
//! Measured with redis-cli 6.0, 7.0, 8.0 and valkey-cli 9.1, which exit with 0 whatever the server answers.

mod call;
mod repair;
mod site;

use super::shell_run::{self, Call, Others, Outcome, shell_script_index, strip_wrappers};
use super::value::{Environment, Secret, Word, file_name};
use crate::catalog::ClientProgram;
use crate::syntax::shell;
use call::ClientCall;

pub use call::read_uri;
pub use repair::{
    CheckRepair, NewTest, NoCheckRepair, Piece, authenticate, authenticate_as, authenticate_by, notice_refusal,
};

/// `healthcheck.test` as the container gets it: interpolated, with `$$` as `$`.
#[derive(Debug, Clone, Copy)]
pub enum Test<'a> {
    /// `NONE`, or `disable: true`.
    Disabled,
    /// The words behind `CMD`.
    Exec(&'a [Word]),
    /// The text behind `CMD-SHELL`, or a plain string.
    Shell(&'a Word),
}

/// What a healthcheck does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckReading {
    /// There is none.
    Disabled,
    /// It asks the server in another way than through a known client, or not at all.
    NotAClient,
    /// It asks through a client.
    Client(ClientCheck),
    /// It names a client, but what it does can't be known; the reason is a sentence without a full stop.
    Unparsed(String),
}

/// A healthcheck that asks through a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCheck {
    /// The client's file name.
    pub program: String,
    /// Options that say where the server is, with their values; of a URL option, nothing.
    pub connection: Vec<String>,
    /// What it logs in with. Where a script asks several times, the weakest.
    pub credential: Credential,
    /// Whether it notices a refusal.
    pub verdict: Verdict,
    /// The command for the server; empty if there is none. The arguments of a login are left away.
    pub command: Vec<String>,
}

/// What a client logs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing, or nothing that works.
    None(NoCredential),
    /// A password.
    Presented {
        /// Where it comes from.
        source: CredentialSource,
        /// The password, if it can be known.
        value: Option<Secret>,
        /// The user, if one is named.
        user: Option<String>,
    },
}

/// Why a client logs in with nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCredential {
    /// It has no credential.
    Absent,
    /// It has one that is blank, so that it does not log in, not even by a variable.
    Blank,
    /// It has a URL as in `redis://:password@host`, with which redis-cli 7 logs in as a user without name, and fails.
    UrlWithoutUser,
    /// The password is blank and vanished, so that the command counts as the password and nothing is asked.
    TookCommand,
}

/// Where a client's password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// An option.
    Option,
    /// A URL.
    Url,
    /// A command that logs in.
    Command,
    /// A variable that the client reads, set in the container's environment or by the script.
    Variable(String),
}

/// Whether a healthcheck notices that the server refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passes all the same.
    IgnoresRefusal,
    /// It fails.
    DetectsRefusal,
}

/// Reads a healthcheck; `env` is the container's environment.
pub fn read(test: Test<'_>, clients: &[ClientProgram], env: &Environment<'_>) -> CheckReading {
    match Subject::of(test) {
        Subject::Nothing => CheckReading::Disabled,
        Subject::Script { text, .. } => read_script(text, clients, env),
        Subject::Words { words, skip } => read_words(words, skip, clients, env),
    }
}

/// What a test comes to.
enum Subject<'a> {
    Nothing,
    /// A script, and its word if it stands in `sh -c`.
    Script {
        text: &'a Word,
        index: Option<usize>,
    },
    /// A program, behind `skip` words of wrappers.
    Words {
        words: &'a [Word],
        skip: usize,
    },
}

impl<'a> Subject<'a> {
    fn of(test: Test<'a>) -> Self {
        match test {
            Test::Disabled => Self::Nothing,
            Test::Shell(text) => Self::Script { text, index: None },
            Test::Exec(words) => {
                let skip = strip_wrappers(words).skip;
                let script = shell_script_index(words.get(skip..).unwrap_or_default()).map(|index| skip + index);
                match script.and_then(|index| Some((index, words.get(index)?))) {
                    Some((index, text)) => Self::Script { text, index: Some(index) },
                    None => Self::Words { words, skip },
                }
            }
        }
    }
}

/// Index of the word that says what a test runs: the script, or the program behind its wrappers.
pub(super) fn command_start(words: &[Word]) -> usize {
    match Subject::of(Test::Exec(words)) {
        Subject::Script { index, .. } => index.unwrap_or_default(),
        Subject::Words { skip, .. } => skip,
        Subject::Nothing => 0,
    }
}

fn read_words(words: &[Word], skip: usize, clients: &[ClientProgram], env: &Environment<'_>) -> CheckReading {
    let assigned = strip_wrappers(words).assigned;
    let variables = |name: &str| {
        assigned.iter().rev().find(|(set, _)| set == name).map_or_else(|| env(name), |(_, value)| value.clone())
    };
    let call = match ClientCall::parse(words.get(skip..).unwrap_or_default(), clients, &variables, false) {
        None if words.iter().any(|word| is_client(file_name(&word.text), clients)) => {
            return CheckReading::Unparsed("it starts the client through another program".to_owned());
        }
        None => return CheckReading::NotAClient,
        Some(Err(why)) => return CheckReading::Unparsed(why),
        Some(Ok(call)) => call,
    };
    let detects = call.fails_on_error && !call.took_command();
    CheckReading::Client(call.into_check(if detects { Verdict::DetectsRefusal } else { Verdict::IgnoresRefusal }))
}

fn read_script(text: &Word, clients: &[ClientProgram], env: &Environment<'_>) -> CheckReading {
    let names_client = clients.iter().flat_map(|client| &client.names).any(|name| text.text.contains(name.as_str()));
    if !names_client {
        return CheckReading::NotAClient;
    }
    let simulated = match simulate(text, clients, env, Answer::Refusal) {
        Ok(simulated) => simulated,
        Err(why) => return CheckReading::Unparsed(why),
    };
    let is_weak = |call: &ClientCall| matches!(call.credential, Credential::None(_));
    let weakest = simulated.calls.iter().position(is_weak).unwrap_or(0);
    let Some(call) = simulated.calls.into_iter().nth(weakest) else {
        return CheckReading::Unparsed("it does not come to the client that it names".to_owned());
    };
    match simulated.status {
        None => CheckReading::Unparsed("it can't be known what it makes of the client's answer".to_owned()),
        Some(0) => CheckReading::Client(call.into_check(Verdict::IgnoresRefusal)),
        Some(_) => CheckReading::Client(call.into_check(Verdict::DetectsRefusal)),
    }
}

/// What the server is taken to answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// As it answers a client with the right password.
    Welcome,
    /// As it answers a stranger.
    Refusal,
}

/// A script's end, and the clients that it ran.
struct Simulated {
    status: Option<i32>,
    calls: Vec<ClientCall>,
}

/// Runs a script on paper; if its end depends on other programs, as if these succeeded.
///
/// # Errors
/// Why that can't be done, as a sentence without a full stop.
fn simulate(
    text: &Word,
    clients: &[ClientProgram],
    env: &Environment<'_>,
    answer: Answer,
) -> Result<Simulated, String> {
    let script = shell::parse(&text.text).map_err(|error| error.to_string())?;
    let simulated = simulate_with(text, &script, clients, env, answer, Others::Unknown)?;
    if simulated.status.is_some() {
        return Ok(simulated);
    }
    simulate_with(text, &script, clients, env, answer, Others::Succeed)
}

fn simulate_with(
    text: &Word,
    script: &shell::Script,
    clients: &[ClientProgram],
    env: &Environment<'_>,
    answer: Answer,
    others: Others,
) -> Result<Simulated, String> {
    let mut calls: Vec<ClientCall> = Vec::new();
    let mut problem: Option<String> = None;
    let mut programs = |call: &Call<'_>| {
        let words: Vec<Word> = call.words.iter().map(|word| word.word.clone()).collect();
        let parsed = match ClientCall::parse(&words, clients, call.variables, call.has_input)? {
            Ok(parsed) => parsed,
            Err(why) => {
                problem.get_or_insert(why);
                return Some(Outcome::UNKNOWN);
            }
        };
        let outcome = clients.get(parsed.client).map(|client| outcome(&parsed, client, answer));
        calls.push(parsed);
        outcome
    };
    let run = shell_run::run(script, env, others, &mut programs);
    for call in calls.iter_mut().filter(|_| !text.certain) {
        call.forget_value();
    }
    match problem {
        Some(why) => Err(why),
        None => Ok(Simulated { status: run.status, calls }),
    }
}

fn outcome(call: &ClientCall, client: &ClientProgram, answer: Answer) -> Outcome {
    if call.took_command() {
        return Outcome { status: Some(0), stdout: Some(String::new()) };
    }
    let asks_probe = call.command.first().is_some_and(|command| command.eq_ignore_ascii_case(&client.probe));
    match answer {
        Answer::Refusal => {
            Outcome { status: Some(i32::from(call.fails_on_error)), stdout: Some(format!("{}\n\n", client.refusal)) }
        }
        Answer::Welcome if asks_probe => Outcome { status: Some(0), stdout: Some(format!("{}\n", client.answer)) },
        Answer::Welcome => Outcome { status: Some(0), stdout: None },
    }
}

fn is_client(name: &str, clients: &[ClientProgram]) -> bool {
    clients.iter().any(|client| client.names.iter().any(|known| known == name))
}

#[cfg(test)]
mod tests;
