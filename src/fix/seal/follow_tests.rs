//! Clients whose password follows from a variable, or is their own affair, and the variable's line in the env file.

use std::collections::BTreeMap;

use super::testing;

const OPEN: &str = "  redis:\n    image: redis:7\n    command: redis-server\n";
const BLANK: &str = "  redis:\n    image: redis:7\n    command: redis-server --requirepass \"${REDIS_PASSWORD}\"\n";
const ASKING: &str = "  redis:\n    image: redis:7\n    command: redis-server --requirepass ${REDIS_PASSWORD}\n";

fn repaired(services: &str, dotenv: &str) -> Result<BTreeMap<String, String>, String> {
    repaired_for("store-no-auth", services, dotenv)
}

fn repaired_for(rule: &str, services: &str, dotenv: &str) -> Result<BTreeMap<String, String>, String> {
    let files = [("compose.yaml", format!("services:\n{services}")), (".env", dotenv.to_owned())];
    testing::repaired_for(rule, &files, false)
}

#[test]
fn a_url_that_the_env_file_makes_of_the_password_follows_it() {
    let password = "REDIS_PASSWORD=\n";
    let urls = [
        "REDIS_URL=redis://:${REDIS_PASSWORD}@redis:6379/0\n",
        "REDIS_HOST=redis\nREDIS_URL=redis://:${REDIS_PASSWORD}@${REDIS_HOST}:6379/0\n",
        "REDIS_URL=\"redis://default:${REDIS_PASSWORD:-}@redis\"\n",
        "A=redis://:${REDIS_PASSWORD}@redis:6379\nREDIS_URL=${A}\n",
    ];
    let app = |keys: &str| format!("  api:\n    image: example/api\n{keys}");
    let apps = [
        "    env_file: .env\n",
        "    environment:\n      REDIS_URL: ${REDIS_URL}\n",
        "    environment:\n      - REDIS_URL=${REDIS_URL}\n",
        "    environment:\n      - REDIS_URL\n",
        "    environment:\n      REDIS_URL:\n",
    ];
    for (url, keys) in urls.iter().flat_map(|url| apps.map(|keys| (url, keys))) {
        // A value by way of a second variable is judged where a container gets it from the file.
        if url.starts_with("A=") && !keys.contains("env_file") {
            continue;
        }
        for server in [OPEN, BLANK] {
            let services = format!("{server}{}", app(keys));
            let files = repaired(&services, &format!("{password}{url}"));
            let files = files.unwrap_or_else(|why| panic!("{url}{services}is held back: {why}"));
            assert_eq!(files[".env"], format!("REDIS_PASSWORD=SECRET\n{url}"), "{services}");
            assert!(files["compose.yaml"].ends_with(&app(keys)), "{}", files["compose.yaml"]);
            assert!(files["compose.yaml"].contains("${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}"));
        }
    }
    // Not set yet: its line comes before the one that uses it.
    let files = repaired(&format!("{BLANK}{}", app(apps[1])), urls[0]).expect("it is safe");
    assert_eq!(files[".env"], format!("REDIS_PASSWORD=SECRET\n{}", urls[0]));
    // The project's own name for it.
    let url = "REDIS_URL=redis://:${CACHE_PW}@redis:6379/0\n";
    let files = repaired(&format!("{OPEN}{}", app(apps[1])), &format!("CACHE_PW=\n{url}")).expect("it is safe");
    assert_eq!(files[".env"], format!("CACHE_PW=SECRET\n{url}"));
}

#[test]
fn a_client_with_an_old_password_does_not_hold_back_what_does_not_touch_it() {
    let old = "  api:\n    image: example/api\n    environment:\n      REDIS_URL: redis://:oldpw@redis:6379\n";
    let host =
        "  job:\n    image: example/job\n    environment:\n      REDIS_HOST: redis\n      REDIS_PASSWORD: oldpw\n";
    let web = |url: &str| format!("  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://{url}\n");
    let check = "    healthcheck:\n      test: redis-cli ping\n";
    let services = format!("{ASKING}{check}{old}{host}{}", web("redis:6379"));
    let files = repaired_for("url-no-password", &services, "REDIS_PASSWORD=newpw1\n").expect("it is safe");
    let text = &files["compose.yaml"];
    assert!(text.contains(&format!("{old}{host}{}", web("default:${REDIS_PASSWORD}@redis:6379"))), "{text}");
    assert!(text.contains("grep -q PONG"), "{text}");

    // A server that takes anybody today would refuse it.
    let why = repaired(&format!("{OPEN}{old}"), "REDIS_PASSWORD=newpw1\n").expect_err("it is held back");
    assert_eq!(
        why,
        "`REDIS_URL` of `api` carries another password than the server would have, and keeps it: put `${REDIS_PASSWORD}` in its place"
    );
}

#[test]
fn a_variable_that_stands_twice_in_the_env_file_is_left_to_a_person() {
    let app = "  api:\n    image: example/api\n    environment:\n      REDIS_URL: redis://redis:6379\n";
    let why = repaired(&format!("{BLANK}{app}"), "REDIS_PASSWORD=\nX=1\nREDIS_PASSWORD=\n").expect_err("it is refused");
    assert_eq!(
        why,
        "REDIS_PASSWORD stands in .env more than once (lines 1 and 3): leave one of these lines, then run caulk again"
    );
}
