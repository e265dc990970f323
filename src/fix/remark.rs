//! What is to be told of services, alike for many of them: why a repair is not safe, and what to know after it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::look::Look;
use crate::text::listed;
use crate::topology::{Part, Way};

pub use crate::text::NAMED;

/// One thing that is true of some services.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// What it is.
    pub kind: Kind,
    /// Of whom it is true: services, or variables. Empty where it is about the store, or about neither.
    pub services: BTreeSet<String>,
}

/// What can be told; the order is that of the sentences.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// They wait for a store, and nothing shows how they connect.
    Waits {
        /// The store's service.
        store: String,
        /// How a variable would lead there, such as `REDIS_URL: redis://redis:6379`.
        setting: String,
        /// Where that shows.
        look: Look,
    },
    /// They run the same program as a client, and have none of the variables that lead it to the store.
    LacksVariables {
        /// The client.
        like: String,
        /// Its variables.
        variables: String,
        /// True if it gets them from a file.
        has_env_file: bool,
    },
    /// Variables with their connection get their values from outside.
    FromOutside {
        /// What they carry.
        part: Part,
        /// The variables that nothing sets.
        variables: BTreeSet<String>,
    },
    /// They use a store from another project.
    ReachesFrom {
        /// The store's service.
        store: String,
        /// How they get there.
        way: Way,
        /// The Compose file of the other project.
        file: String,
    },
    /// They name a store where caulk can't tell what they do with it.
    Names {
        /// The store's service.
        store: String,
        /// The variable, or the key of the service.
        place: String,
    },
    /// They get the password in variables that they may not know.
    MayNotRead {
        /// The variables.
        variables: BTreeSet<String>,
        /// Where that shows.
        look: Look,
    },
    /// Compose files that caulk was not asked to read would break.
    WouldBreak {
        /// The files, quoted, relative to the folder.
        files: String,
        /// The folder in which they are.
        folder: PathBuf,
        /// The variable that they use, too.
        variable: String,
        /// The env file that sets it, relative to the folder.
        env_file: String,
    },
    /// A sentence of its own.
    Told(String),
    /// Nobody connects to a store, as far as it can be seen; the services wait for it all the same.
    NoClient {
        /// The service of the store, or of each of those that work together, quoted.
        stores: String,
        /// Services of the project that reach it, and of which nothing says that they use it.
        bystanders: Vec<String>,
    },
    /// Other projects can reach the store.
    OtherProjects {
        /// The store's service.
        store: String,
        /// The networks on which both are, as the engine calls them.
        networks: Vec<String>,
    },
    /// It may be meant as it is.
    OnPurpose,
    /// Variables that have their value in a file that git leaves alone, so that it reaches nobody else.
    KeptFromGit {
        /// The file, relative to the project folder.
        file: String,
    },
    /// Their images are built from a folder with this file, which holds a password.
    BuiltAround {
        /// The file, relative to the folder.
        file: String,
    },
}

impl Remark {
    /// What is true of one service.
    pub fn of(kind: Kind, service: &str) -> Self {
        Self { kind, services: [service.to_owned()].into() }
    }

