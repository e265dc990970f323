//! The file with the users of a server, `aclfile` or `redis.conf`: where it is, and what it says.

use std::path::PathBuf;

use super::built_image::Origin;
use super::container_files;
use crate::lens::mount::mounts;
use crate::lens::value::Secret;
use crate::model::Workspace;
use crate::source::relative_to;
use crate::syntax::acl::{self, Acl, Answer, DefaultUser};
use crate::syntax::{Problem, redis_conf};
use crate::text::{LineIndex, NAMED, Span, listed};

/// The file that `aclfile` names, which decides alone who may log in, or a configuration with the user `default`.
#[derive(Debug, Clone)]
pub struct UsersFile {
    /// As a person knows it: its path from the folder of the project.
    pub shown: String,
    /// Where it is written.
    pub home: Home,
    /// Its users.
    pub acl: Acl,
    /// What keeps the server from starting with it.
    pub problems: Vec<Problem>,
    /// What it holds.
    pub text: Secret,
}

/// Where a file of a container is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// A file that is mounted.
    File(PathBuf),
    /// A file that the image gets when it is built.
    Image(PathBuf),
    /// The Compose file itself, in `content`.
    Compose,
}

/// Rules of users by which healthchecks ask.
const HARMLESS: [&str; 6] = ["+ping", "+@connection", "+echo", "+hello", "+auth", "+quit"];

impl UsersFile {
    /// Reads the file that a service finds at `path`; `None` if it can't be seen.
    pub(super) fn read(
        workspace: &mut Workspace<'_>,
        number: usize,
        service: &str,
        origin: &Origin,
        path: &str,
    ) -> Option<Self> {
        let project = &workspace.projects[number];
        let folder = project.folder.clone();
        let mounted: Vec<_> = mounts(project.service(service)?).into_iter().map(|mount| mount.target).collect();
        let in_image = origin.configurations(&mounted).0.into_iter().find(|(target, _)| target == path);
        let (text, shown, home) = match in_image {
            Some((_, file)) => {
                let source = workspace.sources.load(&file).ok()?;
                (workspace.sources.get(source).text.clone(), relative_to(&folder, &file), Home::Image(file))
            }
            None => match container_files::locate(workspace, number, service, path)? {
                (text, Some(file)) => (text, relative_to(&folder, &file), Home::File(file)),
                (text, None) => (text, format!("the `content` of {path}"), Home::Compose),
            },
        };
        let (acl, problems) = acl::parse(&text);
        Some(Self { shown, home, acl, problems, text: Secret::new(&*text) })
    }

    /// Reads the configuration that a service finds at `path`; `None` if it does not define the user `default`: then
    /// `requirepass` decides.
    pub(super) fn read_conf(workspace: &mut Workspace<'_>, number: usize, service: &str, path: &str) -> Option<Self> {
        let folder = workspace.projects[number].folder.clone();
        let (text, Some(file)) = container_files::locate(workspace, number, service, path)? else { return None };
        let (acl, problems) = acl::from_conf(&redis_conf::parse(&text).0);
        let shown = relative_to(&folder, &file);
        acl.user("default").is_some().then_some(Self {
            shown,
            home: Home::File(file),
            acl,
            problems,
            text: Secret::new(&*text),
        })
    }

    /// True if a client that does not log in may do something.
    pub fn opens_to_all(&self) -> bool {
        matches!(self.acl.default_user(), DefaultUser::NotDefined | DefaultUser::Open)
    }

    /// A place in it, such as `redis/users.acl:3`.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.shown, LineIndex::new(self.text.reveal()).line_of(span.start) + 1)
    }

    /// Why the server refuses a login, or the `PING` after it; `None` if it does not.
    pub fn refusal(&self, name: &str, password: &str) -> Option<String> {
        let shown = &self.shown;
        let place = self.acl.user(name).map(|user| self.place(user.span)).unwrap_or_default();
        match self.acl.answer(name, password) {
            Answer::Pong => None,
            Answer::NoUser => Some(format!("{shown} has no user `{name}`")),
            Answer::Off => Some(format!("the user `{name}` is off ({place})")),
            Answer::WrongPassword => Some(format!("the user `{name}` has another password ({place})")),
            Answer::NoPermission => Some(format!("the user `{name}` may not run PING ({place})")),
        }
    }

    /// The users besides `default` who get in with any password and may do more than ask whether the server is there, and
    /// where that is said.
    pub fn open_users(&self) -> Option<String> {
        let is_open = |user: &&acl::User| {
            let may_do_harm = || {
                let rules = user.span.slice(self.text.reveal());
                rules.split_whitespace().any(|rule| {
                    let grants = rule.starts_with(['+', '~', '%', '(']) || ["allcommands", "allkeys"].contains(&rule);
                    grants && !HARMLESS.contains(&rule)
                })
            };
            user.name != "default" && user.enabled && user.nopass && user.has_commands && may_do_harm()
        };
        let users = self.acl.users.iter().filter(|_| self.problems.is_empty()).filter(is_open);
        let users: Vec<_> = users.map(|user| format!("`{}` ({})", user.name, self.place(user.name_span))).collect();
        (!users.is_empty()).then(|| listed(users.into_iter(), NAMED))
    }

    /// Why the server lets everyone in; reads after "the server is open: ".
    pub fn openness(&self) -> Option<String> {
        match self.acl.user("default") {
            Some(user) if self.opens_to_all() => {
                Some(format!("{} lets the user `default` in without a password", self.place(user.span)))
            }
            None => Some(format!("{} does not name the user `default`, which is open then", self.shown)),
            Some(_) => None,
        }
    }
}
