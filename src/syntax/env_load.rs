//! Lines of scripts, Makefiles and documents that load an env file into the environment in which Compose is called, or put it
//! where Compose looks. The languages are not read, only their words.

/// The env files that a text loads, as it names them, in order. A folder that a variable tells is left out.
pub fn loaded_files(text: &str) -> Vec<String> {
    text.lines().flat_map(loaded_in).collect()
}

/// Words behind which a file stands that is loaded.
const LOADERS: [&str; 8] =
    ["source", ".", "include", "-include", "sinclude", "--env-file", "COMPOSE_ENV_FILES", "dotenv-filename"];
/// Words of a line that hands variables on, if it reads a file at the same time: `export $(cat prod.env | xargs)`.
const EXPORTERS: [&str; 4] = ["export", "env", "xargs", "set"];
/// Programs that read a file of variables and run another program with them.
const RUNNERS: [&str; 5] = ["dotenv", "dotenvx", "dotenv-cli", "env-cmd", "op"];
/// Programs that put a file in another place, which is the last word.
const COPIERS: [&str; 4] = ["cp", "mv", "ln", "install"];

fn loaded_in(line: &str) -> Vec<String> {
    // That is the environment of one container, and no business of Compose.
    if line.contains("docker run") || line.contains("podman run") {
        return Vec::new();
    }
    let reads = line.contains("$(") || line.contains('`') || line.contains('<');
    let words: Vec<&str> = line
        .split(|c: char| c.is_whitespace() || "\"'`(){}[]<>;,=:|&@".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let has = |names: &[&str]| words.iter().any(|word| names.contains(word));
    let all = (reads && has(&EXPORTERS)) || has(&RUNNERS);
    let is_copied = |at: usize| {
        let before = words.get(..at).unwrap_or_default();
        before.iter().any(|word| COPIERS.contains(word)) && at + 1 < words.len()
    };
    let is_listed = |at: usize| words.get(..at).is_some_and(|before| before.contains(&"COMPOSE_ENV_FILES"));
    let is_loaded = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        all || before.is_some_and(|word| LOADERS.contains(word)) || is_listed(at) || is_copied(at)
    };
    let files = words.iter().enumerate().filter(|(at, word)| word.contains("env") && is_loaded(*at));
    let without_variable = |word: &str| match word.split_once('/') {
        Some((folder, rest)) if folder.starts_with('$') => rest.to_owned(),
        _ => word.to_owned(),
    };
    let names = files.map(|(_, word)| without_variable(word));
    names.filter(|name| !name.starts_with('-') && !name.contains('$')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_files_are_loaded_in_many_ways() {
        let lines = [
            "docker compose --env-file prod.env up",
            "docker-compose --env-file=prod.env up",
            "COMPOSE_ENV_FILES=prod.env docker compose up",
            "COMPOSE_ENV_FILES=.env.base,prod.env docker compose up",
            "set -a; source prod.env; set +a; docker compose up -d",
            "set -a && . prod.env",
            "source \"$ROOT/prod.env\"",
            "export $(grep -v \"^#\" prod.env | xargs) && docker compose up",
            "env $(cat prod.env) docker compose up",
            "op run --env-file=prod.env -- docker compose up",
            "dotenv -e prod.env -- docker compose up",
            "cp prod.env .env",
            "include prod.env",
            "-include prod.env",
        ];
        for line in lines {
            assert!(loaded_files(line).contains(&"prod.env".to_owned()), "{line}");
        }
    }

    #[test]
    fn a_file_that_is_only_spoken_of_is_not_loaded() {
        let lines = [
            "Edit prod.env before you start.",
            "cp prod.env.example prod.env",
            "docker run --env-file prod.env x",
            "env_file: prod.env",
            "echo A=1 >> prod.env",
        ];
        for line in lines {
            assert!(!loaded_files(line).contains(&"prod.env".to_owned()), "{line}");
        }
    }
}
