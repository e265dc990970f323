//! All rules, stores and admin interfaces: those that come with caulk, and those of a user.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::decode;
use super::rule::Rule;
use crate::catalog::{ImageName, Store};
use crate::decode::FileProblem;
use crate::syntax::Problem;
use crate::text::Span;

mod embedded {
    //! The files below `rules/`, as the build script lists them.
    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}

/// An image that shows and changes what other services hold, behind a login that is missing or easy to guess.
#[derive(Debug, Clone)]
pub struct AdminInterface {
    /// Its name for people, as in `phpMyAdmin`.
    pub title: String,
    /// It must match [`ImageName::repository`]; it is anchored at both ends.
    pub image: Regex,
    /// Found in the command if the image is one only then, as in `\bflower\b`.
    pub command: Option<Regex>,
    /// The ports of the container behind which it is; empty for all.
    pub ports: Vec<u16>,
}

impl AdminInterface {
    /// True if a service of that image, with that command, is such an interface.
    pub fn is(&self, image: &ImageName, command: &str) -> bool {
        self.image.is_match(&image.repository()) && self.command.as_ref().is_none_or(|regex| regex.is_match(command))
    }
}

/// Rules, stores and admin interfaces that were decoded and checked.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    /// By id, those of caulk before those of users.
    pub rules: Vec<Rule>,
    /// By id.
    pub stores: Vec<Store>,
    /// In the order of their file.
    pub admin: Vec<AdminInterface>,
}

