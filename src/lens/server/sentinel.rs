//! Sentinels: servers that watch others, and make a copy the master when that one fails.
//! Measured with redis 7.0: `redis-server FILE --sentinel --sentinel auth-pass NAME PASSWORD` logs in to the servers that FILE
//! lets it watch, and FILE, which a Sentinel writes anew, holds the password from then on.

use super::arguments::{Item, parse};
use super::repair::Writer;
use super::start::{self, Start};
use super::{ConfFile, NoRepair, ServerEdit, Setup};
use crate::catalog::{Argv, Mechanism};
use crate::lens::value::Word;

/// A Sentinel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentinel {
    /// What it watches; an error says why that can't be seen.
    pub monitors: Result<Vec<Monitor>, String>,
    /// The file that it writes anew, by its path in the container.
    pub file: Option<String>,
}

/// A master that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    /// The name by which Sentinels and their clients know it.
    pub name: String,
    /// Its host.
    pub host: String,
}

impl Monitor {
    /// What a line of configuration makes it watch, such as `sentinel monitor NAME HOST PORT QUORUM`.
    pub fn of_line(line: &str) -> Option<Self> {
        let line = line.replace(['"', '\''], " ");
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let [sentinel, monitor, name, host, port, ..] = words.as_slice() else { return None };
        let is_it = sentinel.eq_ignore_ascii_case("sentinel") && monitor.eq_ignore_ascii_case("monitor");
        let is_port = port.parse::<u16>().is_ok();
        (is_it && is_port).then(|| Self { name: (*name).to_owned(), host: (*host).to_owned() })
    }
}

/// What the service watches, if it is a Sentinel.
pub fn sentinel(mechanism: &Mechanism, setup: &Setup<'_>) -> Option<Sentinel> {
    let argv = mechanism.argv();
    let start = find(argv, setup)?;
    let options = parse(argv, &start.arguments);
    let file = options.config.as_ref().filter(|file| file.certain).map(|file| file.text.clone());
    let mut monitors = in_arguments(&options.items);
    let seen = match &file {
        None => Err("its configuration file can't be seen".to_owned()),
        Some(file) => in_file(file, &start, setup),
    };
    let monitors = match seen {
        Ok(found) => {
            monitors.extend(found);
            if monitors.is_empty() { Err("it can't be seen what it watches".to_owned()) } else { Ok(monitors) }
        }
        Err(why) => Err(why),
    };
    Some(Sentinel { monitors, file })
}

/// What to change so that the Sentinel logs in with `reference` to the masters of these names.
///
/// # Errors
/// [`NoRepair`] where it can't be written.
pub fn authenticate_sentinel(
    mechanism: &Mechanism,
    setup: &Setup<'_>,
    names: &[String],
    reference: &str,
) -> Result<ServerEdit, NoRepair> {
    let argv = mechanism.argv();
    let gone = || NoRepair::Unknown("it can't be seen what starts it".to_owned());
    let start = find(argv, setup).ok_or_else(gone)?;
    let flag = argv.other_mode_flags.first().ok_or_else(gone)?;
    let flags: Vec<String> = names.iter().map(|name| format!("{flag} auth-pass {name}")).collect();
    let flags = flags.iter().map(String::as_str).collect();
    Writer::new(argv, &start, None, reference, flags).append()
}

/// The one Sentinel that the service starts.
fn find(argv: &Argv, setup: &Setup<'_>) -> Option<Start> {
    let own =
        |programs: &[String]| Argv { server_programs: programs.to_vec(), other_programs: Vec::new(), ..argv.clone() };
    let by_program = start::find(&own(&argv.other_programs), setup).ok();
    let by_option = || {
        let mut starts = start::find(&own(&argv.server_programs), setup).ok()?;
        starts.retain(|start| has_mode(argv, start));
        Some(starts)
    };
    let mut starts = by_program
        .filter(|starts| setup_names(&argv.other_programs, setup) && !starts.is_empty())
        .or_else(by_option)?;
    if starts.len() == 1 { starts.pop() } else { None }
}

/// True if a word or a script names one of these programs.
fn setup_names(programs: &[String], setup: &Setup<'_>) -> bool {
    let words = setup.entrypoint.into_iter().chain(setup.command).flatten();
    words.into_iter().any(|word| programs.iter().any(|program| word.text.contains(program.as_str())))
}

fn has_mode(argv: &Argv, start: &Start) -> bool {
    let is_mode = |name: &str| argv.other_mode_flags.iter().any(|flag| flag.trim_start_matches('-') == name);
    parse(argv, &start.arguments).items.iter().any(|item| matches!(item, Item::Option(option) if is_mode(&option.name)))
}

fn in_arguments(items: &[Item]) -> Vec<Monitor> {
    let line = |item: &Item| match item {
        Item::Option(option) if option.values.iter().all(|value| value.word.certain) => {
            let values = option.values.iter().map(|value| value.word.text.as_str());
            let words: Vec<_> = std::iter::once(option.name.as_str()).chain(values).collect();
            Monitor::of_line(&words.join(" "))
        }
        _ => None,
    };
    items.iter().filter_map(line).collect()
}

fn in_file(file: &str, start: &Start, setup: &Setup<'_>) -> Result<Vec<Monitor>, String> {
    let hidden = |file: &str| format!("{file} can't be seen");
    if !start.written_files.iter().any(|written| written == file) {
        return match (setup.conf)(file) {
            ConfFile::Read(conf) if conf.includes_unknown => Err(hidden("what it includes")),
            ConfFile::Read(conf) => Ok(conf.monitors),
            ConfFile::NotMounted | ConfFile::Unreadable | ConfFile::Script(_) => Err(hidden(file)),
        };
    }
    let lines = |word: &Word| -> Vec<Option<Monitor>> {
        let text = word.text.replace("\\n", "\n");
        let lines = text.lines().filter(|line| line.to_ascii_lowercase().contains("sentinel monitor"));
        lines.map(|line| Monitor::of_line(line).filter(|_| word.certain)).collect()
    };
    let mut found = Vec::new();
    for line in start.printed.iter().flat_map(lines) {
        found.push(line.ok_or_else(|| hidden("what its script writes"))?);
    }
    for (from, _) in start.copied.iter().filter(|(_, to)| to == file) {
        match (setup.conf)(from) {
            ConfFile::Read(conf) => found.extend(conf.monitors),
            ConfFile::NotMounted | ConfFile::Unreadable | ConfFile::Script(_) => return Err(hidden(from)),
        }
    }
    if found.is_empty() { Err(hidden("what its script writes")) } else { Ok(found) }
}
