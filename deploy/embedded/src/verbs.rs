//! What each verb of the command line does.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cli::Verb;
use crate::doctor::{self, Host, Verdict};
use crate::files::remove;
use crate::node::settings::CONTEXT;
use crate::node::{boot, dns, leftovers, outside, process};
use crate::up::{self, Site};
use crate::{command, compile, lock, platform};

/// Does what the user asked for.
///
/// # Errors
/// With one message that says what failed, why, and what to do next.
pub fn run(verb: Verb) -> Result<ExitCode> {
    let site = Site::open()?;
    match verb {
        Verb::Up { node_only, values } => bring_up(&site, node_only, values),
        Verb::Build { names } => build(&site, &names),
        Verb::Down { purge } => take_down(&site, purge),
        Verb::Status => status(&site),
        Verb::Logs { program, lines } => logs(&site, program.as_deref(), lines),
        Verb::Doctor => examine(&site),
        Verb::Images { services_only, names } => images(&site, services_only, &names),
        Verb::Kubeconfig => kubeconfig(&site),
        Verb::Leftovers => show_leftovers(&site),
    }
}

fn bring_up(site: &Site, node_only: bool, values: String) -> Result<ExitCode> {
    doctor::require(&Host::look(&site.layout, &site.components)?)?;
    let _held = lock::hold(&site.layout, &site.progress)?;
    up::node(site)?;
    if !node_only {
        platform::install(site, values)?;
    }
    site.progress.summary();
    print(&format!("KUBECONFIG={} context {CONTEXT}\n", site.layout.kubeconfig().display()))
}

fn build(site: &Site, names: &[String]) -> Result<ExitCode> {
    let known = |name: &String| site.components.iter().any(|component| component.name == *name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let all: Vec<&str> =
            site.components.iter().map(|component| component.name.as_str()).collect();
        bail!("no component {unknown:?}; there are {}", all.join(", "));
    }
    let wanted = site
        .components
        .iter()
        .filter(|component| names.is_empty() || names.contains(&component.name));
    let _held = lock::hold(&site.layout, &site.progress)?;
    for component in wanted {
        compile::ensure(&site.layout, component, &site.progress)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn images(site: &Site, services_only: bool, names: &[String]) -> Result<ExitCode> {
    let _held = lock::hold(&site.layout, &site.progress)?;
    print(&up::report(&up::import(site, services_only, names)?))
}

fn take_down(site: &Site, purge: bool) -> Result<ExitCode> {
    if !nix::unistd::geteuid().is_root() {
        bail!("only root can stop the node: run the same command with sudo -E");
    }
    let _held = lock::hold(&site.layout, &site.progress)?;
    let step = site.progress.step("stop the node", None);
    boot::down(&site.layout)?;
    if purge {
        outside::clear_logs(&site.layout)?;
        remove(&site.layout.state())?;
    }
    step.done("");
    Ok(ExitCode::SUCCESS)
}

fn status(site: &Site) -> Result<ExitCode> {
    let mut text = String::new();
    for (name, pid) in boot::programs(&site.layout) {
        let state =
            pid.map_or_else(|| "stopped".to_owned(), |pid| format!("running, process {pid}"));
        let _infallible = writeln!(text, "{name:<24} {state}");
    }
    if !boot::complete(&site.layout) {
        print(&text)?;
        return Ok(ExitCode::FAILURE);
    }
    text.push_str(&command::output(dns::kubectl(&site.layout, &site.binaries).args([
        "get",
        "nodes,pods",
        "--all-namespaces",
    ]))?);
    print(&text)
}

fn logs(site: &Site, program: Option<&str>, lines: usize) -> Result<ExitCode> {
    let names = boot::programs(&site.layout).into_iter().map(|(name, _)| name);
    let chosen: Vec<&str> =
        names.filter(|name| program.is_none_or(|wanted| wanted == *name)).collect();
    if chosen.is_empty() {
        let known: Vec<&str> =
            boot::programs(&site.layout).into_iter().map(|(name, _)| name).collect();
        bail!("no program {:?}; there are {}", program.unwrap_or_default(), known.join(", "));
    }
    let mut text = String::new();
    for name in chosen {
        let path = process::log_path(&site.layout, name);
        let log = fs::read_to_string(&path).unwrap_or_default();
        let all: Vec<&str> = log.lines().collect();
        let end = all[all.len().saturating_sub(lines)..].join("\n");
        let _infallible = writeln!(text, "==> {}\n{end}", path.display());
    }
    print(&text)
}

fn examine(site: &Site) -> Result<ExitCode> {
    let checks = doctor::examine(&Host::look(&site.layout, &site.components)?);
    print(&doctor::table(&checks))?;
    let bad = checks.iter().any(|check| check.verdict == Verdict::Bad);
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn kubeconfig(site: &Site) -> Result<ExitCode> {
    let path = site.layout.kubeconfig();
    if !path.exists() {
        bail!("no cluster was ever started here: run `embedded up`");
    }
    print(&format!("{}\n", path.display()))
}

fn show_leftovers(site: &Site) -> Result<ExitCode> {
    let found = leftovers::find(&site.layout)?;
    print(&format!("{}\n", serde_json::to_string_pretty(&found)?))?;
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(text: &str) -> Result<ExitCode> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}
