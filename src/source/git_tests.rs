//! Against the real program, in temporary repositories.

use super::*;

use std::fs;
use std::process::Stdio;

use tempfile::TempDir;

struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: TempDir::new().expect("a temporary folder") };
        git(&repository.path(""), &["init", "-q"]);
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().canonicalize().expect("it exists");
        if name.is_empty() { folder } else { folder.join(name) }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("created");
        fs::write(path, text).expect("written");
    }

    fn add(&self, name: &str) {
        git(&self.path(""), &["add", "-f", "--", name]);
    }

    /// "tracked", "ignored", "untracked", "no repository" or "unknown", with the root checked.
    fn says(&self, name: &str) -> String {
        word(&GitProgram::default().status(&self.path(name)), &self.path(""))
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(["--literal-pathspecs", "-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(arguments);
    for variable in REPOSITORY_VARIABLES {
        command.env_remove(variable);
    }
    let output = command.stdin(Stdio::null()).output().expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn word(status: &GitStatus, expected_root: &Path) -> String {
    let (word, root) = match status {
        GitStatus::NoRepository => return "no repository".into(),
        GitStatus::Unknown { root, .. } => ("unknown", root),
        GitStatus::Tracked { root } => ("tracked", root),
        GitStatus::Ignored { root } => ("ignored", root),
        GitStatus::Untracked { root, .. } => ("untracked", root),
    };
    assert_eq!(root, expected_root);
    word.into()
}

#[test]
fn a_path_is_tracked_ignored_or_neither() {
    let repository = Repository::new();
    repository.write(".gitignore", "*.secret\n/logs/\n[x].env\n");
    for name in ["in.env", "in.secret", "sub/in.env", "a b*.env", "x.env", "ü.env", ":(top)t.env"] {
        repository.write(name, "");
    }
    for name in ["in.env", "in.secret", "sub/in.env", ":(top)t.env"] {
        repository.add(name);
    }
    for (name, expected) in [
        ("in.env", "tracked"),
        ("in.secret", "tracked"),
        ("sub/in.env", "tracked"),
        (":(top)t.env", "tracked"),
        ("out.secret", "ignored"),
        ("sub/deep/not/there.secret", "ignored"),
        ("logs/.env", "ignored"),
        ("x.env", "ignored"),
        ("[x].env", "untracked"),
        ("[i]n.env", "untracked"),
        ("*.env", "untracked"),
        ("[i]n.secret", "ignored"),
        ("a b*.env", "untracked"),
        ("ü.env", "untracked"),
        (":(top)in.env", "untracked"),
        (":a.secret", "ignored"),
        (".env", "untracked"),
        ("sub/deep/not/there.env", "untracked"),
        ("sub/../in.env", "tracked"),
    ] {
        assert_eq!(repository.says(name), expected, "{name}");
    }
}

#[test]
fn a_file_that_was_deleted_but_is_in_the_index_is_tracked() {
    let repository = Repository::new();
    repository.write(".env", "");
    repository.add(".env");
    fs::remove_file(repository.path(".env")).expect("removed");
    assert_eq!(repository.says(".env"), "tracked");
}

#[test]
fn a_repository_without_commits_or_files_answers_too() {
    assert_eq!(Repository::new().says(".env"), "untracked");
}

#[test]
fn a_folder_outside_any_repository_has_none() {
    let folder = TempDir::new().expect("a temporary folder");
    // The program is not needed to say so.
    let status = GitProgram::new("/nowhere/git").status(&folder.path().join("sub/.env"));
    assert_eq!(status, GitStatus::NoRepository);
}

#[cfg(unix)]
#[test]
fn a_symlink_stands_for_what_it_leads_to() {
    let (repository, outside) = (Repository::new(), TempDir::new().expect("a temporary folder"));
    repository.write("shared/.env", "");
    repository.add("shared/.env");
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, repository.path(name)).expect("linked");
    link(Path::new("shared/.env"), ".env");
    link(Path::new("shared"), "folder");
    link(&outside.path().join("new.env"), "dangling");
    fs::write(outside.path().join("out.env"), "").expect("written");
    link(&outside.path().join("out.env"), "out");
    for (name, expected) in
        [(".env", "tracked"), ("folder/.env", "tracked"), ("dangling", "untracked"), ("out", "no repository")]
    {
        assert_eq!(repository.says(name), expected, "{name}");
    }
}

#[test]
fn submodules_and_added_work_trees_answer_for_themselves() {
    let (repository, inner) = (Repository::new(), Repository::new());
    inner.write("in.env", "");
    inner.add("in.env");
    git(&inner.path(""), &["commit", "-q", "-m", "one"]);
    let inner_path = inner.path("").to_string_lossy().into_owned();
    git(&repository.path(""), &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &inner_path, "sub"]);
    git(&inner.path(""), &["worktree", "add", "-q", &repository.path("tree").to_string_lossy()]);
    for folder in ["sub", "tree"] {
        let root = repository.path(folder);
        assert!(root.join(".git").is_file());
        let program = GitProgram::default();
        assert_eq!(word(&program.status(&root.join("in.env")), &root), "tracked");
        assert_eq!(word(&program.status(&root.join("new.env")), &root), "untracked");
    }
}

#[test]
fn many_paths_are_answered_in_their_order() {
    let (repository, other) = (Repository::new(), Repository::new());
    repository.write(".gitignore", "odd-*\n");
    repository.write("in.env", "");
    repository.add("in.env");
    let mut paths = vec![repository.path("in.env"), other.path("in.env"), repository.path("in.env")];
    paths.extend((0..600).map(|n| repository.path(&format!("{}-{n}.env", if n % 2 == 0 { "even" } else { "odd" }))));
    let answers = GitProgram::default().statuses(&paths);
    assert_eq!(answers.len(), paths.len());
    assert_eq!(answers[0], GitStatus::Tracked { root: repository.path("") });
    assert_eq!(answers[1], GitStatus::Untracked { root: other.path(""), file: other.path("in.env") });
    assert_eq!(answers[2], answers[0]);
    for (n, answer) in answers[3..].iter().enumerate() {
        let expected = if n % 2 == 0 { "untracked" } else { "ignored" };
        assert_eq!(word(answer, &repository.path("")), expected, "{n}");
    }
}

#[test]
fn an_answer_is_remembered_and_a_new_program_asks_again() {
    let repository = Repository::new();
    let program = GitProgram::default();
    assert_eq!(word(&program.status(&repository.path(".env")), &repository.path("")), "untracked");
    repository.write(".gitignore", ".env\n");
    assert_eq!(word(&program.status(&repository.path(".env")), &repository.path("")), "untracked");
    assert_eq!(repository.says(".env"), "ignored");
}

#[test]
fn a_repository_that_git_cannot_be_asked_about_is_unknown() {
    let repository = Repository::new();
    let GitStatus::Unknown { root, why } = GitProgram::new("/nowhere/git").status(&repository.path(".env")) else {
        panic!("there is no such program");
    };
    assert_eq!(root, repository.path(""));
    assert!(why.contains("/nowhere/git"), "{why}");

    // What git says of a repository that belongs to somebody else comes through in its own words.
    fs::write(repository.path(".git/config"), "[core\n").expect("written");
    let GitStatus::Unknown { why, .. } = GitProgram::default().status(&repository.path(".env")) else {
        panic!("its configuration is broken");
    };
    assert!(why.contains("bad config"), "{why}");
}

#[cfg(unix)]
#[test]
fn a_repository_of_another_user_is_unknown() {
    let repository = Repository::new();
    // Only a privileged user can give files away; for all others git's refusal can't be had.
    if std::os::unix::fs::chown(repository.path(""), Some(12345), None).is_err() {
        return;
    }
    let GitStatus::Unknown { root, why } = GitProgram::default().status(&repository.path(".env")) else {
        panic!("git does not trust it");
    };
    assert_eq!(root, repository.path(""));
    assert!(why.contains("dubious ownership"), "{why}");
}

#[cfg(unix)]
#[test]
fn a_program_that_does_not_answer_is_given_up() {
    use std::os::unix::fs::PermissionsExt;

    let repository = Repository::new();
    let script = repository.path("slow-git");
    fs::write(&script, "#!/bin/sh\nexec sleep 60\n").expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("set");
    let start = Instant::now();
    let program = GitProgram::new(&script).with_patience(Duration::from_millis(100));
    assert_eq!(word(&program.status(&repository.path(".env")), &repository.path("")), "unknown");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[cfg(unix)]
#[test]
fn no_program_that_the_repository_names_is_run() {
    let repository = Repository::new();
    let mark = repository.path("was-run");
    let monitor = format!("touch {}", mark.display());
    git(&repository.path(""), &["config", "core.fsmonitor", &monitor]);
    repository.write("in.env", "");
    assert_eq!(repository.says("in.env"), "untracked");
    assert!(!mark.exists());
}

#[test]
fn a_function_can_stand_for_git() {
    let git: &dyn Git = &|path: &Path| {
        if path.ends_with(".env") { GitStatus::Ignored { root: "/app".into() } } else { GitStatus::NoRepository }
    };
    assert_eq!(
        git.statuses(&["/app/.env".into(), "/app/x".into()]),
        [GitStatus::Ignored { root: "/app".into() }, GitStatus::NoRepository]
    );
}
