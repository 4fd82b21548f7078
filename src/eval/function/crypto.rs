//! Cryptographic functions (Search Reference, "Cryptographic functions"): the hash of the text's bytes in small hexadecimal digits.

use std::fmt::Write as _;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Apply, Value, strict};
use crate::ir::Expr;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("md5", 1) => strict(|args, _| hash::<Md5>(args)),
        ("sha1", 1) => strict(|args, _| hash::<Sha1>(args)),
        ("sha256", 1) => strict(|args, _| hash::<Sha256>(args)),
        ("sha512", 1) => strict(|args, _| hash::<Sha512>(args)),
        _ => None,
    }
}

fn hash<'e, D: Digest>(args: &[Value<'e>]) -> Value<'e> {
    let digest = D::digest(args[0].to_text().as_bytes());
    let mut out = String::with_capacity(digest.len() * 2);
    for byte in digest {
        // Writing to a string can't fail.
        let _ = write!(out, "{byte:02x}");
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::super::testing::call;

    #[test]
    fn hashes_are_in_small_hexadecimal_digits() {
        assert_eq!(call!(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(call!(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(call!(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(call!(sha512("abc")).starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(call!(md5(())), "NULL");
    }
}
