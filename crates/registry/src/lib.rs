//! Who: keys, teams, upstreams and their policies as one immutable snapshot, and its changes
