//! A certificate authority for one run, and one certificate for the servers on loopback.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Names by which servers are reached.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// Files in PEM.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority's certificate.
    pub ca: PathBuf,
    /// The servers' certificate.
    pub certificate: PathBuf,
    /// The servers' key.
    pub key: PathBuf,
    /// Key and certificate in one file, as Kafka wants them.
    pub both: PathBuf,
}

impl Certificates {
    /// Makes them in a folder.
    pub fn make(folder: &Path) -> anyhow::Result<Self> {
        let authority_key = KeyPair::generate().context("cannot make the authority's key")?;
        let authority = authority()?;
        let ca = authority.self_signed(&authority_key).context("cannot sign the authority")?;
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().context("cannot make the servers' key")?;
        let certificate =
            server()?.signed_by(&key, &issuer).context("cannot sign the servers' certificate")?;
        let file = |name: &str, text: String| -> anyhow::Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(path)
        };
        let (pem, key_pem) = (certificate.pem(), key.serialize_pem());
        Ok(Self {
            both: file("server.pem", format!("{key_pem}{pem}"))?,
            ca: file("ca.crt", ca.pem())?,
            certificate: file("server.crt", pem)?,
            key: file("server.key", key_pem)?,
        })
    }
}

fn authority() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, "ecotrack-servers");
    Ok(params)
}

fn server() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}
