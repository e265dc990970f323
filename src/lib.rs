//! caulk seals the leaks in Docker Compose projects: it reads `compose.yaml` and `.env` as Docker Compose reads them, finds
//! what leaves a service open, and repairs it with the smallest edits that do it.
//!
//! This page is the architecture. Data flows one way, from files to a report, and the modules are named in that order: each
//! uses only those above it (`tests/layers.rs` keeps it so).
//!
//! | module | from → to |
//! |---|---|
//! | [`text`] | [`text::Span`], [`text::LineIndex`], [`text::Edit`]: places in one text, and changes of it |
//! | [`syntax`] | text → trees with the place of every byte: YAML, env files, `${…}`, command words, shell, `redis.conf`, ACLs, Dockerfiles. A parser never fails; it returns the tree and its problems |
//! | [`decode`] | the YAML of rules and of `caulk.yaml` → types, all mistakes at once, each with its place |
//! | [`source`] | the [`source::Files`] trait: the disk, or texts that hide it; [`source::Sources`] reads each file once and records every miss. [`source::git`] tells what git thinks of a path |
//! | [`model`] | files → [`model::Workspace`] of [`model::Project`]s: discovery, interpolation, `extends`, merge, `include`, container environments |
//! | [`canonical`] | a project → the form that `docker compose config` prints, and what Compose refuses |
//! | [`catalog`] | plain types for what `rules/stores` says of data stores |
//! | [`lens`] | one thing of a service in every spelling (ports, command, environment, healthcheck, URL): read, and written back as it was spelled |
//! | [`topology`] | which services are stores, whether they demand a password, and which variables and arguments lead to them |
//! | [`rule`] | YAML → [`rule::RuleSet`]: decoded with spans, checked before use, evaluated on views |
//! | [`config`] | `caulk.yaml` and the baseline → which rules speak where, and which files make a project |
//! | [`inputs`] | paths that somebody names or has open → the projects to which they belong, grouped |
//! | [`lint`] | rules × workspace → [`lint::Finding`]s, without what comments and the baseline silence |
//! | [`fix`] | findings → repairs in memory → proof → files |
//! | [`report`] | plain views → text, JSON, SARIF and other formats, patches |
//! | [`origins`] | a resolved project → the plain view of each value and the way by which it came |
//! | [`lsp`] | an editor's requests → diagnostics, code actions and hover texts |
//! | [`cli`] | arguments → settings → the commands |
//!
//! # What holds everywhere
//!
//! - **Meaning and place come from one tree.** A [`model::node::Node`] has a [`model::node::Place`]: the file, the YAML node,
//!   and the layers (alias, merge key, `extends`, `include`) through which it came. A [`model::node::Text`] knows which of its
//!   bytes are copied and which come from a variable.
//! - **Unknown is not false.** A text is `Known`, `Assumed` (it holds while variables that no file sets stay unset) or
//!   `Unknown`; matchers follow Kleene logic, and a rule that rests on an assumption is at most a warning.
//! - **A repair is byte edits**, never a document written anew. [`fix::plan`] makes repairs on texts in memory, in a fixed
//!   order; [`fix::proof`] compares the workspace before and after and accepts a repair only if just the values changed that
//!   it means to change, to just what it means, no comment is lost, and the finding is gone. Repairs of ports that do not
//!   depend on each other are proved together; where that fails, in smaller batches down to one alone, so that the outcome
//!   is that of one by one (`tests/batches.rs`).
//! - **Files change all or none**: [`fix::commit`] writes with a journal outside the repository, [`fix::undo`] takes back.
//! - **Secrets** are made by [`fix::secret`], go into env files that git does not track, and are masked everywhere else.
//!
//! # Where to look
//!
//! - a wrong reading of a Compose file: [`model`], with a case in `fixtures/conformance`
//! - a spelling that is not understood or not kept: [`lens`]
//! - a finding that is wrong or missing: the rule in `rules/`, then its view in [`lint::views`]
//! - a repair: [`fix::seal`] for stores, [`fix::port`], [`fix::link`]
//! - a new store, image or client variable: `rules/stores/`, no Rust

pub mod canonical;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod decode;
pub mod fix;
pub mod inputs;
pub mod lens;
pub mod lint;
pub mod lsp;
pub mod model;
pub mod origins;
pub mod report;
pub mod rule;
pub mod source;
pub mod syntax;
pub mod text;
pub mod topology;
