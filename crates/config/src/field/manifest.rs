//! Every key of the file that `tollgate apply` reads, by table: the words of the command line and the admin API.

use super::Table;
use super::tables::{PATH, field};

const NAME: &str = "a name of `a-z`, `0-9`, `-`, `_`, `.`";
const CAPS: &str = "a cap in dollars such as `\"25/day\"` or `\"400/month Europe/Berlin\"`, a list of them, or `\"none\"`";
const TASKS: &str = "a cap in tasks such as `\"5000/day\"`, or a list of them";
const RATE: &str = "a rate such as `\"60/min\"` or `\"60/min burst 6\"`";
const OPEN: &str = "a whole number, or `\"none\"`";
const INSTANT: &str = "an instant such as `\"2026-12-31T18:00:00Z\"`, or a time such as `\"90d\"`";
const NOTE: &str = "a line of text";

/// Every table of such a file, in the order of the reference.
pub(crate) const MANIFEST: [&Table; 3] = [&MANIFEST_TOP, &TEAM, &KEY];

pub(crate) const MANIFEST_TOP: Table = Table {
    header: "",
    inline: None,
    says: "What holds for the whole file; it stands above the first table.",
    fields: &[
        field("secrets", PATH, "", "The folder for the secrets of keys that are made, one file each; `--secrets DIR` counts before it."),
        field("team", "a list of tables `[[team]]`", "[]", "The teams."),
        field("key", "a list of tables `[[key]]`", "[]", "The keys."),
    ],
};

pub(crate) const TEAM: Table = Table {
    header: "[[team]]",
    inline: None,
    says: "A team. What is not said of it here is not there: the file is the whole of its terms, but for raises.",
    fields: &[
        field("name", NAME, "", "Its name."),
        field("caps", CAPS, "[]", "Caps in dollars that its keys share."),
        field("tasks", TASKS, "[]", "Caps in tasks that they share."),
        field("rate", RATE, "\"none\"", "A rate that they share."),
        field("concurrency", OPEN, "\"none\"", "Open tasks at once, of all of them."),
        field("note", NOTE, "\"\"", "A note for people."),
    ],
};

pub(crate) const KEY: Table = Table {
    header: "[[key]]",
    inline: None,
    says: "A key. What is not said of it here is not there: the file is the whole of its terms, but for raises and a pause.",
    fields: &[
        field("name", NAME, "", "Its name; a name that was given once is never given to another key."),
        field("upstream", "the name of an upstream", "", "The upstream it is for, for good; may be left out when there is one."),
        field("team", NAME, "\"none\"", "The team whose limits it shares, of this file or at the gate."),
        field("env", NAME, "\"none\"", "The environment it is for."),
        field(
            "allow",
            "address blocks such as `[\"10.1.2.0/24\"]`, names of `sets`, or `\"any\"`",
            "[]",
            "Where it may be used from; without it a key is refused.",
        ),
        field("caps", CAPS, "[]", "Its caps in dollars; without any limit a key is refused unless this is `\"none\"`."),
        field("tasks", TASKS, "[]", "Its caps in tasks."),
        field("rate", RATE, "\"none\"", "Its rate."),
        field("concurrency", OPEN, "\"none\"", "Its open tasks at once."),
        field(
            "hours",
            "hours such as `\"Mon-Fri 09:00-17:00 Europe/Berlin\"`, or a list of them",
            "[]",
            "When it may submit; any time without it.",
        ),
        field("not_before", INSTANT, "\"none\"", "When it begins; a time counts from the key's making."),
        field("expires", INSTANT, "\"none\"", "When it ends; a time counts from the key's making, so that a second run changes nothing."),
        field("idle", "a time such as `\"30d\"`", "\"none\"", "How long it may be unused before it ends."),
        field("methods", "methods such as `[\"userrecaptcha\"]`, or `\"any\"`", "\"any\"", "What it may submit."),
        field("callbacks", "hosts such as `[\"hooks.example\"]`", "[]", "Hosts that it may name as a callback."),
        field("observe", "`network`, `hours`, `rate`, or a list of them", "[]", "Checks that are recorded and let pass until `until`."),
        field("until", "an instant such as `\"2026-12-31T18:00:00Z\"`", "", "When observing ends."),
        field("brake", "a multiple such as `\"20x\"` or `\"20x/30s\"`, or `\"off\"`", "\"10x\"", "When it is paused for running away."),
        field("note", NOTE, "\"\"", "A note for people."),
    ],
};
