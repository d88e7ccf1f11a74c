//! What happened to a request? Each of its lines as a sentence.

use serde_json::Value;

/// One line as a sentence.
pub(super) fn told(line: &Value) -> String {
    let at = text(line, "/@timestamp").unwrap_or("?");
    let key = text(line, "/tollgate/key/name").unwrap_or("an unknown key");
    let operation = text(line, "/tollgate/operation").unwrap_or("something that was not understood");
    let from = text(line, "/client/ip").or_else(|| text(line, "/source/ip")).unwrap_or("an unknown address");
    let reason = text(line, "/tollgate/reason").unwrap_or("no reason was written down");
    match (text(line, "/event/action"), text(line, "/tollgate/denied_by")) {
        (Some(tollgate_audit::CORRECTION), _) => {
            let of = |place: &str| text(line, place).unwrap_or("?");
            let (name, amount, on) = (of("/tollgate/detail/name"), of("/tollgate/detail/amount"), of("/tollgate/detail/on"));
            format!("{at}: what {name} has spent on {on} was corrected by ${amount}: {}", of("/tollgate/detail/reason"))
        }
        (Some("settle"), _) => format!("{at}: its task ended: {}", money(line)),
        (Some("intent"), _) => {
            let held = text(line, "/tollgate/cost/held").unwrap_or("0");
            format!("{at}: {key} asked for {operation} from {from}; ${held} were held, and it was about to be sent")
        }
        (action, Some(code)) => {
            let what = if action == Some("outcome") { "it ended in" } else { "it was refused:" };
            format!("{at}: {key} asked for {operation} from {from}; {what} `{code}`: {reason}")
        }
        (Some("outcome"), None) => match text(line, "/tollgate/task") {
            Some(task) => format!("{at}: the provider took it as task {task}: {}", money(line)),
            None => format!("{at}: the provider answered: {}", money(line)),
        },
        _ => format!("{at}: {key} asked for {operation} from {from}, and was answered"),
    }
}

/// What became of the money that was held.
fn money(line: &Value) -> String {
    let cost = text(line, "/tollgate/cost/settled").unwrap_or("0");
    match text(line, "/tollgate/hold") {
        Some("opened") => "its money is held until the task ends".to_owned(),
        Some("settled") => format!("it cost ${cost}"),
        Some("assumed") => format!("nobody said what it cost, and it counts as ${cost}"),
        Some("voided") => "it cost nothing, and its money returned".to_owned(),
        Some("unknown") => "nobody knows whether it was bought, and its money counts as spent".to_owned(),
        _ => "nothing was written down about its money".to_owned(),
    }
}

pub(super) fn text<'l>(line: &'l Value, place: &str) -> Option<&'l str> {
    line.pointer(place)?.as_str()
}
