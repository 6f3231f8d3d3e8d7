//! Programs that outlive us: started detached, found again by process id *and* start time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::Process;
use serde::{Deserialize, Serialize};

use crate::layout::Layout;
use crate::pause::pause;

const POLL: Duration = Duration::from_millis(50);
/// A log beyond this size is put aside when its program starts again.
const LOG_LIMIT: u64 = 16 << 20;
/// What the node programs of other distributions are called.
const OTHER_KUBERNETES: [&str; 5] = ["kubelet", "kube-proxy", "k3s", "k0s", "kubelite"];

/// A program with everything needed to start it.
#[derive(Debug, Clone)]
pub struct Program {
    /// The name of its log and of its record.
    pub name: &'static str,
    /// The executable.
    pub binary: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables beside the inherited ones.
    pub env: Vec<(String, String)>,
}

/// Which process a record means: a process id alone is given to somebody else sooner or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The process id.
    pub pid: i32,
    /// When it started, in clock ticks since the machine started.
    pub started: u64,
}

impl Identity {
    /// The identity of the living process with this id; none for a dead one or a zombie.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let stat = Process::new(pid).ok()?.stat().ok()?;
        (stat.state != 'Z').then_some(Self { pid, started: stat.starttime })
    }

    /// Whether that very process still lives.
    #[must_use]
    pub fn lives(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends a signal if that very process still lives.
    pub fn signal(self, signal: Signal) {
        if self.lives() {
            // It may end between the look and the signal; then there is nothing left to tell it.
            let _gone = kill(Pid::from_raw(self.pid), signal);
        }
    }
}

/// Starts a program in a session of its own, with its log file and its record.
///
/// # Errors
/// When the log cannot be opened or the program cannot be started.
pub fn start(layout: &Layout, program: &Program) -> Result<Child> {
    let log_path = log_path(layout, program.name);
    bound(&log_path)?;
    let log = File::options().create(true).append(true).open(&log_path);
    let log = log.with_context(|| format!("cannot open {}", log_path.display()))?;
    let errors = log.try_clone().with_context(|| format!("cannot open {}", log_path.display()))?;
    // `setsid` replaces itself by the program, so the child's id is the program's.
    let child = Command::new("setsid")
        .arg(&program.binary)
        .args(&program.args)
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .current_dir(layout.state())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .with_context(|| format!("cannot start {}", program.binary.display()))?;
    record(
        layout,
        program.name,
        i32::try_from(child.id()).context("a process id beyond the kernel's range")?,
    )?;
    Ok(child)
}

/// Keeps one earlier log, so that starts do not fill the disk.
fn bound(log: &Path) -> Result<()> {
    if fs::metadata(log).is_ok_and(|data| data.len() > LOG_LIMIT) {
        fs::rename(log, log.with_extension("log.before"))
            .with_context(|| format!("cannot put {} aside", log.display()))?;
    }
    Ok(())
}

