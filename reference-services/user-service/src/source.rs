//! Where a request comes from: the client's address as the gateway saw it, and how much of it is used for what.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::HeaderMap;

/// The last hop that the gateway added is the only one a client cannot write. `None` for what came past the gateway.
pub(crate) fn client_address(headers: &HeaderMap) -> Option<IpAddr> {
    let hops = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let address: IpAddr = hops.rsplit(',').next()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

/// Whose tries are counted together: of IPv6 everybody has 2^64 addresses.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    prefix(address, 32, 64)
}

/// What traces may tell: enough to see where guesses come from, too little to be one person.
pub(crate) fn told(address: IpAddr) -> IpAddr {
    prefix(address, 24, 48)
}

fn prefix(address: IpAddr, bits_of_4: u32, bits_of_6: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let rest = Ipv4Addr::BITS - bits_of_4;
            Ipv4Addr::from_bits(address.to_bits() >> rest << rest).into()
        }
        IpAddr::V6(address) => {
            let rest = Ipv6Addr::BITS - bits_of_6;
            Ipv6Addr::from_bits(address.to_bits() >> rest << rest).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_hop_the_gateway_added_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(client_address(&headers), None);
        headers.append("x-forwarded-for", HeaderValue::from_static("1.1.1.1, 2.2.2.2"));
        assert_eq!(client_address(&headers), Some(address("2.2.2.2")));
        headers.append("x-forwarded-for", HeaderValue::from_static("::ffff:3.3.3.3"));
        assert_eq!(client_address(&headers), Some(address("3.3.3.3")));
        headers.append("x-forwarded-for", HeaderValue::from_static("ann@example.org"));
        assert_eq!(client_address(&headers), None);
    }

    #[test]
    fn who_has_many_addresses_counts_as_one_and_traces_tell_of_a_network() {
        assert_eq!(counted(address("192.0.2.77")), address("192.0.2.77"));
        assert_eq!(counted(address("2001:db8:1:2:3:4:5:6")), address("2001:db8:1:2::"));
        assert_eq!(told(address("192.0.2.77")), address("192.0.2.0"));
        assert_eq!(told(address("2001:db8:1:2:3:4:5:6")), address("2001:db8:1::"));
    }
}
