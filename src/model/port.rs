//! The short syntax of published ports: `[HOST:][PUBLISHED:]TARGET[/PROTOCOL]` (Compose specification, "ports").

use std::net::IpAddr;
use std::ops::Range;

/// The parts of a port in short syntax, each with its bytes in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortPort {
    /// The address without brackets; `None` if there is none, or an empty one.
    pub host_ip: Option<IpAddr>,
    /// Bytes of the address, brackets included; empty before the published port if there is no address but a colon.
    pub host_range: Option<Range<usize>>,
    /// The published port or range; `None` means that the engine picks one.
    pub published: Option<PortRange>,
    /// The port or range in the container.
    pub target: PortRange,
    /// `tcp` if none is written; lower case.
    pub protocol: String,
}

/// One port, or several in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// First port.
    pub first: u16,
    /// Last port, the same for a single one.
    pub last: u16,
}

/// Why Compose refuses a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// No container port.
    #[error("no container port is given")]
    NoTarget,
    /// The address is none.
    #[error("`{0}` is no IP address; Compose takes no host names here")]
    BadAddress(String),
    /// The container port is none.
    #[error("`{0}` is no container port")]
    BadTarget(String),
    /// The published port is none.
    #[error("`{0}` is no host port")]
    BadPublished(String),
    /// Ranges of different length.
    #[error("the ranges `{0}` and `{1}` differ in length")]
    RangesDiffer(String, String),
    /// Unknown protocol.
    #[error("`{0}` is no protocol that Compose publishes: tcp, udp or sctp")]
    BadProtocol(String),
}

/// Reads a port.
///
/// # Errors
/// [`PortError`] where Compose refuses it.
pub fn parse(text: &str) -> Result<ShortPort, PortError> {
    let (ports, protocol) = match text.split_once('/') {
        // What follows a second slash is not looked at.
        Some((ports, rest)) => (ports, rest.split('/').next().unwrap_or_default().to_ascii_lowercase()),
        None => (text, String::new()),
    };
    let protocol = match protocol.as_str() {
        "" => "tcp".to_owned(),
        "tcp" | "udp" | "sctp" => protocol,
        _ => return Err(PortError::BadProtocol(protocol)),
    };
    let (rest, target) = match ports.rfind(':') {
        Some(colon) => (Some(&ports[..colon]), &ports[colon + 1..]),
        None => (None, ports),
    };
    if target.is_empty() {
        return Err(PortError::NoTarget);
    }
    let target_range = port_range(target).ok_or_else(|| PortError::BadTarget(target.to_owned()))?;
    let (host, published) = match rest {
        None => (None, ""),
        Some(rest) => match rest.rfind(':') {
            Some(colon) => (Some(&rest[..colon]), &rest[colon + 1..]),
            None => (None, rest),
        },
    };
    let host_ip = match host {
        None | Some("") => None,
        Some(host) => Some(address(host).ok_or_else(|| PortError::BadAddress(host.to_owned()))?),
    };
    let published_range = match published {
        "" => None,
        text => Some(port_range(text).ok_or_else(|| PortError::BadPublished(text.to_owned()))?),
    };
    if let Some(range) = published_range {
        let lengths_fit = range.len() == target_range.len() || target_range.len() == 1;
        if !lengths_fit {
            return Err(PortError::RangesDiffer(published.to_owned(), target.to_owned()));
        }
    }
    Ok(ShortPort {
        host_ip,
        host_range: host.map(|host| 0..host.len()),
        published: published_range,
        target: target_range,
        protocol,
    })
}

impl PortRange {
    /// Number of ports, at least one.
    pub fn len(self) -> usize {
        usize::from(self.last - self.first) + 1
    }

    /// Never: a range has at least one port.
    pub fn is_empty(self) -> bool {
        false
    }
}

/// An IPv4 address, or an IPv6 address in brackets.
fn address(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?.parse().ok().filter(IpAddr::is_ipv6),
        None => text.parse().ok().filter(IpAddr::is_ipv4),
    }
}

fn port_range(text: &str) -> Option<PortRange> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    (first <= last).then_some(PortRange { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(port) => {
                let range = |range: PortRange| {
                    if range.first == range.last {
                        range.first.to_string()
                    } else {
                        format!("{}-{}", range.first, range.last)
                    }
                };
                let host = port.host_ip.map_or("*".to_owned(), |ip| ip.to_string());
                let published = port.published.map_or("random".to_owned(), range);
                format!("{host} {published} {} {}", range(port.target), port.protocol)
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn ports_are_read_as_compose_reads_them() {
        let cases = [
            ("6379", "* random 6379 tcp"),
            (":6379", "* random 6379 tcp"),
            ("6379:6379", "* 6379 6379 tcp"),
            (":6379:6379", "* 6379 6379 tcp"),
            ("127.0.0.1:6379:6379", "127.0.0.1 6379 6379 tcp"),
            ("127.0.0.1::6379", "127.0.0.1 random 6379 tcp"),
            ("[::1]:6379:6379/udp", "::1 6379 6379 udp"),
            ("80:80/", "* 80 80 tcp"),
            ("80:80/udp/x", "* 80 80 udp"),
            ("9090-9092:8080-8082", "* 9090-9092 8080-8082 tcp"),
            ("9090-9092:8080", "* 9090-9092 8080 tcp"),
            ("127.0.0.1:6379", "`127.0.0.1` is no host port"),
            ("localhost:6379:6379", "`localhost` is no IP address; Compose takes no host names here"),
            ("::1:6379:6379", "`::1` is no IP address; Compose takes no host names here"),
            ("80:80/xyz", "`xyz` is no protocol that Compose publishes: tcp, udp or sctp"),
            ("1-2:1-3", "the ranges `1-2` and `1-3` differ in length"),
            ("", "no container port is given"),
            ("70000", "`70000` is no container port"),
            ("+80:80", "`+80` is no host port"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
