//! The table of views and their fields: what a rule file may name.

use FieldType::{Bool, Choice, List, Number, Text};

/// A kind of thing that rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViewKind {
    /// A service of a project.
    Service,
    /// An entry of `ports`, or one port of a range in it.
    Port,
    /// A service that runs a data store.
    Store,
    /// The healthcheck of a service.
    Healthcheck,
    /// A URL of a store in a variable or a command.
    Url,
    /// The variables with host and password by which a program logs in to a store.
    Login,
    /// A variable that a service gets.
    EnvVar,
    /// The image of a service.
    Image,
    /// Something that Compose does to a text and that its author may not know.
    Reading,
    /// A comment that shall silence findings.
    Suppression,
}

/// What values a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Any text.
    Text,
    /// One of these texts. Where caulk can't tell which, the field is unknown.
    Choice(&'static [&'static str]),
    /// A whole number.
    Number,
    /// True or false.
    Bool,
    /// A list of texts.
    List,
}

/// A field, as rule files and documentation see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo {
    /// Such as `port.host_ip`.
    pub name: &'static str,
    /// Its values.
    pub ty: FieldType,
    /// True if it can be absent.
    pub optional: bool,
    /// True if an edit of a fix may name it.
    pub writable: bool,
    /// True if its value may hold a password: it can't be printed.
    pub secret: bool,
    /// What it is, in one line.
    pub doc: &'static str,
}

const fn field(name: &'static str, ty: FieldType, doc: &'static str) -> FieldInfo {
    FieldInfo { name, ty, optional: false, writable: false, secret: false, doc }
}

