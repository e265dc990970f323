//! Calls of Docker Compose that people write into scripts, Makefiles, workflows, READMEs and comments: which files they
//! name. The languages around the call are not read, only its words, so what hangs on a variable is left out.

/// One call, as far as it says which files make a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposeCall {
    /// Line on which it starts, counted from 1.
    pub line: usize,
    /// The folder into which a `cd` before it leads, seen from that of the text or one above it; a variable at its front is
    /// taken for such a folder.
    pub folder: Option<String>,
    /// What is called.
    pub program: Program,
    /// The Compose files named, in order; empty if the call leaves it to Compose.
    pub files: Vec<String>,
    /// `--env-file`
    pub env_files: Vec<String>,
    /// `--project-directory`
    pub project_directory: Option<String>,
}

/// What reads the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `docker compose`, `docker-compose`, `podman-compose`.
    Compose,
    /// `docker stack deploy`, which reads neither `.env` nor host addresses of ports.
    Stack,
}

/// The calls in a text, in order. Calls that name a file through a variable are left out.
pub fn calls(text: &str) -> Vec<ComposeCall> {
    let mut folder = None;
    let mut found = Vec::new();
    for (line, text) in logical_lines(text) {
        // The folder lasts for the lines that follow.
        for part in text.split("&&").flat_map(|part| part.split("; ")) {
            match changed_folder(part) {
                Some(changed) => folder = joined(folder, changed),
                None => {
                    found.extend(
                        calls_in(line, part).into_iter().map(|call| ComposeCall { folder: folder.clone(), ..call }),
                    );
                }
            }
        }
    }
    found
}

/// One program that is started in a running container, as in `docker compose exec redis redis-cli ping`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Line on which it starts, counted from 1.
    pub line: usize,
    /// The service or the container.
    pub target: String,
    /// The program and its arguments, without the quotes around them.
    pub words: Vec<String>,
}

/// The programs that a text starts in containers, in order. The call itself may hang on a variable, as in
/// `$(COMPOSE) exec -T redis redis-cli ping`.
pub fn executions(text: &str) -> Vec<Execution> {
    let parts = logical_lines(text).into_iter().flat_map(|(line, text)| {
        let parts: Vec<_> = text.split("&&").flat_map(|part| part.split("; ")).map(str::to_owned).collect();
        parts.into_iter().map(move |part| (line, part))
    });
    let read = |(line, part): (usize, String)| {
        let mut words: Vec<_> = words(&part);
        let start = words.iter().position(|word| word == "exec").filter(|start| *start > 0)?;
        let mut at = start + 1;
        while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
            at += if EXEC_WITH_VALUE.contains(&word.as_str()) { 2 } else { 1 };
            // A value such as `NAME=value` comes apart.
            at += usize::from(words.get(at - 1).is_some_and(|word| word.ends_with('=')));
        }
        let target = words.get(at).filter(|target| is_literal(target))?.clone();
        let words: Vec<_> = words.drain(at + 1..).collect();
        (!words.is_empty()).then_some(Execution { line, target, words })
    };
    parts.filter_map(read).collect()
}

/// Options of `exec` that take a value.
const EXEC_WITH_VALUE: [&str; 9] =
    ["-e", "--env", "-u", "--user", "-w", "--workdir", "--index", "--env-file", "--detach-keys"];

/// The argument of `cd`, from behind a variable or a command that gives a folder, as in `cd "$(dirname "$0")/../docker"`.
fn changed_folder(part: &str) -> Option<String> {
    let before = |c: char| c.is_whitespace() || "(`\"'$@-{".contains(c);
    let argument = part.trim_start_matches(before).strip_prefix("cd ")?.trim();
    let argument = argument.trim_end_matches(|c: char| c.is_whitespace() || ")`\"'".contains(c));
    let known = match argument.rfind([')', '}']) {
        Some(end) => &argument[end + 1..],
        None if argument.contains('$') => argument.split_once('/').map_or("", |(_, rest)| rest),
        None => argument,
    };
    let known = known.trim_matches(['"', '\'', '`', '/']);
    Some(known.to_owned()).filter(|known| known.is_empty() || is_literal(known))
}

