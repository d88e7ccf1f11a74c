//! Every key, by table.

use super::{Field, Table};

pub(super) const fn field(name: &'static str, form: &'static str, default: &'static str, says: &'static str) -> Field {
    Field { name, form, default, says, built: true }
}

const fn later(name: &'static str, form: &'static str, says: &'static str) -> Field {
    Field { name, form, default: "", says, built: false }
}

const ADDRESS: &str = "an address and a port such as `127.0.0.1:8080`";
const DURATION: &str = "a duration such as `30s`, `15m`, `24h` or `90d`";
const SIZE: &str = "a size such as `16KiB` or `2MiB`";
const SOURCE: &str = "a source such as `{ env = \"NAME\" }` or `{ file = \"/run/secrets/key\" }`";
pub(super) const PATH: &str = "a path; a relative one stands beside this file";
const COUNT: &str = "a whole number";

/// Every table, in the order of the reference.
pub(crate) const ALL: [&Table; 10] = [&TOP, &LISTENER, &TLS, &NETWORK, &ADMIN, &UPSTREAM, &SECRET, &PLAN, &AUDIT, &LIMITS];

pub(crate) const TOP: Table = Table {
    header: "",
    inline: None,
    says: "What holds for the whole gate; these keys stand above the first table.",
    fields: &[
        field(
            "state",
            PATH,
            "\"state\"",
            "The folder of the embedded store, the admin socket, the gate's own CA and the audit log; one process at a time holds it.",
        ),
        field(
            "store",
            "`sqlite` or an address such as `postgres://gate@db.example:5432/gates`",
            "\"sqlite\"",
            "Where money, keys and revocations are kept: in the state folder, or in a PostgreSQL database that several gates share.",
        ),
        field("store_password", SOURCE, "", "Where the password of the database's user is."),
        field(
            "store_ca",
            PATH,
            "",
            "A private CA in PEM; the certificate of a database on another machine must then be of it, else of one that the system trusts.",
        ),
        field(
            "instance",
            "a name of `a-z`, `0-9`, `-`, `_`, `.`",
            "",
            "This gate's name among those that share the store, the same over restarts and no other gate's.",
        ),
        field(
            "rates",
            "an address such as `rediss://gate@cache.example:6379`, `rediss+sentinel://one.example,two.example/primary` or `rediss+cluster://one.example,two.example`",
            "",
            "A Redis in which the gates that share the store count rates together; without it each counts for itself. `redis://` is for this machine, or ends with `?insecure=true`.",
        ),
        field("rates_password", SOURCE, "", "Where the password of Redis's user is."),
        field("rates_ca", PATH, "", "A private CA in PEM for a `rediss://` server; without it those that the system trusts."),
        field("gates", COUNT, "", "How many gates share the rates: while Redis is away each admits its part of every rate."),
        field("drain", DURATION, "\"30s\"", "How long SIGTERM waits for calls in flight."),
        field(
            "retain",
            DURATION,
            "\"400d\"",
            "How long the audit log is kept; nothing of it is deleted yet, and another value than this one is refused.",
        ),
        field("workers", COUNT, "", "Worker threads; one for each processor unless said."),
        field("pepper", SOURCE, "", "Where the key of the keyed hashes of virtual keys is; without it the store keeps one of its own."),
        field("listener", "tables `[[listener]]`", "", "Where clients come in."),
        field("network", "a table `[network]`", "", "Whose word about a client's address is taken."),
        field("admin", "a table `[admin]`", "", "The admin API."),
        field("upstream", "tables `[[upstream]]`", "", "The providers' accounts."),
        field("audit", "a table `[audit]`", "", "The audit log."),
        field("limits", "a table `[limits]`", "", "Sizes, numbers and times that a request is held to."),
        later("metrics", "a table `[metrics]`", "An address that serves `/metrics` alone."),
        later("alerts", "a table `[alerts]`", "Where alarms are sent."),
    ],
};