    /// The sentence, in which at most `most` services are named.
    pub fn tell(&self, most: usize) -> String {
        let names = listed(self.services.iter().map(|name| format!("`{name}`")), most);
        let is_one = self.services.len() == 1;
        let say = |one: String, many: String| if is_one { one } else { many };
        match &self.kind {
            Kind::Waits { store, setting, look } => {
                let (waits, it, its) = if is_one { ("waits", "it gets", "its") } else { ("wait", "they get", "their") };
                format!(
                    "{names} {waits} for `{store}`, but how {it} the password can't be seen: {}; if {it} it by a variable, set that in {its} `environment`, such as `{setting}`, and caulk adds the password",
                    look.tell(most)
                )
            }
            Kind::LacksVariables { like, variables, has_env_file } => {
                let or = if *has_env_file { ", or its env_file" } else { "" };
                let (runs, has, it) = if is_one { ("runs", "has", "it") } else { ("run", "have", "them") };
                format!(
                    "{names} {runs} the same program as `{like}`, but {has} none of its variables: give {it} {variables} as `{like}` has them then{or}"
                )
            }
            Kind::FromOutside { part, variables } => {
                let (takes, their, lead) =
                    if is_one { ("takes", "its", "it leads") } else { ("take", "their", "they lead") };
                let what = match part {
                    Part::Host => "host",
                    Part::Url => "URL",
                    Part::Password => "password",
                };
                let them = if variables.len() == 1 { "it" } else { "them" };
                let variables = listed(variables.iter().map(|name| format!("`${{{name}}}`")), most);
                let from = format!("{names} {takes} {their} {what} from {variables}, which nothing here sets");
                match part {
                    Part::Password => format!("{from}: it must be the server's"),
                    Part::Host | Part::Url => format!("{from}: put {them} into .env, then caulk can see where {lead}"),
                }
            }
            Kind::ReachesFrom { store, way, file } => {
                let by = match way {
                    Way::Network(network) => format!("over the network `{network}`"),
                    Way::Bridge | Way::Loopback => "by its port of the host".to_owned(),
                };
                say(
                    format!("{names} in {file} uses `{store}` {by}, and needs the password, too"),
                    format!("{names} in {file} use `{store}` {by}, and need the password, too"),
                )
            }
            Kind::Names { store, place } => say(
                format!("{names} names `{store}` in its {place}, and may need the password there"),
                format!("{names} name `{store}` in their {place}, and may need the password there"),
            ),
            Kind::MayNotRead { variables, look } => {
                let (gets, it) = if is_one { ("gets", "it reads") } else { ("get", "they read") };
                let them = if variables.len() == 1 { "it" } else { "them" };
                let variables = listed(variables.iter().map(|name| format!("`{name}`")), most);
                format!("{names} {gets} {variables}, but whether {it} {them} can't be seen: {}", look.tell(most))
            }
            Kind::WouldBreak { files, variable, env_file, .. } => {
                format!(
                    "{files} would break: {variable} of {env_file} is used there, too; run caulk on the folder to repair all of it"
                )
            }
            Kind::Told(sentence) => sentence.clone(),
            Kind::NoClient { stores, bystanders } if self.services.is_empty() => {
                let who = if bystanders.is_empty() {
                    "programs elsewhere use it".to_owned()
                } else {
                    let names = bystanders.iter().map(|name| format!("`{name}`"));
                    format!(
                        "others ({}), or programs elsewhere, use it by settings that can't be seen",
                        listed(names, most)
                    )
                };
                format!(
                    "no client of {stores} can be seen: if {who}, give them the password; if nobody uses it, it can go"
                )
            }
            Kind::NoClient { stores, .. } => say(
                format!("{names} waits for {stores}, but has no setting that leads there; no client can be seen"),
                format!("{names} wait for {stores}, but have no setting that leads there; no client can be seen"),
            ),
            Kind::OtherProjects { store, networks } => {
                let word = if networks.len() == 1 { "the network" } else { "networks" };
                let networks = listed(networks.iter().map(|name| format!("`{name}`")), most);
                format!(
                    "`{store}` is on {word} {networks}, where other projects may use it; their programs need the password, too"
                )
            }
            Kind::OnPurpose => "others may use it from outside, on purpose".to_owned(),
            Kind::KeptFromGit { file } => format!(
                "git leaves {file} alone: whoever else runs the project (colleagues, servers, CI) needs {} there, too; until then Compose stops and names it",
                listed(self.services.iter().cloned(), most)
            ),
            Kind::BuiltAround { file } => {
                let rest = "unless a program reads the file there, name it in .dockerignore";
                let plain = listed(self.services.iter().cloned(), most);
                say(
                    format!(
                        "{file} lies where the image of {names} is built: if that copies the whole folder, the password gets into the image; {rest}"
                    ),
                    format!(
                        "{file} lies in the folder from which {} images are built ({plain}): one that copies the whole folder gets the password; {rest}",
                        self.services.len()
                    ),
                )
            }
        }
    }
}

impl From<String> for Remark {
    fn from(sentence: String) -> Self {
        Self { kind: Kind::Told(sentence), services: BTreeSet::new() }
    }
}

impl From<Kind> for Remark {
    fn from(kind: Kind) -> Self {
        Self { kind, services: BTreeSet::new() }
    }
}

impl Kind {
    /// What it has in common with others of which one sentence can tell, if there may be many: without variables and places to
    /// look at.
    fn common(&self) -> Option<Self> {
        let look = Look::Several;
        match self.clone() {
            Self::Waits { store, setting, .. } => Some(Self::Waits { store, setting, look }),
            Self::MayNotRead { .. } => Some(Self::MayNotRead { variables: BTreeSet::new(), look }),
            _ => None,
        }
    }

    /// Takes over what it does not have in common with `other`.
    fn take(&mut self, other: &Self) {
        let take_look = |own: &mut Look, look: &Look| {
            if own != look {
                *own = Look::Several;
            }
        };
        match (self, other) {
            (Self::Waits { look: own, .. }, Self::Waits { look, .. }) => take_look(own, look),
            (Self::MayNotRead { variables: own, look: own_look }, Self::MayNotRead { variables, look }) => {
                own.extend(variables.iter().cloned());
                take_look(own_look, look);
            }
            _ => {}
        }
    }
}

/// So many that have much in common have a sentence each.
const APART: usize = 2;

