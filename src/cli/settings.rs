//! What the command line asks for, as plain data.

use std::path::PathBuf;

use crate::config::Where;
use crate::report::view::{Severity, Tier};

/// Everything that one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What to do.
    pub command: Command,
    /// How to say it.
    pub output: Output,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Look at projects, and maybe repair them.
    Check(Box<Check>),
    /// Write a project as Docker Compose sees it.
    Resolve(Box<Resolve>),
    /// Serve an editor.
    Serve(Box<Serve>),
    /// Take repairs of the last run back.
    Undo(Undo),
    /// Write a `caulk.yaml` to start from.
    Init,
    /// Write the documentation of a rule.
    Explain {
        /// Its id.
        rule: String,
        /// Folders with further rules.
        rule_folders: Vec<PathBuf>,
    },
    /// List the rules.
    ListRules {
        /// Folders with further rules.
        rule_folders: Vec<PathBuf>,
        /// How to write the list.
        format: RulesFormat,
    },
    /// Run the examples of the rules in a folder.
    TestRules {
        /// The folder.
        folder: PathBuf,
    },
    /// Write the script that completes the command line.
    Completions {
        /// In which shell.
        shell: Shell,
    },
    /// Write a manual page.
    Man {
        /// Of one command; of caulk itself if `None`.
        command: Option<String>,
    },
}

/// What `caulk undo` is to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undo {
    /// Ids of the repairs to take back; all if there is none.
    pub repairs: Vec<String>,
    /// Whether to list the repairs in place of taking them back.
    pub is_list: bool,
}

/// How to look at projects and what to do about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What to look at.
    pub input: Input,
    /// What to do about what is found.
    pub action: Action,
    /// Whether to make repairs that may break a user that caulk can't see.
    pub unsafe_fixes: bool,
    /// How to write the report.
    pub format: Format,
    /// What to run beyond the default tier; if a rule is named, only what is named runs.
    pub select: Vec<Selector>,
    /// What not to run; wins over `select`.
    pub ignore: Vec<Selector>,
    /// Folders with further rules.
    pub rule_folders: Vec<PathBuf>,
    /// Where the configuration is; relative to the current folder.
    pub config: Where,
    /// What to do with findings that are known already.
    pub baseline: BaselineUse,
    /// Env files in the place of the project's `.env`, as for Compose's own `--env-file`.
    pub env_files: Vec<PathBuf>,
    /// Report and repair only what has a place in the files given.
    pub only_given: bool,
    /// Whether passwords may be made; `None` leaves it to where caulk runs.
    pub secrets: Option<SecretsPolicy>,
    /// Whether passwords may be shown in reports and patches.
    pub show_secrets: bool,
    /// Counts for each rule in the place of the findings.
    pub statistics: bool,
    /// When to end with status 1.
    pub failing: Failing,
}

/// What the language server looks for, and how it repairs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Serve {
    /// As for [`Check`].
    pub select: Vec<Selector>,
    /// As for [`Check`].
    pub ignore: Vec<Selector>,
    /// Folders with further rules.
    pub rule_folders: Vec<PathBuf>,
    /// Whether passwords may be made; `None` stands for yes, since a person sits in front of an editor.
    pub secrets: Option<SecretsPolicy>,
}

/// Which project to resolve, and how to write it. The flags are those of `docker compose`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    /// A file, or a folder in the place of the current one.
    pub path: Option<PathBuf>,
    /// `-f`
    pub files: Vec<String>,
    /// `--env-file`
    pub env_files: Vec<String>,
    /// `--profile`
    pub profiles: Vec<String>,
    /// `--project-directory`
    pub project_directory: Option<String>,
    /// `-p`
    pub project_name: Option<String>,
    /// Write resources that no service uses, too.
    pub all_resources: bool,
    /// How to write it.
    pub format: ResolveFormat,
    /// Write where each value comes from.
    pub origins: bool,
    /// Whether passwords may be shown with origins.
    pub show_secrets: bool,
    /// Write which files make a project, and why.
    pub projects: bool,
}

/// How to write a resolved project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveFormat {
    /// As `config` does.
    Yaml,
    /// As `config --format json` does.
    Json,
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Files and folders; never empty.
    Paths(Vec<PathBuf>),
    /// Standard input takes the place of the file of this name.
    Stdin {
        /// The file, which need not exist.
        file_name: PathBuf,
    },
}

/// What to do about findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Say what is wrong.
    Report,
    /// Write the repairs as a patch, and change nothing.
    ShowDiff,
    /// Make the repairs.
    Repair,
}

/// How to write a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a person.
    Text,
    /// One line for each finding.
    Concise,
    /// For a program: schema `caulk.report/1`.
    Json,
    /// For code scanning services and editors.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// For whatever shows the results of tests.
    Junit,
    /// For reviewdog.
    Rdjson,
}

/// How to write the list of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulesFormat {
    /// A table.
    Text,
    /// For a program.
    Json,
    /// A page with the documentation of each.
    Markdown,
}

/// A shell whose command line can be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// `bash`
    Bash,
    /// `zsh`
    Zsh,
    /// `fish`
    Fish,
    /// `pwsh`
    PowerShell,
}

/// Names rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// All of a tier.
    Tier(Tier),
    /// One, by its id. Whether there is one of this id is for whoever knows the rules.
    Rule(String),
}

impl Selector {
    /// What `name` stands for.
    pub fn of(name: &str) -> Self {
        [Tier::Default, Tier::Strict]
            .into_iter()
            .find(|tier| tier.as_str() == name)
            .map_or_else(|| Self::Rule(name.to_owned()), Self::Tier)
    }
}

/// What to do with findings that are known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineUse {
    /// Leave out what the baseline of the configuration knows.
    Configured,
    /// Leave out what this file knows.
    File(PathBuf),
    /// Report them.
    Nothing,
    /// Write what is found to this file, or to that of the configuration.
    Write(Option<PathBuf>),
}

/// What to do where a password is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsPolicy {
    /// Make one and write it to the project's env file.
    Generate,
    /// Write the variable's name and nothing else: a person gives it its value.
    Declare,
    /// Make no repair that needs one.
    Never,
}

/// When to end with status 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing {
    /// The least severity that counts; `None` if no finding does.
    pub on_finding: Option<Severity>,
    /// Whether a repair counts, although nothing is left.
    pub on_repair: bool,
}

/// How to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// When to use colours.
    pub color: ColorChoice,
    /// How much to say.
    pub verbosity: Verbosity,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal that has them, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// What is wrong, and nothing else.
    Quiet,
    /// What most want to know.
    Normal,
    /// Everything.
    Verbose,
}