impl RuleSet {
    /// What comes with caulk.
    pub fn built_in() -> &'static Self {
        static SET: OnceLock<RuleSet> = OnceLock::new();
        SET.get_or_init(|| {
            let mut set = Self::default();
            // A test sees to it that there are no problems.
            set.load(embedded::FILES.iter().map(|(path, text)| (*path, Arc::from(*text))));
            set
        })
    }

    /// Adds the files of a rule folder, given by their paths below it: `stores/<id>.yaml` describes a store,
    /// `admin.yaml` lists admin interfaces, any other YAML file is a rule. A file with a mistake is left out, the others
    /// count. What is in the set already can't be replaced.
    pub fn load<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, Arc<str>)>) -> Vec<FileProblem> {
        let mut files: Vec<_> = files.into_iter().filter(|(path, _)| is_yaml(path)).collect();
        files.sort_by_key(|(path, _)| *path);
        let mut ids: HashSet<String> = self.rules.iter().map(|rule| rule.id.clone()).collect();
        ids.extend(self.stores.iter().map(|store| format!("stores/{}", store.id)));
        let mut all = Vec::new();
        for (path, text) in files {
            let problems = match self.load_one(path, &text, &mut ids) {
                Ok(()) => continue,
                Err(problems) => problems,
            };
            let file = |problem| FileProblem { path: path.to_owned(), text: text.clone(), problem };
            all.extend(problems.into_iter().map(file));
        }
        self.stores.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The store of that id.
    pub fn store(&self, id: &str) -> Option<&Store> {
        self.stores.iter().find(|store| store.id == id)
    }

    /// The id of a rule that was probably meant by `word`.
    pub fn nearest_rule(&self, word: &str) -> Option<&str> {
        crate::decode::nearest(word, self.rules.iter().map(|rule| rule.id.as_str()))
    }

    fn load_one(&mut self, path: &str, text: &Arc<str>, ids: &mut HashSet<String>) -> Result<(), Vec<Problem>> {
        let path = path.replace('\\', "/");
        let mut claim = |id: &str, what: &str| {
            if ids.insert(id.to_owned()) {
                return Ok(());
            }
            let mut lines = text.split_inclusive('\n').scan(0, |start, line| {
                *start += line.len();
                Some((*start - line.len(), line.trim_end()))
            });
            let line = lines.find(|(_, line)| line.starts_with("id:"));
            let line = line.map_or(Span::at(0), |(start, line)| Span::new(start, start + line.len()));
            let message = format!("there is a {what} `{}` already", id.rsplit('/').next().unwrap_or(id));
            let help = "give it another id; to change the severity of a rule or to silence it, use caulk.yaml";
            Err(vec![Problem::new(line, message).with_help(help)])
        };
        if path == "admin.yaml" {
            self.admin.extend(decode::admin(text.clone())?);
        } else if path.split('/').rev().nth(1) == Some("stores") {
            let store = decode::store(&path, text.clone())?;
            claim(&format!("stores/{}", store.id), "store")?;
            self.stores.push(store);
        } else {
            let rule = decode::rule(&path, text.clone())?;
            claim(&rule.id, "rule")?;
            self.rules.push(rule);
        }
        Ok(())
    }
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{ImagePattern, Mechanism};
    use crate::rule::{Expectation, ViewKind};

    const RULE: &str = "id: a\nsince: 0.1.0\ntier: strict\nsummary: a\nwhy: a\nfor: service\nwhere: { service.admin: true }\n\
                        severity: info\nmessage: a\nat: service.name\n";

    #[test]
    fn what_comes_with_caulk_has_no_mistake() {
        let mut set = RuleSet::default();
        let problems = set.load(embedded::FILES.iter().map(|(path, text)| (*path, Arc::from(*text))));
        let shown: Vec<_> = problems
            .iter()
            .map(|found| {
                let line = crate::text::LineIndex::new(&found.text).line_column(&found.text, found.problem.span.start);
                format!(
                    "{}:{}:{} {} {:?}",
                    found.path, line.line, line.column, found.problem.message, found.problem.help
                )
            })
            .collect();
        assert_eq!(shown, [""; 0]);
        let ids: Vec<_> = set.rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "client-no-password",
                "client-wrong-password",
                "healthcheck-ignores-refusal",
                "healthcheck-no-auth",
                "healthcheck-refused",
                "password-not-expanded",
                "store-auth-unseen",
                "store-no-auth",
                "user-no-password",
                "data-without-volume",
                "no-memory-limit",
                "public-port",
                "bare-key-at-end",
                "blank-before-option",
                "command-cut",
                "comment-as-value",
                "default-without-colon",
                "dollar-in-value",
                "duplicate-key",
                "env-value-read-differently",
                "number-rewritten",
                "override-does-not-close-port",
                "pass-through-removes-value",
                "variable-defined-twice",
                "variable-in-unread-env-file",
                "suppression-invalid",
                "suppression-unused",
                "suppression-without-reason",
                "url-malformed",
                "url-no-password",
                "url-wrong-host",
                "url-wrong-password"
            ]
        );
    }

    #[test]
    fn every_rule_of_caulk_is_documented_and_has_examples() {
        for rule in &RuleSet::built_in().rules {
            let bad = rule.examples.iter().filter(|example| example.is_bad()).count();
            assert!(rule.examples.len() >= 3 && bad >= 1 && bad < rule.examples.len(), "{}", rule.id);
            assert!(rule.why.matches("\n\n").count() >= 2 && !rule.links.is_empty(), "{}", rule.id);
            for example in &rule.examples {
                let (path, text) = example.files.first_key_value().expect("an example has files");
                for text in example.files.iter().filter(|(path, _)| path.ends_with(".yaml")).map(|(_, text)| text) {
                    let (_, problems) = crate::syntax::yaml::parse(Arc::from(text.as_str()));
                    assert_eq!(problems, [], "{}: {}: {text}", rule.id, example.name);
                }
                if let Expectation::Bad { fixed: Some(fixed), .. } = &example.expected {
                    assert!(fixed.iter().any(|(path, text)| example.files.get(path) != Some(text)), "{path} {text}");
                }
            }
        }
    }

    fn pattern_of(image: &str) -> Option<&'static ImagePattern> {
        let image = ImageName::parse(image).expect("it is an image");
        let store = RuleSet::built_in().store("redis").expect("it comes with caulk");
        let matching = |pattern: &str| {
            let regex = Regex::new(&format!("^(?:{pattern})$")).expect("it was checked");
            regex.is_match(&image.repository())
        };
        store.images.iter().find(|candidate| matching(&candidate.pattern))
    }

    fn store_of(image: &str) -> Option<&'static str> {
        Some(match &pattern_of(image)?.mechanism {
            Mechanism::Argv(argv) => {
                let program = argv.default_command.first().map(String::as_str);
                ["redis-server", "keydb-server", "dragonfly"].into_iter().find(|name| Some(*name) == program)?
            }
            Mechanism::Env(env) if env.password == ["VALKEY_PASSWORD"] => "bitnami-valkey",
            Mechanism::Env(_) => "bitnami-redis",
            Mechanism::ArgsInEnv(args) if args.variable == "REDIS_ARGS" => "stack",
            Mechanism::ArgsInEnv(_) => "valkey",
        })
    }

    #[test]
    fn images_of_redis_and_its_kin_are_known_and_their_neighbours_are_not() {
        let rows = [
            ("redis", Some("redis-server")),
            ("docker.io/library/redis:7.4-alpine@sha256:ab", Some("redis-server")),
            ("public.ecr.aws/docker/library/redis:7", Some("redis-server")),
            ("registry.example:5000/team/redis-alpine:1", Some("redis-server")),
            ("valkey/valkey:8", Some("valkey")),
            ("ghcr.io/valkey-io/valkey:9", Some("valkey")),
            ("docker.io/bitnami/redis:7", Some("bitnami-redis")),
            ("bitnamilegacy/valkey", Some("bitnami-valkey")),
            ("public.ecr.aws/bitnami/redis", Some("bitnami-redis")),
            ("redis/redis-stack:latest", Some("stack")),
            ("redis/redis-stack-server", Some("stack")),
            ("eqalpha/keydb", Some("keydb-server")),
            ("docker.dragonflydb.io/dragonflydb/dragonfly", Some("dragonfly")),
            ("ghcr.io/dragonflydb/dragonfly:v1", Some("dragonfly")),
            ("oliver006/redis_exporter", None),
            ("rediscommander/redis-commander", None),
            ("redis/redisinsight", None),
            ("bitnami/redis-sentinel", None),
            ("bitnami/redis-exporter", None),
            ("example/redis-cluster-proxy", None),
            ("example/redis-backup", None),
            ("dragonflyoss/manager", None),
            ("example/app-redis", None),
        ];
        for (image, expected) in rows {
            assert_eq!(store_of(image), expected, "{image}");
        }
    }

    #[test]
    fn a_copy_of_an_official_image_in_another_registry_is_no_fork() {
        let is_fork = |image| pattern_of(image).map(|pattern| pattern.is_fork);
        for image in ["redis:8", "public.ecr.aws/docker/library/redis:7", "valkey/valkey", "ghcr.io/valkey-io/valkey:9"]
        {
            assert_eq!(is_fork(image), Some(false), "{image}");
        }
        for image in ["example/redis:8", "registry.example:5000/team/redis-alpine:1", "example/valkey"] {
            assert_eq!(is_fork(image), Some(true), "{image}");
        }
    }

    #[test]
    fn admin_interfaces_are_known_by_image_or_command() {
        let title = |image: &str, command: &str| {
            let image = ImageName::parse(image).expect("it is an image");
            let found = RuleSet::built_in().admin.iter().find(|interface| interface.is(&image, command));
            found.map(|interface| interface.title.as_str())
        };
        let rows = [
            ("rediscommander/redis-commander:latest", "", Some("Redis Commander")),
            ("ghcr.io/joeferner/redis-commander", "", Some("Redis Commander")),
            ("phpmyadmin/phpmyadmin", "", Some("phpMyAdmin")),
            ("phpmyadmin", "", Some("phpMyAdmin")),
            ("adminer:4", "", Some("Adminer")),
            ("example/app:1", "celery -A app flower --port=5555", Some("Flower")),
            ("example/app:1", "celery -A flowershop worker", None),
            ("portainer/agent", "", None),
            ("nginx", "", None),
        ];
        for (image, command, expected) in rows {
            assert_eq!(title(image, command), expected, "{image} {command}");
        }
    }

    #[test]
    fn a_file_with_a_mistake_leaves_the_others_alone() {
        let mut set = RuleSet::default();
        let files = [("a.yaml", RULE), ("x/b.yaml", "id: b\n"), ("readme.md", "no rule")];
        let problems = set.load(files.map(|(path, text)| (path, Arc::from(text))));
        assert!(problems.iter().all(|problem| problem.path == "x/b.yaml") && !problems.is_empty());
        assert_eq!(set.rule("a").map(Rule::view), Some(ViewKind::Service));
        assert_eq!((set.rules.len(), set.nearest_rule("aa")), (1, Some("a")));
    }

    #[test]
    fn an_id_stands_once_and_what_caulk_brings_cannot_be_replaced() {
        let mut set = RuleSet::built_in().clone();
        let before = set.rules.len();
        let public = RULE.replace("id: a", "id: public-port");
        let files = [("one/a.yaml", RULE), ("two/a.yaml", RULE), ("public-port.yaml", public.as_str())];
        let problems = set.load(files.map(|(path, text)| (path, Arc::from(text))));
        let shown: Vec<_> = problems
            .iter()
            .map(|found| (found.path.as_str(), found.problem.span.slice(&found.text), found.problem.message.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("public-port.yaml", "id: public-port", "there is a rule `public-port` already"),
                ("two/a.yaml", "id: a", "there is a rule `a` already"),
            ]
        );
        assert_eq!(set.rules.len(), before + 1);
    }
}
