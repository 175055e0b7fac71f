//! The types of configured values. Each says what it expects, for the person who wrote something else.

use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use url::{Host, Url};

/// A value that is written as text.
pub(super) trait Written: Sized {
    const EXPECTED: &'static str;

    fn read(text: &str) -> Option<Self>;
}

impl Written for SocketAddr {
    const EXPECTED: &'static str = "an IP address and a port like 127.0.0.1:8080";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Written for IpAddr {
    const EXPECTED: &'static str = "an IP address like 10.0.0.5";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Written for PathBuf {
    const EXPECTED: &'static str = "the path of a file";

    fn read(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

/// The address of an installation: http or https, no path, no slash at the end.
#[derive(Debug, Clone)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it leads to the machine that asks.
    pub fn is_loopback(&self) -> bool {
        match Url::parse(&self.0).ok().as_ref().and_then(Url::host) {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(domain)) => domain == "localhost",
            None => false,
        }
    }
}

impl Written for BaseUrl {
    const EXPECTED: &'static str = "an http or https address without a path, like https://access.example.com";

    fn read(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        (is_web && is_bare && is_anonymous).then(|| Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

/// What is logged.
#[derive(Debug, Clone)]
pub struct LogFilter(String);

impl LogFilter {
    /// The filter for the subscriber.
    pub fn to_filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl Written for LogFilter {
    const EXPECTED: &'static str = "error, warn, info, debug or trace, or a list like info,countersign_web=debug";

    fn read(text: &str) -> Option<Self> {
        // The subscriber takes a word that is no level for the name of a part: `inof` would log nothing at all.
        let level = |part: &str| part.rsplit('=').next().unwrap_or_default().trim().parse::<LevelFilter>();
        let is_plain = text.split(',').all(|part| level(part).is_ok());
        (is_plain && EnvFilter::builder().parse(text).is_ok()).then(|| Self(text.to_owned()))
    }
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// As suits the command.
    Auto,
    /// For people.
    Text,
    /// For machines: an object a line.
    Json,
}

impl Written for LogFormat {
    const EXPECTED: &'static str = "auto, text or json";

    fn read(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A text that is never shown, neither in logs nor in errors.
#[derive(Clone)]
pub struct Confidential(String);

impl Confidential {
    /// The text, unless it is empty, which stands for not set.
    pub fn given(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Confidential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confidential(…)")
    }
}

impl<'de> Deserialize<'de> for Confidential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not serde's own message, which would repeat the value.
        String::deserialize(deserializer).map(Self).map_err(|_| D::Error::custom("expected a text in quotes"))
    }
}

/// A value written as text.
pub(super) fn written<'de, D: Deserializer<'de>, T: Written>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(Text(PhantomData))
}

/// The same, where the empty text stands for none.
pub(super) fn optional<'de, D: Deserializer<'de>, T: Written>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_str(OptionalText(PhantomData))
}

/// A list of values written as text.
pub(super) fn list<'de, D: Deserializer<'de>, T: Written>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(List(PhantomData))
}

/// A whole number within bounds.
pub(super) fn number<'de, D: Deserializer<'de>, const MINIMUM: usize, const MAXIMUM: usize>(
    deserializer: D,
) -> Result<usize, D::Error> {
    deserializer.deserialize_i64(Number::<MINIMUM, MAXIMUM>)
}

struct Text<T>(PhantomData<T>);

impl<T: Written> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

struct OptionalText<T>(PhantomData<T>);

impl<T: Written> Visitor<'_> for OptionalText<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or \"\" for none", T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(None);
        }
        T::read(text).map(Some).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

struct List<T>(PhantomData<T>);

impl<'de, T: Written> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list, each value in it {}", T::EXPECTED)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(text) = items.next_element::<String>()? {
            list.push(T::read(&text).ok_or_else(|| A::Error::invalid_value(Unexpected::Str(&text), &self))?);
        }
        Ok(list)
    }
}

struct Number<const MINIMUM: usize, const MAXIMUM: usize>;

impl<const MINIMUM: usize, const MAXIMUM: usize> Visitor<'_> for Number<MINIMUM, MAXIMUM> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MINIMUM} to {MAXIMUM}")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<usize, E> {
        usize::try_from(number)
            .ok()
            .filter(|number| (MINIMUM..=MAXIMUM).contains(number))
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }
}
