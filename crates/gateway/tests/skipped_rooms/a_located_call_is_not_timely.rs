use tollgate_gateway::stage::{Located, Timely};

fn skip<'a>(located: Located<'a>) -> Timely<'a> {
    Timely { located, _proof: () }
}

fn main() {}
