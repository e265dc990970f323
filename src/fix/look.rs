//! Where a person finds out what caulk can't see: how a program takes its password.

use std::path::Path;

use crate::catalog::ImageName;
use crate::lens::mount::mounts;
use crate::model::Project;
use crate::model::node::{Certainty, Node};
use crate::source::{FileKind, Files, absolute, relative_to};
use crate::text::listed;

/// How the names of files end that tell a program how to connect, or start it.
const ENDINGS: [&str; 14] = [
    ".cfg",
    ".conf",
    ".config",
    ".env",
    ".ini",
    ".js",
    ".json",
    ".php",
    ".properties",
    ".py",
    ".sh",
    ".toml",
    ".yaml",
    ".yml",
];

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Into files that the container gets, relative to the project folder.
    Files(Vec<String>),
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
        let mounted = mounts(service).into_iter().filter(|mount| mount.is_bind).filter_map(|mount| {
            let source = mount.source.filter(|source| !matches!(source.certainty, Certainty::Unknown(_)))?;
            let path = absolute(&project.folder, source.value);
            let shown = relative_to(&project.folder, &path);
            let is_file =
                ENDINGS.iter().any(|ending| shown.ends_with(ending)) && files.kind(&path) != FileKind::Directory;
            is_file.then_some(shown)
        });
        let mounted: Vec<_> = mounted.collect();
        let image =
            || service.get("image").and_then(Node::scalar_text).and_then(|image| ImageName::parse(&image.value).ok());
        match project.build_context(service) {
            _ if !mounted.is_empty() => Self::Files(mounted),
            Some(folder) => Self::Built(relative_to(&project.folder, Path::new(&folder))),
            None => image().map_or(Self::Several, |image| Self::Image(image.repository())),
        }
    }

    /// What to do, in which at most `most` files are named.
    pub fn tell(&self, most: usize) -> String {
        match self {
            Self::Files(files) => format!("look into {}", listed(files.iter().cloned(), most)),
            Self::Built(folder) if folder == "." => "look into the code".to_owned(),
            Self::Built(folder) => format!("look into the code in {folder}"),
            Self::Image(image) => format!("see the documentation of {image}"),
            Self::Several => "look into their code, or the documentation of their images".to_owned(),
        }
    }
}
