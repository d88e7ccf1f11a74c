//! What have other gates changed? Asked for when they tell of it, and every second anyway: an answer is news, that nobody says
//! anything is none.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tollgate_gateway::Gate;

use super::pause;
use super::store::Kept;

/// How often it is asked though nobody has told of a change. What a gate of an older version changes is not told, nor what is told
/// on a connection that is dead and does not know it; a revocation has two seconds, of which this leaves one for the answer.
const ANYWAY: Duration = Duration::from_secs(1);
/// How soon it is asked again when there was no answer.
const AGAIN: Duration = Duration::from_millis(250);
/// How soon at the earliest after an answer: what is changed at one go is asked for together, and a connection that is lost as often
/// as it is made is not made without pause.
const TOGETHER: Duration = Duration::from_millis(20);

/// Takes up what another process has changed, until it is told to stop; nothing else is waited for here, for a revocation is among it.
pub(super) async fn keep(gate: Arc<Gate>, store: Kept, mut stopped: watch::Receiver<bool>) {
    loop {
        let asked = gate.clock.now();
        let ends = match gate.registry.refresh().await {
            Ok(_) => {
                gate.feed.iter().for_each(|feed| feed.heard(asked));
                pause(&mut stopped, TOGETHER).await || told_or_tired(&store, &mut stopped).await
            }
            Err(error) => {
                tracing::warn!(error = %error, "the registry could not be refreshed");
                pause(&mut stopped, AGAIN).await
            }
        };
        if ends {
            return;
        }
    }
}

/// Waits until somebody tells of a change, or long enough; true when it is time to stop.
async fn told_or_tired(store: &Kept, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        ends = pause(stopped, ANYWAY) => ends,
        () = store.told() => false,
    }
}