/// The folder after one more `cd`; none if it is that of the text.
fn joined(folder: Option<String>, changed: String) -> Option<String> {
    match folder {
        _ if changed.is_empty() => None,
        Some(folder) if !changed.starts_with('/') => Some(format!("{folder}/{changed}")),
        _ => Some(changed),
    }
}

/// The comment lines with which a text begins, as they would stand in a script.
pub fn header(text: &str) -> String {
    let head = text.lines().take_while(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    head.fold(String::new(), |head, line| head + line + "\n")
}

/// Options of `docker compose` before its subcommand that take a value and say nothing about files.
const WITH_VALUE: [&str; 9] =
    ["-p", "--project-name", "--profile", "--parallel", "--progress", "--ansi", "--context", "-c", "--log-level"];

/// Lines without comment signs, joined where a `\` continues them, each with the number of its first line.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut is_continued = false;
    for (number, line) in text.lines().enumerate() {
        let bare = line.trim().trim_start_matches(['#', '>']).trim();
        let (bare, continues) = bare.strip_suffix('\\').map_or((bare, false), |rest| (rest, true));
        match lines.last_mut() {
            Some((_, last)) if is_continued => {
                last.push(' ');
                last.push_str(bare);
            }
            _ => lines.push((number + 1, bare.to_owned())),
        }
        is_continued = continues;
    }
    lines
}

fn calls_in(line: usize, text: &str) -> Vec<ComposeCall> {
    let words = words(text);
    let mut calls = Vec::new();
    // `COMPOSE_ENV_FILES=a.env,b.env docker compose up`
    let mut env_files: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if words[at] == "COMPOSE_ENV_FILES=" {
            let list = words.get(at + 1).map(String::as_str).unwrap_or_default();
            env_files = list.split(',').filter(|file| is_literal(file)).map(str::to_owned).collect();
        }
        calls.extend(variable_at(&words, at, line));
        let Some((start, program)) = call_at(&words, at) else {
            at += 1;
            continue;
        };
        let (mut call, end) = read(&words, start, program, line);
        if let Some(call) = call.as_mut().filter(|call| call.env_files.is_empty()) {
            call.env_files.clone_from(&env_files);
        }
        calls.extend(call);
        at = end.max(at + 1);
    }
    calls
}

