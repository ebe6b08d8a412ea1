//! The same load through an MQTT 3.1.1 broker: QoS 1 both ways, sessions that persist.
//! No more of the protocol than that needs (OASIS MQTT 3.1.1, sections 2.2 and 3).

use crate::{
    people::SEALED,
    throughput::{Course, Report},
};
use anyhow::{Context, bail, ensure};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader, BufWriter},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

const CONNECT: u8 = 0x10;
const CONNECTED: u8 = 0x20;
/// With QoS 1.
const PUBLISH: u8 = 0x32;
const PUBLISHED: u8 = 0x40;
const SUBSCRIBE: u8 = 0x82;
const SUBSCRIBED: u8 = 0x90;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// Where the broker listens.
    #[arg(long)]
    broker: SocketAddr,
    /// Clients that send.
    #[arg(long, default_value_t = 128)]
    senders: u32,
    /// Clients that receive, each a topic of its own.
    #[arg(long, default_value_t = 64)]
    recipients: u32,
    /// Messages of each sender on their way at a time.
    #[arg(long, default_value_t = 8)]
    in_flight: u16,
    /// Seconds before anything counts.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Seconds that count.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// Connects everybody, then sends.
pub async fn measure(options: &Options) -> anyhow::Result<Report> {
    let course = Arc::new(Course::default());
    let mut tasks = JoinSet::new();
    for n in 0..options.recipients {
        let mut link = Link::connect(options.broker, &format!("recipient-{n}")).await?;
        link.subscribe(&topic(n)).await?;
        tasks.spawn(receive(course.clone(), link));
    }
    for n in 0..options.senders {
        let link = Link::connect(options.broker, &format!("sender-{n}")).await?;
        let (recipients, in_flight) = (options.recipients, options.in_flight);
        tasks.spawn(send(course.clone(), link, n, recipients, in_flight));
    }
    let report = course.run(options.warm_up, options.seconds).await;
    // One that broke off has measured nothing.
    while let Some(ended) = tasks.try_join_next() {
        ended??;
    }
    tasks.shutdown().await;
    Ok(report)
}

fn topic(recipient: u32) -> String {
    format!("box/{recipient}")
}

/// A connection to the broker.
struct Link {
    reader: BufReader<OwnedReadHalf>,
    writer: BufWriter<OwnedWriteHalf>,
}

impl Link {
    /// With a session that outlives the connection.
    async fn connect(broker: SocketAddr, name: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(broker).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let mut link = Self {
            reader: BufReader::new(reader),
            writer: BufWriter::new(writer),
        };
        let mut body = Vec::new();
        put_text(&mut body, "MQTT");
        // Level 4, no flags: not a clean session; a minute between signs of life.
        body.extend([4, 0, 0, 60]);
        put_text(&mut body, name);
        link.put(CONNECT, &body).await?;
        link.writer.flush().await?;
        let (kind, body) = link.next().await?;
        ensure!(kind == CONNECTED && body.get(1) == Some(&0), "refused");
        Ok(link)
    }

    async fn subscribe(&mut self, topic: &str) -> anyhow::Result<()> {
        let mut body = vec![0, 1];
        put_text(&mut body, topic);
        body.push(1);
        self.put(SUBSCRIBE, &body).await?;
        self.writer.flush().await?;
        let (kind, body) = self.next().await?;
        ensure!(kind == SUBSCRIBED && body.last() == Some(&1), "not QoS 1");
        Ok(())
    }

    async fn put(&mut self, kind: u8, body: &[u8]) -> anyhow::Result<()> {
        let mut head = vec![kind];
        let mut rest = body.len();
        loop {
            let low = u8::try_from(rest % 128)?;
            rest /= 128;
            head.push(if rest > 0 { low | 0x80 } else { low });
            if rest == 0 {
                break;
            }
        }
        self.writer.write_all(&head).await?;
        Ok(self.writer.write_all(body).await?)
    }

    async fn next(&mut self) -> anyhow::Result<(u8, Vec<u8>)> {
        let kind = self.reader.read_u8().await?;
        let (mut length, mut shift) = (0usize, 0);
        loop {
            let byte = self.reader.read_u8().await?;
            length |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
            ensure!(shift < 28, "a length without end");
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).await?;
        Ok((kind, body))
    }

    /// Whether the next packet has to be waited for.
    fn is_drained(&self) -> bool {
        self.reader.buffer().is_empty()
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend(length.to_be_bytes());
    out.extend(text.as_bytes());
}

/// As many as may be on their way, and one more for each that the broker has confirmed.
async fn send(
    course: Arc<Course>,
    mut link: Link,
    first: u32,
    recipients: u32,
    in_flight: u16,
) -> anyhow::Result<()> {
    let mut stamps = vec![0; usize::from(in_flight)];
    let mut free: Vec<u16> = (1..=in_flight).collect();
    let mut at = first;
    while !course.is_over() {
        while let Some(id) = free.pop() {
            let stamp = course.stamp();
            stamps[usize::from(id - 1)] = stamp;
            let mut body = Vec::with_capacity(SEALED + 32);
            put_text(&mut body, &topic(at % recipients));
            body.extend(id.to_be_bytes());
            let head = body.len();
            body.extend(stamp.to_le_bytes());
            body.extend(course.number().to_le_bytes());
            body.resize(head + SEALED, 0xA5);
            link.put(PUBLISH, &body).await?;
            at = at.wrapping_add(1);
        }
        link.writer.flush().await?;
        loop {
            let (kind, body) = link.next().await?;
            ensure!(kind == PUBLISHED, "packet {kind:#x} at a sender");
            let id = u16::from_be_bytes(*body.first_chunk().context("too short")?);
            let stamp = stamps.get(usize::from(id).wrapping_sub(1));
            course.accepted(*stamp.context("a number that was not sent")?);
            free.push(id);
            if link.is_drained() {
                break;
            }
        }
    }
    Ok(())
}

async fn receive(course: Arc<Course>, mut link: Link) -> anyhow::Result<()> {
    loop {
        let (kind, body) = link.next().await?;
        // The flag of a repeated delivery may be set.
        if kind & 0xF6 != PUBLISH {
            bail!("packet {kind:#x} at a recipient");
        }
        let topic = u16::from_be_bytes(*body.first_chunk().context("too short")?);
        let rest = body.get(2 + usize::from(topic)..).context("too short")?;
        let (id, payload) = rest.split_first_chunk::<2>().context("too short")?;
        let stamp = payload.first_chunk().context("too short")?;
        course.delivered(u64::from_le_bytes(*stamp));
        link.put(PUBLISHED, id).await?;
        if link.is_drained() {
            link.writer.flush().await?;
        }
    }
}
