//! To which addresses anything is sent. Pure.
//!
//! People choose where their messages go, and the server stands within somebody's network: without a rule anybody with
//! an account could have it knock at doors that are closed to them (server-side request forgery), the metadata service
//! of a cloud among them. So only addresses of the public internet are reached, and those networks that the operator
//! names. The rule is applied to the address that is connected to, after the name was resolved (`web.rs`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network, such as `192.168.1.0/24`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The text is no address and no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address and no network such as 192.168.1.0/24")]
pub struct NoNetwork(String);

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let wrong = || NoNetwork(text.to_owned());
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
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
        (ours ^ theirs).checked_shr(most - u32::from(self.bits)).unwrap_or(0) == 0
    }
}

/// Which addresses beside the public ones are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach(Vec<Network>);

impl Reach {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// [`NoNetwork`].
    pub fn read(texts: &[String]) -> Result<Self, NoNetwork> {
        texts.iter().map(|text| text.parse()).collect::<Result<_, _>>().map(Self)
    }

    /// Also the loopback and private networks, whether they are named or not. Link-local addresses, at which clouds have their
    /// metadata, stay closed unless they are named.
    #[must_use]
    pub fn with_private(mut self) -> Self {
        self.0.extend(PRIVATE.map(|(address, bits)| Network { address, bits }));
        self
    }

    /// None but the public ones.
    pub fn is_public_only(&self) -> bool {
        self.0.is_empty()
    }

    /// The operator has named this address or its network.
    pub fn is_named(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.holds(address))
    }

    /// Something may be sent there.
    pub fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.is_named(address)
    }
}

/// An address of the public internet, by IANA's registries of special-purpose addresses.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// What is in a house or on this machine.
const PRIVATE: [(IpAddr, u8); 6] = [
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0)), 8),
];

/// First address and length of the networks of IPv4 that are not public.
const SPECIAL_V4: [([u8; 4], u8); 16] = [
    ([0, 0, 0, 0], 8),        // this network
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // behind a carrier's translation; also metadata of one cloud
    ([127, 0, 0, 0], 8),      // loopback
    ([169, 254, 0, 0], 16),   // link-local, and metadata of most clouds
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments, and metadata of one cloud
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // relays of 6to4
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // measurements
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([168, 63, 129, 16], 32), // one cloud's own, reached from within only
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, and broadcast
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = |(first, bits): &([u8; 4], u8)| {
        Network { address: Ipv4Addr::from(*first).into(), bits: *bits }.holds(address.into())
    };
    !SPECIAL_V4.iter().any(special)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Translation to IPv4, which has a public prefix: what counts is where it leads.
    if address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., high, low] = address.segments();
        return is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    }
    let is_global_unicast = a & 0xe000 == 0x2000;
    let is_special = match a {
        // Protocol assignments, Teredo among them; documentation.
        0x2001 => b < 0x200 || b == 0xdb8,
        // 6to4, which leads to any IPv4.
        0x2002 => true,
        // Documentation.
        0x3fff => b < 0x1000,
        _ => false,
    };
    is_global_unicast && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_public() {
        for good in [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "169.253.1.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860:4860::8888",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(ip(good)), "{good}");
        }
        for bad in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "203.0.113.9",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "64:ff9b::a9fe:a9fe",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(ip(bad)), "{bad}");
        }
    }

    #[test]
    fn named_networks_are_reached_and_no_more() {
        let reach = Reach::read(&["192.168.1.0/24".into(), " ::1 ".into(), "127.0.0.1".into()]).unwrap();
        for good in ["192.168.1.7", "::1", "127.0.0.1", "::ffff:192.168.1.9", "9.9.9.9"] {
            assert!(reach.allows(ip(good)), "{good}");
        }
        for bad in ["192.168.2.7", "127.0.0.2", "::2", "169.254.169.254"] {
            assert!(!reach.allows(ip(bad)), "{bad}");
        }
        assert!(!reach.is_named(ip("9.9.9.9")) && !Reach::default().allows(ip("127.0.0.1")));
        let home = Reach::default().with_private();
        for good in
            ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.9", "::1", "fd12::7", "::ffff:127.0.0.1"]
        {
            assert!(home.is_named(ip(good)), "{good}");
        }
        for bad in ["169.254.169.254", "fe80::1", "0.0.0.0", "100.64.0.1", "172.32.0.1", "9.9.9.9"] {
            assert!(!home.is_named(ip(bad)), "{bad}");
        }
        assert!(Reach::read(&["0.0.0.0/0".into()]).unwrap().allows(ip("10.1.1.1")));
        for bad in ["", "a", "1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "localhost"] {
            assert!(Reach::read(&[bad.into()]).is_err(), "{bad}");
        }
    }
}
