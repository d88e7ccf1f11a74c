//! `tollgate store`: from the state folder's own file into a database that several gates share.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use tollgate_books::stock::{Measure, Stock};
use tollgate_config::{Config, Store as Wanted};
use tollgate_model::Money;
use tollgate_store_postgres::{copy, look};
use tollgate_store_sqlite::SqliteStock;

use crate::args::Store;
use crate::exit::{Failed, Outcome};
use crate::house;
use crate::print;

/// What the file is called once it is copied: no gate opens it by mistake.
const COPIED: &str = "tollgate.db.copied";

/// What is told of a store, by its name in JSON and for people.
const COUNTED: [(&str, &str, Measure); 8] = [
    ("keys", "keys", Measure::Keys),
    ("revoked", "of them revoked", Measure::Revoked),
    ("secrets", "secrets", Measure::Secrets),
    ("teams", "teams", Measure::Teams),
    ("holds", "purchases and corrections", Measure::Holds),
    ("open", "of them open", Measure::Open),
    ("unknown", "of them of unknown outcome", Measure::Unknown),
    ("tasks", "tasks with an owner", Measure::Owned),
];
const SUMMED: [(&str, &str, Measure); 3] = [
    ("settled", "settled", Measure::UsedSettled),
    ("held", "held", Measure::UsedHeld),
    ("unknown_cost", "of unknown outcome", Measure::UsedUnknown),
];

/// Runs the verb.
pub(crate) fn run(store: &Store, json: bool) -> Outcome {
    let Store::Copy { file, dry_run } = store;
    let config = Config::load(&file.config).map_err(Failed::usage)?;
    let Wanted::Postgres(shared) = &config.store else {
        return Err(Failed::usage("`store` in the configuration names no database to copy to")
            .hint("write the lines that the gate is to run with from then on: `store = \"postgres://…\"` and `instance`"));
    };
    let path = house::embedded(&config.state);
    let mut stock = SqliteStock::open(&path).map_err(anyhow::Error::new)?;
    let whole = stock.registry().context("the keys cannot be read")?;
    let told = Told::of(&mut stock).context("the book cannot be read")?;
    let place = house::with_shared(shared, &config.state, |settings| {
        if *dry_run {
            return Ok(look(&settings)?);
        }
        Ok(copy(&settings, shared.instance.as_str(), &whole, &mut stock)?)
    })?;
    // the file is closed, and its log brought home
    drop(stock);
    let kept = if *dry_run { path.clone() } else { retire(&path)? };
    if json {
        return print::json(&told.json(&path, &place, shared.instance.as_str(), &kept, *dry_run));
    }
    let (instance, from) = (&shared.instance, path.display());
    let head = if *dry_run { "would be copied" } else { "copied, counted and summed on both sides" };
    let next = if *dry_run {
        "nothing was written: without `--dry-run` it is copied".to_owned()
    } else {
        format!(
            "the file is `{}` now, for no gate: keep it as a backup of this moment\nnext: `tollgate serve` goes on from the database",
            kept.display()
        )
    };
    print::lines(&format!("{head}: `{from}` to `{place}`, as `{instance}`\n{}{next}\n", told.people()))
}

/// Puts the file where no gate takes it for its store.
fn retire(path: &Path) -> Result<PathBuf> {
    let kept = path.with_file_name(COPIED);
    std::fs::rename(path, &kept).with_context(|| {
        format!("the copy is whole, but `{}` cannot be renamed: move it away, so that no gate spends from it", path.display())
    })?;
    Ok(kept)
}

/// What is in a store.
struct Told {
    counts: Vec<(&'static str, &'static str, i128)>,
    sums: Vec<(&'static str, &'static str, Money)>,
}

impl Told {
    fn of(stock: &mut SqliteStock) -> Result<Self> {
        let mut counts = Vec::new();
        for (name, words, measure) in COUNTED {
            counts.push((name, words, stock.weigh(measure)?));
        }
        let mut sums = Vec::new();
        for (name, words, measure) in SUMMED {
            sums.push((name, words, Money::from_nanos(i64::try_from(stock.weigh(measure)?).unwrap_or(i64::MAX))));
        }
        Ok(Self { counts, sums })
    }

    fn json(&self, from: &Path, to: &str, instance: &str, kept: &Path, dry_run: bool) -> Value {
        let mut all: Map<String, Value> = Map::new();
        all.insert("copied".to_owned(), (!dry_run).into());
        all.insert("from".to_owned(), from.display().to_string().into());
        all.insert("to".to_owned(), to.into());
        all.insert("instance".to_owned(), instance.into());
        all.insert("kept".to_owned(), kept.display().to_string().into());
        let counts = self.counts.iter().map(|(name, _, count)| ((*name).to_owned(), json!(i64::try_from(*count).unwrap_or(i64::MAX))));
        let sums = self.sums.iter().map(|(name, _, sum)| ((*name).to_owned(), sum.to_string().into()));
        all.extend(counts.chain(sums));
        Value::Object(all)
    }

    fn people(&self) -> String {
        let counts = self.counts.iter().map(|(_, words, count)| vec![(*words).to_owned(), count.to_string()]);
        let sums = self.sums.iter().map(|(_, words, sum)| vec![format!("dollars {words}"), sum.to_string()]);
        print::table(&["what", "how much"], &counts.chain(sums).collect::<Vec<_>>(), "nothing")
    }
}
