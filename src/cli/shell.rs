//! `caulk completions` and `caulk man`: what a shell and `man` want to know of the command line, made from its definition.

use std::io::Write;

use super::settings::Shell;
use super::{Error, Outcome, args};

/// Writes the script that completes caulk's command line in `shell`.
///
/// # Errors
/// What `out` says.
pub fn completions(shell: Shell, out: &mut dyn Write) -> Result<Outcome, Error> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::PowerShell => clap_complete::Shell::PowerShell,
    };
    // It panics where a writer fails, so it gets one that does not.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "caulk", &mut script);
    out.write_all(&script)?;
    Ok(Outcome::Clean)
}

/// Writes the manual page of caulk, or of one of its commands.
///
/// # Errors
/// [`Error::Other`] if there is no such command, [`Error::Io`] if writing fails.
pub fn man(command: Option<&str>, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut caulk = args::command();
    // Gives each command its full name, such as `caulk-check`.
    caulk.build();
    let page = match command {
        None => caulk,
        Some(name) => caulk.find_subcommand(name).cloned().ok_or_else(|| {
            Error::Other(format!("there is no command `{name}`, so there is no manual page of it (`caulk --help`)"))
        })?,
    };
    clap_mangen::Man::new(page).render(out)?;
    Ok(Outcome::Clean)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_writer_that_fails_is_an_error_and_no_panic() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(matches!(completions(Shell::Bash, &mut Full), Err(Error::Io(_))));
        assert!(matches!(man(None, &mut Full), Err(Error::Io(_))));
    }
}
