//! Random projects: ports, environment, env files, interpolation, commands, merges of two files, anchors, extends.

/// A project as files.
pub struct Project {
    /// Names and texts.
    pub files: Vec<(String, String)>,
    /// The Compose files in the order in which they are given.
    pub order: Vec<String>,
}

impl Project {
    /// The project of a seed, always the same one.
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut files = vec![
            (".env".to_owned(), env_file(&mut random)),
            ("one.env".to_owned(), env_file(&mut random)),
            ("sub/two.env".to_owned(), env_file(&mut random)),
        ];
        files.push(("sub/base.yml".to_owned(), base(&mut random)));
        files.push(("compose.yml".to_owned(), compose_file(&mut random, true)));
        let mut order = vec!["compose.yml".to_owned()];
        if random.chance(60) {
            files.push(("over.yml".to_owned(), compose_file(&mut random, false)));
            order.push("over.yml".to_owned());
        }
        Self { files, order }
    }
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const NAMES: [&str; 8] = ["A", "B", "EMPTY", "UNSET", "SHELL_SET", "SHELL_EMPTY", "PORT", "PASSWORD"];

fn variable(random: &mut Random, depth: usize) -> String {
    let name = random.pick(&NAMES);
    match random.below(12) {
        0..=2 => format!("${{{name}}}"),
        3 => format!("${name}"),
        4 | 5 => format!("${{{name}:-{}}}", argument(random, depth)),
        6 => format!("${{{name}-{}}}", argument(random, depth)),
        7 => format!("${{{name}:+{}}}", argument(random, depth)),
        8 => format!("${{{name}+{}}}", argument(random, depth)),
        9 if random.chance(3) => format!("${{{name}:?needed}}"),
        9 => format!("${{SHELL_SET:?{}}}", argument(random, depth)),
        10 => "$$".to_owned(),
        _ if random.chance(2) => random.pick(&["${", "${}", "${1}", "${A B}", "${A", "${A.b}"]).to_owned(),
        _ => random.pick(&["$", "$5", "$(x)", "$-", "a$"]).to_owned(),
    }
}

fn argument(random: &mut Random, depth: usize) -> String {
    if depth < 3 && random.chance(30) {
        return variable(random, depth + 1);
    }
    random.pick(&["d", "", "1", "x y", "a:b", "(x)", "b-c", "8080", "127.0.0.1", "d?e", "+"]).to_owned()
}

/// A text with a variable here and there.
fn text(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..=random.below(3) {
        if random.chance(30) {
            text += &variable(random, 0);
        } else {
            text +=
                random.pick(&["a", "b c", "x=y", "1", "é", "-", "'", "\"", "\\", "#", " # ", ":", "/p", "%", "@", "!"]);
        }
    }
    text
}

/// A text in the spelling of YAML.
fn quoted(random: &mut Random, text: &str) -> String {
    let plain = !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "./=$_".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.');
    match random.below(3) {
        0 if plain => text.to_owned(),
        1 => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        _ => format!("'{}'", text.replace('\'', "''")),
    }
}

fn some_text(random: &mut Random) -> String {
    let text = text(random);
    quoted(random, &text)
}

fn env_file(random: &mut Random) -> String {
    let mut file = String::new();
    if random.chance(5) {
        file.push('\u{feff}');
    }
    for _ in 0..random.below(8) {
        let name = random.pick(&NAMES);
        let value = text(random);
        // A quote at the start, or anywhere before a space, makes another value or none.
        let value = if random.chance(90) { value.replace(['"', '\''], "q") } else { value };
        file += &match random.below(12) {
            0..=2 => format!("{name}={value}"),
            3 => format!("{name}='{}'", value.replace('\'', "")),
            4 => format!("{name}=\"{}\"", value.replace(['"', '\\'], "")),
            5 => format!("export {name}={value}"),
            6 => format!("{name}: {value}"),
            7 => format!("{name} = {value} # comment"),
            8 => "# comment".to_owned(),
            9 => name.to_owned(),
            10 => format!("{name}="),
            _ if random.chance(10) => random.pick(&["A!=1", "A B=1", "A='x", "A=\"x"]).to_owned(),
            _ => format!("{name}=\"a\\nb\\t$A\""),
        };
        file += random.pick(&["\n", "\n", "\n", "\r\n", "\n\n"]);
    }
    file
}

