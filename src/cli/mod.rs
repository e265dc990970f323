//! The command line: arguments into plain settings, and the commands that use them.

pub mod args;
mod bounds;
mod check;
mod configure;
mod format_args;
mod init;
mod known;
mod lsp;
mod narrow;
mod progress;
mod readings;
pub mod resolve;
mod rules;
pub mod settings;
mod shell;
mod undo;
mod view;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use settings::{ColorChoice, Command, Settings};

use crate::config::LoadError;
use crate::report::text::Look;

/// Width of the report where nothing tells that of the terminal, in columns.
const WIDTH: usize = 100;
/// Largest width of the report: longer lines are hard to read.
const WIDEST: usize = 120;

/// How a command ended that did what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing at or above the threshold is left.
    Clean,
    /// Findings are left.
    Findings,
}

/// Why caulk could not do what was asked at all.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// Paths that lead to nothing, with what is wrong.
    #[error("{}", .0.iter().map(|(path, what)| format!("{path}: {what}")).collect::<Vec<_>>().join("\n"))]
    Input(Vec<(String, String)>),
    /// Configuration, baseline or rules can't be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Does what the arguments ask for, and answers with the exit status: 0 nothing left, 1 findings left, 2 could not do it.
pub fn main(args: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let settings = match args::parse(args) {
        Ok(settings) => settings,
        Err(error) => {
            // A broken pipe is the reader's choice.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    // Not locked: the language server has threads that write.
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let result = run(&settings, &mut out, &mut err).and_then(|outcome| {
        out.flush()?;
        Ok(outcome)
    });
    match result {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(err, "caulk: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(settings: &Settings, out: &mut dyn Write, err: &mut dyn Write) -> Result<Outcome, Error> {
    let folder = std::env::current_dir()?;
    let output = settings.output;
    match &settings.command {
        Command::Check(check) => check::run(check, output, &folder, out, err),
        Command::Resolve(resolve) => resolve::run(resolve, &folder, out, err),
        Command::Undo(undo) => undo::run(undo, &folder, out),
        Command::Serve(serve) => lsp::run(serve, &folder),
        Command::Init => init::run(&folder, out),
        Command::Explain { rule, rule_folders } => {
            rules::explain(rule, &rules::load(rule_folders, &folder)?, &look(output.color), out)
        }
        Command::ListRules { rule_folders, format } => {
            rules::list(&rules::load(rule_folders, &folder)?, *format, &look(output.color), out)
        }
        Command::TestRules { folder: rules } => rules::test(rules, &folder, out),
        Command::Completions { shell } => shell::completions(*shell, out),
        Command::Man { command } => shell::man(command.as_deref(), out),
    }
}

/// How the terminal wants a report.
fn look(color: ColorChoice) -> Look {
    let is_terminal = is_terminal_out();
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let colors = match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            is_terminal && !is_dumb && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    let terminal = terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| usize::from(width.0));
    let width = width(terminal, std::env::var("COLUMNS").ok().as_deref());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    // Only a terminal can be unable to show them; files are read as UTF-8.
    let unicode =
        !is_terminal || locale.is_none_or(|locale| locale.to_ascii_uppercase().replace('-', "").contains("UTF8"));
    let links = is_terminal
        && !is_dumb
        && color != ColorChoice::Never
        && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
    Look { width, colors, unicode, links }
}

/// The width of a report, in columns. The output of a hook goes through a pipe, and `COLUMNS` tells of the terminal behind.
fn width(terminal: Option<usize>, columns: Option<&str>) -> usize {
    let told = || columns?.trim().parse().ok().filter(|columns| *columns > 0);
    terminal.or_else(told).unwrap_or(WIDTH).min(WIDEST)
}

fn is_terminal_out() -> bool {
    io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_as_wide_as_the_terminal_says_or_else_the_environment() {
        let rows = [
            (Some(80), Some("60"), 80),
            (Some(200), None, WIDEST),
            (None, Some("60"), 60),
            (None, Some("0"), WIDTH),
            (None, Some("wide"), WIDTH),
            (None, None, WIDTH),
        ];
        for (terminal, columns, expected) in rows {
            assert_eq!(width(terminal, columns), expected, "{terminal:?} {columns:?}");
        }
    }
}
