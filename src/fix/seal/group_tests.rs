//! Servers that work together, before and after: all get one password, or none gets any.

use super::testing::repaired;

const REFERENCE: &str = "${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}";
const WEB: &str = "  web:\n    image: example/web:1\n    environment:\n      REDIS_URL: redis://LOGINHOST:6379/0\n";

fn web(host: &str, login: &str) -> String {
    WEB.replace("HOST", host).replace("LOGIN", login)
}

/// The Compose file after the repairs, which must all be made.
fn after(services: &str, is_unsafe_allowed: bool) -> String {
    after_with(services, &[], is_unsafe_allowed)
}

fn after_with(services: &str, others: &[(&str, &str)], is_unsafe_allowed: bool) -> String {
    let files = files(services, others);
    let changed = repaired(&files, is_unsafe_allowed);
    let changed = changed.unwrap_or_else(|why| panic!("{services}\nis not repaired: {why}"));
    assert_eq!(changed[".env"], "REDIS_PASSWORD=SECRET\n");
    changed["compose.yaml"].replace(REFERENCE, "PW").strip_prefix("services:\n").expect("it starts so").to_owned()
}

fn files(services: &str, others: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let mut files = vec![("compose.yaml", format!("services:\n{services}"))];
    for (name, text) in others {
        files.push((Box::leak(name.to_string().into_boxed_str()), (*text).to_owned()));
    }
    files
}

/// Why nothing at all is changed, even if unsafe repairs are allowed.
fn refused(services: &str, others: &[(&str, &str)]) -> String {
    match repaired(&files(services, others), true) {
        Ok(changed) => panic!("{services}\nwas changed: {changed:?}"),
        Err(why) => why,
    }
}

/// Why a repair is not safe.
fn doubt(services: &str) -> String {
    after(services, true);
    repaired(&files(services, &[]), false).expect_err("it is not safe")
}

#[test]
fn a_master_and_its_replicas_get_one_password() {
    let before = format!(
        "  main:\n    image: redis:7\n  copy:\n    image: redis:7\n    command: redis-server --replicaof main 6379\n  copy-2:\n    image: redis:7\n    command: [\"redis-server\", \"--slaveof\", \"main\", \"6379\"]\n    healthcheck:\n      test: [\"CMD\", \"redis-cli\", \"ping\"]\n{}",
        web("main", "")
    );
    let expected = format!(
        "  main:\n    image: redis:7\n    command: redis-server --requirepass PW\n  copy:\n    image: redis:7\n    command: redis-server --replicaof main 6379 --requirepass PW --masterauth PW\n  copy-2:\n    image: redis:7\n    command: [\"redis-server\", \"--slaveof\", \"main\", \"6379\", \"--requirepass\", \"PW\", \"--masterauth\", \"PW\"]\n    environment:\n      REDISCLI_AUTH: PW\n    healthcheck:\n      test: [\"CMD-SHELL\", \"redis-cli ping | grep -q PONG\"]\n{}",
        web("main", "default:${REDIS_PASSWORD}@")
    );
    assert_eq!(after(&before, false), expected);
}

#[test]
fn a_replica_by_its_file_or_by_variables_is_one_too() {
    let before = format!(
        "  main:\n    image: redis:7\n  copy:\n    image: redis:7\n    command: redis-server /redis.conf\n    volumes: [./copy.conf:/redis.conf]\n{}",
        web("main", "")
    );
    let text = after_with(&before, &[("copy.conf", "replicaof main 6379\n")], false);
    assert!(text.contains("command: redis-server /redis.conf --requirepass PW --masterauth PW\n"), "{text}");

    let node = |name: &str, variables: &str| {
        format!("  {name}:\n    image: bitnami/redis:7.2\n    environment:\n{variables}      - REDIS_REPLICATION_MODE=")
    };
    let before = format!(
        "{}master\n{}slave\n      - REDIS_MASTER_HOST=redis-a\n{}",
        node("redis-a", "      - ALLOW_EMPTY_PASSWORD=yes\n"),
        node("redis-b", "      - ALLOW_EMPTY_PASSWORD=yes\n"),
        web("redis-a", "")
    );
    let expected = format!(
        "{}master\n{}slave\n      - REDIS_MASTER_HOST=redis-a\n      - REDIS_MASTER_PASSWORD=PW\n{}",
        node("redis-a", "      - REDIS_PASSWORD=PW\n"),
        node("redis-b", "      - REDIS_PASSWORD=PW\n"),
        web("redis-a", "default:${REDIS_PASSWORD}@")
    );
    assert_eq!(after(&before, false), expected);
}

