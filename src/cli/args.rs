//! The arguments: their names, their help, and what they mean as [`Settings`].

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::format_args::{FormatArg, RulesFormatArg, ShellArg};
use super::settings::{
    Action, BaselineUse, Check, ColorChoice, Command, Failing, Input, Output, Resolve, ResolveFormat, SecretsPolicy,
    Selector, Serve, Settings, Undo, Verbosity,
};
use crate::config::Where;
use crate::report::view::Severity;

/// What `args`, of which the first is the program's name, ask for.
///
/// # Errors
/// What is wrong with them; also what `--help` and `--version` write. The error knows its exit status and where it is
/// to be written.
pub fn parse<I, T>(args: I) -> Result<Settings, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    Arguments::try_parse_from(args)?.settings()
}

/// The whole command line, for help, completions and manual pages.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Seals the leaks in Docker Compose projects.
///
/// caulk reads compose.yaml and .env as Docker Compose does, finds what leaves a service open,
/// and repairs it with the smallest possible edit.
#[derive(Debug, Parser)]
#[command(name = "caulk", version, arg_required_else_help = true, subcommand_required = true, after_help = EXIT_STATUS)]
struct Arguments {
    #[command(subcommand)]
    command: CommandArgs,

    #[command(flatten)]
    output: OutputArgs,
}

const EXIT_STATUS: &str = "\
Exit status: 0 if nothing is left, 1 if findings are left, 2 if caulk could not do what was asked.";

const UNDO_HELP: &str = "\
Without ids, every file of the run becomes to the byte what it was. With ids, the lines that these repairs wrote go, and
the rest stays; edits elsewhere in the files do not matter. Both refuse if somebody has edited what would go.

A generated password goes with its repair, unless something that stays still refers to it. The lines that hide an env
file from git and from images stay as long as that file is not as it was before the run.

Exit status: 0 if it is taken back, 1 if edits are in the way, 2 if caulk could not do what was asked.";

const RESOLVE_EXIT_STATUS: &str = "\
Exit status: 0 if Docker Compose accepts the project, 1 if not, 2 if caulk could not do what was asked.";

