//! Completions and manual pages: the shells themselves and `man` say whether they can be used.

mod common;

use std::process::Command;

use common::{Folder, Run, program, required};

const COMMANDS: [&str; 9] = ["check", "fix", "resolve", "undo", "explain", "rules", "completions", "man", "help"];

/// A folder with the script of a shell in a file of this name.
fn with_script(shell: &str, file: &str) -> Folder {
    let folder = Folder::new();
    let run = folder.caulk(&["completions", shell]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    folder.write(file, run.stdout);
    folder
}

fn shell(folder: &Folder, name: &str, script: &str) -> Run {
    let mut command = Command::new(name);
    command.args(["-c", script]).current_dir(folder.path()).env("HOME", folder.path()).env_remove("FPATH");
    Run::of(&mut command)
}

/// Words that complete `caulk …` in bash.
fn bash(words: &str) -> Option<Vec<String>> {
    required("bash", program("bash"))?;
    let folder = with_script("bash", "caulk.bash");
    let script = format!(
        "set -e; source ./caulk.bash; complete -p caulk; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
         COMP_LINE=\"${{COMP_WORDS[*]}}\"; COMP_POINT=${{#COMP_LINE}}; COMPREPLY=(); \
         _caulk caulk \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\" || true; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let run = shell(&folder, "bash", &script);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{}", run.all());
    Some(run.stdout.lines().skip(1).map(str::to_owned).collect())
}

#[test]
fn bash_completes_commands_options_and_formats() {
    let Some(commands) = bash("caulk ''") else { return };
    for command in COMMANDS {
        assert!(commands.iter().any(|word| word == command), "{command} is missing in {commands:?}");
    }
    let expect = |words: &str, expected: &[&str]| assert_eq!(bash(words).unwrap_or_default(), expected, "{words}");
    expect("caulk ch", &["check"]);
    expect("caulk check --unsafe", &["--unsafe-fixes"]);
    expect("caulk check --format sa", &["sarif"]);
    expect("caulk completions f", &["fish"]);
}

#[test]
fn zsh_takes_the_script() {
    if required("zsh", program("zsh")).is_none() {
        return;
    }
    let folder = with_script("zsh", "_caulk");
    let script = "zsh -n ./_caulk && fpath=($PWD $fpath) && autoload -Uz compinit && compinit -u -d $PWD/dump && \
                  print -r -- $_comps[caulk] && autoload -Uz +X _caulk && which _caulk > /dev/null";
    let run = shell(&folder, "zsh", script);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "_caulk\n", ""), "{}", run.all());
}

#[test]
fn fish_completes_commands_options_and_formats() {
    if required("fish", program("fish")).is_none() {
        return;
    }
    let folder = with_script("fish", "caulk.fish");
    let completed = |line: &str| {
        let run = shell(&folder, "fish", &format!("source ./caulk.fish; and complete -C '{line}'"));
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{}", run.all());
        run.stdout.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect::<Vec<_>>()
    };
    let commands = completed("caulk ");
    for command in COMMANDS {
        assert!(commands.iter().any(|word| word == command), "{command} is missing in {commands:?}");
    }
    assert_eq!(completed("caulk check --unsafe"), ["--unsafe-fixes"]);
    assert_eq!(completed("caulk check --format sa"), ["sarif"]);
}

/// No PowerShell runs here, so only what it says is looked at.
#[test]
fn powershell_gets_every_command() {
    let run = Folder::new().caulk(&["completions", "powershell"]);
    assert!(run.stdout.contains("Register-ArgumentCompleter -Native -CommandName 'caulk'"), "{}", run.all());
    for command in COMMANDS {
        assert!(run.stdout.contains(&format!("[CompletionResult]::new('{command}'")), "{command}");
    }
}

#[test]
fn man_shows_a_page_for_caulk_and_for_each_command() {
    let folder = Folder::new();
    let man = required("man", program("man"));
    let pages = std::iter::once((vec!["man"], "caulk".to_owned())).chain(
        COMMANDS.iter().filter(|name| **name != "help").map(|name| (vec!["man", *name], format!("caulk-{name}"))),
    );
    for (arguments, title) in pages {
        let run = folder.caulk(&arguments);
        assert_eq!(run.status, Some(0), "{}", run.all());
        assert!(run.stdout.contains(&format!(".TH {title} 1")), "{}", run.stdout);
        let Some(man) = &man else { continue };
        folder.write("page.1", &run.stdout);
        let mut command = Command::new(man);
        command.args(["--warnings=w", "-l", "page.1"]).current_dir(folder.path());
        let shown = Run::of(command.env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8").env("PAGER", "cat"));
        assert_eq!((shown.status, shown.stderr.as_str()), (Some(0), ""), "{title}: {}", shown.all());
        assert!(shown.stdout.contains("NAME") && shown.stdout.contains(&title), "{}", shown.stdout);
    }
    let unknown = folder.caulk(&["man", "chekc"]);
    assert_eq!(unknown.status, Some(2), "{}", unknown.all());
    assert!(unknown.stderr.contains("no command `chekc`"), "{}", unknown.all());
}