#[test]
fn a_replica_without_a_password_gets_that_of_its_master() {
    let before = format!(
        "  main:\n    image: redis:7\n    command: redis-server --requirepass ${{REDIS_PASSWORD:?}}\n  copy:\n    image: redis:7\n    command: redis-server --replicaof main 6379 --masterauth old\n{}",
        web("main", "default:${REDIS_PASSWORD}@")
    );
    let changed =
        repaired(&[("compose.yaml", format!("services:\n{before}")), (".env", "REDIS_PASSWORD=kept\n".into())], true);
    let text = changed.expect("it is repaired")["compose.yaml"].replace(REFERENCE, "PW");
    assert!(text.contains("redis-server --replicaof main 6379 --masterauth PW --requirepass PW\n"), "{text}");
}

const SENTINEL: &str =
    "  main:\n    image: redis:7\n  copy:\n    image: redis:7\n    command: redis-server --replicaof main 6379\n";

fn sentinel(command: &str, rest: &str) -> String {
    format!("{SENTINEL}  watch:\n    image: redis:7\n    command: {command}\n{rest}{}", web("main", ""))
}

#[test]
fn a_sentinel_logs_in_and_the_master_can_become_a_replica() {
    let lines = "echo 'sentinel monitor m main 6379 1' > /s.conf; redis-server /s.conf --sentinel";
    let text = after(&sentinel(&format!("[\"sh\", \"-c\", \"{lines}\"]"), ""), false);
    assert!(
        text.contains("  main:\n    image: redis:7\n    command: redis-server --requirepass PW --masterauth PW\n"),
        "{text}"
    );
    assert!(text.contains("redis-server /s.conf --sentinel --sentinel auth-pass m \\\"PW\\\"\"]"), "{text}");

    let conf = [("s.conf", "sentinel monitor m main 6379 1\n")];
    let volumes = "    volumes: [./s.conf:/s.conf]\n";
    let text = after_with(&sentinel("redis-sentinel /s.conf", volumes), &conf, false);
    assert!(text.contains("    command: redis-sentinel /s.conf --sentinel auth-pass m PW\n"), "{text}");
}

#[test]
fn no_sentinel_writes_a_password_into_a_file_that_git_tracks() {
    let conf = [("s.tracked.conf", "sentinel monitor m main 6379 1\n")];
    let why = refused(&sentinel("redis-sentinel /s.conf", "    volumes: [./s.tracked.conf:/s.conf]\n"), &conf);
    assert!(why.contains("writes the password that it gets into /s.conf"), "{why}");
    assert!(why.contains("`sentinel auth-pass m PASSWORD`"), "{why}");
    assert!(why.contains("--requirepass \"${REDIS_PASSWORD:?}\" --masterauth"), "{why}");

    let copying = "sh -c 'cp /s.conf /tmp/s.conf && redis-sentinel /tmp/s.conf'";
    let text = after_with(&sentinel(copying, "    volumes: [./s.tracked.conf:/s.conf]\n"), &conf, false);
    assert!(text.contains("redis-sentinel /tmp/s.conf --sentinel auth-pass m \"PW\"'"), "{text}");
}

#[test]
fn a_sentinel_that_can_not_be_read_leaves_all_to_a_person() {
    for (command, reason) in [
        ("redis-sentinel /etc/s.conf", "/etc/s.conf can't be seen"),
        ("sh -c 'envsubst < /t > /s.conf && redis-sentinel /s.conf'", "what its script writes can't be seen"),
        (
            "sh -c \"echo 'sentinel monitor m 10.0.0.1 6379 1' > /s.conf; redis-sentinel /s.conf\"",
            "which server `10.0.0.1` is",
        ),
    ] {
        let why = refused(&sentinel(command, ""), &[]);
        assert!(why.contains(reason), "{command}: {why}");
    }
}

#[test]
fn a_copy_of_a_server_that_is_not_there_is_left_to_a_person() {
    let why = refused("  copy:\n    image: redis:7\n    command: redis-server --replicaof far 6379\n", &[]);
    assert!(why.contains("`copy` copies a server that can't be seen (`far`)"), "{why}");
    let hidden = "sh -c 'case x in x) redis-server --replicaof main 6379;; esac'";
    let why =
        refused(&format!("  main:\n    image: redis:7\n  copy:\n    image: redis:7\n    command: {hidden}\n"), &[]);
    assert!(why.contains("how `copy` works with them can't be read"), "{why}");
}

