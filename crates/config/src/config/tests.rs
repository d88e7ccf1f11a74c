use std::collections::HashMap;
use std::ffi::OsString;

use super::*;
use crate::environment::Environment;
use crate::field::{ALL, Table};
use crate::rates::RatesTopology;

const UPSTREAM: &str = "[[upstream]]\nname = \"captchaai\"\nprofile = \"captchaai\"\norigin = \"https://ocr.captchaai.com\"\n\
                        secret = { env = \"CAPTCHAAI_KEY\" }\n";
/// Where the lines behind `UPSTREAM` begin.
const BEHIND: usize = 6;

fn parse(text: &str) -> Result<Config, Mistakes> {
    Config::parse(text, Path::new("/etc/tollgate/tollgate.toml"))
}

/// The mistakes as `line:column: what (hint)`.
fn mistakes(text: &str) -> Vec<String> {
    let found = parse(text).expect_err(text);
    let line = |mistake: &crate::Mistake| {
        let hint = mistake.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}:{}: {}{hint}", mistake.line, mistake.column, mistake.what)
    };
    found.list().iter().map(line).collect()
}

/// The one mistake of lines that stand under a good upstream, without its place.
fn mistake_behind_upstream(lines: &str) -> String {
    let found = mistakes(&format!("{UPSTREAM}{lines}\n"));
    let [one] = found.as_slice() else { panic!("{lines}: {found:?}") };
    let (place, what) = one.split_once(": ").unwrap();
    assert!(place.starts_with(&format!("{BEHIND}:")), "{one}");
    what.to_owned()
}

