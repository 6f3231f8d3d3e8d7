//! Keys and certificates of the node, made once and kept with its state.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use chrono::{Datelike, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

use super::settings::{API_SERVICE_ADDRESS, NODE_ADDRESS, NODE_NAME};

const YEARS_VALID: i32 = 10;
const COMPLETE: &str = "complete";

/// A certificate to be signed: file name, common name, organisation, names and addresses.
struct Subject {
    file: &'static str,
    common_name: String,
    organisation: Option<&'static str>,
    names: Vec<String>,
}

impl Subject {
    fn client(file: &'static str, common_name: &str) -> Self {
        Self {
            file,
            common_name: common_name.to_owned(),
            organisation: None,
            names: vec![file.to_owned()],
        }
    }

    fn in_group(mut self, group: &'static str) -> Self {
        self.organisation = Some(group);
        self
    }

    fn named(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(|&name| name.to_owned()).collect();
        self
    }
}

fn subjects() -> Vec<Subject> {
    let api = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
        "127.0.0.1",
        NODE_ADDRESS,
        API_SERVICE_ADDRESS,
    ];
    vec![
        Subject::client("apiserver", "kube-apiserver").named(&api),
        Subject::client("admin", "ecotrack-admin").in_group("system:masters"),
        Subject::client("controller-manager", "system:kube-controller-manager"),
        Subject::client("scheduler", "system:kube-scheduler"),
        Subject::client("kubelet", &format!("system:node:{NODE_NAME}"))
            .in_group("system:nodes")
            .named(&[NODE_NAME, NODE_ADDRESS]),
        Subject::client("proxy", "system:kube-proxy"),
        Subject::client("front-proxy", "front-proxy-client"),
        Subject::client("etcd", "etcd").named(&["localhost", "127.0.0.1"]),
    ]
}

/// Makes all keys and certificates in `folder` unless a complete set is there already. Answers whether it made them.
///
/// # Errors
/// When a key cannot be made or a file cannot be written.
pub fn ensure(folder: &Path) -> Result<bool> {
    if folder.join(COMPLETE).exists() {
        return Ok(false);
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let authority_key =
        KeyPair::generate().context("cannot make the key of the certificate authority")?;
    let authority = authority()?;
    let certificate =
        authority.self_signed(&authority_key).context("cannot sign the certificate authority")?;
    write(folder, "ca.crt", &certificate.pem())?;
    write(folder, "ca.key", &authority_key.serialize_pem())?;
    let issuer = Issuer::new(authority, authority_key);
    for subject in subjects() {
        sign(folder, &subject, &issuer)?;
    }
    let tokens = KeyPair::generate().context("cannot make the key of service-account tokens")?;
    write(folder, "service-account.key", &tokens.serialize_pem())?;
    write(folder, "service-account.pub", &tokens.public_key_pem())?;
    write(folder, COMPLETE, "")?;
    Ok(true)
}

fn authority() -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.distinguished_name.push(DnType::CommonName, "ecotrack-embedded");
    valid_for_years(&mut params);
    Ok(params)
}

fn sign(folder: &Path, subject: &Subject, issuer: &Issuer<'_, KeyPair>) -> Result<()> {
    let key =
        KeyPair::generate().with_context(|| format!("cannot make the key of {}", subject.file))?;
    let certificate = leaf(subject)?
        .signed_by(&key, issuer)
        .with_context(|| format!("cannot sign {}", subject.file))?;
    write(folder, &format!("{}.crt", subject.file), &certificate.pem())?;
    write(folder, &format!("{}.key", subject.file), &key.serialize_pem())
}

fn leaf(subject: &Subject) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, subject.common_name.as_str());
    if let Some(group) = subject.organisation {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.subject_alt_names =
        subject.names.iter().map(|name| alternative(name)).collect::<Result<_>>()?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    valid_for_years(&mut params);
    Ok(params)
}

fn alternative(name: &str) -> Result<SanType> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    Ok(SanType::DnsName(
        name.try_into().with_context(|| format!("{name} is not a name for a certificate"))?,
    ))
}

fn valid_for_years(params: &mut CertificateParams) {
    // Whole years: a clock that is a few minutes off must not make the node refuse itself.
    let year = Utc::now().year();
    params.not_before = date_time_ymd(year - 1, 1, 1);
    params.not_after = date_time_ymd(year + YEARS_VALID, 1, 1);
}

fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot protect {}", path.display()))
}
