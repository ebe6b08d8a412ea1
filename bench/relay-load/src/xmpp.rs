//! Messages through an XMPP server to people who are away, and then come for them. No more of the protocol than that needs: streams, SASL
//! PLAIN, binding (RFC 6120), messages and presence (RFC 6121), and the acknowledgements of XEP-0198, by which a sender learns that the server has taken
//! its messages.

use crate::{
    offline::{Report, per_second, until_silent},
    people::SEALED,
    throughput::Course,
};
use anyhow::{Context, ensure};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

/// The password of everybody.
const PASSWORD: &str = "secret";
/// Longer than anything that comes.
const LONGEST: usize = 64 << 10;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// Where the server listens, without TLS.
    #[arg(long)]
    server: SocketAddr,
    /// The domain whose accounts `user0`, `user1` and so on are there, first the recipients'.
    #[arg(long, default_value = "localhost")]
    domain: String,
    /// Accounts that send.
    #[arg(long, default_value_t = 128)]
    senders: u32,
    /// Accounts that receive.
    #[arg(long, default_value_t = 64)]
    recipients: u32,
    /// Messages of each sender on their way at a time.
    #[arg(long, default_value_t = 8)]
    in_flight: u32,
    /// Seconds before anything counts.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Seconds that count.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// Sends to everybody, then lets everybody come.
pub async fn measure(options: &Options) -> anyhow::Result<Report> {
    let course = Arc::new(Course::default());
    let mut tasks = JoinSet::new();
    for n in 0..options.senders {
        let mut link = Link::connect(options, options.recipients + n).await?;
        link.say("<enable xmlns='urn:xmpp:sm:3'/>").await?;
        link.until("<enabled").await?;
        let domain = options.domain.clone();
        let (recipients, in_flight) = (options.recipients, options.in_flight);
        tasks.spawn(send(course.clone(), link, domain, n, recipients, in_flight));
    }
    let sent = course.run(options.warm_up, options.seconds).await;
    // What is on its way is taken by the server before anybody comes.
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    let fetching = Arc::new(Course::counting());
    let began = Instant::now();
    for n in 0..options.recipients {
        let mut link = Link::connect(options, n).await?;
        link.say("<presence/>").await?;
        tasks.spawn(receive(fetching.clone(), link));
    }
    let (fetched, last) = until_silent(&fetching, began).await;
    tasks.shutdown().await;
    Ok(Report {
        stored_per_second: sent.accepted_per_second,
        fetched_per_second: per_second(fetched, last - began),
        fetched: fetched as u64,
        refused: sent.refused,
    })
}

/// A stream to the server.
struct Link {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Link {
    async fn connect(options: &Options, user: u32) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(options.server).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let mut link = Self {
            reader: BufReader::new(reader),
            writer,
        };
        link.open(&options.domain).await?;
        let credentials = base64(format!("\0user{user}\0{PASSWORD}").as_bytes());
        let sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
        link.say(&format!(
            "<auth xmlns='{sasl}' mechanism='PLAIN'>{credentials}</auth>"
        ))
        .await?;
        link.until("<success").await?;
        link.open(&options.domain).await?;
        let bind = "urn:ietf:params:xml:ns:xmpp-bind";
        link.say(&format!(
            "<iq type='set' id='bind'><bind xmlns='{bind}'/></iq>"
        ))
        .await?;
        link.until("</iq>").await?;
        Ok(link)
    }

    async fn open(&mut self, domain: &str) -> anyhow::Result<()> {
        self.say(&format!(
            "<?xml version='1.0'?><stream:stream to='{domain}' version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'>"
        ))
        .await?;
        self.until("</stream:features>").await
    }

    async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(self.writer.write_all(text.as_bytes()).await?)
    }

    /// The next tag, or text before one, up to its last sign.
    async fn next(&mut self) -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        self.reader.read_until(b'>', &mut bytes).await?;
        ensure!(bytes.ends_with(b">"), "the server has hung up");
        ensure!(bytes.len() < LONGEST, "a tag without end");
        Ok(String::from_utf8(bytes)?)
    }

    /// Reads on behind this.
    async fn until(&mut self, what: &str) -> anyhow::Result<()> {
        loop {
            let tag = self.next().await?;
            ensure!(
                !tag.contains("<failure") && !tag.contains("<stream:error"),
                "refused: {tag}"
            );
            if tag.contains(what) {
                return Ok(());
            }
        }
    }
}

/// Some messages, then a question for how many the server has taken, again and again.
async fn send(
    course: Arc<Course>,
    mut link: Link,
    domain: String,
    first: u32,
    recipients: u32,
    in_flight: u32,
) -> anyhow::Result<()> {
    let mut at = first;
    while !course.is_over() {
        let mut text = String::new();
        let stamp = course.stamp();
        for _ in 0..in_flight {
            // As long as a sealed message, and in ASCII, which a server need not escape.
            let body = format!("{stamp} {:X<width$}", course.number(), width = SEALED - 24);
            let to = at % recipients;
            text.push_str(&format!(
                "<message to='user{to}@{domain}' type='chat' id='{at}'><body>{body}</body></message>"
            ));
            at = at.wrapping_add(1);
        }
        text.push_str("<r xmlns='urn:xmpp:sm:3'/>");
        link.say(&text).await?;
        let waiting = tokio::time::timeout(Duration::from_secs(60), link.until("<a "));
        waiting.await.context("no acknowledgement for a minute")??;
        for _ in 0..in_flight {
            course.accepted(stamp);
        }
    }
    Ok(())
}

/// Counts messages: the stamps of senders are of another course.
async fn receive(course: Arc<Course>, mut link: Link) -> anyhow::Result<()> {
    loop {
        if link.next().await?.ends_with("</message>") {
            course.delivered(course.stamp());
        }
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let mut all = [0; 4];
        all[1..=three.len()].copy_from_slice(three);
        let number = u32::from_be_bytes(all);
        for place in 0..4 {
            let digit = (number >> (18 - 6 * place)) & 63;
            out.push(match place <= three.len() {
                true => char::from(DIGITS[digit as usize]),
                false => '=',
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
