//! Where a request comes from, also behind a proxy that is trusted to say so.

use std::net::IpAddr;
use std::str::FromStr;

use axum::http::HeaderMap;

/// Addresses whose word on where a request comes from is taken: single ones, or networks as `10.0.0.0/8`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

/// The text is no address and no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address and no network such as 10.0.0.0/8")]
pub struct NoNetwork(String);

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let wrong = || NoNetwork(text.to_owned());
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, bits)| (a, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        let (ours, theirs, most) = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
            _ => return false,
        };
        // A shift by all bits would be none.
        let shift = most - u32::from(self.bits);
        (ours ^ theirs).checked_shr(shift).unwrap_or(0) == 0
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The address of whoever asks.
    pub address: IpAddr,
    /// Their way to us is encrypted, as far as a trusted proxy says.
    pub is_tls: bool,
}

impl Proxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// [`NoNetwork`].
    pub fn read(texts: &[String]) -> Result<Self, NoNetwork> {
        texts.iter().map(|text| text.trim().parse()).collect::<Result<_, _>>().map(Self)
    }

    /// None is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address.to_canonical()))
    }

    /// Where a request comes from: `peer`, or, where that is a trusted proxy, the last address of
    /// `X-Forwarded-For` that is none. What stands before it anybody may have written.
    pub fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> Origin {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Origin { address: peer, is_tls: false };
        }
        let last =
            |name: &str| headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok());
        let is_tls = last("x-forwarded-proto")
            .and_then(|text| text.rsplit(',').next())
            .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
        let mut address = peer;
        for value in headers.get_all("x-forwarded-for").iter().rev() {
            for hop in value.to_str().unwrap_or_default().rsplit(',') {
                let Ok(hop) = hop.trim().parse::<IpAddr>() else { return Origin { address, is_tls } };
                address = hop.to_canonical();
                if !self.trusts(address) {
                    return Origin { address, is_tls };
                }
            }
        }
        Origin { address, is_tls }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(proxies: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> (String, bool) {
        let proxies: Vec<String> = proxies.iter().map(|&text| text.to_owned()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let origin = Proxies::read(&proxies).unwrap().origin(peer.parse().unwrap(), &map);
        (origin.address.to_string(), origin.is_tls)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let forged = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https")];
        assert_eq!(origin(&[], "127.0.0.1", &forged), ("127.0.0.1".into(), false));
        assert_eq!(origin(&["10.0.0.0/8"], "11.0.0.1", &forged), ("11.0.0.1".into(), false));
        assert_eq!(origin(&["127.0.0.1"], "127.0.0.1", &forged), ("1.1.1.1".into(), true));
        assert_eq!(origin(&["127.0.0.1"], "::ffff:127.0.0.1", &forged), ("1.1.1.1".into(), true));
        assert_eq!(origin(&["127.0.0.1"], "127.0.0.1", &[]), ("127.0.0.1".into(), false));
        // Of a chain the last that is not ours; before it anybody may have written.
        let chain = [("x-forwarded-for", "6.6.6.6, 2.2.2.2"), ("x-forwarded-for", "10.1.2.3")];
        assert_eq!(origin(&["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", &chain), ("2.2.2.2".into(), false));
        let spoilt = [("x-forwarded-for", "6.6.6.6, nonsense, 10.1.2.3")];
        assert_eq!(origin(&["10.0.0.0/8"], "10.0.0.9", &spoilt), ("10.1.2.3".into(), false));
        let plain = [("x-forwarded-proto", "https, http")];
        assert_eq!(origin(&["::/0"], "2001:db8::1", &plain), ("2001:db8::1".into(), false));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in ["", "proxy", "10.0.0.0/33", "10.0.0.0/", "::1/129", "10.0.0/8", "0.0.0.0/-1"] {
            assert!(Proxies::read(&[bad.to_owned()]).is_err(), "{bad}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds("255.1.2.3".parse().unwrap()) && !all.holds("::1".parse().unwrap()));
    }
}
