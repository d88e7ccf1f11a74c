use tollgate_gateway::stage::Reserved;

fn twice<'a>(reserved: Reserved<'a>) -> (Reserved<'a>, Reserved<'a>) {
    (reserved.clone(), reserved)
}

fn main() {}