/// Nodes of a cluster, each with what stands behind its command.
fn nodes(suffix: &str) -> String {
    let node = |number: usize| {
        format!("  node-{number}:\n    image: redis:7\n    command: redis-server --cluster-enabled yes{suffix}\n")
    };
    (1..=3).map(node).collect()
}

const CREATE: &str = "redis-cli --cluster create node-1:6379 node-2:6379 node-3:6379 --cluster-yes";

#[test]
fn the_nodes_of_a_cluster_get_one_password_and_what_makes_it_logs_in() {
    for command in [
        CREATE.to_owned(),
        format!("[\"sh\", \"-c\", \"sleep 5 && {CREATE}\"]"),
        format!("sh -c 'until redis-cli -h node-1 ping | grep PONG; do sleep 1; done; {CREATE}'"),
        format!(
            "sh -c 'for node in node-1 node-2; do until redis-cli -h $$node ping; do sleep 1; done; done; {CREATE}'"
        ),
    ] {
        let init =
            format!("  init:\n    image: redis:7\n    depends_on: [node-1, node-2, node-3]\n    command: {command}\n");
        let before = format!("{}{init}{}", nodes(""), web("node-1", ""));
        let expected = format!(
            "{}{init}    environment:\n      REDISCLI_AUTH: PW\n{}",
            nodes(" --requirepass PW --masterauth PW"),
            web("node-1", "default:${REDIS_PASSWORD}@")
        );
        assert_eq!(after(&before, false), expected);
    }
}

#[test]
fn what_can_not_be_seen_of_a_cluster_makes_the_repair_unsafe() {
    let no_maker = format!("{}{}", nodes(""), web("node-1", ""));
    assert!(doubt(&no_maker).contains("what makes a cluster of the servers can't be seen"));
    let script = "  init:\n    image: redis:7\n    depends_on: [node-1]\n    command: /init.sh\n";
    let hidden = format!("{}{script}{}", nodes(""), web("node-1", ""));
    assert!(doubt(&hidden).contains("what `init` does can't be read whole"));
    assert!(after(&hidden, true).contains("    command: /init.sh\n    environment:\n      REDISCLI_AUTH: PW\n"));
    let init = format!("  init:\n    image: redis:7\n    command: {CREATE}\n");
    assert!(doubt(&format!("{}{init}", nodes(""))).contains("no client of `node-1`, `node-2`, `node-3` can be seen"));
    let two = format!("{}{init}{}", nodes("").replace("node-3:\n", "other:\n"), web("node-1", ""));
    assert!(!after(&two, true).is_empty());
}

#[test]
fn a_member_that_can_not_be_changed_leaves_all_as_they_are() {
    let files = nodes("").replace(
        "  node-2:\n    image: redis:7\n    command: redis-server",
        "  node-2:\n    image: redis:7\n    command: redis-server --aclfile /users.acl",
    );
    let why = refused(&format!("{files}{}", web("node-1", "")), &[]);
    assert!(why.contains("a file with users decides who may log in to `node-2`"), "{why}");
    assert!(why.contains("the commands of `node-1`, `node-2`, `node-3`"), "{why}");
}

#[test]
fn a_helper_that_addresses_the_server_by_a_url_logs_in_too() {
    let init = "  init:\n    image: redis:7\n    command: redis-cli -u redis://redis:6379/1 set a b\n";
    let before = format!("  redis:\n    image: redis:7\n    command: redis-server\n{init}{}", web("redis", ""));
    let text = after(&before, false);
    let init = init.replace("redis://redis", "redis://default:${REDIS_PASSWORD}@redis");
    assert!(text.contains(&format!("{init}  web:")), "{text}");
}

#[test]
fn a_helper_with_another_password_leaves_all_to_a_person() {
    let init =
        format!("  init:\n    image: redis:7\n    command: {}\n", CREATE.replace("redis-cli", "redis-cli -a other"));
    let why = refused(&format!("{}{init}{}", nodes(""), web("node-1", "")), &[]);
    assert!(why.contains("`init` logs in with another password"), "{why}");
    let init = init.replace("-a other", "-a $REDIS_PASSWORD");
    let text = after(&format!("{}{init}{}", nodes(""), web("node-1", "")), true);
    assert!(text.contains("redis-cli -a $REDIS_PASSWORD --cluster create"), "{text}");
}

#[test]
fn a_helper_of_a_single_server_logs_in_too() {
    let before = format!(
        "  redis:\n    image: redis:7\n  seed:\n    image: redis:7\n    command: redis-cli -h redis set a 1\n{}",
        web("redis", "")
    );
    let text = after(&before, false);
    assert!(
        text.contains("    command: redis-cli -h redis set a 1\n    environment:\n      REDISCLI_AUTH: PW\n"),
        "{text}"
    );
}

