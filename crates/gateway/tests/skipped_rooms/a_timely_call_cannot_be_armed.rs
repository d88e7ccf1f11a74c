use tollgate_gateway::stage::{Reserved, Sendable, Timely};

fn armed<S: Sendable>() {}

fn main() {
    armed::<Reserved<'_>>();
    // without the allowance there is nothing to arm
    armed::<Timely<'_>>();
}