fn record(layout: &Layout, name: &str, pid: i32) -> Result<()> {
    let Some(identity) = Identity::of(pid) else { return Ok(()) };
    let path = record_path(layout, name);
    fs::write(&path, serde_json::to_vec(&identity)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The living process recorded under this name.
#[must_use]
pub fn running(layout: &Layout, name: &str) -> Option<Identity> {
    let text = fs::read(record_path(layout, name)).ok()?;
    serde_json::from_slice::<Identity>(&text).ok().filter(|identity| identity.lives())
}

/// Asks processes to end, waits at most `grace`, then ends them. Answers how many had to be ended.
#[must_use]
pub fn stop_all(processes: &[Identity], grace: Duration) -> usize {
    for process in processes {
        process.signal(Signal::SIGTERM);
    }
    wait_gone(processes, grace);
    let stubborn: Vec<Identity> =
        processes.iter().copied().filter(|process| process.lives()).collect();
    for process in &stubborn {
        process.signal(Signal::SIGKILL);
    }
    wait_gone(&stubborn, grace);
    stubborn.len()
}

fn wait_gone(processes: &[Identity], limit: Duration) {
    let began = Instant::now();
    while began.elapsed() < limit && processes.iter().any(|process| process.lives()) {
        pause(POLL);
    }
}

/// The log of a program.
#[must_use]
pub fn log_path(layout: &Layout, name: &str) -> PathBuf {
    layout.logs().join(format!("{name}.log"))
}

fn record_path(layout: &Layout, name: &str) -> PathBuf {
    layout.run().join(format!("{name}.json"))
}

/// The living processes whose executable has one of these names and lies somewhere below a folder, even if the file was replaced or
/// removed since they started.
///
/// # Errors
/// When the process table cannot be read.
pub fn of_programs(folder: &Path, names: &[&str]) -> Result<Vec<Identity>> {
    // The kernel tells where an executable truly lies.
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let is_meant = |exe: &Path| {
        let name = exe.file_name().and_then(|name| name.to_str());
        exe.starts_with(&folder) && name.is_some_and(|name| names.contains(&name))
    };
    let all = procfs::process::all_processes().context("cannot read the process table")?;
    let ours =
        all.flatten().filter(|process| process.exe().is_ok_and(|exe| is_meant(&undeleted(&exe))));
    Ok(ours.filter_map(|process| Identity::of(process.pid)).collect())
}

/// The kernel marks the executable of a process whose file is gone.
fn undeleted(exe: &Path) -> PathBuf {
    let text = exe.to_string_lossy();
    PathBuf::from(text.strip_suffix(" (deleted)").unwrap_or(&text))
}

/// Programs of a Kubernetes that is not ours, in our own network: those in containers of others do not disturb.
///
/// # Errors
/// When the process table cannot be read.
pub fn other_kubernetes(ours: &Path) -> Result<Vec<PathBuf>> {
    let network = |process: &Process| fs::read_link(format!("/proc/{}/ns/net", process.pid)).ok();
    let here = network(&Process::myself().context("cannot look at the own process")?);
    let all = procfs::process::all_processes().context("cannot read the process table")?;
    let foreign = all.flatten().filter_map(|process| {
        let exe = process.exe().ok()?;
        let name = exe.file_name()?.to_str()?;
        let kubernetes = OTHER_KUBERNETES.contains(&name) && !exe.starts_with(ours);
        (kubernetes && network(&process) == here).then_some(exe)
    });
    Ok(foreign.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().to_path_buf(), PathBuf::new());
        fs::create_dir_all(layout.run()).unwrap();
        fs::create_dir_all(layout.logs()).unwrap();
        (folder, layout)
    }

    fn sleeper() -> Program {
        Program {
            name: "sleeper",
            binary: PathBuf::from("sleep"),
            args: vec!["60".to_owned()],
            env: Vec::new(),
        }
    }

    #[test]
    fn a_started_program_is_found_by_its_record_and_gone_after_stopping() {
        let (_folder, layout) = layout();
        let mut child = start(&layout, &sleeper()).unwrap();
        let identity = running(&layout, "sleeper").unwrap();
        identity.signal(Signal::SIGTERM);
        child.wait().unwrap();
        assert_eq!(running(&layout, "sleeper"), None);
    }

    #[test]
    fn a_log_that_grew_too_long_is_put_aside_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("kubelet.log");
        fs::write(&log, "short").unwrap();
        bound(&log).unwrap();
        assert!(log.exists());
        File::options().write(true).open(&log).unwrap().set_len(LOG_LIMIT + 1).unwrap();
        bound(&log).unwrap();
        assert!(!log.exists() && folder.path().join("kubelet.log.before").exists());
    }

    #[test]
    fn programs_of_every_version_are_found_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let started = |path: &str| {
            let binary = folder.path().join(path);
            fs::create_dir_all(binary.parent().unwrap()).unwrap();
            // Copied by a process of its own: a file that this one had open cannot be started while another thread forks.
            Command::new("cp").arg("/bin/sleep").arg(&binary).status().unwrap();
            Command::new(binary).arg("60").spawn().unwrap()
        };
        let mut children = [
            started("bin/kubernetes-1.36.3/kubelet"),
            started("bin/kubernetes-1.37.0/kubelet"),
            started("bin/kubernetes-1.37.0/kubectl"),
            started("elsewhere/kubelet"),
        ];
        // A folder of an old version may be gone while its program still runs.
        fs::remove_dir_all(folder.path().join("bin/kubernetes-1.36.3")).unwrap();
        let found = of_programs(&folder.path().join("bin"), &["kubelet"]).unwrap();
        let mut pids: Vec<i32> = found.iter().map(|identity| identity.pid).collect();
        pids.sort_unstable();
        let mut kubelets: Vec<i32> =
            children[..2].iter().map(|child| child.id().try_into().unwrap()).collect();
        kubelets.sort_unstable();
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(pids, kubelets);
    }

    #[test]
    fn another_process_with_the_same_id_is_not_ours() {
        let own = Identity::of(std::process::id().try_into().unwrap()).unwrap();
        let stranger = Identity { started: own.started + 1, ..own };
        assert!(own.lives() && !stranger.lives());
    }

    #[test]
    fn a_replaced_executable_is_still_recognised() {
        assert_eq!(undeleted(Path::new("/bin/kubelet (deleted)")), PathBuf::from("/bin/kubelet"));
        assert_eq!(undeleted(Path::new("/bin/kubelet")), PathBuf::from("/bin/kubelet"));
    }
}
