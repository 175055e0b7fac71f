//! A client that costs little: requests made beforehand, sent over kept-alive connections, answers read no further than
//! needed to tell where they end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How many connections send at once.
pub const CONNECTIONS: usize = 64;

/// What came of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub per_second: f64,
    pub median: Duration,
}

/// Sends the requests in turn over and over for so long. Every answer must be a 200.
pub async fn run(address: SocketAddr, requests: &Arc<Vec<Vec<u8>>>, duration: Duration) -> Measured {
    let begin = Instant::now() + duration / 5;
    let end = begin + duration;
    let tasks = (0..CONNECTIONS).map(|number| tokio::spawn(send(address, Arc::clone(requests), number, begin, end)));
    let mut latencies = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        latencies.extend(task.await.unwrap());
    }
    latencies.sort_unstable();
    let count = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
    Measured {
        per_second: f64::from(count) / duration.as_secs_f64(),
        median: latencies.get(latencies.len() / 2).copied().unwrap_or_default(),
    }
}

async fn send(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    number: usize,
    begin: Instant,
    end: Instant,
) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut latencies = Vec::new();
    let mut answer = Vec::with_capacity(8 * 1024);
    for request in requests.iter().cycle().skip(number * requests.len() / CONNECTIONS) {
        let started = Instant::now();
        stream.write_all(request).await.unwrap();
        read_answer(&mut stream, &mut answer).await;
        let answered = Instant::now();
        if answered >= end {
            break;
        }
        if answered >= begin {
            latencies.push(answered - started);
        }
    }
    latencies
}

async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    let mut length = None;
    while length.is_none_or(|length| answer.len() < length) {
        let count = stream.read_buf(answer).await.unwrap();
        assert!(count > 0, "the connection was closed: {}", String::from_utf8_lossy(answer));
        if length.is_none() {
            length = whole_length(answer);
        }
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(answer));
}

/// The length of head and body, once the head is there.
fn whole_length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&answer[..head]).unwrap();
    let fields = text.lines().filter_map(|line| line.split_once(": "));
    let length = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value).next();
    Some(head + 4 + length.unwrap().parse::<usize>().unwrap())
}
