//! The common part of the POSIX shell, as it stands in `sh -c TEXT` and `CMD-SHELL` healthchecks.

mod loops;
mod parser;
mod walk;

use std::fmt;

use crate::text::Span;

/// Reads `text` as a shell script. All spans are bytes of `text`.
///
/// # Errors
/// [`ShellError`] for what is no shell, and for functions, `case`, here-documents and arithmetic.
pub fn parse(text: &str) -> Result<Script, ShellError> {
    parser::parse(text)
}

/// Why a script can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShellError {
    /// Shell that this reader does not know.
    #[error("the script has {what}")]
    Unsupported {
        /// What it is, with its article.
        what: &'static str,
        /// Where it starts.
        span: Span,
    },
    /// A quote, brace, parenthesis or block without its end.
    #[error("the script has {what} that is not closed")]
    Unclosed {
        /// What it is, with its article.
        what: &'static str,
        /// Where it opens.
        span: Span,
    },
    /// An operator or a reserved word out of place.
    #[error("the script has an operator or a word where none can stand")]
    Unexpected {
        /// Its place.
        span: Span,
    },
    /// Deeper nesting than any real script has.
    #[error("the script is nested too deeply")]
    TooDeep {
        /// Where the limit was passed.
        span: Span,
    },
}

impl ShellError {
    /// The place in the script.
    pub fn span(&self) -> Span {
        match self {
            Self::Unsupported { span, .. }
            | Self::Unclosed { span, .. }
            | Self::Unexpected { span }
            | Self::TooDeep { span } => *span,
        }
    }
}

/// Pipelines, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// From the first to the last byte that belongs to it.
    pub span: Span,
    /// In the order of the text.
    pub steps: Vec<Step>,
}

/// A pipeline and how it hangs on the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it runs.
    pub join: Join,
    /// What runs.
    pub pipeline: Pipeline,
    /// True if `&` follows.
    pub background: bool,
}

/// When a pipeline runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Always: it is the first one, or follows `;`, `&` or a line break.
    Always,
    /// After `&&`: if the one before succeeded.
    And,
    /// After `||`: if the one before failed.
    Or,
}

/// Commands joined by `|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// With its `!`.
    pub span: Span,
    /// True if `!` turns its status around.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Command>,
}

/// One stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A program or builtin with its words.
    Simple(Simple),
    /// `{ …; }` or `( … )`.
    Group(Group),
    /// `if …; then …; fi`.
    If(If),
    /// `while`, `until` or `for`.
    Loop(Loop),
}

impl Command {
    /// All its bytes, redirections included.
    pub fn span(&self) -> Span {
        match self {
            Self::Simple(simple) => simple.span,
            Self::Group(group) => group.span,
            Self::If(branching) => branching.span,
            Self::Loop(repeated) => repeated.span,
        }
    }
}

/// A simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simple {
    /// From its first assignment, word or redirection to its last.
    pub span: Span,
    /// `NAME=word` before the first word.
    pub assignments: Vec<Assignment>,
    /// The program and its arguments; may be empty.
    pub words: Vec<Word>,
    /// In the order of the text.
    pub redirections: Vec<Redirection>,
}

/// `NAME=word`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Name, `=` and value.
    pub span: Span,
    /// What is set.
    pub name: String,
    /// May be empty.
    pub value: Word,
}

/// Commands that are grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// With its brackets and redirections.
    pub span: Span,
    /// What is grouped.
    pub body: Script,
    /// True for `( … )`.
    pub subshell: bool,
    /// Behind the closing bracket.
    pub redirections: Vec<Redirection>,
}

/// `if`, with its `elif`s in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct If {
    /// From `if` to `fi` and its redirections.
    pub span: Span,
    /// Conditions with what runs when they hold.
    pub branches: Vec<(Script, Script)>,
    /// `else`.
    pub otherwise: Option<Script>,
    /// Behind `fi`.
    pub redirections: Vec<Redirection>,
}

/// A loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loop {
    /// From its first word to `done` and its redirections.
    pub span: Span,
    /// How often it runs.
    pub head: LoopHead,
    /// What is repeated.
    pub body: Script,
    /// Behind `done`.
    pub redirections: Vec<Redirection>,
}

/// How often a loop runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoopHead {
    /// While this succeeds.
    While(Script),
    /// Until this succeeds.
    Until(Script),
    /// Once for each word; without `in`, for each argument of the script.
    For {
        /// The variable that holds the word.
        name: String,
        /// The words behind `in`.
        words: Vec<Word>,
    },
}

/// Where a command's input comes from or its output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirection {
    /// Number, operator and target.
    pub span: Span,
    /// The file descriptor, if written.
    pub descriptor: Option<u32>,
    /// What is done.
    pub operator: Redirect,
    /// The file, or the descriptor for [`Redirect::Duplicate`].
    pub target: Word,
}

/// Redirection operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirect {
    /// `<` and `<>`
    Read,
    /// `>`, `>|` and `>>`
    Write,
    /// `>&` and `<&`
    Duplicate,
    /// `&>` and `&>>` of bash: output and errors
    WriteBoth,
}

/// A word before expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// With its quotes.
    pub span: Span,
    /// Side by side without blanks.
    pub parts: Vec<Part>,
}

impl Word {
    /// Its text without quotes, if nothing in it is expanded. Patterns such as `*` count as their own text.
    pub fn literal(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match &part.kind {
                PartKind::Literal(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// A piece of a word of one kind and one quoting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Inside the quotes where they surround more than this part.
    pub span: Span,
    /// What protects it.
    pub quoting: Quoting,
    /// What it is.
    pub kind: PartKind,
}

/// What keeps a part from being split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// Nothing: an expansion is split at blanks and vanishes if it is empty.
    Bare,
    /// `'…'`, or `\` before a single character.
    Single,
    /// `"…"`
    Double,
}

/// The kinds of parts.
#[derive(Clone, PartialEq, Eq)]
pub enum PartKind {
    /// Text, with quotes and escapes removed.
    Literal(String),
    /// `$NAME` or `${NAME…}`.
    Variable(Variable),
    /// `$( … )` or backticks.
    Substitution(Script),
}

/// A literal can be a password, so its text is not shown.
impl fmt::Debug for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => write!(f, "Literal({} bytes)", text.len()),
            Self::Variable(variable) => variable.fmt(f),
            Self::Substitution(script) => f.debug_tuple("Substitution").field(script).finish(),
        }
    }
}

/// A parameter expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// A name, digits, or one of `@ * # ? - $ !`.
    pub name: String,
    /// What is done with the value.
    pub operator: Operator,
}

/// What `${NAME…}` does with the value. `blank` is true with a colon, where an empty value counts as unset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// The value itself.
    None,
    /// `:-` and `-`, `:=` and `=`: another value if unset.
    Default {
        /// With a colon.
        blank: bool,
        /// The other value.
        word: Word,
    },
    /// `:+` and `+`: another value if set.
    Alternative {
        /// With a colon.
        blank: bool,
        /// The other value.
        word: Word,
    },
    /// `:?` and `?`: the shell ends if unset.
    Required {
        /// With a colon.
        blank: bool,
    },
    /// Lengths, prefixes, suffixes and what bash adds.
    Other,
}

#[cfg(test)]
mod tests;