#[test]
fn two_clusters_get_two_passwords() {
    let group = |prefix: &str, network: &str| -> String {
        let node = |number: usize| {
            format!(
                "  {prefix}-{number}:\n    image: redis:7\n    command: redis-server --cluster-enabled yes\n    networks: [{network}]\n"
            )
        };
        (1..=3).map(node).collect()
    };
    let text = format!("services:\n{}{}networks:\n  a:\n  b:\n", group("cache", "a"), group("queue", "b"));
    let changed = repaired(&[("compose.yaml", text)], true).expect("it is repaired");
    assert_eq!(changed[".env"], "CACHE_REDIS_PASSWORD=SECRET\nQUEUE_REDIS_PASSWORD=SECRET\n");
}

#[test]
fn bitnamis_sentinel_gets_the_password_by_its_variable() {
    let before = format!(
        "  redis:\n    image: bitnami/redis:7.2\n    environment:\n      ALLOW_EMPTY_PASSWORD: yes\n      REDIS_REPLICATION_MODE: master\n  watch:\n    image: bitnami/redis-sentinel:7.2\n    environment:\n      REDIS_MASTER_SET: main\n{}",
        web("redis", "")
    );
    let text = after(&before, false);
    assert!(text.contains("      REDIS_PASSWORD: PW\n      REDIS_REPLICATION_MODE: master\n"), "{text}");
    assert!(text.contains("      REDIS_MASTER_SET: main\n      REDIS_MASTER_PASSWORD: ${REDIS_PASSWORD}\n"), "{text}");
}

#[test]
fn who_uses_a_sentinel_makes_the_repair_unsafe() {
    let lines = "echo sentinel monitor m main 6379 1 > /s.conf; redis-server /s.conf --sentinel";
    let app = "  app:\n    image: example/app:1\n    environment:\n      SENTINELS: watch:26379\n";
    let before = sentinel(&format!("[\"sh\", \"-c\", \"{lines}\"]"), app);
    assert!(doubt(&before).contains("`app` uses the Sentinel `watch`"));
}

#[test]
fn nodes_that_share_their_definition_and_check_get_one_password() {
    let node = "x-node: &node\n  image: redis:7\n  command: redis-server --cluster-enabled yes\n  healthcheck:\n    test: redis-cli cluster info | grep -q cluster_state:ok\n";
    let init = format!("  init:\n    image: redis:7\n    command: {CREATE}\n");
    let services = format!("services:\n  node-1: *node\n  node-2: *node\n  node-3: *node\n{init}{}", web("node-1", ""));
    let changed = repaired(&[("compose.yaml", format!("{node}{services}"))], false).expect("it is safe");
    let text = changed["compose.yaml"].replace(REFERENCE, "PW");
    let expected = node.replace("cluster-enabled yes", "cluster-enabled yes --requirepass PW --masterauth PW");
    assert!(
        text.starts_with(&expected.replace("  healthcheck:", "  environment:\n    REDISCLI_AUTH: PW\n  healthcheck:")),
        "{text}"
    );
    assert_eq!(text.matches("--requirepass").count(), 1, "{text}");
}

#[test]
fn nodes_whose_images_scripts_make_the_cluster_are_sealed_by_their_variables() {
    let nodes = "      - REDIS_NODES=node-0 node-1 node-2\n";
    let node = |name: &str, own: &str| {
        format!("  {name}:\n    image: docker.io/bitnami/redis-cluster:7.4\n    environment:\n{own}{nodes}")
    };
    let cluster = |own: &str, creator: &str| {
        let creates = format!("      - REDIS_CLUSTER_CREATOR=yes\n{creator}");
        format!("{}{}{}{creates}", node("node-0", own), node("node-1", own), node("node-2", own))
    };
    let before = format!("{}{}", cluster("      - ALLOW_EMPTY_PASSWORD=yes\n", ""), web("node-0", ""));
    let expected = format!(
        "{}{}",
        cluster("      - REDIS_PASSWORD=PW\n", "      - REDISCLI_AUTH=PW\n"),
        web("node-0", "default:${REDIS_PASSWORD}@")
    );
    assert_eq!(after(&before, false), expected);
    // Somebody must make it.
    let before = before.replace("CREATOR=yes", "CREATOR=no");
    assert!(doubt(&before).contains("what makes a cluster of the servers can't be seen"), "{}", doubt(&before));
}