fn port(random: &mut Random) -> String {
    let published = random.pick(&["80", "8080", "6379", "${SHELL_EMPTY:-6379}", "9000-9002", "8", "0"]);
    let target = match published {
        "9000-9002" => random.pick(&["9000-9002", "80", "9-11"]),
        _ => random.pick(&["80", "6379", "${UNSET:-6379}"]),
    };
    let host =
        random.pick(&["127.0.0.1", "0.0.0.0", "[::1]", "[::]", "${SHELL_EMPTY}", "10.0.0.7", "${UNSET:-127.0.0.1}"]);
    let protocol = random.pick(&["", "", "", "/udp", "/TCP", "/"]);
    match random.below(14) {
        0 => target.parse::<u16>().map_or_else(|_| format!("'{target}'"), |port| port.to_string()),
        1..=4 => format!("\"{published}:{target}{protocol}\""),
        5..=7 => format!("\"{host}:{published}:{target}{protocol}\""),
        8 => format!("'{host}::{target}'"),
        9 => format!("{{target: 80, published: {published}, host_ip: 127.0.0.1}}"),
        10 => format!("{{target: 6379, published: \"{published}\", protocol: udp, mode: host}}"),
        11 => "{target: '90', name: web, app_protocol: http}".to_owned(),
        12 => format!("':{published}:80'"),
        _ if random.chance(4) => random
            .pick(&[
                "'80:http'",
                "'x:80:80'",
                ":80",
                "{target: 80, published: 080}",
                "'1-2:1-3'",
                "80.5",
                "'70000'",
                "''",
            ])
            .to_owned(),
        _ => "6379:6379".to_owned(),
    }
}

fn environment(random: &mut Random) -> String {
    let names = ["A", "B", "C", "PASSWORD", "SHELL_SET", "UNSET", "EMPTY"];
    let mut lines = String::new();
    if random.chance(50) {
        let mut used = Vec::new();
        for _ in 0..=random.below(4) {
            let name = random.pick(&names);
            if used.contains(&name) {
                continue;
            }
            used.push(name);
            let value = match random.below(9) {
                0 => String::new(),
                1 => random
                    .pick(&["1", "0123", "1e3", "1.50", "0x1F", "1_000", "true", "yes", "null", "~", "-5"])
                    .to_owned(),
                _ => some_text(random),
            };
            lines += &format!("      {name}: {value}\n");
        }
    } else {
        for _ in 0..=random.below(4) {
            let name = random.pick(&names);
            let item = if random.chance(25) { name.to_owned() } else { format!("{name}={}", text(random)) };
            lines += &format!("      - {}\n", quoted(random, &item));
        }
    }
    lines
}

fn command(random: &mut Random) -> String {
    if random.chance(40) {
        let items: Vec<String> = (0..=random.below(3)).map(|_| some_text(random)).collect();
        return format!("[{}]", items.join(", "));
    }
    let mut words = Vec::new();
    for _ in 0..=random.below(5) {
        let word = match random.below(8) {
            0 => variable(random, 0),
            1 => format!("\"{}\"", variable(random, 0)),
            2 => random.pick(&["'a b'", "a\\ b", "\"a\\\"b\"", "a'b'c", "`x y`", "$$(a b)"]).to_owned(),
            3 => random.pick(&["&&", ";", "|", ">", "2>x", "a&b", "a;b"]).to_owned(),
            4 if random.chance(2) => random.pick(&["'", "\"", "(", ")", "\\"]).to_owned(),
            _ => random.pick(&["redis-server", "--requirepass", "--port", "6379", "-c", "é", "#"]).to_owned(),
        };
        words.push(word);
    }
    quoted(random, &words.join(" "))
}

