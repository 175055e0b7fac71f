//! E-mail addresses.

use countersign_domain::values::EmailAddress;

use crate::support::{accepts, refuses};

#[test]
fn mail_addresses_are_kept_as_typed() {
    for address in [
        "name@example.com",
        "Name.Surname@Example.COM",
        "first.last+tag@mail.example.co.uk",
        "o'brien@example.com",
        "a!#$%&'*+-/?=^_`{|}~b@example.com",
        "1@example.com",
        "name@localhost",
        "name@xn--mnchen-3ya.example",
        "name@münchen.example",
        "name@straße.example",
        "имя@пример.рф",
        "用户@例子.广告",
        "नाम@हिन्दी.भारत",
        "name@123.example",
        "name@a-b.example",
    ] {
        accepts::<EmailAddress>(address, address);
    }
    accepts::<EmailAddress>("  name@example.com\t", "name@example.com");
    accepts::<EmailAddress>("name@example.com\r\n", "name@example.com");
}

#[test]
fn mail_addresses_that_smuggle_something_are_refused() {
    for address in [
        "name@example.com\r\nBcc: all@example.com",
        "name@example.com\nbcc:all@example.com",
        "name\r\n@example.com",
        "name@example.com%0Abcc:all@example.com",
        "name@example.com, other@example.com",
        "name@example.com;other@example.com",
        "name@example.com other@example.com",
        "Name <name@example.com>",
        "<name@example.com>",
        "mailto:name@example.com",
        "\"name\"@example.com",
        "\"a@b\"@example.com",
        "\"name surname\"@example.com",
        "name(comment)@example.com",
        "name@example.com(comment)",
        "name@other@example.com",
        "name@@example.com",
        "@relay.example:name@example.com",
        "name\\@example.com",
        "name\0@example.com",
        "na\u{200B}me@example.com",
        "na\u{200D}me@example.com",
        "na\u{202E}me@example.com",
        "na\u{FE0F}me@example.com",
        "name@exam\u{200B}ple.com",
        "name@exam\u{202E}ple.com",
        "=?utf-8?q?name=40other.example=3e?=@example.com",
        "name@=?utf-8?q?example.com?=",
        "name@example.com\0",
        "name@exa%6Dple.com",
        "name@ｅｘａｍｐｌｅ.com",
        "name@example。com",
    ] {
        refuses::<EmailAddress>(address);
    }
}

#[test]
fn malformed_mail_addresses_are_refused() {
    for address in [
        "",
        " ",
        "@",
        "name",
        "name@",
        "@example.com",
        "example.com",
        ".name@example.com",
        "name.@example.com",
        "na..me@example.com",
        "na me@example.com",
        "name@.example.com",
        "name@example.com.",
        "name@example..com",
        "name@-example.com",
        "name@example-.com",
        "name@exa_mple.com",
        "name@example.com/path",
        "name@example.com:25",
        "name@exam ple.com",
        "name@[127.0.0.1]",
        "name@[IPv6:::1]",
        "name@127.0.0.1",
        "name@2130706433",
        "name@0x7f.1",
        "name@xn--a",
        "name@ex\u{AD}ample.com",
    ] {
        refuses::<EmailAddress>(address);
    }
}

#[test]
fn mail_addresses_have_the_lengths_of_rfc_5321() {
    let label = "d".repeat(63);
    let accepted = format!("{}@example.com", "l".repeat(64));
    accepts::<EmailAddress>(&accepted, &accepted);
    refuses::<EmailAddress>(&format!("{}@example.com", "l".repeat(65)));
    refuses::<EmailAddress>(&format!("{}@example.com", "é".repeat(33)));
    let accepted = format!("name@{label}.example");
    accepts::<EmailAddress>(&accepted, &accepted);
    refuses::<EmailAddress>(&format!("name@d{label}.example"));
    // 62 + 1 + 63 + 1 + 63 + 1 + 63 = 254.
    let accepted = format!("{}@{label}.{label}.{label}", "l".repeat(62));
    assert_eq!(accepted.len(), 254);
    accepts::<EmailAddress>(&accepted, &accepted);
    refuses::<EmailAddress>(&format!("l{accepted}"));
}

#[test]
fn mail_addresses_are_unique_without_regard_to_case() {
    let key = |address: &str| EmailAddress::unique_key_of(address.parse::<EmailAddress>().unwrap().as_str());
    assert_eq!(key("Name@Example.COM"), "name@example.com");
    assert_eq!(key("ИМЯ@ПРИМЕР.РФ"), key("имя@пример.рф"));
    assert_ne!(key("name@example.com"), key("name+tag@example.com"));
}
