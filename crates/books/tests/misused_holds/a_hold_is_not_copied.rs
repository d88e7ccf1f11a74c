use tollgate_books::Hold;

fn copied(hold: &Hold) -> Hold {
    hold.clone()
}

fn main() {}
