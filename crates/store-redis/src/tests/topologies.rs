//! Behind Sentinels, and in a cluster.

use super::*;

#[tokio::test]
async fn a_cluster_is_followed_to_the_node_that_has_the_slot_and_when_the_slot_moves() {
    let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let nodes = [Server::start(&options).unwrap(), Server::start(&options).unwrap()];
    nodes[0].say("CLUSTER ADDSLOTSRANGE 0 8191").unwrap();
    nodes[1].say("CLUSTER ADDSLOTSRANGE 8192 16383").unwrap();
    nodes[0].say(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[1].port())).unwrap();
    let began = now();
    while !nodes
        .iter()
        .all(|node| node.say("CLUSTER INFO").is_ok_and(|told| told.contains("cluster_state:ok") && told.contains("cluster_known_nodes:2")))
    {
        assert!(began.elapsed() < Duration::from_secs(20), "the cluster does not come together");
        std::thread::sleep(Duration::from_millis(100));
    }
    let accounts: Vec<Name> = ["a", "b", "c", "d", "e", "f"].iter().map(|name| Name::parse(name).unwrap()).collect();
    let one_seed = Settings { topology: Topology::Cluster, ..settings(nodes[0].port(), "gate") };
    let gate = RedisRates::open(one_seed, &accounts, &clock()).unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(gate.troubles(), Vec::new());
    for account in &accounts {
        let (came, token) = ask(&gate, account, &[own(6_000, 10)], false).await;
        keep(token);
        assert_eq!(came, Came::Taken, "{account}");
    }
    let kept = nodes.each_ref().map(|node| node.say("DBSIZE").unwrap());
    assert!(kept.iter().all(|kept| kept != ":0\r\n"), "{kept:?}: accounts are spread over the nodes");
    // named as if it stood alone, a node sends elsewhere
    let alone = RedisRates::open(settings(nodes[0].port(), "other"), &accounts, &clock());
    assert!(alone.err().unwrap().to_string().contains("is a node of a cluster: write `redis+cluster://`"));
}

#[tokio::test]
async fn a_primary_that_is_gone_is_followed_by_the_one_that_the_sentinels_name() {
    let mut primary = Server::start(&[]).unwrap();
    let replica = Server::start(&["--replicaof", "127.0.0.1", &primary.port().to_string()]).unwrap();
    let began = now();
    while !replica.say("INFO replication").is_ok_and(|told| told.contains("master_link_status:up")) {
        assert!(began.elapsed() < Duration::from_secs(10), "the replica does not follow");
        std::thread::sleep(Duration::from_millis(50));
    }
    let sentinel = Server::sentinel(primary.port()).unwrap();
    let behind = |name: &str| Settings { topology: Topology::Sentinel(name.to_owned()), ..settings(sentinel.port(), "gate") };
    let gate = open(behind("mine")).unwrap();
    until(&gate, &[own(6_000, 10)], Duration::from_secs(2), is_counted).await;
    let unknown = open(behind("nobody")).unwrap();
    assert!(unknown.troubles()[0].1.contains("knows a primary `nobody`"), "{:?}", unknown.troubles());
    // the Sentinel learns of the replica from the primary
    let began = now();
    while !sentinel.say("SENTINEL REPLICAS mine").is_ok_and(|told| told.contains(&replica.port().to_string())) {
        assert!(began.elapsed() < Duration::from_secs(15), "the Sentinel does not see the replica");
        std::thread::sleep(Duration::from_millis(100));
    }
    primary.kill();
    until(&gate, &[own(6_000, 10)], Duration::from_secs(1), |came| matches!(came, Came::Away(_))).await;
    let began = now();
    while !replica.say("ROLE").is_ok_and(|told| told.contains("master")) {
        assert!(began.elapsed() < Duration::from_secs(20), "no failover");
        std::thread::sleep(Duration::from_millis(50));
    }
    let back = until(&gate, &[own(6_000, 10)], Duration::from_secs(3), is_counted).await;
    println!("back {back:?} after the failover");
}
