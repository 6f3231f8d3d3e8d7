//! The platform's own certificate authority and the certificates of its servers.

use chrono::{Datelike as _, Days, NaiveDate};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use crate::error::InstallError;

const AUTHORITY: &str = "EcoTrack platform";
const AUTHORITY_DAYS: u64 = 3650;
const SERVER_DAYS: u64 = 365;
/// What is left of a certificate's life when it is replaced.
const RENEW_DAYS: u64 = 30;
/// Clocks of other machines may be behind.
const BACKDATED_DAYS: u64 = 1;

/// A key and its certificate in PEM, and the day it ends. Holds a secret, so it cannot be printed.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) not_after: NaiveDate,
}

impl Issued {
    /// Whether it should be replaced.
    pub(crate) fn is_ending(&self, today: NaiveDate) -> bool {
        today + Days::new(RENEW_DAYS) >= self.not_after
    }
}

/// Makes a new authority.
pub(crate) fn new_authority(today: NaiveDate) -> Result<Issued, InstallError> {
    let not_after = today + Days::new(AUTHORITY_DAYS);
    let make = || {
        let key = KeyPair::generate()?;
        let mut params = authority_params();
        set_dates(&mut params, today, not_after);
        let certificate = params.self_signed(&key)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem(), not_after })
    };
    make().map_err(|source| InstallError::Certificate { whom: AUTHORITY.to_owned(), source })
}

/// Makes a certificate that is good for serving and for calling under the given names; the first is the subject's common name.
pub(crate) fn issue(
    authority: &Issued,
    common_name: &str,
    names: &[&str],
    today: NaiveDate,
) -> Result<Issued, InstallError> {
    let not_after = (today + Days::new(SERVER_DAYS)).min(authority.not_after);
    let make = || {
        let issuer_params = authority_params();
        let issuer = Issuer::from_params(&issuer_params, KeyPair::from_pem(&authority.key)?);
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(
            names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
        )?;
        params.distinguished_name = subject(common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        set_dates(&mut params, today, not_after);
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem(), not_after })
    };
    make().map_err(|source| InstallError::Certificate { whom: common_name.to_owned(), source })
}

/// A new P-256 private key in PKCS#8 PEM.
pub(crate) fn new_signing_key() -> Result<String, InstallError> {
    let key = KeyPair::generate()
        .map_err(|source| InstallError::Certificate { whom: "token signing".to_owned(), source })?;
    Ok(key.serialize_pem())
}

/// What names the authority: the same at every start, so that only key and certificate are kept.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn subject(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn set_dates(params: &mut CertificateParams, today: NaiveDate, not_after: NaiveDate) {
    let from = today - Days::new(BACKDATED_DAYS);
    params.not_before =
        date_time_ymd(from.year(), two_digits(from.month()), two_digits(from.day()));
    params.not_after =
        date_time_ymd(not_after.year(), two_digits(not_after.month()), two_digits(not_after.day()));
}

/// A month or a day of a month always fits.
fn two_digits(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();

    #[test]
    fn a_certificate_is_replaced_in_its_last_month_only() {
        let authority = new_authority(TODAY).unwrap();
        let issued = issue(&authority, "postgres", &["postgres.data.svc"], TODAY).unwrap();
        assert!(!issued.is_ending(TODAY + Days::new(SERVER_DAYS - RENEW_DAYS - 1)));
        assert!(issued.is_ending(TODAY + Days::new(SERVER_DAYS - RENEW_DAYS)));
    }

    #[test]
    fn no_certificate_outlives_its_authority() {
        let authority = new_authority(TODAY).unwrap();
        let late = authority.not_after - Days::new(60);
        assert_eq!(
            issue(&authority, "postgres", &["postgres.data.svc"], late).unwrap().not_after,
            authority.not_after
        );
    }

    #[test]
    fn a_name_that_is_no_name_is_refused() {
        let authority = new_authority(TODAY).unwrap();
        assert!(matches!(
            issue(&authority, "x", &["ü"], TODAY),
            Err(InstallError::Certificate { .. })
        ));
    }

    #[test]
    fn the_key_for_tokens_is_pkcs8() {
        assert!(new_signing_key().unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    }
}
