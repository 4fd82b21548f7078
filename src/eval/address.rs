//! Blocks of IP addresses, read once and matched many times (Search Reference, `cidrmatch`). Readings: blanks around an address make
//! it none, and `::ffff:10.0.0.1` is an address of IPv4 too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A CIDR block. An address alone is the block of itself; bits behind the prefix's length do not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Block {
    V4 { network: u32, mask: u32 },
    V6 { network: u128, mask: u128 },
}

impl Block {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or an address; `None` where the text is neither.
    pub(crate) fn parse(text: &str) -> Option<Block> {
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text.trim(), None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let length = length.unwrap_or(32);
                let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?).unwrap_or(0);
                Some(Block::V4 { network: u32::from(address) & mask, mask })
            }
            IpAddr::V6(address) => {
                let length = length.unwrap_or(128);
                let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?).unwrap_or(0);
                Some(Block::V6 { network: u128::from(address) & mask, mask })
            }
        }
    }

    /// Whether the text is an address inside the block.
    pub(crate) fn contains(&self, text: &str) -> bool {
        // Most texts that are no address show it at their first character.
        if !text.as_bytes().first().is_some_and(|b| b.is_ascii_hexdigit() || *b == b':') {
            return false;
        }
        match self {
            Block::V4 { network, mask } => v4(text).is_some_and(|a| u32::from(a) & mask == *network),
            Block::V6 { network, mask } => text.parse::<Ipv6Addr>().is_ok_and(|a| u128::from(a) & mask == *network),
        }
    }
}

/// An address of IPv4, also as IPv6 writes one (`::ffff:10.0.0.1`).
fn v4(text: &str) -> Option<Ipv4Addr> {
    match text.parse().ok()? {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) => address.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(block: &str, address: &str) -> bool {
        Block::parse(block).expect("a block").contains(address)
    }

    #[test]
    fn addresses_lie_in_their_blocks() {
        assert!(within("10.0.0.0/8", "10.255.0.1"));
        assert!(!within("10.0.0.0/8", "11.0.0.1"));
        assert!(within("192.168.1.77/24", "192.168.1.200"));
        assert!(within("0.0.0.0/0", "1.2.3.4"));
        assert!(within("1.2.3.4", "1.2.3.4") && !within("1.2.3.4/32", "1.2.3.5"));
        assert!(within("2001:db8::/32", "2001:DB8:1::1"));
        assert!(!within("2001:db8::/32", "2001:db9::1"));
        assert!(within("::/0", "::1") && !within("::/0", "1.2.3.4"));
    }

    #[test]
    fn other_text_is_in_no_block() {
        for text in ["", "AWS Internal", "10.0.0", "10.0.0.0/8", "ec2.amazonaws.com", "010.0.0.1x"] {
            assert!(!within("0.0.0.0/0", text), "{text}");
        }
    }

    #[test]
    fn malformed_blocks_are_none() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "10.0.0.0/x", "a/8"] {
            assert_eq!(Block::parse(text), None, "{text}");
        }
    }
}