#[derive(Debug, Subcommand)]
enum CommandArgs {
    /// Look for leaks; --fix repairs them
    #[command(after_help = EXIT_STATUS)]
    Check(CheckArgs),
    /// Repair leaks: the same as check --fix
    #[command(after_help = EXIT_STATUS)]
    Fix(CheckArgs),
    /// Write a project as Docker Compose sees it, or where each value comes from
    #[command(after_help = RESOLVE_EXIT_STATUS)]
    Resolve(ResolveArgs),
    /// Serve an editor: the language server protocol on standard input and output
    Lsp(LspArgs),
    /// Take back the repairs of the last run, or some of them
    #[command(after_help = UNDO_HELP)]
    Undo {
        /// Ids of repairs, such as r1; the whole run, byte for byte, if there is none
        #[arg(value_name = "REPAIR")]
        repairs: Vec<String>,
        /// List the repairs of the last run
        #[arg(long, conflicts_with = "repairs")]
        list: bool,
    },
    /// Write a caulk.yaml that explains what it can hold
    Init,
    /// Say what a rule objects to, why, and what its repair does
    Explain {
        /// Id of the rule, such as public-port
        rule: String,
        #[command(flatten)]
        rules: RuleFolderArgs,
    },
    /// List the rules
    #[command(args_conflicts_with_subcommands = true)]
    Rules {
        #[command(subcommand)]
        command: Option<RulesCommand>,
        #[command(flatten)]
        rules: RuleFolderArgs,
        /// How to write the list
        #[arg(long, value_enum, default_value_t = RulesFormatArg::Text)]
        format: RulesFormatArg,
    },
    /// Write the script that completes caulk's command line in a shell
    Completions {
        /// The shell
        shell: ShellArg,
    },
    /// Write the manual page of caulk or of one of its commands
    Man {
        /// The command, such as check
        command: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Run the examples of your own rules
    Test {
        /// Folder with rules
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
struct RuleFolderArgs {
    /// Folder with rules of your own; may be given more than once
    #[arg(long = "rules", value_name = "DIR", help_heading = "Rules")]
    folders: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct ResolveArgs {
    /// A Compose file, or a folder in the place of the current one
    path: Option<PathBuf>,

    /// Compose file; may be given more than once
    #[arg(short, long = "file", value_name = "FILE")]
    files: Vec<String>,

    /// Env file in the place of the project's .env; may be given more than once
    #[arg(long = "env-file", value_name = "FILE")]
    env_files: Vec<String>,

    /// Profile to enable; may be given more than once
    #[arg(long = "profile", value_name = "NAME")]
    profiles: Vec<String>,

    /// Folder on which relative paths rest [default: that of the first file]
    #[arg(long, value_name = "DIR")]
    project_directory: Option<String>,

    /// Name of the project
    #[arg(short, long, value_name = "NAME")]
    project_name: Option<String>,

    /// Write networks, volumes, secrets and configs that no service uses, too
    #[arg(long)]
    all_resources: bool,

    /// How to write it
    #[arg(long, value_enum, default_value_t = ResolveFormatArg::Yaml)]
    format: ResolveFormatArg,

    /// Write where each value comes from: file and line, variables, aliases, merge keys, overrides, extends, include
    #[arg(long, conflicts_with = "format")]
    origins: bool,

    /// Show passwords among the origins
    #[arg(long, requires = "origins")]
    show_secrets: bool,

    /// Write which files make a project, and why
    #[arg(long, conflicts_with_all = ["files", "origins", "format"])]
    projects: bool,
}

#[derive(Debug, Args)]
struct LspArgs {
    /// For clients that name the transport; there is no other
    #[arg(long, hide = true)]
    stdio: bool,

    /// Where a repair needs a password: make one, only name its variable, or leave the repair out
    /// [default: generate]
    #[arg(long, value_enum, value_name = "POLICY")]
    secrets: Option<SecretsArg>,

    /// Rule to run, or tier (default, strict); may be given more than once
    #[arg(long, value_name = "RULE|TIER", value_delimiter = ',', help_heading = "Rules")]
    select: Vec<String>,

    /// Rule or tier not to run; may be given more than once
    #[arg(long, value_name = "RULE|TIER", value_delimiter = ',', help_heading = "Rules")]
    ignore: Vec<String>,

    #[command(flatten)]
    rules: RuleFolderArgs,
}

impl LspArgs {
    fn serve(self) -> Serve {
        let selectors = |names: Vec<String>| names.iter().map(|name| Selector::of(name)).collect();
        Serve {
            select: selectors(self.select),
            ignore: selectors(self.ignore),
            rule_folders: self.rules.folders,
            secrets: self.secrets.map(SecretsPolicy::from),
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ResolveFormatArg {
    Yaml,
    Json,
}

impl ResolveArgs {
    fn resolve(self) -> Resolve {
        Resolve {
            path: self.path,
            files: self.files,
            env_files: self.env_files,
            profiles: self.profiles,
            project_directory: self.project_directory,
            project_name: self.project_name,
            all_resources: self.all_resources,
            format: match self.format {
                ResolveFormatArg::Yaml => ResolveFormat::Yaml,
                ResolveFormatArg::Json => ResolveFormat::Json,
            },
            origins: self.origins,
            show_secrets: self.show_secrets,
            projects: self.projects,
        }
    }
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Files and folders to look at; a file stands for its project, - for standard input [default: .]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Report and repair only what has a place in the files given, not in the rest of their projects
    #[arg(long)]
    only_given: bool,

    /// Where the text on standard input belongs, with - as PATH
    #[arg(long, value_name = "NAME")]
    stdin_filename: Option<PathBuf>,

    /// Env file in the place of the project's .env, as for docker compose; may be given more than once
    #[arg(long = "env-file", value_name = "FILE")]
    env_files: Vec<PathBuf>,

    #[command(flatten)]
    repairs: RepairArgs,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    report: ReportArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Repairs")]
struct RepairArgs {
    /// Make the repairs that break nothing
    #[arg(long)]
    fix: bool,

    /// Make repairs, too, that may break a user that caulk can't see
    #[arg(long)]
    unsafe_fixes: bool,

    /// Write the repairs as a patch and change nothing
    #[arg(long)]
    diff: bool,

    /// Where a repair needs a password: make one, only name its variable, or leave the repair out
    /// [default: generate, but declare if CI or PRE_COMMIT is set]
    #[arg(long, value_enum, value_name = "POLICY")]
    secrets: Option<SecretsArg>,

    /// Show passwords in patches and in the lines of a report
    #[arg(long)]
    show_secrets: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
struct SelectionArgs {
    /// Rule to run, or tier (default, strict); may be given more than once
    #[arg(long, value_name = "RULE|TIER", value_delimiter = ',')]
    select: Vec<String>,

    /// Rule or tier not to run; may be given more than once
    #[arg(long, value_name = "RULE|TIER", value_delimiter = ',')]
    ignore: Vec<String>,

    #[command(flatten)]
    rules: RuleFolderArgs,

    /// Configuration in the place of the caulk.yaml above the files
    #[arg(long, value_name = "FILE", conflicts_with = "no_config", help_heading = "Rules")]
    config: Option<PathBuf>,

    /// Look for no configuration
    #[arg(long, help_heading = "Rules")]
    no_config: bool,

    /// Leave out findings that this file knows
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline", help_heading = "Rules")]
    baseline: Option<PathBuf>,

    /// Report findings, too, that the baseline of the configuration knows
    #[arg(long, help_heading = "Rules")]
    no_baseline: bool,

    /// Write what is found to a baseline, so that only what is new is reported from then on
    /// [default FILE: that of the configuration, else caulk-baseline.json at the top of the repository]
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        conflicts_with_all = ["baseline", "no_baseline", "fix", "diff"],
        help_heading = "Rules"
    )]
    write_baseline: Option<Option<PathBuf>>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
struct ReportArgs {
    /// How to write the report
    #[arg(long, value_enum, default_value_t = FormatArg::Text)]
    format: FormatArg,

    /// Count what each rule found instead of showing it
    #[arg(long)]
    statistics: bool,

    /// The least severity that makes the exit status 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = SeverityArg::Warning)]
    fail_on: SeverityArg,

    /// End with status 0 whatever is found
    #[arg(long, conflicts_with_all = ["fail_on", "exit_non_zero_on_fix"])]
    exit_zero: bool,

    /// End with status 1 if something was repaired, although nothing is left
    #[arg(long)]
    exit_non_zero_on_fix: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// When to use colours
    #[arg(long, value_enum, global = true, value_name = "WHEN", default_value_t = ColorArg::Auto)]
    color: ColorArg,

    /// Say what is wrong and nothing else
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Say everything: which files make a project and why, every finding
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SeverityArg {
    Error,
    Warning,
    Info,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SecretsArg {
    /// Make a password and write it to the project's env file
    Generate,
    /// Write the name of the variable; you give it its value
    Declare,
    /// Leave out repairs that need a password
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ColorArg {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl Arguments {
    fn settings(self) -> Result<Settings, clap::Error> {
        let command = match self.command {
            CommandArgs::Check(args) => Command::Check(Box::new(args.check("check", false)?)),
            CommandArgs::Fix(args) => Command::Check(Box::new(args.check("fix", true)?)),
            CommandArgs::Resolve(args) => Command::Resolve(Box::new(args.resolve())),
            CommandArgs::Lsp(args) => Command::Serve(Box::new(args.serve())),
            CommandArgs::Undo { repairs, list } => Command::Undo(Undo { repairs, is_list: list }),
            CommandArgs::Init => Command::Init,
            CommandArgs::Explain { rule, rules } => Command::Explain { rule, rule_folders: rules.folders },
            CommandArgs::Rules { command: Some(RulesCommand::Test { folder }), .. } => Command::TestRules { folder },
            CommandArgs::Rules { command: None, rules, format } => {
                Command::ListRules { rule_folders: rules.folders, format: format.into() }
            }
            CommandArgs::Completions { shell } => Command::Completions { shell: shell.into() },
            CommandArgs::Man { command } => Command::Man { command },
        };
        Ok(Settings { command, output: self.output.into() })
    }
}

impl CheckArgs {
    fn check(self, command: &str, always_fix: bool) -> Result<Check, clap::Error> {
        let action = match (self.repairs.diff, self.repairs.fix || always_fix) {
            (true, _) => Action::ShowDiff,
            (false, true) => Action::Repair,
            (false, false) => Action::Report,
        };
        let input = input(command, self.paths, self.stdin_filename)?;
        if action == Action::Repair && matches!(input, Input::Stdin { .. }) {
            return Err(conflict(command, "standard input can't be repaired in place: use --diff"));
        }
        if action == Action::Repair && self.selection.write_baseline.is_some() {
            return Err(conflict(command, "a run that repairs writes no baseline: use caulk check --write-baseline"));
        }
        let (config, baseline) = (self.selection.config(), self.selection.baseline());
        let selectors = |names: Vec<String>| names.iter().map(|name| Selector::of(name)).collect();
        Ok(Check {
            input,
            action,
            unsafe_fixes: self.repairs.unsafe_fixes,
            format: self.report.format.into(),
            select: selectors(self.selection.select),
            ignore: selectors(self.selection.ignore),
            rule_folders: self.selection.rules.folders,
            config,
            baseline,
            env_files: self.env_files,
            only_given: self.only_given,
            secrets: self.repairs.secrets.map(SecretsPolicy::from),
            show_secrets: self.repairs.show_secrets,
            statistics: self.report.statistics,
            failing: Failing {
                on_finding: (!self.report.exit_zero).then(|| self.report.fail_on.into()),
                on_repair: self.report.exit_non_zero_on_fix,
            },
        })
    }
}

impl SelectionArgs {
    fn config(&self) -> Where {
        match (&self.config, self.no_config) {
            (Some(file), _) => Where::File(file.clone()),
            (None, true) => Where::Nowhere,
            (None, false) => Where::Search,
        }
    }

    fn baseline(&self) -> BaselineUse {
        match (&self.write_baseline, &self.baseline) {
            (Some(file), _) => BaselineUse::Write(file.clone()),
            (None, Some(file)) => BaselineUse::File(file.clone()),
            (None, None) if self.no_baseline => BaselineUse::Nothing,
            (None, None) => BaselineUse::Configured,
        }
    }
}

fn input(command: &str, paths: Vec<PathBuf>, stdin_filename: Option<PathBuf>) -> Result<Input, clap::Error> {
    let is_stdin = paths.iter().any(|path| path.as_os_str() == "-");
    match stdin_filename {
        Some(file_name) if is_stdin && paths.len() == 1 => Ok(Input::Stdin { file_name }),
        Some(_) if is_stdin => Err(conflict(command, "- can't be used with other paths")),
        Some(_) => Err(conflict(command, "--stdin-filename needs - as PATH")),
        None if is_stdin => Err(conflict(command, "- needs --stdin-filename NAME: which file is it?")),
        None if paths.is_empty() => Ok(Input::Paths(vec![PathBuf::from(".")])),
        None => Ok(Input::Paths(paths)),
    }
}

/// An error as clap has them, with the usage of `command`.
fn conflict(command: &str, message: &str) -> clap::Error {
    let mut whole = Arguments::command();
    whole.build();
    match whole.find_subcommand_mut(command) {
        Some(command) => command.error(ErrorKind::ArgumentConflict, message),
        None => whole.error(ErrorKind::ArgumentConflict, message),
    }
}

impl From<OutputArgs> for Output {
    fn from(args: OutputArgs) -> Self {
        let color = match args.color {
            ColorArg::Auto => ColorChoice::Auto,
            ColorArg::Always => ColorChoice::Always,
            ColorArg::Never => ColorChoice::Never,
        };
        let verbosity = match (args.quiet, args.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        Self { color, verbosity }
    }
}

impl From<SeverityArg> for Severity {
    fn from(severity: SeverityArg) -> Self {
        match severity {
            SeverityArg::Error => Self::Error,
            SeverityArg::Warning => Self::Warning,
            SeverityArg::Info => Self::Info,
        }
    }
}

impl From<SecretsArg> for SecretsPolicy {
    fn from(policy: SecretsArg) -> Self {
        match policy {
            SecretsArg::Generate => Self::Generate,
            SecretsArg::Declare => Self::Declare,
            SecretsArg::Never => Self::Never,
        }
    }
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
