use super::*;
use std::path::PathBuf;

fn fit() -> Host {
    Host {
        linux: true,
        root: true,
        cache: PathBuf::from("/cache"),
        disk_free: 40 * GIB,
        memory_available: 20 * GIB,
        all_built: false,
        node_running: false,
        go: Some((1, 26)),
        programs: PROGRAMS.iter().map(|(name, _, _)| (*name).to_owned()).collect(),
        network_plugins: true,
        overlay: true,
        cache_on_overlay: false,
        cgroup_closed: false,
        listening: Vec::new(),
        routes: vec![("eth0".to_owned(), Network::parse("192.168.1.0/24").unwrap())],
        other_kubernetes: Vec::new(),
        forwarding_dropped: false,
    }
}

fn refusal(host: &Host) -> String {
    require(host).unwrap_err().to_string()
}

#[test]
fn a_fit_machine_passes() {
    assert!(require(&fit()).is_ok());
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let host = Host { root: false, overlay: false, disk_free: GIB, ..fit() };
    let text = refusal(&host);
    for word in ["root", "overlay", "1 GiB free"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn another_system_is_told_what_works_there() {
    let text = refusal(&Host { linux: false, ..fit() });
    assert!(text.contains("not Linux") && text.contains("CONTEXT="), "{text}");
}

#[test]
fn a_container_without_a_volume_or_the_machine_s_cgroups_is_told_what_to_give_it() {
    assert!(refusal(&Host { cache_on_overlay: true, ..fit() }).contains("ECOTRACK_CACHE="));
    assert!(refusal(&Host { cgroup_closed: true, ..fit() }).contains("--cgroupns=host"));
}

#[test]
fn the_disk_a_first_run_needs_is_the_same_wherever_it_is_said() {
    let figure = DISK_FOR_BUILDS / GIB;
    let setup = include_str!("../../../../.ci/setup");
    let readme = include_str!("../../../../README.md");
    assert!(setup.contains(&format!("\nfirst_run_gib={figure}\n")));
    assert!(readme.contains(&format!("{figure} GB of free disk")));
}

#[test]
fn a_missing_program_names_its_package() {
    let mut host = fit();
    host.programs.remove("mmdebstrap");
    assert!(refusal(&host).contains("apt-get install -y mmdebstrap"));
}

#[test]
fn an_old_or_missing_go_is_told() {
    assert!(refusal(&Host { go: Some((1, 19)), ..fit() }).contains("1.19 is too old"));
    assert!(refusal(&Host { go: None, ..fit() }).contains("install Go 1.26"));
}

#[test]
fn versions_of_go_are_read() {
    assert_eq!(host::parse_go_version("go1.26.8\n"), Some((1, 26)));
    assert_eq!(host::parse_go_version("go1.27rc1"), Some((1, 27)));
    assert_eq!(host::parse_go_version("devel"), None);
}

#[test]
fn a_taken_port_is_named() {
    let host = Host { listening: vec!["0.0.0.0:6443".parse().unwrap()], ..fit() };
    assert!(refusal(&host).contains("6443"));
}

#[test]
fn the_same_port_of_another_address_is_no_conflict() {
    let host = Host { listening: vec!["192.168.1.7:6443".parse().unwrap()], ..fit() };
    assert!(require(&host).is_ok());
}

#[test]
fn ports_held_by_our_own_node_are_no_conflict() {
    let host =
        Host { listening: vec!["10.200.0.1:6443".parse().unwrap()], node_running: true, ..fit() };
    assert!(require(&host).is_ok());
}

#[test]
fn a_subnet_in_use_is_named_with_its_link() {
    let host = Host {
        routes: vec![("vpn0".to_owned(), Network::parse("10.244.3.0/24").unwrap())],
        ..fit()
    };
    let text = refusal(&host);
    assert!(text.contains("10.244.3.0/24") && text.contains("vpn0"), "{text}");
}

#[test]
fn a_wider_route_and_our_own_bridge_are_no_conflict() {
    let routes = vec![
        ("vpn0".to_owned(), Network::parse("10.0.0.0/8").unwrap()),
        (POD_BRIDGE.to_owned(), Network::parse("10.244.0.0/24").unwrap()),
    ];
    assert!(require(&Host { routes, ..fit() }).is_ok());
}

#[test]
fn a_built_cache_needs_little_disk() {
    let host = Host { disk_free: 4 * GIB, all_built: true, ..fit() };
    assert!(require(&host).is_ok());
    assert!(require(&Host { all_built: false, ..host }).is_err());
}

#[test]
fn another_kubernetes_is_left_alone() {
    let host = Host { other_kubernetes: vec![PathBuf::from("/usr/bin/kubelet")], ..fit() };
    assert!(refusal(&host).contains("/usr/bin/kubelet"));
}

#[test]
fn a_dropping_firewall_is_told_but_does_not_stop() {
    let host = Host { forwarding_dropped: true, ..fit() };
    assert!(require(&host).is_ok());
    assert!(table(&examine(&host)).contains("iptables -I FORWARD"));
}

#[test]
fn networks_overlap_when_one_holds_the_other() {
    let network = |text| Network::parse(text).unwrap();
    assert!(network("10.244.0.0/16").overlaps(network("10.244.7.0/24")));
    assert!(network("10.200.0.1/32").overlaps(network("10.0.0.0/8")));
    assert!(!network("10.244.0.0/16").overlaps(network("10.245.0.0/16")));
}
