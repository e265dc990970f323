//! Where a person finds out what caulk can't see: how a program takes its password.

use crate::catalog::ImageName;
use crate::lens::mount::{Mount, mounts};
use crate::model::Project;
use crate::model::node::{Certainty, Node};
use crate::source::{FileKind, Files, absolute, is_env_name, relative_to};
use crate::text::listed;

/// How the names of files end that tell a program how to connect, or start it.
const ENDINGS: [&str; 12] =
    [".cfg", ".conf", ".config", ".env", ".ini", ".json", ".php", ".properties", ".sh", ".toml", ".yaml", ".yml"];

/// What is in the names of folders that hold no configuration.
const DATA: [&str; 9] = ["backup", "cache", "cert", "data", "log", "media", "ssl", "storage", "upload"];

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Into files that the container gets, or folders, relative to the project folder.
    Mounted(Vec<String>),
    /// Into the folder from which the image is built, relative to the project folder.
    Built(String),
    /// Into the documentation of an image.
    Image(String),
    /// In several of these places.
    Several,
}

impl Look {
    /// Where a service shows how its program connects.
    pub fn at(files: &dyn Files, project: &Project, service: &Node) -> Self {
        let places = mounts(service).into_iter().filter_map(|mount| Place::read(files, project, mount));
        let (mut named, folders): (Vec<_>, Vec<_>) = places.partition(|place| place.is_file);
        // What a framework reads by itself says it all.
        if named.iter().any(Place::is_env_file) {
            named.retain(Place::is_env_file);
        }
        if named.is_empty() {
            named = folders;
        }
        if !named.is_empty() {
            return Self::Mounted(named.into_iter().map(|place| place.shown).collect());
        }
        if let Some(folder) = project.build_context(service) {
            return Self::Built(relative_to(&project.folder, &folder));
        }
        let image = service.get("image").and_then(Node::scalar_text);
        let image = image.and_then(|image| ImageName::parse(&image.value).ok());
        image.map_or(Self::Several, |image| Self::Image(image.repository()))
    }

    /// What to do, in which at most `most` files are named.
    pub fn tell(&self, most: usize) -> String {
        match self {
            Self::Mounted(places) if places == &["."] => "look into the code".to_owned(),
            Self::Mounted(places) => format!("look into {}", listed(places.iter().cloned(), most)),
            Self::Built(folder) if folder == "." => "look into the code".to_owned(),
            Self::Built(folder) => format!("look into the code in {folder}"),
            Self::Image(image) => format!("see the documentation of {image}, or its code"),
            Self::Several => "look into their code, or the documentation of their images".to_owned(),
        }
    }
}

/// Something of the host that a container gets.
struct Place {
    shown: String,
    is_file: bool,
}

impl Place {
    /// `None` for what hardly says how a program connects.
    fn read(files: &dyn Files, project: &Project, mount: Mount<'_>) -> Option<Self> {
        let source = mount.source.filter(|_| mount.is_bind)?;
        let is_file = |path: &str| ENDINGS.iter().any(|ending| path.ends_with(ending));
        // Where it is on the host, only a variable says.
        if source.certainty != Certainty::Known {
            let is_file = is_file(&source.value);
            return is_file.then_some(Self { shown: mount.target, is_file });
        }
        let path = absolute(&project.folder, &source.value);
        let is_absolute = source.value.starts_with('/');
        let shown = if is_absolute { source.value.clone() } else { relative_to(&project.folder, &path) };
        let kind = files.kind(&path);
        let is_data = || DATA.iter().any(|word| shown.to_ascii_lowercase().contains(word));
        let is_file = is_file(&shown) && kind != FileKind::Directory;
        let is_folder = source.value.starts_with('.') && kind != FileKind::File && !is_data();
        (is_file || is_folder).then_some(Self { shown, is_file })
    }

    fn is_env_file(&self) -> bool {
        self.shown.rsplit('/').next().is_some_and(is_env_name)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::model::discover::projects_of;
    use crate::model::{Options, Workspace};
    use crate::source::{NoFiles, Overlay};
    use crate::text::NAMED;

    fn told(service: &str) -> String {
        let mut files = Overlay::new(&NoFiles);
        let path = PathBuf::from("/p/compose.yaml");
        files.set(path.clone(), format!("services:\n  a: {{{service}}}\n").as_bytes());
        files.set(PathBuf::from("/p/conf/app.toml"), b"".as_slice());
        let workspace = Workspace::read(&files, &projects_of(&files, &[path]), &Options::default());
        let project = &workspace.projects[0];
        assert_eq!(project.folder, Path::new("/p"));
        Look::at(&files, project, project.service("a").expect("it is there")).tell(NAMED)
    }

    #[test]
    fn what_is_mounted_goes_before_the_code_and_that_before_documents() {
        let rows = [
            ("image: 'x/y:1'", "see the documentation of x/y, or its code"),
            ("image: 'x/y:1', build: .", "look into the code"),
            ("image: 'x/y:1', build: ./web", "look into the code in web"),
            ("build: ., volumes: ['./conf/app.toml:/app.toml', './src:/app']", "look into conf/app.toml"),
            ("build: ., volumes: ['./conf/app.toml:/app.toml', './.env:/app/.env']", "look into .env"),
            ("build: ., volumes: ['./conf:/etc/app', './data:/data', 'named:/x']", "look into conf"),
            ("build: ., volumes: ['./data:/data', '/var/run/docker.sock:/s']", "look into the code"),
            ("image: x, volumes: ['${DIR}/nitter.conf:/src/nitter.conf']", "look into /src/nitter.conf"),
        ];
        for (service, expected) in rows {
            assert_eq!(told(service), expected, "{service}");
        }
    }
}
