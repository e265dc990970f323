//! Messages on a pair of byte streams. Unlike `lsp_server::Connection`, it goes on after a message that is none, and never
//! makes room for a message just because its header says that it is large.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{Receiver, Sender};

use lsp_server::Message;

/// Largest message that is read, in bytes.
const MESSAGE_LIMIT: u64 = 64_000_000;
/// Longest line of a header, in bytes.
const LINE_LIMIT: u64 = 4_096;

/// What came from the client.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Message),
    /// Something that is none; what is wrong with it. Says nothing of its contents.
    Garbage(String),
}

/// The next message; `None` at the end of the stream.
///
/// # Errors
/// What the stream says.
pub fn read(input: &mut dyn BufRead) -> io::Result<Option<Incoming>> {
    let Some(header) = read_header(input)? else { return Ok(None) };
    let Some(length) = header.length else {
        return Ok(Some(Incoming::Garbage("a message without a Content-Length".to_owned())));
    };
    let mut body = Vec::new();
    let mut rest = input.take(length);
    if length > MESSAGE_LIMIT {
        let skipped = io::copy(&mut rest, &mut io::sink())?;
        return Ok(Some(Incoming::Garbage(format!("a message of {skipped} bytes, more than {MESSAGE_LIMIT}"))));
    }
    rest.read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice::<Message>(&body) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Garbage(format!("a message that is none, by column {}", error.column())),
    }))
}

struct Header {
    length: Option<u64>,
}

/// The header up to its empty line; `None` at the end of the stream.
fn read_header(input: &mut dyn BufRead) -> io::Result<Option<Header>> {
    let mut header = Header { length: None };
    loop {
        let mut line = Vec::new();
        if input.take(LINE_LIMIT).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return Ok(Some(header));
        }
        if let Some(value) = length_in(line) {
            header.length = value.trim().parse().ok();
        }
    }
}

/// What a line of a header gives as the length. The body of a message whose own length could not be read may stand before
/// it on the same line.
fn length_in(line: &str) -> Option<&str> {
    const NAME: &str = "content-length";
    let (before, value) = line.rsplit_once(':')?;
    let at = before.trim_end().len().checked_sub(NAME.len())?;
    before.get(at..)?.trim_end().eq_ignore_ascii_case(NAME).then_some(value)
}

/// Reads until the stream ends or nobody listens any more.
pub fn read_all<T>(input: &mut dyn BufRead, events: &Sender<T>, wrap: impl Fn(Option<Incoming>) -> T) {
    // A stream that fails has ended.
    while let Ok(Some(incoming)) = read(input) {
        if events.send(wrap(Some(incoming))).is_err() {
            return;
        }
    }
    // Nobody listens: that is an end, too.
    let _ = events.send(wrap(None));
}

/// Writes until nobody sends any more, or the client is gone.
pub fn write_all(messages: &Receiver<Message>, output: &mut dyn Write) {
    let mut output = output;
    for message in messages {
        if message.write(&mut output).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &str) -> Vec<String> {
        let mut input = io::BufReader::new(input.as_bytes());
        let mut found = Vec::new();
        while let Ok(Some(incoming)) = read(&mut input) {
            found.push(match incoming {
                Incoming::Message(Message::Notification(notification)) => notification.method,
                Incoming::Message(other) => format!("{other:?}"),
                Incoming::Garbage(why) => format!("garbage: {why}"),
            });
        }
        found
    }

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn messages_are_read_until_the_end() {
        let text = framed("{\"method\":\"a\"}") + &framed("{\"method\":\"é🚀\",\"params\":null}");
        assert_eq!(all(&text), ["a", "é🚀"]);
        assert_eq!(all(&text[..text.len() - 1]), ["a"]);
    }

    #[test]
    fn reading_goes_on_behind_garbage() {
        let good = framed("{\"method\":\"a\"}");
        for bad in ["{no json}", "[]", "{\"id\":1}", "\"hunter2\"", ""] {
            let found = all(&(framed(bad) + &good));
            assert_eq!(found.len(), 2, "{bad}: {found:?}");
            assert!(found[0].starts_with("garbage: ") && !found[0].contains("hunter2"), "{found:?}");
            assert_eq!(found[1], "a");
        }
        assert_eq!(all(&format!("hello\r\n\r\n{good}")).last().map(String::as_str), Some("a"));
        for bad in ["Content-Length: x\r\n\r\n", "Content-Length: x\r\n\r\n{}", "Content-Type: y\r\n\r\n{\"a\":\"é:\"}"]
        {
            let found = all(&format!("{bad}{good}"));
            assert!(found[0].starts_with("garbage: a message without"), "{found:?}");
            assert_eq!(found[1..], ["a"], "{bad}");
        }
    }

    #[test]
    fn a_length_is_not_believed_before_the_bytes_are_there() {
        assert_eq!(
            all("Content-Length: 18446744073709551615\r\n\r\n{}"),
            ["garbage: a message of 2 bytes, more than 64000000"]
        );
    }
}