/// The one mistake of an upstream with one of its lines replaced.
fn mistake_with(key: &str, value: &str) -> String {
    let line = |line: &str| if line.starts_with(&format!("{key} = ")) { format!("{key} = {value}\n") } else { format!("{line}\n") };
    let found = mistakes(&UPSTREAM.lines().map(line).collect::<String>());
    let [one] = found.as_slice() else { panic!("{key} = {value}: {found:?}") };
    one.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn the_contracts_own_example_is_read() {
    let config = parse(
        r#"
state = "state"
store = "sqlite"
drain = "30s"
retain = "400d"

[[listener]]
address = "127.0.0.1:8080"
upstream = "captchaai"

[network]
trusted_proxies = []
forwarded_header = "x-forwarded-for"
sets = { office = ["203.0.113.0/24"] }

[admin]
address = "127.0.0.1:8081"

[[upstream]]
name = "captchaai"
profile = "captchaai"
origin = "https://ocr.captchaai.com"
secret = { env = "CAPTCHAAI_KEY" }
prices = { userrecaptcha = "0.0029" }
cap = ["50/day"]
concurrency = 50

[audit]
durability = "process"
"#,
    )
    .unwrap();
    let [upstream] = config.upstreams.as_slice() else { panic!() };
    assert_eq!(config.state, Path::new("/etc/tollgate/state"));
    assert_eq!(upstream.prices.worst_case("userrecaptcha").unwrap().to_string(), "0.002900000");
    let limits: Vec<String> = upstream.limits.iter().map(ToString::to_string).collect();
    assert_eq!(limits, ["50/day", "50"]);
    assert_eq!(config.network.sets.len(), 1);
}

#[test]
fn what_is_not_said_has_its_default() {
    let config = parse(UPSTREAM).unwrap();
    assert_eq!(config.listeners.len(), 1);
    assert_eq!(config.listeners[0].address.to_string(), "127.0.0.1:8080");
    assert_eq!(config.listeners[0].upstream.as_ref().unwrap().as_str(), "captchaai");
    assert_eq!(config.admin.address.to_string(), "127.0.0.1:8081");
    assert_eq!((config.drain.as_secs(), config.retain.as_secs() / 86_400), (30, 400));
    assert!(config.network.trusted_proxies.blocks().is_empty() && config.upstreams[0].tripwire && config.upstreams[0].governor);
    assert_eq!(config.limits, Limits::default());
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place() {
    let text = "stat = \"state\"\nmetrics = {}\n\n[[listener]]\naddress = \"localhost:8080\"\nupstream = \"captchai\"\n\n\
                [[upstream]]\nname = \"captchaai\"\nprofile = \"captcha-ai\"\norigin = \"http://ocr.captchaai.com\"\n\
                secret = \"0123456789abcdef\"\nconcurrency = 0\n";
    assert_eq!(
        mistakes(text),
        [
            "1:1: unknown key `stat` in the top level (did you mean `state`?)",
            "2:1: `metrics` is not built yet (take it out: nothing would act on it)",
            "5:11: `address` is not valid: expected an address and a port such as `127.0.0.1:8080` or `[::1]:8080`",
            "6:12: there is no upstream `captchai` (did you mean `captchaai`?)",
            "10:11: there is no profile `captcha-ai` (did you mean `captchaai`?)",
            "11:10: `http://ocr.captchaai.com` is plain http beyond loopback (write `https://`, a literal loopback address, or \
             `insecure = true`: whoever is on the way can then read the real key)",
            "12:10: `secret` is a text, not a source (a secret never stands in this file: name its source, such as `{ env = \"NAME\" }`)",
            "13:15: `concurrency` is out of range (between 1 and 1000000)",
        ]
    );
}

#[test]
fn a_mistake_prints_as_a_place_a_sentence_and_a_hint() {
    let found = parse(&format!("stat = 1\n{UPSTREAM}")).unwrap_err();
    assert_eq!(found.to_string(), "/etc/tollgate/tollgate.toml:1:1: unknown key `stat` in the top level\n  hint: did you mean `state`?");
}

#[test]
fn a_file_that_is_not_toml_is_reported_as_such_alone() {
    let found = mistakes("state = \n[[listener]\n");
    assert!(found.len() >= 2 && found.iter().all(|mistake| mistake.contains("not TOML: ")), "{found:?}");
    assert_eq!(mistakes("state = \"a\"\nstate = \"b\"\n").len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tollgate.toml");
    assert!(Config::load(&file).unwrap_err().to_string().contains("hint: `tollgate init` writes one"));
    std::fs::write(&file, b"state = \"\xff\"").unwrap();
    assert!(Config::load(&file).unwrap_err().to_string().contains("not UTF-8"));
    std::fs::write(&file, UPSTREAM).unwrap();
    assert_eq!(Config::load(&file).unwrap().state, folder.path().join("state"));
}

#[test]
fn a_certificate_that_is_not_there_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tollgate.toml");
    let listener = "[[listener]]\naddress = \"127.0.0.1:0\"\ntls = { cert = \"cert.pem\", key = \"key.pem\" }\n";
    std::fs::write(&file, format!("{UPSTREAM}ca = \"ca.pem\"\n{listener}")).unwrap();
    let found = Config::load(&file).unwrap_err().to_string();
    assert_eq!(found.matches("there is no such file").count(), 3, "{found}");
    for name in ["cert.pem", "key.pem", "ca.pem"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    assert!(Config::load(&file).is_ok());
}

/// A value that no key takes.
const NO_VALUE: &str = "1979-05-27";

fn with_field(table: &Table, name: &str, value: &str) -> String {
    let line = match table.inline {
        None => format!("{name} = {value}"),
        Some(key) => format!("{key} = {{ {name} = {value} }}"),
    };
    let header = table.header;
    let upstream = if name == "upstream" && header.is_empty() { "" } else { UPSTREAM };
    if header.is_empty() { format!("\n{line}\n{upstream}") } else { format!("{UPSTREAM}{header}\n{line}\n") }
}

#[test]
fn every_key_of_the_table_is_read_and_a_wrong_value_is_one_mistake() {
    for table in ALL {
        for field in table.fields.iter().filter(|field| field.built) {
            let text = with_field(table, field.name, NO_VALUE);
            let line = text.lines().position(|line| line.contains(NO_VALUE)).unwrap() + 1;
            let wanted = format!("`{}` is not {}", field.name, field.form);
            let found = parse(&text).unwrap_err();
            let seen = found.list().iter().filter(|mistake| mistake.line == line && mistake.what == wanted).count();
            assert_eq!(seen, 1, "{} of {}: {found}", field.name, table.place());
        }
    }
}

#[test]
fn every_key_that_is_not_built_is_refused_by_name() {
    let mut refused = Vec::new();
    for table in ALL {
        for field in table.fields.iter().filter(|field| !field.built) {
            let found = mistakes(&with_field(table, field.name, "{}"));
            let wanted = format!("`{}` is not built yet (take it out: nothing would act on it)", field.name);
            assert!(found.iter().any(|mistake| mistake.ends_with(&wanted)), "{found:?}");
            refused.push(field.name);
        }
    }
    // this list only shrinks
    assert_eq!(
        refused,
        ["metrics", "alerts", "client_ca", "proxy_protocol", "tls", "egress", "rotation", "sealed", "identity", "vault", "aws"]
    );
}

#[test]
fn every_key_that_is_unknown_is_refused() {
    for table in ALL {
        let found = mistakes(&with_field(table, "colour", "1"));
        assert!(found.iter().any(|mistake| mistake.contains("unknown key `colour` in ")), "{}: {found:?}", table.place());
    }
}

#[test]
fn a_key_in_the_wrong_table_is_shown_its_place() {
    assert_eq!(mistake_behind_upstream("drain = \"30s\""), "unknown key `drain` in `[[upstream]]` (`drain` belongs to the top level)");
    assert_eq!(
        mistake_behind_upstream("durability = \"power\""),
        "unknown key `durability` in `[[upstream]]` (`durability` belongs to `[audit]`)"
    );
}

#[test]
fn values_of_the_contract_that_are_not_built_are_refused_by_name() {
    for profile in ["http", "capmonster"] {
        let what = mistake_with("profile", &format!("\"{profile}\""));
        assert_eq!(what, format!("the profile `{profile}` is not built yet (take it out: nothing would act on it)"));
    }
}

#[test]
fn a_shared_store_needs_a_whole_address_a_name_of_this_gate_and_one_password() {
    let said = |top: &str| mistakes(&format!("{top}\n{UPSTREAM}"));
    for address in ["postgres://x", "postgres://gate@db", "postgres://db/gates", "postgres://gate@/gates", "redis://gate@db/0", "mysql"] {
        let found = said(&format!("store = \"{address}\""));
        let form = "`sqlite` or an address such as `postgres://gate@db.example:5432/gates`";
        assert_eq!(found, [format!("1:9: `store` is not {form}")], "{address}");
    }
    let store = "store = \"postgres://gate:hunter2@db/gates\"";
    let hint = "give each gate a name of its own, such as `instance = \"gate-1\"`";
    assert_eq!(said(store), [format!("1:9: a store that gates share needs an `instance` ({hint})")]);
    let twice = said(&format!("{store}\ninstance = \"a\"\nstore_password = {{ env = \"DB\" }}"));
    assert_eq!(twice, ["3:18: the store's password stands in two places (take it out of `store`)"]);
    for key in ["store_password = { env = \"DB\" }", "store_ca = \"ca.pem\"", "instance = \"a\""] {
        let [found] = said(key).try_into().unwrap();
        assert!(found.ends_with("is for a store at `postgres://…` (take it out: nothing would act on it)"), "{found}");
    }
    let Store::Postgres(store) = parse(&format!("{store}\ninstance = \"a\"\n{UPSTREAM}")).unwrap().store else { panic!("not shared") };
    assert_eq!((store.url.expose(), store.url.to_string().as_str()), ("postgres://gate:hunter2@db/gates", "postgres://gate@db/gates"));
}

#[test]
fn shared_rates_need_a_whole_address_a_shared_store_and_the_number_of_gates() {
    let shared = "store = \"postgres://gate@db/gates\"\ninstance = \"a\"\n";
    let said = |rates: &str| mistakes(&format!("{shared}{rates}\n{UPSTREAM}"));
    for address in [
        "redis://",
        "http://db",
        "redis://a,b",
        "redis://db:0",
        "redis://db:x",
        "redis://db/x",
        "redis+sentinel://db",
        "redis+cluster://db/1",
        "redis+other://db",
        "redis://[::1",
        "rediss://db?tls=no",
        "cache.example:6379",
    ] {
        let [found] = said(&format!("rates = \"{address}\"\ngates = 3")).try_into().unwrap();
        assert!(found.starts_with("3:9: `rates` is not an address such as `rediss://gate@cache.example:6379`, "), "{address}: {found}");
    }
    let password = said("rates = \"rediss://gate:hunter2@db\"\ngates = 3");
    assert_eq!(password, ["3:9: `rates` holds a password (take it out: `rates_password` names where it is)"]);
    let clear = "3:9: `rates` is in the clear beyond this machine, and its password would be read on the way (write `rediss://`, or end it \
                 with `?insecure=true`)";
    assert_eq!(said("rates = \"redis://db\"\ngates = 3"), [clear]);
    let hint = "say how many there are, such as `gates = 3`: while Redis is away each admits its part";
    assert_eq!(said("rates = \"redis://127.0.0.1\""), [format!("3:9: rates that gates share need `gates` ({hint})")]);
    assert_eq!(said("rates = \"redis://[::1]\"\ngates = 0"), ["4:9: `gates` is out of range (between 1 and 1000)"]);
    let alone = mistakes(&format!("rates = \"redis://localhost\"\ngates = 3\n{UPSTREAM}"));
    let hint = "take it out, or name the store that they share";
    assert_eq!(alone, [format!("1:9: `rates` is for gates that share a store at `postgres://…` ({hint})")]);
    let named =
        "3:9: `rates` names a user, who proves nothing without a password (let `rates_password` name where it is, or take the user out)";
    assert_eq!(said("rates = \"rediss://gate@db\"\ngates = 3"), [named]);
    let clear = said("rates = \"redis://127.0.0.1\"\nrates_ca = \"ca.pem\"\ngates = 3");
    assert_eq!(clear, ["4:12: `rates_ca` is for `rates` at `rediss://…` (take it out: nothing would act on it)"]);
    let both = said("rates = \"rediss://db?insecure=true\"\ngates = 3");
    assert_eq!(both, ["3:9: `?insecure=true` is for `rates` at `redis://…` (take it out: nothing would act on it)"]);
    for key in ["rates_password = { env = \"RATES\" }", "rates_ca = \"ca.pem\"", "gates = 3"] {
        let [found] = said(key).try_into().unwrap();
        assert!(found.ends_with("is for `rates` at `redis://…` (take it out: nothing would act on it)"), "{found}");
    }
}

#[test]
fn an_address_of_shared_rates_says_which_servers_they_are_and_is_written_as_it_was_read() {
    let shared = "store = \"postgres://gate@db/gates\"\ninstance = \"a\"\ngates = 3\n";
    let read = |address: &str| {
        let config = parse(&format!("{shared}rates = \"{address}\"\nrates_password = {{ env = \"RATES\" }}\n{UPSTREAM}"))
            .unwrap_or_else(|found| panic!("{address}: {found}"));
        config.rates.unwrap().address
    };
    let node = |host: &str, port| (host.to_owned(), port);
    let one = read("rediss://gate@cache.example/2");
    assert_eq!((one.hosts.clone(), one.user.as_deref(), one.database, one.tls), (vec![node("cache.example", 6379)], Some("gate"), 2, true));
    let sentinels = read("redis+sentinel://10.0.0.1,10.0.0.2:5000/mine?insecure=true");
    assert_eq!(sentinels.topology, RatesTopology::Sentinel("mine".to_owned()));
    assert_eq!(sentinels.hosts, [node("10.0.0.1", 26379), node("10.0.0.2", 5000)]);
    let cluster = read("rediss+cluster://[::1]:7000,b");
    assert_eq!((cluster.topology.clone(), cluster.hosts.clone()), (RatesTopology::Cluster, vec![node("::1", 7000), node("b", 6379)]));
    for address in [one, sentinels, cluster] {
        assert_eq!(read(&address.to_string()), address);
    }
}

#[test]
fn se_05_a_message_holds_no_secret_that_was_written_in_the_wrong_place() {
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    for value in [
        format!("\"{SECRET}\""),
        format!("{{ env = \"{SECRET}\" }}"),
        format!("{{ key = \"{SECRET}\" }}"),
        format!("{{ file = \"\", env = \"{SECRET}\" }}"),
        format!("[\"{SECRET}\"]"),
    ] {
        let text = UPSTREAM.replace("{ env = \"CAPTCHAAI_KEY\" }", &value);
        for found in [parse(&text), parse(&format!("{text}pepper = {value}\n"))] {
            assert!(!found.unwrap_err().to_string().contains(SECRET), "{value}");
        }
    }
    for (key, value) in [
        ("origin", format!("https://user:{SECRET}@example.com")),
        ("store", format!("redis://:{SECRET}@db")),
        ("rates", format!("rediss://gate:{SECRET}@db")),
    ] {
        let text = format!("{key} = \"{value}\"\n{}", UPSTREAM.replace("origin = \"https://ocr.captchaai.com\"\n", ""));
        assert!(!parse(&text).unwrap_err().to_string().contains(SECRET), "{key}");
        let text = UPSTREAM.replace("https://ocr.captchaai.com", &value);
        assert!(!parse(&text).unwrap_err().to_string().contains(SECRET), "{key}");
    }
}

#[test]
fn a_secret_has_exactly_one_source() {
    for (value, what) in [
        ("{}", "`secret` names no source (expected `{ env = \"NAME\" }` or `{ file = \"…\" }`)"),
        ("{ env = \"A\", file = \"b\" }", "`secret` names two sources (exactly one of `env` and `file`)"),
        (
            "{ env = \"lower\" }",
            "`env` is not the name of an environment variable (letters, digits and `_`, such as `CAPTCHAAI_KEY`; the secret itself does not \
             belong here)",
        ),
        ("{ vault = { address = \"https://vault\" } }", "`vault` is not built yet (take it out: nothing would act on it)"),
    ] {
        assert_eq!(mistake_with("secret", value), what);
    }
}

#[test]
fn ni_05_trusting_every_address_is_refused() {
    for block in ["0.0.0.0/0", "::/0"] {
        let found = mistakes(&format!("{UPSTREAM}[network]\ntrusted_proxies = [\"10.0.0.0/8\", \"{block}\"]\n"));
        assert_eq!(found, ["7:19: a trusted proxy of `/0` lets every client choose its own address: name the proxies' own blocks"]);
    }
}

#[test]
fn ni_07_address_blocks_that_are_unclear_are_refused() {
    let found = mistakes(&format!(
        "{UPSTREAM}[network]\ntrusted_proxies = [\"10.0.0.1/8\", \"010.0.0.1\"]\nforwarded_header = \"x-real-ip\"\nsets = {{ Office = [\"10.0.0.0/8\"], \
         lab = [\"x\"] }}\n"
    ));
    assert_eq!(
        found,
        [
            "7:20: `trusted_proxies` is not valid: host bits are set: write the network's own address",
            "7:34: `trusted_proxies` is not valid: expected an address block such as `203.0.113.0/24` or `2001:db8::/32`",
            "8:20: `forwarded_header` is not valid: expected `x-forwarded-for` or `forwarded`",
            "9:10: `sets` is not valid: a name is 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.`, and starts with a letter or a digit",
            "9:42: `sets` is not valid: expected an address block such as `203.0.113.0/24` or `2001:db8::/32`",
        ]
    );
}

#[test]
fn ad_01_an_admin_api_is_for_this_machine_and_tls_of_its_own_is_not_built() {
    for lines in ["", "token = { env = \"ADMIN_TOKEN\" }\n"] {
        for address in ["0.0.0.0:8081", "[::]:8081", "10.0.0.1:8081"] {
            assert!(parse(&format!("{UPSTREAM}[admin]\naddress = \"{address}\"\n{lines}")).is_err(), "{address} {lines}");
        }
        assert!(parse(&format!("{UPSTREAM}[admin]\naddress = \"127.0.0.1:0\"\n{lines}")).is_ok());
    }
    for tls in ["\"self\"", "{ cert = \"c\", key = \"k\" }"] {
        assert!(parse(&format!("{UPSTREAM}[admin]\ntls = {tls}\n")).is_err(), "{tls}");
    }
}

#[test]
fn a_listener_for_other_machines_needs_tls_or_a_word_aloud() {
    for (lines, refused) in [("", true), ("insecure = false\n", true), ("insecure = true\n", false), ("tls = \"self\"\n", false)] {
        for address in ["0.0.0.0:8080", "[::]:8080", "192.168.1.5:8080"] {
            let result = parse(&format!("{UPSTREAM}[[listener]]\naddress = \"{address}\"\n{lines}"));
            assert_eq!(result.is_err(), refused, "{address} {lines}");
        }
    }
    for tls in ["\"Self\"", "{ cert = \"c\" }", "{ key = \"k\" }", "{}", "true"] {
        assert!(parse(&format!("{UPSTREAM}[[listener]]\naddress = \"127.0.0.1:0\"\ntls = {tls}\n")).is_err(), "{tls}");
    }
}

#[test]
fn eg_04_an_origin_is_checked_where_it_is_written() {
    assert_eq!(mistake_with("origin", "\"https://[example.com]\"").split_once(": ").unwrap().0, "`origin` is not valid");
    for origin in ["http://10.0.0.5:8090", "http://localhost:8090", "http://example.com"] {
        assert!(mistake_with("origin", &format!("\"{origin}\"")).contains("plain http beyond loopback"), "{origin}");
        let text = UPSTREAM.replace("https://ocr.captchaai.com", origin);
        assert!(parse(&format!("{text}insecure = true\n")).is_ok(), "{origin}");
    }
    for origin in ["http://127.0.0.1:8090", "http://[::1]:8090"] {
        assert!(parse(&UPSTREAM.replace("https://ocr.captchaai.com", origin)).is_ok(), "{origin}");
    }
}

#[test]
fn upstreams_and_listeners_are_checked_against_one_another() {
    assert_eq!(
        mistakes("state = \"state\"\n"),
        ["1:1: there is no upstream: no request could go anywhere (add an `[[upstream]]` with `name`, `profile`, `origin` and `secret`)"]
    );
    let none = mistakes("upstream = []\n");
    assert!(none.len() == 1 && none[0].contains("there is no upstream"), "{none:?}");
    let found = mistakes(&format!("{UPSTREAM}[[listener]]\naddress = \"127.0.0.1:8081\"\n"));
    assert_eq!(found, ["7:11: a second listener at `127.0.0.1:8081`"]);
    let second = UPSTREAM.replace("secret", "hosts = [\"a.internal\", \"A.internal\"]\nsecret");
    let listener = "[[listener]]\naddress = \"127.0.0.1:9000\"\n";
    assert_eq!(
        mistakes(&format!("{UPSTREAM}{second}{listener}{listener}upstream = \"other\"\n")),
        [
            "7:8: a second upstream `captchaai`",
            "10:24: a second upstream at the host `a.internal`",
            "15:11: a second listener at `127.0.0.1:9000`",
            "16:12: there is no upstream `other`",
        ]
    );
    let free = "[[listener]]\naddress = \"127.0.0.1:0\"\n";
    assert_eq!(parse(&format!("{UPSTREAM}{free}{free}")).unwrap().listeners.len(), 2);
}

#[test]
fn an_upstream_says_what_it_is_made_of() {
    let found = mistakes("[[upstream]]\n[[listener]]\n");
    let without: Vec<&str> = found.iter().map(|mistake| mistake.split(" (").next().unwrap()).collect();
    assert_eq!(
        without,
        [
            "1:1: `[[upstream]]` has no `name`",
            "1:1: `[[upstream]]` has no `profile`",
            "1:1: `[[upstream]]` has no `origin`",
            "1:1: `[[upstream]]` has no `secret`",
            "2:1: `[[listener]]` has no `address`",
        ]
    );
}

#[test]
fn money_and_limits_are_read_strictly() {
    for (lines, what) in [
        ("prices = { post = 0.0029 }", "`prices` is not a table of dollars a task such as `{ userrecaptcha = \"0.0029\" }`"),
        ("prices = { post = \"1e-3\" }", "`prices` is not valid: expected dollars as a plain decimal such as `25` or `0.0029`"),
        ("prices = { \"a b\" = \"1\" }", "`a b` is not a method (1 to 64 letters, digits and `_`)"),
        (
            "cap = [\"50/year\"]",
            "`cap` is not valid: expected an amount and a period such as `25/day`, `400/month Europe/Berlin`, `100/week`, `25/24h`, `5/hour` or \
             `1000/total`",
        ),
        ("cap = \"50/day\"", "`cap` is not a list of caps in dollars such as `[\"50/day\", \"400/month Europe/Berlin\"]`"),
        ("tasks = [\"0/day\"]", "`tasks` is not valid: a limit of zero is never meant: pause the key instead"),
        ("rate = \"60\"", "`rate` is not valid: expected a rate such as `60/min` or `60/min burst 6`"),
        ("concurrency = 0", "`concurrency` is out of range (between 1 and 1000000)"),
        ("concurrency = -1", "`concurrency` is out of range (between 1 and 1000000)"),
        ("concurrency = 1.0", "`concurrency` is not a whole number"),
        ("plan = { threads = 5 }", "`plan` of `[[upstream]]` has no `monthly` (expected dollars such as `\"90\"`)"),
        (
            "cap = [\"50/day\"]",
            "a cap in dollars bounds nothing at a provider that sells threads: a task costs nothing there (impute prices (`prices = { … }`), \
             or limit `tasks` and `concurrency` instead)",
        ),
    ] {
        assert_eq!(mistake_behind_upstream(lines), what, "{lines}");
    }
    let sold = UPSTREAM.replace("profile = \"captchaai\"", "profile = \"twocaptcha\"");
    let found = mistakes(&format!("{sold}prices = {{ post = \"0\" }}\n"));
    assert_eq!(found, ["6:10: a price of zero for `post` would pass every cap: name what a task costs at most"]);
}

#[test]
fn a_plans_threads_are_the_concurrency() {
    for (lines, expected) in [
        ("plan = { monthly = \"90\", threads = 50 }", 50),
        ("plan = { monthly = \"90\", threads = 50 }\nconcurrency = 20", 20),
        ("plan = { monthly = \"90\", threads = 50 }\nconcurrency = 80", 50),
    ] {
        let config = parse(&format!("{UPSTREAM}{lines}\n")).unwrap();
        assert_eq!(config.upstreams[0].limits, [tollgate_model::LimitKind::Concurrency(expected)], "{lines}");
    }
}

#[test]
fn limits_cannot_be_turned_off_by_large_numbers() {
    for line in [
        "connections = 0",
        "connections = 99999999999999999999",
        "body_bytes = \"1KiB\"",
        "calls_per_key = 0",
        "head = \"1MiB\"",
        "headers = 65",
        "target = \"64KiB\"",
        "target = \"16KiB\"",
        "body = \"1024MiB\"",
        "head_within = \"1h\"",
        "body_within = \"1d\"",
        "connect_within = \"1ms\"",
        "answer_within = \"2m\"",
        "call_within = \"1d\"",
    ] {
        let found = mistakes(&format!("{UPSTREAM}[limits]\n{line}\n"));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
    }
}

struct Fixed(HashMap<&'static str, &'static str>);

impl Environment for Fixed {
    fn look_up(&self, name: &str) -> Option<OsString> {
        self.0.get(name).map(OsString::from)
    }
}

#[test]
fn what_was_weakened_aloud_is_said_again() {
    let text = "[[listener]]\naddress = \"0.0.0.0:8080\"\ninsecure = true\n\n[[upstream]]\nname = \"two\"\nprofile = \"captchaai\"\n\
                origin = \"http://10.0.0.5:8090\"\nsecret = { env = \"TWO_KEY\" }\ninsecure = true\ntripwire = false\n";
    let config = parse(text).unwrap();
    assert_eq!(
        config.notices(&Fixed(HashMap::new())),
        [
            "listener `0.0.0.0:8080` speaks plain http to other machines: whoever is on the way can read and use the virtual keys",
            "upstream `two` is reached by plain http: whoever is on the way can read the real key",
            "upstream `two` has no tripwire: an answer that holds the real key is passed on",
            "upstream `two` takes its key from `TWO_KEY`, which is not set here",
            "upstream `two` has no limit of its own: only those of its keys and teams hold",
            "listener `0.0.0.0:8080` has no upstream at its root: it answers under `/u/<name>/` alone",
        ]
    );
    let good = parse(&format!("{UPSTREAM}concurrency = 5\n")).unwrap();
    assert_eq!(good.notices(&Fixed([("CAPTCHAAI_KEY", "x")].into())), Vec::<String>::new());
}

#[test]
fn a_table_of_prices_that_is_empty_is_said_aloud_and_one_of_v2_is_by_type() {
    let of = |profile: &str, more: &str| {
        UPSTREAM.replace("profile = \"captchaai\"", &format!("profile = \"{profile}\"")) + more + "concurrency = 5\n"
    };
    let notices = |text: &str| parse(text).unwrap().notices(&Fixed([("CAPTCHAAI_KEY", "x")].into()));
    assert_eq!(notices(&of("rucaptcha", "")), ["upstream `captchaai` has no prices: every submission is denied until `prices` names some"]);
    for profile in ["anticaptcha", "capsolver"] {
        assert_eq!(notices(&of(profile, "")), Vec::<String>::new());
        let found = parse(&of(profile, "prices = { ImageToTextTask = \"0\" }\n")).unwrap_err().to_string();
        assert!(found.contains("a price of zero for `ImageToTextTask`"), "{found}");
        let table =
            parse(&of(profile, "prices = { ImageToTextTask = \"0.01\", NewTask = \"0.02\" }\n")).unwrap().upstreams.remove(0).prices;
        let price = |kind: &str| table.worst_case(kind).map(|price| price.to_string());
        assert_eq!((price("ImageToTextTask").as_deref(), price("NewTask").as_deref()), (Some("0.010000000"), Some("0.020000000")));
        assert_eq!(price("imagetotexttask"), None);
    }
}
