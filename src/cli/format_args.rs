//! The words on the command line for formats and shells.

use clap::ValueEnum;

use super::settings::{Format, RulesFormat, Shell};

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FormatArg {
    /// For a person
    Text,
    /// One line for each finding: path, line, column, severity, rule, message
    Concise,
    /// For a program: schema caulk.report/1
    Json,
    /// SARIF 2.1.0, for code scanning services and editors
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// Code quality report of GitLab
    Gitlab,
    /// For whatever shows the results of tests
    Junit,
    /// For reviewdog
    Rdjson,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Text => Self::Text,
            FormatArg::Concise => Self::Concise,
            FormatArg::Json => Self::Json,
            FormatArg::Sarif => Self::Sarif,
            FormatArg::Github => Self::Github,
            FormatArg::Gitlab => Self::Gitlab,
            FormatArg::Junit => Self::Junit,
            FormatArg::Rdjson => Self::Rdjson,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RulesFormatArg {
    /// A table
    Text,
    /// For a program: schema caulk.rules/1
    Json,
    /// A page with the documentation of each
    Markdown,
}

impl From<RulesFormatArg> for RulesFormat {
    fn from(format: RulesFormatArg) -> Self {
        match format {
            RulesFormatArg::Text => Self::Text,
            RulesFormatArg::Json => Self::Json,
            RulesFormatArg::Markdown => Self::Markdown,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ShellArg {
    Bash,
    Zsh,
    Fish,
    // Without this it would be `power-shell`.
    #[value(name = "powershell")]
    PowerShell,
}

impl From<ShellArg> for Shell {
    fn from(shell: ShellArg) -> Self {
        match shell {
            ShellArg::Bash => Self::Bash,
            ShellArg::Zsh => Self::Zsh,
            ShellArg::Fish => Self::Fish,
            ShellArg::PowerShell => Self::PowerShell,
        }
    }
}
