//! What closed ports cut off, and how to get there all the same.

use crate::text::{NAMED, listed};

/// How many ports a tunnel leads to at most.
const TUNNELS: usize = 5;

/// A port that only its host reaches since a repair was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedView {
    /// Id of the repair.
    pub repair: String,
    /// The service.
    pub service: String,
    /// First and last port of the host; `None` if the engine picks one.
    pub published: Option<(u16, u16)>,
    /// The address on which the host still reaches it, as URLs write it: `127.0.0.1` or `[::1]`.
    pub address: String,
    /// Whether it can be reached through an SSH tunnel, which carries TCP only.
    pub is_tcp: bool,
    /// Whether others may have used it on purpose: it is none of a store or of an admin interface.
    pub is_ordinary: bool,
}

/// A note on ports that only their host reaches now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedNote {
    /// Whom it cuts off.
    pub text: String,
    /// The command for a tunnel, if one can lead there.
    pub tunnel: Option<String>,
    /// The command that opens the ports again.
    pub undo: String,
}

impl ClosedNote {
    /// What to do about it, and the command for that.
    pub fn commands(&self) -> Vec<(&'static str, &str)> {
        let tunnel = self.tunnel.as_deref().map(|tunnel| ("from elsewhere, by a tunnel:", tunnel));
        tunnel.into_iter().chain([("to open again:", self.undo.as_str())]).collect()
    }

    /// All of it, for formats that have room for no more.
    pub fn in_one_line(&self) -> String {
        let commands = self.commands().into_iter().map(|(head, command)| format!("{head} `{command}`"));
        std::iter::once(self.text.clone()).chain(commands).collect::<Vec<_>>().join("; ")
    }

    /// The same where the repair is not in the journal: whoever wrote it can take it back.
    pub fn without_undo(&self) -> String {
        let tunnel = self.tunnel.iter().map(|tunnel| format!("from elsewhere, by a tunnel: `{tunnel}`"));
        std::iter::once(self.text.clone()).chain(tunnel).collect::<Vec<_>>().join("; ")
    }
}

/// One note for stores and admin interfaces, one for services that others may use on purpose.
pub fn notes(closed: &[ClosedView]) -> Vec<ClosedNote> {
    let (ordinary, private): (Vec<_>, Vec<_>) = closed.iter().partition(|port| port.is_ordinary);
    let said = [
        (private, "can no longer be reached from other machines"),
        (ordinary, "can no longer be reached from other machines, though others may use them on purpose"),
    ];
    said.into_iter().filter(|(ports, _)| !ports.is_empty()).map(|(ports, what)| note(&ports, what)).collect()
}

fn note(closed: &[&ClosedView], what: &str) -> ClosedNote {
    let names = listed(services(closed).into_iter(), NAMED);
    let mut doors: Vec<String> = closed.iter().filter(|port| port.is_tcp).flat_map(|port| doors(port)).collect();
    doors.sort();
    doors.dedup();
    doors.truncate(TUNNELS);
    let doors: String = doors.iter().map(|door| format!("-L {door} ")).collect();
    let mut ids: Vec<&str> = closed.iter().map(|port| port.repair.as_str()).collect();
    ids.dedup();
    ClosedNote {
        text: format!("{names} {what}"),
        tunnel: (!doors.is_empty()).then(|| format!("ssh {doors}HOST")),
        undo: format!("caulk undo {}", ids.join(" ")),
    }
}

/// Each service with its ports, such as "web (80, 443)".
fn services(closed: &[&ClosedView]) -> Vec<String> {
    let mut services: Vec<(&str, Vec<String>)> = Vec::new();
    for port in closed {
        let shown = match port.published {
            None => "a port chosen at the start".to_owned(),
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first}-{last}"),
        };
        match services.iter_mut().find(|(service, _)| *service == port.service) {
            Some((_, ports)) if ports.contains(&shown) => {}
            Some((_, ports)) => ports.push(shown),
            None => services.push((&port.service, vec![shown])),
        }
    }
    services.into_iter().map(|(service, ports)| format!("{service} ({})", ports.join(", "))).collect()
}

/// What `ssh -L` takes for each port.
fn doors(port: &ClosedView) -> Vec<String> {
    let (first, last) = port.published.unwrap_or((1, 0));
    (first..=last).take(TUNNELS).map(|number| format!("{number}:{}:{number}", port.address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(repair: &str, service: &str, published: (u16, u16)) -> ClosedView {
        ClosedView {
            repair: repair.into(),
            service: service.into(),
            published: Some(published),
            address: "127.0.0.1".into(),
            is_tcp: true,
            is_ordinary: false,
        }
    }

    #[test]
    fn the_note_names_what_is_cut_off_the_tunnel_and_the_way_back() {
        let ports = [closed("r2", "redis", (6379, 6379)), closed("r3", "pgadmin", (8081, 8081))];
        let [note] = notes(&ports).try_into().expect("one note");
        assert_eq!(
            note.in_one_line(),
            "redis (6379) and pgadmin (8081) can no longer be reached from other machines; \
             from elsewhere, by a tunnel: `ssh -L 6379:127.0.0.1:6379 -L 8081:127.0.0.1:8081 HOST`; \
             to open again: `caulk undo r2 r3`"
        );
        assert!(note.without_undo().ends_with("HOST`"), "{}", note.without_undo());
    }

    #[test]
    fn services_that_others_may_use_have_a_note_of_their_own_and_udp_has_no_tunnel() {
        let sip = ClosedView { is_tcp: false, is_ordinary: true, ..closed("r4", "sip", (5060, 5061)) };
        let web = ClosedView { published: None, is_ordinary: true, ..closed("r5", "web", (0, 0)) };
        let ports = [closed("r2", "redis", (6379, 6379)), sip, web];
        let notes = notes(&ports);
        assert_eq!(notes.len(), 2);
        assert_eq!(
            notes[1].in_one_line(),
            "sip (5060-5061) and web (a port chosen at the start) can no longer be reached from other machines, \
             though others may use them on purpose; to open again: `caulk undo r4 r5`"
        );
    }

    #[test]
    fn ranges_get_a_door_for_each_port_up_to_a_few() {
        let ipv6 = ClosedView { address: "[::1]".into(), ..closed("r1", "node", (7000, 7001)) };
        let [note] = notes(&[ipv6]).try_into().expect("one note");
        assert_eq!(note.tunnel.as_deref(), Some("ssh -L 7000:[::1]:7000 -L 7001:[::1]:7001 HOST"));
        let [note] = notes(&[closed("r1", "media", (1, u16::MAX))]).try_into().expect("one note");
        assert_eq!(note.commands()[0].1.matches("-L").count(), TUNNELS);
    }
}
