use tollgate_gateway::stage::{Answered, Intended};

fn skip<'a>(stage: Intended<'a>, old: Answered<Intended<'a>>) -> Answered<Intended<'a>> {
    Answered { stage, ..old }
}

fn main() {}
