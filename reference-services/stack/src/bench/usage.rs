//! What a process has used, as the kernel counts it.

use anyhow::Context as _;
use procfs::process::Process;

/// Kilobytes of a mebibyte.
const KIB_OF_MIB: u64 = 1024;

/// CPU seconds, user and system, since the process began.
pub(super) fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = process(pid)?.stat()?;
    let ticks = u32::try_from(stat.utime + stat.stime).context("more ticks than a run has")?;
    let per_second = u32::try_from(procfs::ticks_per_second())?;
    Ok(f64::from(ticks) / f64::from(per_second))
}

/// Resident memory, in MiB.
pub(super) fn resident_mib(pid: u32) -> anyhow::Result<u64> {
    let status = process(pid)?.status()?;
    Ok(status.vmrss.context("the kernel does not say how much is resident")? / KIB_OF_MIB)
}

fn process(pid: u32) -> anyhow::Result<Process> {
    Process::new(i32::try_from(pid)?).with_context(|| format!("no process {pid}"))
}
