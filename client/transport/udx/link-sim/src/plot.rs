//! A picture of a row as SVG: the rate over time above, the queue over time below, a line for each controller.

use std::{fmt::Write, time::Duration};

use crate::{
    contender::Contender,
    link::Link,
    scenario::Row,
    trace::{FLOW_STEP, QUEUE_STEP, Trace},
};

const WIDTH: f64 = 900.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 20.0;
const PANEL: f64 = 190.0;
const TOP: f64 = 56.0;
const BETWEEN: f64 = 44.0;
/// Points are this far apart.
const STEP: Duration = Duration::from_millis(200);

struct Panel {
    top: f64,
    highest: f64,
    seconds: f64,
}

/// The picture of one run of each contender.
pub fn picture(row: &Row, runs: &[(Contender, Trace)]) -> String {
    let seconds = row.span.to.as_secs_f64();
    let rate = Panel {
        top: TOP,
        highest: row
            .link
            .rates
            .iter()
            .map(|(_, rate)| *rate as f64 / 1e6)
            .fold(1.0, f64::max)
            * 1.1,
        seconds,
    };
    let queues: Vec<_> = runs
        .iter()
        .map(|(_, trace)| queue(trace, &row.link))
        .collect();
    let longest = queues.iter().flatten().copied().fold(1.0, f64::max);
    let queue = Panel {
        top: TOP + PANEL + BETWEEN,
        highest: longest * 1.1,
        seconds,
    };
    let height = queue.top + PANEL + 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    text(&mut svg, LEFT, 20.0, "#202020", row.title);
    for (place, (contender, _)) in runs.iter().enumerate() {
        let x = LEFT + 110.0 * place as f64;
        text(
            &mut svg,
            x,
            40.0,
            colour(*contender),
            &contender.to_string(),
        );
    }
    rate.frame(&mut svg, "Mbit/s that arrive; dashed: the second flow");
    queue.frame(&mut svg, "ms that the queue holds");
    for ((contender, trace), waits) in runs.iter().zip(&queues) {
        for (number, flow) in trace.flows.iter().enumerate() {
            let stride = (STEP.as_millis() / FLOW_STEP.as_millis()) as usize;
            let points: Vec<u64> = flow.received.iter().step_by(stride).copied().collect();
            let rates = points
                .windows(2)
                .map(|pair| (pair[1] - pair[0]) as f64 * 8.0 / 1e6 / STEP.as_secs_f64());
            rate.line(&mut svg, colour(*contender), number > 0, rates);
        }
        queue.line(&mut svg, colour(*contender), false, waits.iter().copied());
    }
    svg.push_str("</svg>\n");
    svg
}

/// Mean wait in the queue in milliseconds, for each step.
fn queue(trace: &Trace, link: &Link) -> Vec<f64> {
    let stride = (STEP.as_nanos() / QUEUE_STEP.as_nanos()) as usize;
    let chunks = trace.queue.chunks(stride).zip(0u32..);
    let wait = |(bytes, number): (&[u64], u32)| {
        let mean = bytes.iter().sum::<u64>() as f64 / bytes.len() as f64;
        mean * 8.0 / link.rate(STEP * number) as f64 * 1e3
    };
    chunks.map(wait).collect()
}

impl Panel {
    fn x(&self, second: f64) -> f64 {
        LEFT + second / self.seconds * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + PANEL * (1.0 - (value / self.highest).min(1.0))
    }

    fn frame(&self, svg: &mut String, words: &str) {
        let (left, right, bottom) = (self.x(0.0), self.x(self.seconds), self.top + PANEL);
        text(svg, left, self.top - 6.0, "#606060", words);
        for part in 0..=4 {
            let value = self.highest * f64::from(part) / 4.0;
            let y = self.y(value);
            let _ = writeln!(
                svg,
                "<path d=\"M{left:.0} {y:.1}H{right:.0}\" stroke=\"#e0e0e0\"/><text x=\"{:.0}\" y=\"{:.1}\" \
                 fill=\"#606060\" text-anchor=\"end\">{value:.0}</text>",
                left - 6.0,
                y + 4.0
            );
        }
        for second in (0..=self.seconds as u32).step_by(5) {
            let x = self.x(second.into());
            text(
                svg,
                x - 4.0,
                bottom + 16.0,
                "#606060",
                &format!("{second} s"),
            );
        }
    }

    fn line(
        &self,
        svg: &mut String,
        colour: &str,
        dashed: bool,
        values: impl Iterator<Item = f64>,
    ) {
        let dashes = if dashed {
            " stroke-dasharray=\"4 3\""
        } else {
            ""
        };
        let _ = write!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\"{dashes} points=\""
        );
        for (number, value) in values.enumerate() {
            let x = self.x(number as f64 * STEP.as_secs_f64());
            let _ = write!(svg, "{x:.0},{:.1} ", self.y(value));
        }
        svg.push_str("\"/>\n");
    }
}

fn text(svg: &mut String, x: f64, y: f64, colour: &str, words: &str) {
    let words = words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x:.0}\" y=\"{y:.0}\" fill=\"{colour}\">{words}</text>"
    );
}

fn colour(contender: Contender) -> &'static str {
    match contender {
        Contender::Udx => "#1f6f8b",
        Contender::Cubic => "#d95f02",
        Contender::Bbr => "#7b3294",
        Contender::NewReno => "#8a8a8a",
    }
}