impl FieldInfo {
    const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    const fn writable(mut self) -> Self {
        self.writable = true;
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

impl FieldType {
    /// The word for it: `text`, `number`, `bool`, `list`; for a choice, its values.
    pub fn describe(self) -> String {
        match self {
            Text => "text".into(),
            Choice(values) => values.join(" | "),
            Number => "number".into(),
            Bool => "bool".into(),
            List => "list".into(),
        }
    }
}

const AUTH: FieldType = Choice(&["open", "password", "refuses", "acl", "certificates"]);

const PROJECT: &[FieldInfo] = &[field("project.name", Text, "name of the project")];

const SERVICE: &[FieldInfo] = &[
    field("service.name", Text, "name of the service; its place is the key of the service"),
    field("service.image", Text, "image as written, variables resolved").optional(),
    field("service.image_name", Text, "last part of the image's path, without registry, tag and digest").optional(),
    field("service.store", Text, "id of the store that the image runs, such as `redis`").optional(),
    field(
        "service.admin",
        Bool,
        "true if the image is an admin interface, such as phpmyadmin or flower; of a port, if the interface is behind it",
    ),
    field("service.network_mode", Text, "`network_mode`").optional(),
    field("service.privileged", Bool, "`privileged`; false if it is not written"),
    field("service.memory_limit", Text, "`mem_limit` or `deploy.resources.limits.memory`").optional(),
    field("service.volumes", List, "`volumes`, each in its short form").optional(),
];

const PORT: &[FieldInfo] = &[
    field("port.host_ip", Text, "address of the host that it is bound to; absent if none is given")
        .optional()
        .writable(),
    field("port.published", Text, "port or range of the host; absent if Docker picks one").optional(),
    field("port.target", Number, "port of the container"),
    field(
        "port.description",
        Text,
        "the host's port, and the container's where it differs: `8880 (8080 in the container)`",
    ),
    field("port.store", Text, "id of the store that it leads to, such as `redis`").optional(),
    field("port.protocol", Text, "`tcp` or `udp`"),
    field(
        "port.exposure",
        Choice(&["public", "loopback", "specific"]),
        "which addresses of the host it listens on: all, loopback, or one other",
    ),
    field("port.allowed", Bool, "true if caulk.yaml allows to publish on that address, and it is written out"),
    field("port.spelling", Text, "the entry as written; its place is the whole entry"),
    field(
        "port.address_source",
        Text,
        "why the address is what it is, if a variable decides, such as \"`BIND_IP` is empty (.env:4)\"",
    )
    .optional(),
    field(
        "port.address_variable",
        Text,
        "the variable that decides about the address; its place is where an env file sets it",
    )
    .optional(),
];

const STORE: [FieldInfo; 14] = [
    field("store.id", Text, "id of the store, such as `redis`"),
    field("store.title", Text, "name of the store for people, such as `Redis`"),
    field(
        "store.auth",
        AUTH,
        "what a client without credentials meets: `refuses` means that the server does not start, `certificates` that it lets in only programs with one",
    ),
    field("store.auth_reason", Text, "how caulk knows, such as `no --requirepass in the command`").optional(),
    field(
        "store.unexpanded_password",
        Text,
        "the password, if it is the text of a shell's `$(...)` that no shell has replaced",
    )
    .optional(),
    field(
        "store.unexpanded_variable",
        Text,
        "the password, if it is the text of a variable, such as `${NAME}`, that nothing has replaced: `store.auth` is `open` then",
    )
    .optional(),
    field(
        "store.placeholder_password",
        Text,
        "the password, if it is a word that programs take for none, such as `null`: `store.auth` is `open` then",
    )
    .optional(),
    field("store.open_users", Text, "users besides `default` who need no password, such as \"`app` (users.acl:3)\"").optional(),
    field("store.unseen", Text, "why it can't be seen whether a server asks for a password").optional(),
    field(
        "store.reach",
        Choice(&["published", "host", "shared", "project", "itself"]),
        "who reaches the server: `published` = beyond the host, `host` = the host's network, `shared` = other projects, `project` = this project only, `itself` = programs in its own container, as long as it has no password",
    ),
    field("store.data_volume", Bool, "true if its data lies on a volume"),
    field("store.persists", Bool, "true if its arguments ask it to keep its data on disk, as `--appendonly yes` does"),
    field(
        "store.password_source",
        Text,
        "why the password is missing, if a blank variable stands in its place, such as \"`REDIS_PASSWORD` is empty (.env:4)\"",
    )
    .optional(),
    field("store.password_variable", Text, "that variable; its place is where an env file sets it").optional(),
];

/// The same for a service that may be no store.
const STORE_IF_ANY: [FieldInfo; STORE.len()] = {
    let mut fields = STORE;
    let mut at = 0;
    while at < fields.len() {
        fields[at].optional = true;
        at += 1;
    }
    fields
};

const HEALTHCHECK: &[FieldInfo] = &[
    field("healthcheck.client", Text, "client program of a store that it calls, such as `redis-cli`").optional(),
    field("healthcheck.credential", Choice(&["none", "presented"]), "whether it presents a credential"),
    field(
        "healthcheck.verdict",
        Choice(&["ignores-refusal", "detects-refusal"]),
        "whether it fails when the server refuses it",
    ),
    field(
        "healthcheck.refusal",
        Text,
        "why the server refuses what it presents, where the file with the server's users shows it, such as \"the user `app` is off (users.acl:2)\"",
    )
    .optional(),
    field("healthcheck.readable", Bool, "true if caulk understands the whole command"),
    field("healthcheck.command", Text, "the command; its place is `test`, of a long list the items that are run")
        .optional()
        .secret(),
];

const URL: &[FieldInfo] = &[
    field("url.variable", Text, "name of the variable that holds it").optional(),
    field("url.where", Choice(&["compose", "env-file", "command"]), "where it is written"),
    field("url.problem", Text, "what is wrong with it, in kebab-case; its place is the part that is wrong").optional(),
    field("url.problem_text", Text, "what is wrong with it, in words").optional(),
    field("url.problem_help", Text, "how to write it instead").optional(),
    field("url.is_mendable", Bool, "whether it is plain what was meant, in all that is wrong with it"),
    field("url.form", Choice(&["url", "host-list", "setting"]), "`host-list` = an entry `label:host:port:database:password`, `setting` = settings of a program, one with the host and one with the password"),
    field("url.scheme", Text, "its scheme, such as `redis`").optional(),
    field("url.host", Text, "its host").optional(),
    field("url.port", Number, "its port, or the default of the scheme").optional(),
    field("url.credential", Choice(&["none", "password"]), "whether it carries a password"),
    field("url.password_beside", Choice(&["variable", "option"]), "where the server's password stands beside it; a program may present it with the URL").optional(),
    field("url.is_other_password", Bool, "true if it carries a password that is not the server's; both are known"),
    field("url.password_help", Text, "what to write so that both are one, with the places of both").optional(),
    field("url.in_container", Bool, "true if the program that reads it runs in a container"),
    field("url.reaches", Choice(&["server", "itself", "nobody"]), "`itself` = localhost inside a container; `nobody` = a port that the server does not listen on, or that is not published").optional(),
    field("url.server", Text, "service that it means").optional(),
    field("url.server_file", Text, "the Compose file of the server, if it is one of another project").optional(),
    field("url.server_auth", AUTH, "what a client without credentials meets there, before any repair").optional(),
    field("url.server_password", Text, "how to write its password: the variable with it, such as `${REDIS_PASSWORD}`")
        .optional(),
    field(
        "url.server_password_file",
        Text,
        "the file in the server's container from which it takes its password when it starts",
    )
    .optional(),
    field("url.with_password", Text, "the URL with that variable in it, or with the word `PASSWORD`"),
    field("url.server_host", Text, "host to write instead").optional(),
    field("url.server_port", Number, "port to write instead").optional(),
    field("url.expands", Bool, "false if a `${...}` in it reaches the program as it stands"),
];

const LOGIN: &[FieldInfo] = &[
    field("login.variable", Text, "name of the variable with the password; its place is where it is set"),
    field("login.host_variable", Text, "name of the variable with the host").optional(),
    field(
        "login.credential",
        Choice(&["none", "password"]),
        "whether it presents a password; a word that means none, such as `null`, is none",
    ),
    field("login.is_other_password", Bool, "true if it presents a password that is not the server's; both are known"),
    field("login.server", Text, "service that it means"),
    field("login.server_auth", AUTH, "what a client without credentials meets there, before any repair"),
    field(
        "login.server_password_file",
        Text,
        "the file in the server's container from which it takes its password when it starts",
    )
    .optional(),
    field(
        "login.password",
        Text,
        "how to write the server's password: the variable with it, such as `${REDIS_PASSWORD}`",
    )
    .optional(),
];

const ENV_VAR: &[FieldInfo] = &[
    field("env_var.name", Text, "name of the variable"),
    field("env_var.value", Text, "its value").optional().secret(),
    field("env_var.from", Choice(&["environment", "env-file", "image"]), "where it is set").optional(),
];

const IMAGE: &[FieldInfo] = &[
    field("image.name", Text, "last part of the path"),
    field("image.tag", Text, "the tag").optional(),
    field("image.registry", Text, "the registry, if one is written").optional(),
    field("image.digest", Text, "the digest, such as `sha256:...`").optional(),
];

const READING: &[FieldInfo] = &[
    field(
        "reading.kind",
        Choice(&[
            "port-stays-open",
            "command-cut",
            "blank-word",
            "dollar-in-word",
            "empty-over-default",
            "removed-by-pass-through",
            "unread-env-file",
            "bare-key-at-end",
            "comment-as-value",
            "other-readers",
            "number-rewritten",
            "duplicate-key",
            "two-values",
        ]),
        "what Compose does to it; its place is where",
    ),
    field("reading.subject", Text, "the key, variable or port that it is done to"),
    field("reading.where", Choice(&["compose", "env-file"]), "the kind of file that it is done in"),
    field("reading.other", Text, "the other place that takes part, such as `.env:4`").optional(),
    field("reading.variable", Text, "the variable or variables that take part, if they are not the subject").optional(),
    field(
        "reading.detail",
        Text,
        "more about the kind: `port-stays-open`: `entry`, or `empty` for a list without entries; `command-cut`: the \
         character; `blank-word`: the option; `dollar-in-word`: `text` or \
         `variable`; `unread-env-file`: `service`, `folder` or `other`; `other-readers`: `hash`, `variable`, `dollar`, \
         `backtick`, `backslash` or `blank`; \
         `number-rewritten`: `spelling` if it is the same number in decimals, else `value`; `two-values`: `replaced` if one \
         counts, else `one-service`, `server-and-client` or `apart`",
    )
    .optional(),
    field("reading.next", Text, "`blank-word`: the option that follows instead").optional(),
    field("reading.by_default", Bool, "`blank-word`: true if the file itself gives nothing as the default, `${NAME:-}`"),
    field("reading.is_script", Bool, "`command-cut`: true if the entry point is a shell that takes the command as its script"),
    field("reading.before", Text, "`number-rewritten`: the number as written; absent where it may be a password")
        .optional(),
    field("reading.after", Text, "`number-rewritten`: the number as the container gets it").optional(),
];

const SUPPRESSION: &[FieldInfo] = &[
    field(
        "suppression.problem",
        Choice(&["malformed", "unknown-rule", "no-reason", "unused"]),
        "what is wrong with the comment; its place is the comment",
    ),
    field("suppression.rule", Text, "the rule that is unknown or unused; its place is its name").optional(),
    field("suppression.suggestion", Text, "`unknown-rule`: the rule that was probably meant").optional(),
];

/// The fields of a service, for what may belong to none.
const SERVICE_IF_ANY: [FieldInfo; SERVICE.len()] = {
    let mut fields = [SERVICE[0]; SERVICE.len()];
    let mut at = 0;
    while at < fields.len() {
        fields[at] = SERVICE[at].optional();
        at += 1;
    }
    fields
};

impl ViewKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Service,
        Self::Port,
        Self::Store,
        Self::Healthcheck,
        Self::Url,
        Self::Login,
        Self::EnvVar,
        Self::Image,
        Self::Reading,
        Self::Suppression,
    ];

