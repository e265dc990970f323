//! The language server, `caulk lsp`: an editor's open texts to diagnostics, code actions and hover texts.
//!
//! One thread reads messages, one writes them, one reads projects ([`worker`]), and the [`server`] between them owns the
//! open texts. So an edit or a cancelled request is heard of while a project is read, and what is outdated is dropped.
//!
//! Open texts hide the files on disk for every project that reads them: an edit in `.env` changes what is said of the
//! Compose file. Repairs are the proved ones of [`crate::fix::plan`]. A password is made when an action is carried out,
//! never when it is listed.

pub mod actions;
pub mod analysis;
mod capabilities;
pub mod client;
pub mod diagnostics;
pub mod documents;
pub mod edits;
pub mod hover;
mod ignore;
pub mod position;
pub mod server;
mod transport;
pub mod uri;
pub mod worker;

use std::io::{self, BufRead, Write};
use std::sync::mpsc::channel;

pub use analysis::Engine;
pub use server::End;
use server::{Event, Server};

/// Serves one client on standard input and output until it ends the conversation. The log goes to standard error; it holds
/// nothing of the contents of files.
///
/// # Errors
/// If the system gives no threads.
pub fn serve(engine: Engine) -> io::Result<End> {
    std::panic::set_hook(Box::new(|panic| {
        // The message of a panic can quote a text.
        let place = panic.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
        log(&format!("a fault{place}; please report it"));
    }));
    let (events, happened) = channel();
    let (messages, outgoing) = channel();
    let incoming = events.clone();
    let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
    // It may wait for input for ever, and ends with the process.
    thread("reader").spawn(move || {
        let mut input: Box<dyn BufRead> = Box::new(io::stdin().lock());
        transport::read_all(&mut *input, &incoming, Event::Client);
    })?;
    let writer = thread("writer").spawn(move || transport::write_all(&outgoing, &mut io::stdout().lock()))?;
    let end = Server::new(engine, messages, events, &log).run(&happened);
    // All is said when nobody can send any more; a fault in the writer has been logged.
    let _ = writer.join();
    Ok(end)
}

fn log(line: &str) {
    // Nobody reads it: no reason to end.
    let _ = writeln!(io::stderr(), "caulk: {line}");
}