/// Words without the quotes and brackets around them. `NAME="value` and `NAME=docker-compose` come apart.
fn words(text: &str) -> Vec<String> {
    let is_around = |c: char| "\"'`,;()[]{}".contains(c);
    let mut words = Vec::new();
    for word in text.replace("=\"", "= ").replace("='", "= ").replace("$(docker", "docker").split_whitespace() {
        let word = if word.contains(['$', '<']) { word } else { word.trim_matches(is_around) };
        match word.split_once('=') {
            Some((name, value)) if !name.starts_with('-') => words.extend([format!("{name}="), value.to_owned()]),
            _ => words.push(word.to_owned()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `COMPOSE_FILE=a.yml:b.yml`, or with `: ` in a workflow.
fn variable_at(words: &[String], at: usize, line: usize) -> Option<ComposeCall> {
    let name = words.get(at)?.trim_end_matches([':', '=']);
    let list = words.get(at + 1).filter(|list| name == "COMPOSE_FILE" && is_literal(list))?;
    let files: Vec<_> = list.split([':', ';']).map(str::to_owned).collect();
    let is_list = files.iter().all(|file| file.ends_with(".yml") || file.ends_with(".yaml"));
    let call = ComposeCall {
        line,
        folder: None,
        program: Program::Compose,
        files,
        env_files: Vec::new(),
        project_directory: None,
    };
    is_list.then_some(call)
}

/// Where the arguments of a call begin whose program stands at `at`.
fn call_at(words: &[String], at: usize) -> Option<(usize, Program)> {
    let word = |n: usize| words.get(at + n).map(String::as_str);
    let program = word(0)?.rsplit('/').next()?;
    match (program, word(1)) {
        ("docker-compose" | "podman-compose", _) => Some((at + 1, Program::Compose)),
        ("docker" | "podman", Some("compose")) => Some((at + 2, Program::Compose)),
        ("docker", Some("--context" | "-c" | "-H" | "--host")) if word(3) == Some("compose") => {
            Some((at + 4, Program::Compose))
        }
        ("docker", Some("stack")) if matches!(word(2), Some("deploy" | "up")) => Some((at + 3, Program::Stack)),
        // `FILES = -f compose.yml -f compose.prod.yml`, for a call that names the variable.
        ("-f" | "--file", Some(file)) if is_compose_file(file) && matches!(word(2), Some("-f" | "--file")) => {
            Some((at, Program::Compose))
        }
        _ => None,
    }
}

fn is_compose_file(word: &str) -> bool {
    word.contains("compose") && (word.ends_with(".yml") || word.ends_with(".yaml"))
}

/// The call whose arguments begin at `start`, and where they end; no call if it names a file that can't be known.
fn read(words: &[String], start: usize, program: Program, line: usize) -> (Option<ComposeCall>, usize) {
    let mut call =
        ComposeCall { line, folder: None, program, files: Vec::new(), env_files: Vec::new(), project_directory: None };
    let mut is_known = true;
    let mut at = start;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let mut value = || {
            attached.clone().or_else(|| {
                at += 1;
                words.get(at).cloned()
            })
        };
        let is_file = match program {
            Program::Compose => matches!(name, "-f" | "--file"),
            Program::Stack => matches!(name, "-c" | "--compose-file"),
        };
        if is_file {
            let value = value().filter(|file| is_literal(file));
            is_known &= value.is_some();
            call.files.extend(value);
        } else if program == Program::Compose && name == "--env-file" {
            // Without its env file, the call still says which files belong together.
            call.env_files.extend(value().filter(|file| is_literal(file)));
        } else if program == Program::Compose && name == "--project-directory" {
            call.project_directory = value().filter(|folder| is_literal(folder));
            is_known &= call.project_directory.is_some();
        } else if WITH_VALUE.contains(&name) || (program == Program::Stack && name == "--resolve-image") {
            value();
        }
        at += 1;
    }
    (Some(call).filter(|_| is_known), at)
}

/// True if a word means the same in every language and on every machine.
fn is_literal(word: &str) -> bool {
    !word.is_empty() && !word.contains(['$', '<', '>', '*', '{', '}', '%', '|', '~'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Vec<Vec<String>> {
        calls(text).into_iter().map(|call| call.files).collect()
    }

    #[test]
    fn calls_are_found_in_the_languages_in_which_people_write_them() {
        let both: &[&str] = &["compose.yml", "compose.prod.yml"];
        let cases = [
            ("docker compose -f compose.yml -f compose.prod.yml up -d", both),
            ("# Usage: docker-compose -f compose.yml -f compose.prod.yml up", both),
            ("      run: docker compose --file=compose.yml --file compose.prod.yml build", both),
            ("up:\n\tdocker compose -f compose.yml \\\n\t  -f compose.prod.yml up\n", both),
            ("  \"up\": \"docker compose -f compose.yml -f compose.prod.yml up\",", both),
            ("Run `docker compose -f compose.yml -f compose.prod.yml up`.", both),
            ("COMPOSE := docker compose -p shop -f compose.yml -f compose.prod.yml", both),
            ("DC=docker-compose -f compose.yml -f compose.prod.yml", both),
            ("FILES=\"-f compose.yml -f compose.prod.yml\"", both),
            ("docker compose -f compose.yml [-f compose.prod.yml] up", both),
            ("$(docker compose -f compose.yml -f compose.prod.yml ps -q)", both),
            ("docker --context prod compose -f compose.yml -f compose.prod.yml up", both),
            ("export COMPOSE_FILE=compose.yml:compose.prod.yml", both),
            ("      COMPOSE_FILE: \"compose.yml:compose.prod.yml\"", both),
            ("docker compose up -d -f compose.yml", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(files(text), [expected.to_vec()], "{text}");
        }
    }

    #[test]
    fn what_hangs_on_a_variable_is_not_guessed() {
        for text in ["docker compose -f $FILE up", "docker compose -f compose.yml -f compose.${ENV}.yml up"] {
            assert_eq!(files(text), Vec::<Vec<String>>::new(), "{text}");
        }
        let call = &calls("docker compose --env-file $ENV -f compose.yml up")[0];
        assert_eq!((call.files.len(), call.env_files.len()), (1, 0));
    }

    #[test]
    fn other_programs_are_no_calls() {
        for text in ["kubectl apply -f a.yml -f b.yml", "tail -f compose.log", "docker composer", "docker run -f x"] {
            assert_eq!(files(text), Vec::<Vec<String>>::new(), "{text}");
        }
    }

    #[test]
    fn env_files_folders_and_stacks_are_told() {
        let call = &calls("docker compose --env-file .env.prod --project-directory . -f deploy/compose.yml up")[0];
        assert_eq!(call.env_files, [".env.prod"]);
        assert_eq!(call.project_directory.as_deref(), Some("."));
        let call = &calls("COMPOSE_ENV_FILES=a.env,b.env docker compose up")[0];
        assert_eq!(call.env_files, ["a.env", "b.env"]);
        let call = &calls("\n\ndocker stack deploy --with-registry-auth -c stack.yml shop")[0];
        assert_eq!(
            (call.program, call.line, call.files.as_slice()),
            (Program::Stack, 3, &["stack.yml".to_owned()][..])
        );
    }

    #[test]
    fn a_call_is_made_in_the_folder_into_which_the_text_changes_before() {
        let cases = [
            ("cd docker && docker compose up", Some("docker")),
            ("cd docker\n\ndocker compose up", Some("docker")),
            ("(cd docker; docker compose up)", Some("docker")),
            ("@cd docker && docker compose up", Some("docker")),
            ("cd \"$(dirname \"$0\")/../docker\"\ndocker compose up", Some("../docker")),
            ("cd \"${ROOT}/docker\" && docker compose up", Some("docker")),
            ("cd $ROOT/docker && docker compose up", Some("docker")),
            ("cd \"$(dirname \"${BASH_SOURCE[0]}\")\"\ndocker compose up", None),
            ("cd a\ncd b\ndocker compose up", Some("a/b")),
            ("docker compose up\ncd docker", None),
            ("cd $DIR && docker compose up", None),
        ];
        for (text, folder) in cases {
            assert_eq!(calls(text)[0].folder.as_deref(), folder, "{text}");
        }
    }

    #[test]
    fn programs_that_are_started_in_containers_are_told_whatever_calls_compose() {
        let cases = [
            ("docker compose exec redis redis-cli ping", "redis", "redis-cli ping"),
            ("\t@docker-compose -f a.yml exec -T redis redis-cli FLUSHALL", "redis", "redis-cli FLUSHALL"),
            ("\t$(COMPOSE) exec -T redis redis-cli", "redis", "redis-cli"),
            ("docker exec -it shop-redis-1 redis-cli -n 1 keys '*'", "shop-redis-1", "redis-cli -n 1 keys *"),
            ("docker compose exec -u redis -e A=b redis sh -c \"redis-cli info\"", "redis", "sh -c redis-cli info"),
            ("cd app && $DC exec redis valkey-cli info | grep role", "redis", "valkey-cli info | grep role"),
            ("Run `docker compose exec redis redis-cli`.", "redis", "redis-cli"),
        ];
        for (text, target, words) in cases {
            let [found] = executions(text).try_into().expect(text);
            assert_eq!((found.target.as_str(), found.words.join(" ").trim_end_matches(['`', '.'])), (target, words));
        }
        for text in ["exec redis-server /etc/redis.conf", "docker compose exec $SERVICE redis-cli", "docker exec web"] {
            assert_eq!(executions(text), [], "{text}");
        }
    }

    #[test]
    fn a_header_ends_with_the_first_line_that_is_no_comment() {
        assert_eq!(header("# one\n\n# two\nservices: {}\n# three\n"), "# one\n\n# two\n");
    }
}
