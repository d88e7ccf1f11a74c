use tollgate_gateway::stage::{Fresh, Located};

fn skip<'a>(located: Located<'a>) -> Fresh<'a> {
    // whether it was made before must be asked
    Fresh { located, _proof: () }
}

fn main() {}