pub(crate) const LISTENER: Table = Table {
    header: "[[listener]]",
    inline: None,
    says: "One socket that clients connect to. Without any there is one at `127.0.0.1:8080`.",
    fields: &[
        field("address", ADDRESS, "", "Where it listens; port 0 picks a free one."),
        field(
            "upstream",
            "the name of an upstream",
            "",
            "The upstream that stands at its root; without it the Host name decides (`hosts` of the upstream), and `/u/<name>/…` works everywhere.",
        ),
        field(
            "tls",
            "`\"self\"` or `{ cert = \"…\", key = \"…\" }`",
            "",
            "Whether it speaks TLS: with a certificate of the gate's own CA, or with one of yours.",
        ),
        field(
            "insecure",
            "`true` or `false`",
            "false",
            "Lets it speak plain http beyond loopback: whoever is on the way can read and use the virtual keys.",
        ),
        later("client_ca", PATH, "Client certificates are asked for and must be of this CA."),
        later("proxy_protocol", "`true` or `false`", "Connections begin with a PROXY header."),
    ],
};

pub(crate) const TLS: Table = Table {
    header: "[[listener]]",
    inline: Some("tls"),
    says: "A certificate of yours.",
    fields: &[
        field("cert", PATH, "", "The chain in PEM, the server's own certificate first."),
        field("key", PATH, "", "Its private key in PEM."),
    ],
};

pub(crate) const NETWORK: Table = Table {
    header: "[network]",
    inline: None,
    says: "How a client's true address is known.",
    fields: &[
        field(
            "trusted_proxies",
            "a list of address blocks such as `[\"10.0.0.0/8\"]`",
            "[]",
            "Proxies whose forwarded header is believed; nobody's unless named, and never everybody's.",
        ),
        field(
            "forwarded_header",
            "`x-forwarded-for` or `forwarded`",
            "\"x-forwarded-for\"",
            "The one header that is read from them; the rightmost hop that is no trusted proxy is the client.",
        ),
        field(
            "sets",
            "a table of lists such as `{ office = [\"203.0.113.0/24\"] }`",
            "{}",
            "Names for address blocks: `--allow office` stands for the blocks that it has when a key is made or changed.",
        ),
    ],
};

pub(crate) const ADMIN: Table = Table {
    header: "[admin]",
    inline: None,
    says: "The admin API, the dashboard and the metrics. The socket in the state folder is always there.",
    fields: &[
        field("address", ADDRESS, "\"127.0.0.1:8081\"", "Where it listens, on loopback; from elsewhere come by an SSH tunnel."),
        later("tls", "`\"self\"` or `{ cert = \"…\", key = \"…\" }`", "Whether it speaks TLS, and may be reached from other machines."),
        field("token", SOURCE, "", "Where the bearer token is that callers show; without it the file `admin.token` in the state folder."),
    ],
};

pub(crate) const UPSTREAM: Table = Table {
    header: "[[upstream]]",
    inline: None,
    says: "One account at a provider. Its limits are shared by all keys that use it.",
    fields: &[
        field("name", "a name of `a-z`, `0-9`, `-`, `_`, `.`", "", "What it is called in keys, paths, metrics and the log."),
        field("profile", "the name of a profile", "", "How the provider speaks and what it charges."),
        field("origin", "an address such as `https://ocr.captchaai.com`", "", "Where requests go, and no other place."),
        field(
            "hosts",
            "a list of host names such as `[\"captcha.internal\"]`",
            "[]",
            "Host names under which it stands at the root of a listener that names no upstream.",
        ),
        field("secret", SOURCE, "", "Where the real key is."),
        field(
            "tripwire",
            "`true` or `false`",
            "true",
            "Whether the provider's answers are searched for the real key; a key under 16 characters is refused unless this is `false`.",
        ),
        field(
            "governor",
            "`true` or `false`",
            "`true`; `false` for an origin on loopback",
            "Whether polls and submissions keep to the pace that the provider bans accounts for: a poll that comes too soon is answered \
             \"not ready\" by the gate.",
        ),
        field(
            "balance_every",
            "a time of `1s` to `1d`, or `off`",
            "`60s`; `off` for an origin on loopback, and where threads are sold",
            "How often the account's balance is asked for and held against the books: what falls faster than was bought here raises the alarm \
             `drift`. Never more often than the provider takes it; not where several gates share a book.",
        ),
        field(
            "collapse",
            "a time of `1s` to `24h`",
            "none: each is bought",
            "How long the same submission of a key is answered as the first was, and bought once. A caller's own `Idempotency-Key` goes before it.",
        ),
        field(
            "prices",
            "a table of dollars a task such as `{ userrecaptcha = \"0.0029\" }`",
            "{}",
            "What a task of a method (v1) or a type (v2) costs at most; overrides the profile's table.",
        ),
        field(
            "cap",
            "a list of caps in dollars such as `[\"50/day\", \"400/month Europe/Berlin\"]`",
            "[]",
            "What all keys together may spend.",
        ),
        field("tasks", "a list of caps in tasks such as `[\"5000/day\"]`", "[]", "How many tasks all keys together may buy."),
        field("rate", "a rate such as `600/min` or `600/min burst 60`", "", "How many submissions a minute go to the provider."),
        field("concurrency", COUNT, "", "How many tasks may be open at once."),
        field(
            "plan",
            "a plan such as `{ monthly = \"90\", threads = 50 }`",
            "",
            "For providers that sell threads: tasks cost nothing by themselves, and the threads are the concurrency.",
        ),
        field("ca", PATH, "", "A private CA in PEM; the provider's certificate must then be of it."),
        field(
            "insecure",
            "`true` or `false`",
            "false",
            "Lets the origin be plain http beyond loopback: whoever is on the way can read the real key.",
        ),
        later("egress", "a table such as `{ source = \"203.0.113.7\" }`", "The way out: source address, proxy, expected address."),
        later("rotation", "a table such as `{ watch = true }`", "How a new version of the real key is taken into use."),
    ],
};

