//! What is known of programs that use a store: the variables from which they take their connection.

/// A program, or a framework, and the variables that lead it to a store.
///
/// An image of which nothing but the name is known takes no connection at all: it never speaks to the store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// A regular expression that must match [`super::ImageName::repository`] as a whole.
    pub image: Option<String>,
    /// What tells a framework where the image does not: of each group, one must be set.
    pub signs: Vec<Vec<Sign>>,
    /// True if no other program has variables of these names, so that they tell the program in any image.
    pub is_unmistakable: bool,
    /// Variables with a URL.
    pub url: Vec<String>,
    /// Variables with a list of servers, each as `label:host:port:database:password`.
    pub host_list: Vec<String>,
    /// A variable with settings in Ruby, one of them a host.
    pub settings: Option<Settings>,
    /// Variables with a host, or with host and port.
    pub host: Vec<String>,
    /// Options of its command with a host, or with host and port, such as `--redis-host`.
    pub host_option: Vec<String>,
    /// Variables with a port.
    pub port: Vec<String>,
    /// Variables with a user.
    pub user: Vec<String>,
    /// Variables with the password that goes with `host`; the first is the one to write.
    pub password: Vec<String>,
    /// Variables with the path of a file that holds the password; it beats the password.
    pub password_file: Vec<String>,
    /// Variables with the password that it presents where the URL in `url` holds none; the first is the one to write.
    pub url_password: Vec<String>,
    /// The host that it connects to if neither `url` nor `host` is set.
    pub default_host: Option<String>,
    /// The URL to which it connects if none of these variables is set.
    pub default_url: Option<String>,
    /// True if it can take its connection from elsewhere, too, such as a file of its own.
    pub reads_elsewhere: bool,
}

/// The settings of a program in one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The variable.
    pub variable: String,
    /// What is set to the host.
    pub host: String,
    /// What is set to the password.
    pub password: String,
}

/// A variable that tells a framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// Its name.
    pub name: String,
    /// The value that it must have; `None` for any.
    pub value: Option<String>,
}

impl Sign {
    /// Reads `NAME` or `NAME=value`.
    pub fn parse(text: &str) -> Self {
        match text.split_once('=') {
            Some((name, value)) => Self { name: name.to_owned(), value: Some(value.to_owned()) },
            None => Self { name: text.to_owned(), value: None },
        }
    }
}
