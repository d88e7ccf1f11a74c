//! Of a thousand requests that hide another one: which do we read, and does hyper read the same ones?

use std::fmt::Write;

use tollgate_tests::framing::{self, NEXT};

use crate::beside_hyper::{Seen, ours, run, theirs};

/// How a stream of requests ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Everything was read, or a request asked for the end.
    Whole,
    Refused,
    /// The last request waits for more bytes.
    More,
}

/// Every request that we read of a stream, in order.
fn read(stream: &[u8]) -> (Vec<Seen>, End) {
    let (mut seen, mut rest) = (Vec::new(), stream);
    loop {
        match ours(rest) {
            Err(_) => return (seen, End::Refused),
            Ok(None) if rest.is_empty() => return (seen, End::Whole),
            Ok(None) => return (seen, End::More),
            Ok(Some(one)) => {
                seen.push(one.seen);
                if !one.keep_alive {
                    return (seen, End::Whole);
                }
                rest = &rest[one.used..];
            }
        }
    }
}

#[test]
fn sm_01_to_17_what_we_read_of_the_corpus_hyper_reads_alike_and_it_is_what_the_table_says() {
    let mut table = String::from(HEAD);
    let (mut refused, mut refused_by_us_alone) = (0, 0);
    run(async {
        for case in framing::generated() {
            let stream = [case.bytes.as_slice(), NEXT.as_bytes()].concat();
            let (seen, end) = read(&stream);
            let found = theirs(&stream).await;
            assert_eq!(found.get(..seen.len()), Some(seen.as_slice()), "{}: {:.400}", case.name, stream.escape_ascii().to_string());
            assert!(end == End::Refused || found.len() == seen.len(), "{}: hyper reads more requests than we do", case.name);
            if seen.is_empty() && end == End::Refused {
                refused += 1;
                refused_by_us_alone += usize::from(!found.is_empty());
                continue;
            }
            write!(table, "{:<72}", case.name).unwrap();
            for one in &seen {
                write!(table, " {}", framing::mark(&one.target()).unwrap_or("other")).unwrap();
            }
            table.push_str(match end {
                End::Whole => "\n",
                End::Refused => " refused\n",
                End::More => " more\n",
            });
        }
    });
    assert!(refused >= 700 && refused_by_us_alone >= 100, "{refused} refused, {refused_by_us_alone} by us alone");
    let wanted = include_str!("../corpus/read.txt");
    let kept = concat!(env!("CARGO_TARGET_TMPDIR"), "/read.txt");
    std::fs::write(kept, &table).unwrap();
    let changed: Vec<&str> = table.lines().filter(|line| !wanted.lines().any(|other| other == *line)).collect();
    let gone: Vec<&str> = wanted.lines().filter(|line| !table.lines().any(|other| other == *line)).collect();
    assert!(changed.is_empty() && gone.is_empty(), "read otherwise: {changed:#?}\nno longer: {gone:#?}\nif that is right, keep {kept}");
}

const HEAD: &str = "\
# The cases of the framing corpus that are read, wholly or in part: the name, who the requests say they are in the order in
# which they are read, and how the stream ends (`refused`, `more`), unless all of it is read. Every case that is not here is
# refused at its first request. Written by the test beside hyper; the end-to-end tests expect the same of the binary.
";