pub(crate) const SECRET: Table = Table {
    header: "[[upstream]]",
    inline: Some("secret"),
    says: "Where a secret is; exactly one of these. The same under `pepper` and `token`.",
    fields: &[
        field("env", "the name of an environment variable", "", "An environment variable, read once at start."),
        field(
            "file",
            PATH,
            "",
            "A file that only this process's user can read (mode 0400); a new content is taken into use within a second.",
        ),
        later("sealed", PATH, "A sealed file."),
        later("identity", PATH, "What opens the sealed file."),
        later("vault", "a table", "HashiCorp Vault or OpenBao."),
        later("aws", "a table", "AWS Secrets Manager."),
    ],
};

pub(crate) const PLAN: Table = Table {
    header: "[[upstream]]",
    inline: Some("plan"),
    says: "A plan by threads.",
    fields: &[
        field(
            "monthly",
            "dollars such as `\"90\"`",
            "",
            "What the plan costs a month: `usage --month` shares it by how long each key, team, method or day kept a thread at work.",
        ),
        field("threads", COUNT, "", "How many tasks the provider works on at once."),
    ],
};

pub(crate) const AUDIT: Table = Table {
    header: "[audit]",
    inline: None,
    says: "The audit log.",
    fields: &[field(
        "durability",
        "`process` or `power`",
        "\"process\"",
        "When an intent counts as written: handed to the operating system (survives the process), or fsynced (survives the machine).",
    )],
};

pub(crate) const LIMITS: Table = Table {
    header: "[limits]",
    inline: None,
    says: "Sizes, numbers and times that a request is held to.",
    fields: &[
        field("connections", COUNT, "16384", "Connections of clients at once."),
        field("body_bytes", SIZE, "\"64MiB\"", "Request bodies being read at once, all together."),
        field("calls_per_key", COUNT, "64", "Calls of one key in flight."),
        field("head", SIZE, "\"16KiB\"", "A request's head."),
        field("headers", COUNT, "64", "A request's header lines."),
        field("target", SIZE, "\"4KiB\"", "A request's target."),
        field("body", SIZE, "\"2MiB\"", "A submission's body."),
        field("head_within", DURATION, "\"5s\"", "From a request's first byte to the end of its head."),
        field("body_within", DURATION, "\"15s\"", "From the end of its head to the end of its body."),
        field("connect_within", DURATION, "\"3s\"", "Connecting to the provider, TLS included."),
        field("answer_within", DURATION, "\"30s\"", "From the last byte sent to the provider to the first byte of its answer."),
        field("call_within", DURATION, "\"60s\"", "The whole call to the provider."),
    ],
};