    /// The name in rule files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Port => "port",
            Self::Store => "store",
            Self::Healthcheck => "healthcheck",
            Self::Url => "url",
            Self::Login => "login",
            Self::EnvVar => "env_var",
            Self::Image => "image",
            Self::Reading => "reading",
            Self::Suppression => "suppression",
        }
    }

    /// What it is, in one line.
    pub fn doc(self) -> &'static str {
        match self {
            Self::Service => "a service of the project",
            Self::Port => "an entry of a service's `ports`",
            Self::Store => "a service that runs a data store",
            Self::Healthcheck => "the healthcheck of a service",
            Self::Url => "a URL of a store, in a variable or a command",
            Self::Login => "the variables with host and password by which a program logs in to a store",
            Self::EnvVar => "a variable that a service gets",
            Self::Image => "the image of a service",
            Self::Reading => "something that Compose does to a text and that its author may not know",
            Self::Suppression => "a comment that shall silence findings, and that something is wrong with",
        }
    }

    /// The fields that rules for it may name, its own first.
    pub fn fields(self) -> impl Iterator<Item = &'static FieldInfo> + Clone {
        let own: [&'static [FieldInfo]; 2] = match self {
            Self::Service => [&[], &[]],
            Self::Port => [PORT, &[]],
            Self::Store => [&STORE, &[]],
            Self::Healthcheck => [HEALTHCHECK, &STORE_IF_ANY],
            Self::Url => [URL, &[]],
            Self::Login => [LOGIN, &[]],
            Self::EnvVar => [ENV_VAR, &[]],
            Self::Image => [IMAGE, &[]],
            Self::Reading => [READING, &[]],
            Self::Suppression => [SUPPRESSION, &[]],
        };
        let service = if matches!(self, Self::Reading | Self::Suppression) { &SERVICE_IF_ANY } else { SERVICE };
        own.into_iter().chain([service, PROJECT]).flatten()
    }

    /// The field of that name.
    pub fn field(self, name: &str) -> Option<&'static FieldInfo> {
        self.fields().find(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_has_its_parents_and_no_field_twice() {
        for view in ViewKind::ALL {
            let names: Vec<_> = view.fields().map(|field| field.name).collect();
            assert!(names.contains(&"service.name") && names.contains(&"project.name"), "{view:?}");
            let mut unique = names.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), names.len(), "{view:?}");
        }
    }

    #[test]
    fn no_choice_is_called_unknown_because_unknown_never_fires() {
        for field in ViewKind::ALL.into_iter().flat_map(ViewKind::fields) {
            assert!(!matches!(field.ty, Choice(values) if values.contains(&"unknown")), "{}", field.name);
        }
    }
}
