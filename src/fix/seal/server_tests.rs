//! Servers before and after: how each takes the password, and where it is written.

use super::testing::repaired;

const CLIENT: &str = "  api:\n    build: .\n    environment: {REDIS_URL: \"redis://redis:6379\"}\n";

/// The service `redis` and the env file after a safe repair; `redis` is what stands below its name, indented by four.
fn sealed(redis: &str, env: &str) -> (String, String) {
    let compose = format!("services:\n  redis:\n{redis}{CLIENT}");
    let changed = repaired(&[("compose.yaml", compose), (".env", env.to_owned())], false);
    let mut changed = changed.unwrap_or_else(|why| panic!("{redis}{env} is not sealed: {why}"));
    let compose = changed.remove("compose.yaml").expect("the server changes");
    let service = compose.strip_prefix("services:\n  redis:\n").and_then(|rest| rest.split_once("  api:\n"));
    let service = service.expect("the other service is left").0.to_owned();
    (service, changed.remove(".env").unwrap_or_else(|| env.to_owned()))
}

fn reference(name: &str) -> String {
    format!("${{{name}:?set {name} in .env}}")
}

#[test]
fn variables_that_are_the_first_ones_share_one_environment() {
    let reference = reference("REDIS_PASSWORD");
    let block =
        format!("    environment:\n      REDIS_ARGS: --requirepass {reference}\n      REDISCLI_AUTH: {reference}\n");
    let flow = format!("REDIS_ARGS: \"--requirepass {reference}\", REDISCLI_AUTH: \"{reference}\"");
    let check = "    healthcheck:\n      test: redis-cli ping\n";
    let mended = "    healthcheck:\n      test: redis-cli ping | grep -q PONG\n";
    let stack = "    image: redis/redis-stack:latest\n";
    let cases = [
        (format!("{stack}{check}"), format!("{stack}{block}{mended}")),
        (format!("{stack}    environment: {{}}\n{check}"), format!("{stack}    environment: {{{flow}}}\n{mended}")),
        (
            format!("{stack}    environment: []\n{check}"),
            format!(
                "{stack}    environment: [\"REDIS_ARGS=--requirepass {reference}\", \"REDISCLI_AUTH={reference}\"]\n{mended}"
            ),
        ),
        (
            format!("{stack}    environment: {{A: b}}\n{check}"),
            format!("{stack}    environment: {{A: b, {flow}}}\n{mended}"),
        ),
        (
            format!("    image: bitnami/redis:7.2\n{check}"),
            format!(
                "    image: bitnami/redis:7.2\n    environment:\n      REDIS_PASSWORD: {reference}\n      REDISCLI_AUTH: {reference}\n{mended}"
            ),
        ),
    ];
    for (before, after) in cases {
        assert_eq!(sealed(&before, "").0, after, "{before}");
    }
}
