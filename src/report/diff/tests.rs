use std::fs;
use std::process::Command;

use super::*;

const PATCH: DiffOptions = DiffOptions { show_secrets: false, target: DiffTarget::Patch };

fn file(path: &str, before: Option<&str>, after: &str) -> FileDiff {
    FileDiff { path: path.into(), before: before.map(str::to_owned), after: after.into(), secrets: Vec::new() }
}

fn written(files: &[FileDiff], options: &DiffOptions) -> (String, Vec<String>) {
    let mut out = Vec::new();
    let notes = render(files, options, &mut out).expect("a vector takes everything");
    (String::from_utf8(out).expect("patches are UTF-8"), notes)
}

/// What `git apply` makes of the files before, in their order.
fn applied(files: &[FileDiff], patch: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for file in files {
        let path = folder.path().join(&file.path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        if let Some(before) = &file.before {
            fs::write(&path, before).expect("the file can be written");
        }
    }
    fs::write(folder.path().join("caulk.patch"), patch).expect("the patch can be written");
    let output = Command::new("git")
        .args(["apply", "--whitespace=nowarn", "caulk.patch"])
        .env("GIT_CEILING_DIRECTORIES", folder.path().parent().expect("it has a parent"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .current_dir(folder.path())
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "{}\n{patch}", String::from_utf8_lossy(&output.stderr));
    files.iter().map(|file| fs::read_to_string(folder.path().join(&file.path)).unwrap_or_default()).collect()
}

fn lines(range: Range<usize>) -> String {
    range.map(|number| format!("line {number}\n")).collect()
}

#[test]
fn git_applies_patches_byte_for_byte() {
    let many = lines(0..50);
    let changed = many.replace("line 9\n", "line 9\nand a half\n").replace("line 40\n", "");
    let cases = [
        file("docker-compose.yml", Some("a: 1\nb: 2\n"), "a: 1\nb: 3\n"),
        file("no-final-newline.yml", Some("a: 1\nb: 2"), "a: 1\nb: 3"),
        file("newline-comes.yml", Some("a: 1"), "a: 1\nb: 2\n"),
        file("newline-goes.yml", Some("a: 1\nb: 2\n"), "a: 1\nb: 2"),
        file("crlf.yml", Some("a: 1\r\nb: 2\r\nc: 3"), "a: 1\r\nb: 9\r\nc: 3\r\nd: 4"),
        file("lone-cr.yml", Some("a: 1\rb: 2\rc: 3\n"), "a: 1\rb: 2\rc: 4\n"),
        file("bom.yml", Some("\u{feff}a: é\n"), "\u{feff}a: 世\n"),
        file("deep/er/.env", None, "A=1\nB=2\n"),
        file("new-without-newline", None, "A=1"),
        file("new-and-empty", None, ""),
        file("was-empty", Some(""), "A=1\n"),
        file("becomes-empty", Some("A=1\n"), ""),
        file("a name with blanks.yml", Some("a\n"), "b\n"),
        file("new with blanks.yml", None, "b\n"),
        file("quote\"d\\.yml", Some("a\n"), "b\n"),
        file("two-hunks.yml", Some(&many), &changed),
        file("looks-like-a-header.sql", Some("-- a\n++ b\n"), "-- c\n++ d\n"),
    ];
    for case in &cases {
        let (patch, notes) = written(std::slice::from_ref(case), &PATCH);
        assert_eq!(applied(std::slice::from_ref(case), &patch), [case.after.as_str()], "{patch}");
        assert!(notes.is_empty());
    }
    let (patch, _) = written(&cases, &PATCH);
    let expected: Vec<&str> = cases.iter().map(|case| case.after.as_str()).collect();
    assert_eq!(applied(&cases, &patch), expected);
}

#[test]
fn a_patch_reads_as_git_writes_it() {
    let files = [
        file("docker-compose.yml", Some("a: 1\nb: 2"), "a: 1\nb: 3"),
        file("same.yml", Some("a: 1\n"), "a: 1\n"),
        file(".gitignore", None, ".env\n"),
    ];
    let expected = "\
diff --git a/docker-compose.yml b/docker-compose.yml
--- a/docker-compose.yml
+++ b/docker-compose.yml
@@ -1,2 +1,2 @@
 a: 1
-b: 2
\\ No newline at end of file
+b: 3
\\ No newline at end of file
diff --git a/.gitignore b/.gitignore
new file mode 100644
--- /dev/null
+++ b/.gitignore
@@ -0,0 +1 @@
+.env
";
    assert_eq!(written(&files, &PATCH), (expected.to_owned(), Vec::new()));
}

#[test]
fn hunks_with_secrets_stay_out_and_the_rest_applies_where_it_belongs() {
    let before = "x\n".repeat(40);
    let mut after: Vec<String> = before.lines().map(str::to_owned).collect();
    after[30] = "y".into();
    let only_rest = format!("{}\n", after.join("\n"));
    after.insert(2, "PASSWORD=hunter2".into());
    after.insert(2, "# a comment".into());
    let env = FileDiff {
        secrets: vec!["hunter2".into(), String::new()],
        ..file(".env", Some(&before), &format!("{}\n", after.join("\n")))
    };
    let new = FileDiff { secrets: vec!["hunter2".into()], ..file("new.env", None, "A=hunter2\n") };
    let files = [env, new];

    let (patch, notes) = written(&files, &PATCH);
    assert!(!patch.contains("hunter2") && !patch.contains("new.env"), "{patch}");
    assert_eq!(applied(&files, &patch), [only_rest, String::new()]);
    assert_eq!(
        notes,
        [
            "the patch is incomplete: 1 part of .env would show a secret (--show-secrets)",
            "the patch is incomplete: 1 part of new.env would show a secret (--show-secrets)",
        ]
    );

    let (patch, notes) = written(&files, &DiffOptions { show_secrets: true, ..PATCH });
    assert_eq!(applied(&files, &patch), [files[0].after.as_str(), "A=hunter2\n"]);
    assert!(notes.is_empty());
}

#[test]
fn secrets_around_a_change_are_not_shown_and_the_change_still_applies() {
    let before = "services:\n  A_TOKEN: one\n  redis:\n    ports: [6379]\n    x: 1\n  B_TOKEN: two\n  y: 1\n";
    let file = file("c.yml", Some(before), &before.replace("[6379]", "[127.0.0.1:6379]"));
    let (patch, notes) = written(std::slice::from_ref(&file), &PATCH);
    assert!(
        patch.ends_with("@@ -3,3 +3,3 @@\n   redis:\n-    ports: [6379]\n+    ports: [127.0.0.1:6379]\n     x: 1\n")
    );
    assert!(notes.is_empty());
    assert_eq!(applied(std::slice::from_ref(&file), &patch), [file.after]);
}

#[test]
fn an_old_secret_in_a_line_that_goes_or_stays_is_a_secret_too() {
    for (before, after) in [("A=hunter2\n", "A=\n"), ("B=1\nA=hunter2\n", "B=2\nA=hunter2\n")] {
        let file = FileDiff { secrets: vec!["hunter2".into()], ..file(".env", Some(before), after) };
        let (patch, notes) = written(&[file], &PATCH);
        assert_eq!((patch.as_str(), notes.len()), ("", 1));
    }
}

#[test]
fn on_a_terminal_nothing_in_a_patch_is_obeyed() {
    let look = Look { width: 80, colors: true, unicode: true, links: false };
    let options = DiffOptions { show_secrets: false, target: DiffTarget::Terminal(look) };
    let (text, _) = written(&[file("a.yml", Some("a\u{1b}[2J\r\n"), "b\r\n")], &options);
    let expected = "\
\u{1b}[1mdiff --git a/a.yml b/a.yml\u{1b}[0m
\u{1b}[1m--- a/a.yml\u{1b}[0m
\u{1b}[1m+++ b/a.yml\u{1b}[0m
\u{1b}[36m@@ -1 +1 @@\u{1b}[0m
\u{1b}[31m-a\\u{1b}[2J\u{1b}[0m
\u{1b}[32m+b\u{1b}[0m
";
    assert_eq!(text, expected);
}
