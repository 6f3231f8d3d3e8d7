//! Whom a TLS connection of the probe trusts, and whom the probe says it is.

use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use rcgen::string::Ia5String;
use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use webpki::EndEntityCert;

/// How TLS is spoken, where it is.
#[derive(Args)]
pub(crate) struct Tls {
    /// PEM of the authority to trust: speaks TLS when given, plaintext otherwise.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) ca_pem: Option<String>,
    /// The peer has to prove this mesh identity, `spiffe://…`, in place of its host name.
    #[arg(long, value_name = "IDENTITY", requires = "ca_pem")]
    peer: Option<String>,
    /// Shows the peer a certificate for this mesh identity that nobody but the probe itself has signed.
    #[arg(long, value_name = "IDENTITY", requires = "ca_pem")]
    forge: Option<String>,
}

impl Tls {
    /// What a client needs that trusts `authority`.
    pub(crate) fn config(&self, authority: &str) -> Result<ClientConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = roots(authority)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = match &self.peer {
            None => builder.with_root_certificates(roots),
            Some(identity) => {
                let peer = MeshPeer { identity: identity.clone(), roots, provider };
                builder.dangerous().with_custom_certificate_verifier(Arc::new(peer))
            }
        };
        let Some(identity) = &self.forge else { return Ok(builder.with_no_client_auth()) };
        let (certificate, key) = forge(identity)?;
        Ok(builder.with_client_auth_cert(vec![certificate], key)?)
    }
}

fn roots(pem: &str) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.context("--ca-pem holds no certificate")?)?;
    }
    Ok(roots)
}

fn forge(identity: &str) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "conformance-probe");
    params.subject_alt_names = vec![SanType::URI(Ia5String::try_from(identity)?)];
    let key = KeyPair::generate().context("no key pair")?;
    let certificate = params.self_signed(&key).context("no certificate")?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    Ok((certificate.into(), key))
}

/// A server of the mesh: its certificate names an identity and no host.
#[derive(Debug)]
struct MeshPeer {
    identity: String,
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for MeshPeer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.roots,
            intermediates,
            now,
            algorithms,
        )?;
        let named = EndEntityCert::try_from(end_entity)
            .map_err(|_unreadable| CertificateError::BadEncoding)?
            .valid_uri_names()
            .any(|name| name == self.identity);
        if named {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::NotValidForName.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use rcgen::{BasicConstraints, IsCa, Issuer};
    use rustls::server::WebPkiClientVerifier;
    use rustls::{ClientConnection, ServerConfig, ServerConnection, Stream};
    use std::io::{Read as _, Write as _};

    use super::*;

    const SERVER: &str = "spiffe://cluster.local/ns/shop/sa/server";

    /// An authority, and a server of the identity above that wants a certificate of it.
    fn mesh() -> (String, ServerConfig) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(SERVER.try_into().unwrap())];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let callers = WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots(&authority.pem()).unwrap()),
            Arc::clone(&provider),
        );
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(callers.build().unwrap())
            .with_single_cert(
                vec![certificate.into()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        (authority.pem(), config)
    }

    /// What becomes of a connection to the server above.
    fn connect(peer: &str, forge: Option<&str>) -> std::io::Error {
        let (authority, config) = mesh();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut tcp, _) = listener.accept().unwrap();
            let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
            Stream::new(&mut tls, &mut tcp).write_all(b"welcome").unwrap_err();
        });
        let tls = Tls {
            ca_pem: Some(authority.clone()),
            peer: Some(peer.to_owned()),
            forge: forge.map(str::to_owned),
        };
        let config = Arc::new(tls.config(&authority).unwrap());
        let name = ServerName::from(address.ip());
        let mut connection = ClientConnection::new(config, name).unwrap();
        let mut tcp = TcpStream::connect(address).unwrap();
        let error = Stream::new(&mut connection, &mut tcp).read(&mut [0]).unwrap_err();
        drop(tcp);
        server.join().unwrap();
        error
    }

    #[test]
    fn a_server_of_the_mesh_is_known_by_its_identity_and_says_which_certificate_it_misses() {
        let error = connect(SERVER, None).to_string();
        assert!(error.contains("CertificateRequired"), "{error}");
    }

    #[test]
    fn a_forged_certificate_is_shown_and_refused() {
        let error = connect(SERVER, Some("spiffe://cluster.local/ns/shop/sa/caller")).to_string();
        assert!(error.contains("UnknownCA"), "{error}");
    }

    #[test]
    fn a_server_of_another_identity_is_not_the_peer() {
        let error = connect("spiffe://cluster.local/ns/shop/sa/another", None).to_string();
        assert!(error.contains("invalid peer certificate"), "{error}");
    }
}
