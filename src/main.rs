//! The command line program.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|arg| arg == "resolve") {
        args.remove(0);
    }
    let args = caulk::cli::resolve::ResolveArgs::parse_from(args);
    let current = std::env::current_dir().unwrap_or_default();
    let (out, err, status) = caulk::cli::resolve::run(args, &current);
    let written = std::io::stdout().write_all(out.as_bytes());
    let _ = written.and_then(|()| std::io::stderr().write_all(err.as_bytes()));
    ExitCode::from(status)
}
