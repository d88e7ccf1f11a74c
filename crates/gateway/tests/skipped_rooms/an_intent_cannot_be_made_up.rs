use tollgate_gateway::stage::{Armed, Intended, Reserved};

fn skip<'a>(armed: Armed<Reserved<'a>>) -> Intended<'a> {
    Intended { _proof: () }
}

fn main() {}
