use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_700_000_000;
const BODY: &[u8] = br#"{"id":"evt_1"}"#;

fn secrets(values: &[&str]) -> Vec<SecretString> {
    values.iter().map(|value| SecretString::from(*value)).collect()
}

fn verdict(header: &str) -> Result<(), Refusal> {
    verify(&secrets(&["whsec_one"]), header, BODY, NOW)
}

#[test]
fn the_signature_is_the_one_other_programs_compute() {
    // python3: hmac.new(b"whsec_one", b'1700000000.{"id":"evt_1"}', hashlib.sha256).hexdigest()
    let known = "401fbbceeb3818dc562ff77127ba1c62e47e24c9c6cde4d7a6eba85e32dbd058";
    assert_eq!(sign(&secrets(&["whsec_one"]), BODY, NOW), format!("t={NOW},v1={known}"));
    assert_eq!(verdict(&format!("t={NOW},v1={known}")), Ok(()));
}

#[test]
fn while_a_secret_is_replaced_both_are_good() {
    let (old, both, new) = (secrets(&["old"]), secrets(&["new", "old"]), secrets(&["new"]));
    for (sender, receiver) in [(&old, &both), (&new, &both), (&both, &old), (&both, &new)] {
        assert_eq!(verify(receiver, &sign(sender, BODY, NOW), BODY, NOW), Ok(()));
    }
    assert_eq!(verify(&new, &sign(&old, BODY, NOW), BODY, NOW), Err(Refusal::Forged));
}

#[test]
fn five_minutes_are_the_limit_in_both_directions() {
    for (age, verdict) in [
        (-301, Err(Refusal::OutOfTime)),
        (-300, Ok(())),
        (300, Ok(())),
        (301, Err(Refusal::OutOfTime)),
    ] {
        let keys = secrets(&["whsec_one"]);
        let signed = sign(&keys, BODY, NOW - age);
        assert_eq!(verify(&keys, &signed, BODY, NOW), verdict, "{age}");
    }
}

#[test]
fn a_header_of_another_form_is_not_looked_at_further() {
    let good = sign(&secrets(&["whsec_one"]), BODY, NOW);
    let signature = good.split_once("v1=").map(|(_, signature)| signature).unwrap();
    for bad in [
        String::new(),
        format!("t={NOW}"),
        format!("v1={signature}"),
        format!("t={NOW},v0={signature}"),
        format!("t=+{NOW},v1={signature}"),
        format!("t=0{NOW},v1={signature}"),
        format!("t={NOW},t={NOW},v1={signature}"),
        format!("t={NOW}; v1={signature}"),
        format!("t={NOW},v1=zz"),
        format!("t={NOW}{}", format!(",v1={signature}").repeat(9)),
    ] {
        assert_eq!(verdict(&bad), Err(Refusal::Malformed), "{bad}");
    }
    assert_eq!(verdict(&format!("v0=00,v1={signature},t={NOW}")), Ok(()));
}

#[test]
fn without_a_secret_nobody_is_believed() {
    for none in [secrets(&[]), secrets(&[""])] {
        let header = sign(&none, BODY, NOW);
        assert!(verify(&none, &header, BODY, NOW).is_err(), "{header}");
        let forged = format!("t={NOW},v1=");
        assert_eq!(verify(&none, &forged, BODY, NOW), Err(Refusal::Forged));
    }
}

proptest! {
    #[test]
    fn one_flipped_bit_of_the_body_is_noticed(body in proptest::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let keys = secrets(&["whsec_one"]);
        let header = sign(&keys, &body, NOW);
        let mut changed = body.clone();
        changed[at.index(body.len())] ^= 1 << bit;
        prop_assert_eq!(verify(&keys, &header, &body, NOW), Ok(()));
        prop_assert_eq!(verify(&keys, &header, &changed, NOW), Err(Refusal::Forged));
    }

    #[test]
    fn no_header_makes_it_fall_over(header in "\\PC*") {
        prop_assert!(verdict(&header).is_err());
    }
}
