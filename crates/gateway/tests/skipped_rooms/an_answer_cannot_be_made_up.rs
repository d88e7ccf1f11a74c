use tollgate_gateway::stage::{Answered, Intended};

fn skip<'a>(stage: Intended<'a>) -> Answered<Intended<'a>> {
    Answered { stage, answer: Vec::new(), _proof: () }
}

fn main() {}
