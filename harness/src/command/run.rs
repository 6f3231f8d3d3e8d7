//! Runs the features by building and starting the program that holds the steps, so that its exit code is the answer.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;

use super::{Done, Failure, ProveArguments};
use crate::arguments::RunArguments;
use crate::cluster::ContextChoice;

/// `conformance run`.
pub(super) fn run(arguments: &RunArguments) -> Done {
    let mut forwarded = context(&arguments.context);
    let mut option = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            forwarded.extend([OsString::from(name), OsString::from(value)]);
        }
    };
    option("--tags", arguments.tags.as_deref());
    option("--profile", arguments.profile.as_deref());
    option("--concurrency", Some(&arguments.concurrency.to_string()));
    if arguments.dry_run {
        forwarded.push("--dry-run".into());
    }
    if let Some(control) = &arguments.prove {
        forwarded.push(format!("--prove={control}").into());
    }
    start(&forwarded)
}

/// `conformance prove`.
pub(super) fn prove(arguments: &ProveArguments) -> Done {
    let mut forwarded = context(&arguments.context);
    if let Some(profile) = &arguments.profile {
        forwarded.extend(["--profile".into(), profile.into()]);
    }
    forwarded.push(format!("--prove={}", arguments.control.as_deref().unwrap_or_default()).into());
    start(&forwarded)
}

fn context(choice: &ContextChoice) -> Vec<OsString> {
    let mut forwarded = Vec::new();
    if let Some(context) = &choice.context {
        forwarded.extend(["--context".into(), context.into()]);
    }
    if let Some(kubeconfig) = &choice.kubeconfig {
        forwarded.extend(["--kubeconfig".into(), kubeconfig.into()]);
    }
    if let Some(image) = &choice.probe_image {
        forwarded.extend(["--probe-image".into(), image.into()]);
    }
    forwarded
}

/// A signal that ends the features ends with exit code 130, as an interruption does.
fn start(arguments: &[OsString]) -> Done {
    let program = build().map_err(Failure::harness)?;
    let status = Command::new(&program)
        .args(arguments)
        .status()
        .with_context(|| format!("starting {}", program.display()))
        .map_err(Failure::harness)?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(crate::verdict::Exit::Interrupted.code());
    Ok(ExitCode::from(code))
}

/// Builds the program and answers with its path.
fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = [
        "test",
        "--quiet",
        "--locked",
        "--workspace",
        "--test",
        "features",
        "--no-run",
        "--message-format",
        "json",
    ];
    let built = Command::new(cargo)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo to build the features")?;
    anyhow::ensure!(built.status.success(), "the features do not compile");
    let text =
        String::from_utf8(built.stdout).context("cargo answered with something that is no text")?;
    executable(&text).context("cargo did not say where the program of the features is")
}

/// The executable in cargo's messages, one JSON document a line.
fn executable(messages: &str) -> Option<PathBuf> {
    let documents =
        messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut features = documents.filter(|message| message["target"]["name"] == "features");
    features.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"kube"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"features"},"executable":"/target/debug/deps/features-1"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/target/debug/deps/features-1")));
        assert_eq!(executable(""), None);
    }
}
