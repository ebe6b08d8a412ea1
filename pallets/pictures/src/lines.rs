//! Lines over a number, with the band around each in which all seeds are.

use std::fmt::Write;

use crate::frame::{Frame, Legend};

/// Text, lines and scale of a chart.
pub struct Lines {
    /// Heading.
    pub title: String,
    /// Line below the heading.
    pub subtitle: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

/// An axis from zero on.
pub struct Axis {
    /// What it counts.
    pub name: String,
    /// Its end.
    pub end: u64,
    /// Distance of its labels.
    pub every: u64,
    /// What a label counts as one.
    pub divisor: u64,
}

/// A line, and the band around it in which all seeds are.
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// Colour.
    pub colour: &'static str,
    /// Points from left to right.
    pub points: Vec<Point>,
    /// Whether it is drawn in dashes.
    pub dashed: bool,
}

/// A point of a line.
pub struct Point {
    /// Along the horizontal axis.
    pub x: u64,
    /// Along the vertical one.
    pub y: u64,
    /// The band's lower edge.
    pub least: u64,
    /// The band's upper edge.
    pub most: u64,
}

impl Point {
    /// One without a band.
    pub fn exact(x: u64, y: u64) -> Self {
        let (least, most) = (y, y);
        Self { x, y, least, most }
    }
}

const FRAME: Frame = Frame { height: 520 };

impl Lines {
    /// The SVG document.
    pub fn svg(&self) -> String {
        let mut out = FRAME.open(&self.title, &self.subtitle);
        for value in self.y.labels() {
            let y = FRAME.y(value, self.y.end);
            FRAME.rule(&y, &self.y.label(value), &mut out);
        }
        for value in self.x.labels() {
            let x = FRAME.x(value, self.x.end);
            FRAME.tick(&x, &self.x.label(value), &mut out);
        }
        FRAME.outline(&mut out);
        FRAME.names(&self.x.name, &self.y.name, &mut out);
        for line in &self.lines {
            self.line(line, &mut out);
        }
        let legend = Legend {
            columns: 2,
            row: 22,
            sample: 4,
            text: 7,
        };
        let entries = self.lines.iter().map(|one| (&*one.name, one.colour));
        FRAME.legend(&legend, entries, &mut out);
        out.push_str("</svg>\n");
        out
    }

    fn place(&self, point: &Point, height: u64) -> (String, String) {
        (FRAME.x(point.x, self.x.end), FRAME.y(height, self.y.end))
    }

    fn line(&self, line: &Line, out: &mut String) {
        let path = |height: &dyn Fn(&Point) -> u64| {
            let mut path = String::new();
            for point in &line.points {
                let step = if path.is_empty() { "M" } else { "L" };
                let (x, y) = self.place(point, height(point));
                let _ = write!(path, "{step}{x} {y}");
            }
            path
        };
        let colour = line.colour;
        if line.points.iter().any(|point| point.least != point.most) {
            let mut band = path(&|point| point.most);
            for point in line.points.iter().rev() {
                let (x, y) = self.place(point, point.least);
                let _ = write!(band, "L{x} {y}");
            }
            let _ = writeln!(
                out,
                "<path d=\"{band}Z\" fill=\"{colour}\" fill-opacity=\"0.2\"/>"
            );
        }
        let dashes = if line.dashed {
            " stroke-dasharray=\"7 4\""
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>",
            path(&|point| point.y),
        );
    }
}

impl Axis {
    fn labels(&self) -> impl Iterator<Item = u64> {
        (0..=self.end / self.every).map(|number| number * self.every)
    }

    /// A number with as many decimals as the distance of the labels needs, three at most.
    fn label(&self, value: u64) -> String {
        let thousandths = value * 1_000 / self.divisor;
        let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}
