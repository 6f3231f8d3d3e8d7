//! How long what OpenBao gives out lives: `deploy/values/openbao/<environment>.yaml`, beside how often the services ask for it anew.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::error::InstallError;
use crate::manifest::{Object, malformed};

/// The Job that tells OpenBao.
const JOB: &str = "openbao-configure";

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    leases: Leases,
}

/// Lives as OpenBao writes them, such as `75s` or `25h`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leases {
    /// Of a database login.
    database: String,
    /// Of the token that a login was made with, which takes the login along when it ends.
    token: String,
}

impl Leases {
    /// Those of an environment.
    pub(crate) fn read(repository: &Path, environment: &str) -> Result<Self, InstallError> {
        let path = repository.join(format!("deploy/values/openbao/{environment}.yaml"));
        let text = fs::read_to_string(&path).map_err(|source| InstallError::File {
            doing: "reading",
            path: path.clone(),
            source,
        })?;
        let file: File = serde_yaml_ng::from_str(&text)
            .map_err(|error| malformed(&path.display().to_string(), &error))?;
        Ok(file.leases)
    }

    /// Tells them to the Job that configures OpenBao, where it is among the objects.
    pub(crate) fn tell(&self, objects: &mut [Object]) {
        let variables = [("DATABASE_LEASE", &self.database), ("TOKEN_LIFE", &self.token)]
            .map(|(name, value)| serde_json::json!({"name": name, "value": value}));
        for job in objects.iter_mut().filter(|it| it.kind() == "Job" && it.name() == JOB) {
            if let Some(Value::Array(all)) =
                job.0.pointer_mut("/spec/template/spec/containers/0/env")
            {
                all.extend(variables.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::parse_yaml;
    use crate::tools::repository;

    fn file(text: &str) -> Result<Leases, InstallError> {
        let folder = tempfile::tempdir().unwrap();
        let values = folder.path().join("deploy/values/openbao");
        fs::create_dir_all(&values).unwrap();
        fs::write(values.join("dev.yaml"), text).unwrap();
        Leases::read(folder.path(), "dev")
    }

    #[test]
    fn the_job_that_configures_openbao_is_told_how_long_a_login_lives() {
        let manifest =
            fs::read_to_string(repository().join("deploy/platform/openbao/configure.yaml"));
        let mut objects = parse_yaml("the job", &manifest.unwrap()).unwrap();
        file("leases: {database: 1h, token: 2h}").unwrap().tell(&mut objects);
        let told = objects[0].list("/spec/template/spec/containers/0/env");
        for (name, value) in [("DATABASE_LEASE", "1h"), ("TOKEN_LIFE", "2h")] {
            let values: Vec<_> = told.iter().filter(|it| it["name"] == name).collect();
            assert_eq!(values, [&serde_json::json!({"name": name, "value": value})]);
        }
    }

    #[test]
    fn another_job_is_left_alone() {
        let text = "kind: Job\nmetadata: {name: other}\nspec: {template: {spec: {containers: [{env: []}]}}}";
        let mut objects = parse_yaml("a job", text).unwrap();
        file("leases: {database: 1h, token: 2h}").unwrap().tell(&mut objects);
        assert!(objects[0].list("/spec/template/spec/containers/0/env").is_empty());
    }

    #[test]
    fn a_file_that_lacks_a_life_or_names_another_is_refused() {
        for text in ["leases: {database: 1h}", "leases: {database: 1h, token: 2h, key: 3h}"] {
            assert!(matches!(file(text), Err(InstallError::Malformed { .. })), "{text}");
        }
        assert!(matches!(
            Leases::read(Path::new("/nowhere"), "dev"),
            Err(InstallError::File { .. })
        ));
    }
}
