//! The doors: one table. Arrows go down only; a new arrow is a decision, and is made here.

/// Each crate of the workspace, and which others it may use.
pub(super) const CRATES: &[(&str, &[&str])] = &[
    ("tollgate-model", &[]),
    ("tollgate-sys", &[]),
    ("tollgate-wire", &[]),
    ("tollgate-policy", &["tollgate-model"]),
    ("tollgate-dialect", &["tollgate-model"]),
    ("tollgate-books", &["tollgate-model"]),
    ("tollgate-audit", &["tollgate-model"]),
    ("tollgate-secrets", &["tollgate-model", "tollgate-sys"]),
    ("tollgate-registry", &["tollgate-model", "tollgate-policy", "tollgate-books"]),
    ("tollgate-store-sqlite", &["tollgate-model", "tollgate-policy", "tollgate-books", "tollgate-registry"]),
    ("tollgate-store-postgres", &["tollgate-model", "tollgate-policy", "tollgate-books", "tollgate-registry"]),
    ("tollgate-store-redis", &["tollgate-model", "tollgate-books"]),
    ("tollgate-config", &["tollgate-model", "tollgate-policy", "tollgate-dialect"]),
    (
        "tollgate-gateway",
        &[
            "tollgate-model",
            "tollgate-policy",
            "tollgate-wire",
            "tollgate-dialect",
            "tollgate-books",
            "tollgate-registry",
            "tollgate-registry",
            "tollgate-secrets",
            "tollgate-audit",
        ],
    ),
    ("tollgate-admin", &["tollgate-model", "tollgate-policy", "tollgate-books", "tollgate-registry", "tollgate-audit"]),
    ("tollgate-sandbox", &["tollgate-model"]),
    ("tollgate", EVERY),
    ("xtask", &["tollgate-model", "tollgate-dialect", "tollgate-books", "tollgate-config", "tollgate-tests"]),
    ("tollgate-tests", EVERY),
];

/// The one place that sees them all, and the tests of the whole.
const EVERY: &[&str] = &[
    "tollgate-model",
    "tollgate-sys",
    "tollgate-wire",
    "tollgate-policy",
    "tollgate-dialect",
    "tollgate-books",
    "tollgate-audit",
    "tollgate-secrets",
    "tollgate-registry",
    "tollgate-store-sqlite",
    "tollgate-store-postgres",
    "tollgate-store-redis",
    "tollgate-config",
    "tollgate-gateway",
    "tollgate-admin",
    "tollgate-sandbox",
];

/// Parts from elsewhere that only these crates may use.
pub(super) const RESTRICTED: &[(&str, &[&str])] = &[
    // a second parser stands behind the admin port and in the sandbox, never in the corridor
    ("hyper", DESKS),
    ("hyper-util", DESKS),
    ("http-body-util", DESKS),
    ("axum", DESKS),
    ("tower-http", DESKS),
    ("rusqlite", &["tollgate-store-sqlite"]),
    ("tokio-postgres", &["tollgate-store-postgres"]),
    ("redis", &["tollgate-store-redis"]),
    ("rustls", TRUST),
    ("tokio-rustls", TRUST),
    ("rustls-native-certs", TRUST),
    ("rustls-pki-types", TRUST),
    ("rcgen", &["tollgate", "tollgate-tests"]),
    ("clap", &["tollgate"]),
    // sockets are tokio's but where a load and a floor are measured
    ("mio", &["xtask"]),
    ("anyhow", &["tollgate", "xtask", "tollgate-tests"]),
    // the kernel is asked in one crate, and by the source that checks a file's mode
    ("libc", &["tollgate-sys"]),
    ("rustix", &["tollgate-sys", "tollgate-secrets"]),
    // randomness is an argument everywhere else
    ("getrandom", &["tollgate-gateway", "tollgate-sandbox", "tollgate"]),
    // pure crates have no runtime
    (
        "tokio",
        &[
            "tollgate-books",
            "tollgate-registry",
            "tollgate-store-sqlite",
            "tollgate-store-postgres",
            "tollgate-store-redis",
            "tollgate-gateway",
            "tollgate-admin",
            "tollgate-sandbox",
            "tollgate",
            "tollgate-tests",
            "xtask",
        ],
    ),
];

const DESKS: &[&str] = &["tollgate-admin", "tollgate-sandbox"];
const TRUST: &[&str] =
    &["tollgate-gateway", "tollgate-store-postgres", "tollgate-store-redis", "tollgate", "tollgate-config", "tollgate-tests"];

/// The sandbox is the gate's witness: a mistake in one must not hide a mistake in the other.
pub(super) const APART: &[(&str, &str)] = &[
    ("tollgate-sandbox", "tollgate-dialect"),
    ("tollgate-sandbox", "tollgate-wire"),
    ("tollgate-sandbox", "tollgate-gateway"),
    ("tollgate-gateway", "tollgate-sandbox"),
    ("tollgate-dialect", "tollgate-sandbox"),
];

/// General clients follow redirects, take proxies from the environment and print URLs; other TLS stacks are a second trust.
pub(super) const NOWHERE: &[&str] = &["reqwest", "ureq", "isahc", "openssl", "native-tls", "openssl-sys"];
