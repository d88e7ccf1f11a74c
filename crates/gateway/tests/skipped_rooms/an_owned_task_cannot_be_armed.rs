use tollgate_gateway::stage::{Owned, Paced, Sendable};

fn armed<S: Sendable>() {}

fn main() {
    armed::<Paced<'_>>();
    // without the provider's own pace there is nothing to arm
    armed::<Owned<'_>>();
}
