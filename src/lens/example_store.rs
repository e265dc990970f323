//! A store for tests, as the rule files will describe it.

use crate::catalog::{
    ArgsInEnv, Argv, ArgvSyntax, ClientFlag, ClientProgram, ConnectionFlags, CredentialVariable, Env, UrlSchemes,
};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn flags(names: &[&str], takes_value: bool) -> Vec<ClientFlag> {
    names.iter().map(|name| ClientFlag { name: (*name).to_owned(), takes_value }).collect()
}

pub(crate) fn argv() -> Argv {
    Argv {
        server_programs: texts(&["redis-server", "valkey-server", "keydb-server", "redis-stack-server"]),
        other_programs: texts(&["redis-sentinel"]),
        default_command: texts(&["redis-server"]),
        entrypoints: texts(&["docker-entrypoint.sh"]),
        password_flag: "--requirepass".to_owned(),
        master_password_flag: Some("--masterauth".to_owned()),
        syntax: ArgvSyntax::Directives,
        acl_flag: Some("--aclfile".to_owned()),
        user_flag: Some("--user".to_owned()),
        other_mode_flags: texts(&["--sentinel"]),
        replica_flags: texts(&["--replicaof", "--slaveof"]),
        cluster_flags: texts(&["--cluster-enabled"]),
        config_suffix: Some(".conf".to_owned()),
        image_configs: texts(&["/etc/keydb/keydb.conf"]),
        password_variable: None,
        bind_flag: Some("--bind".to_owned()),
        protected_mode_flag: Some("--protected-mode".to_owned()),
        protects_bound_since: Some(7),
    }
}

pub(crate) fn dragonfly() -> Argv {
    Argv {
        server_programs: texts(&["dragonfly"]),
        default_command: texts(&["dragonfly", "--logtostderr"]),
        entrypoints: texts(&["entrypoint.sh"]),
        syntax: ArgvSyntax::Flags,
        user_flag: None,
        password_variable: Some("DFLY_requirepass".to_owned()),
        protected_mode_flag: None,
        ..argv()
    }
}

pub(crate) fn bitnami() -> Env {
    Env {
        password: texts(&["REDIS_PASSWORD"]),
        password_file: texts(&["REDIS_PASSWORD_FILE"]),
        allow_empty: texts(&["ALLOW_EMPTY_PASSWORD"]),
        acl_file: texts(&["REDIS_ACLFILE"]),
        extra_args: texts(&["REDIS_EXTRA_FLAGS"]),
        replication_mode: texts(&["REDIS_REPLICATION_MODE"]),
        master_host: texts(&["REDIS_MASTER_HOST"]),
        master_password: texts(&["REDIS_MASTER_PASSWORD"]),
        cluster_nodes: Vec::new(),
        cluster_creator: Vec::new(),
        runners: texts(&["/opt/bitnami/scripts/redis/run.sh"]),
        argv: argv(),
    }
}

pub(crate) fn stack() -> ArgsInEnv {
    ArgsInEnv {
        variable: "REDIS_ARGS".to_owned(),
        after_command: false,
        readers: texts(&["redis-stack-server", "entrypoint.sh"]),
        argv: Argv { default_command: texts(&["redis-stack-server"]), ..argv() },
    }
}

pub(crate) fn valkey() -> ArgsInEnv {
    ArgsInEnv {
        variable: "VALKEY_EXTRA_FLAGS".to_owned(),
        after_command: true,
        readers: Vec::new(),
        argv: Argv { default_command: texts(&["valkey-server"]), ..argv() },
    }
}

pub(crate) fn client() -> ClientProgram {
    ClientProgram {
        names: texts(&["redis-cli", "valkey-cli", "keydb-cli"]),
        password_flags: texts(&["-a", "--pass"]),
        user_flags: texts(&["--user"]),
        uri_flags: texts(&["-u"]),
        error_flags: texts(&["-e"]),
        connection: ConnectionFlags {
            host: texts(&["-h"]),
            port: texts(&["-p"]),
            database: texts(&["-n"]),
            tls: texts(&["--tls"]),
            further: [
                flags(&["-s", "--cacert", "--cacertdir", "--cert", "--key", "--sni", "-t"], true),
                flags(&["--insecure", "-4", "-6"], false),
            ]
            .concat(),
        },
        warning_flags: texts(&["--no-auth-warning"]),
        other_flags: [
            flags(&["--raw", "--no-raw", "-c", "--csv", "--json", "-2", "-3"], false),
            flags(&["-r", "-i", "-d", "-D"], true),
        ]
        .concat(),
        credential_variables: vec![
            CredentialVariable { name: "REDISCLI_AUTH".to_owned(), programs: Vec::new() },
            CredentialVariable { name: "VALKEYCLI_AUTH".to_owned(), programs: texts(&["valkey-cli"]) },
        ],
        auth_commands: texts(&["auth"]),
        meant_as_probe: texts(&["incr ping"]),
        default_user: "default".to_owned(),
        probe: "ping".to_owned(),
        answer: "PONG".to_owned(),
        refusal: "NOAUTH Authentication required.".to_owned(),
    }
}

pub(crate) fn schemes() -> UrlSchemes {
    UrlSchemes {
        plain: texts(&["redis"]),
        tls: texts(&["rediss"]),
        unjudged: texts(&["unix", "redis+unix", "redis+socket", "redis+sentinel", "sentinel", "redis+cluster"]),
    }
}
