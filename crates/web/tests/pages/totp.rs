//! An authenticator app.

use countersign_persistence::clock;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The code that the app shows so many steps from now, of a secret in Base32.
pub fn code(secret: &str, steps: i64) -> String {
    let bits = secret.bytes().flat_map(|letter| {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".bytes().position(|known| known == letter).unwrap();
        (0..5).rev().map(move |bit| value >> bit & 1)
    });
    let bits = bits.collect::<Vec<_>>();
    let key = bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit));
    let key = key.map(|byte| u8::try_from(byte).unwrap()).collect::<Vec<_>>();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&(clock::now().as_second() / 30 + steps).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 0xf);
    let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