/// The body of a service, four blanks deep.
fn service(random: &mut Random, complete: bool) -> String {
    let mut body = String::new();
    if complete || random.chance(30) {
        body += &format!("    image: {}\n", random.pick(&["redis", "redis:${A:-7}", "'x'"]));
    }
    let tag = |random: &mut Random| if !complete && random.chance(12) { "!override " } else { "" };
    if random.chance(60) {
        let ports: Vec<String> = (0..=random.below(3)).map(|_| port(random)).collect();
        body += &format!("    ports: {}[{}]\n", tag(random), ports.join(", "));
    }
    if random.chance(60) {
        body += &format!("    environment:\n{}", environment(random));
    }
    if random.chance(40) {
        let files =
            ["one.env", "[one.env, ./sub/two.env]", "[{path: sub/two.env}]", "[{path: no.env, required: false}]"];
        body += &format!("    env_file: {}\n", random.pick(&files));
    }
    if random.chance(40) {
        body += &format!("    command: {}\n", command(random));
    }
    if random.chance(20) {
        let test = command(random);
        let test = test.strip_prefix('[').map_or_else(|| test.clone(), |items| format!("[CMD, {items}"));
        body +=
            &format!("    healthcheck: {{test: {test}, interval: {}}}\n", random.pick(&["5s", "1m30s", "1h", "500ms"]));
    }
    if random.chance(25) {
        let volumes =
            ["'data:/data'", "'./x:/x:ro'", "/anon", "'~/y:/y'", "'data:/x/'", "{type: bind, source: ./q, target: /q}"];
        let volumes: Vec<&str> = (0..=random.below(2)).map(|_| random.pick(&volumes)).collect();
        body += &format!("    volumes: [{}]\n", volumes.join(", "));
    }
    if random.chance(20) {
        body += &format!("    labels: {}\n", random.pick(&["{a: 1, b: x}", "[a=2, c]", "{a: null}"]));
    }
    if random.chance(15) {
        body += &format!("    restart: {}\n", random.pick(&["always", "no", "'${A}'"]));
    }
    if random.chance(15) {
        body += &format!("    networks: {}\n", random.pick(&["[n]", "{n: {aliases: [x]}}", "[n, default]", "{n: }"]));
    }
    if random.chance(10) {
        body += &format!("    dns: {}\n", random.pick(&["1.1.1.1", "[1.1.1.1, 8.8.8.8]", "['${EMPTY}', 9.9.9.9]"]));
    }
    if random.chance(10) {
        body += &format!(
            "    {}\n",
            random.pick(&["init: yes", "scale: '2'", "mem_limit: 1g", "cpus: '0.5'", "tty: true", "user: '1'"])
        );
    }
    if !complete && random.chance(10) {
        body += &format!("    {}: !reset null\n", random.pick(&["entrypoint", "expose", "links"]));
    }
    body
}

fn base(random: &mut Random) -> String {
    format!("services:\n  base:\n{}", service(random, true))
}

fn compose_file(random: &mut Random, main: bool) -> String {
    let mut file = String::new();
    if random.chance(30) {
        file += &format!(
            "x-common: &common\n  restart: always\n  environment:\n{}",
            environment(random).replace("      ", "    ")
        );
    }
    let anchored = !file.is_empty();
    file += "services:\n";
    let names: &[&str] = if main { &["redis", "app", "job"] } else { &["redis", "app"] };
    for (at, name) in names.iter().enumerate() {
        if !main && random.chance(30) {
            continue;
        }
        file += &format!("  {name}:\n");
        if anchored && random.chance(40) {
            file += "    <<: *common\n";
        }
        if main && at == 1 && random.chance(35) {
            file += random.pick(&["    extends: redis\n", "    extends: {file: sub/base.yml, service: base}\n"]);
        }
        if main && at == 2 && random.chance(30) {
            file += random.pick(&[
                "    depends_on: [redis]\n",
                "    depends_on: {app: {condition: service_healthy}}\n",
                "    links: [redis]\n",
            ]);
        }
        let body = service(random, main);
        file += if body.is_empty() { "    tty: false\n" } else { &body };
    }
    if !main && file.ends_with("services:\n") {
        file += "  app: {}\n";
    }
    if main || random.chance(20) {
        file += "volumes:\n  data:\nnetworks:\n  n:\n";
    }
    file
}