/// One remark for each kind, with all services of whom it is true, and for many kinds that have much in common.
pub fn collected<'a>(remarks: impl IntoIterator<Item = &'a Remark>) -> Vec<Remark> {
    let mut all: BTreeMap<&Kind, BTreeSet<String>> = BTreeMap::new();
    for Remark { kind, services } in remarks {
        all.entry(kind).or_default().extend(services.iter().cloned());
    }
    let mut groups: BTreeMap<Kind, Vec<Remark>> = BTreeMap::new();
    for (kind, services) in all {
        let remark = Remark { kind: kind.clone(), services };
        groups.entry(kind.common().unwrap_or_else(|| kind.clone())).or_default().push(remark);
    }
    let mut collected: Vec<_> = groups.into_values().flat_map(united).collect();
    collected.sort();
    collected
}

fn united(remarks: Vec<Remark>) -> Vec<Remark> {
    if remarks.len() <= APART {
        return remarks;
    }
    let one = remarks.into_iter().reduce(|mut one, other| {
        one.kind.take(&other.kind);
        one.services.extend(other.services);
        one
    });
    one.into_iter().collect()
}

/// All sentences in one line, with every name.
pub fn told<'a>(remarks: impl IntoIterator<Item = &'a Remark>) -> String {
    let sentences: Vec<_> = collected(remarks).iter().map(|remark| remark.tell(usize::MAX)).collect();
    sentences.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(service: &str) -> Remark {
        let setting = "REDIS_URL: redis://redis:6379".to_owned();
        Remark::of(Kind::Waits { store: "redis".to_owned(), setting, look: Look::Built(".".to_owned()) }, service)
    }

    #[test]
    fn services_of_whom_the_same_is_true_stand_in_one_sentence() {
        let look = Look::Image("example/web".to_owned());
        let kind = Kind::MayNotRead { variables: ["REDIS_PASSWORD".to_owned()].into(), look };
        let reads = |service| Remark::of(kind.clone(), service);
        let remarks = [waits("n8n"), reads("web"), waits("app"), waits("queue"), waits("app"), reads("worker")];
        assert_eq!(
            told(&remarks),
            "`app`, `n8n` and `queue` wait for `redis`, but how they get the password can't be seen: look into the code; if \
             they get it by a variable, set that in their `environment`, such as `REDIS_URL: redis://redis:6379`, and caulk \
             adds the password; `web` and `worker` get `REDIS_PASSWORD`, but whether they read it can't be seen: see the \
             documentation of example/web, or its code"
        );
        assert_eq!(
            told(&remarks[..1]),
            "`n8n` waits for `redis`, but how it gets the password can't be seen: look into the code; if it gets it by a \
             variable, set that in its `environment`, such as `REDIS_URL: redis://redis:6379`, and caulk adds the password"
        );
    }

    #[test]
    fn many_variables_that_may_not_be_read_stand_in_one_sentence() {
        let reads = |number: usize| {
            let look = Look::Built(".".to_owned());
            Remark::of(Kind::MayNotRead { variables: [format!("PASSWORD_{number}")].into(), look }, "web")
        };
        assert_eq!(
            told(&(1..=3).map(reads).collect::<Vec<_>>()),
            "`web` gets `PASSWORD_1`, `PASSWORD_2` and `PASSWORD_3`, but whether it reads them can't be seen: look into \
             the code"
        );
    }

    #[test]
    fn many_places_to_look_at_stand_in_one_sentence() {
        let waits = |number: usize| {
            let look = Look::Built(format!("apps/{number}"));
            let setting = "REDIS_URL: redis://redis:6379".to_owned();
            Remark::of(Kind::Waits { store: "redis".to_owned(), setting, look }, &format!("app-{number}"))
        };
        let remarks: Vec<_> = (1..=3).map(waits).collect();
        assert_eq!(collected(&remarks[..2]).len(), 2);
        assert_eq!(
            told(&remarks),
            "`app-1`, `app-2` and `app-3` wait for `redis`, but how they get the password can't be seen: look into their \
             code, or the documentation of their images; if they get it by a variable, set that in their `environment`, \
             such as `REDIS_URL: redis://redis:6379`, and caulk adds the password"
        );
    }

    #[test]
    fn an_env_file_in_the_folder_of_images_is_told_once_for_all_of_them() {
        let built = |service| Remark::of(Kind::BuiltAround { file: ".env".to_owned() }, service);
        let rest = "unless a program reads the file there, name it in .dockerignore";
        assert_eq!(
            told(&[built("web")]),
            format!(
                ".env lies where the image of `web` is built: if that copies the whole folder, the password gets into the image; {rest}"
            )
        );
        let many = collected(&["ad", "cart", "web", "shop"].map(built));
        let [many] = many.as_slice() else { panic!("one sentence: {many:?}") };
        assert_eq!(
            many.tell(2),
            format!(
                ".env lies in the folder from which 4 images are built (ad, cart and 2 more): one that copies the whole folder gets the password; {rest}"
            )
        );
    }
}
