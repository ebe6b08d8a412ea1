//! Lines over a number as SVG, in whole tenths of a pixel so that every machine draws the same bytes.

use std::fmt::Write;

/// Text, lines and scale of a chart.
pub struct Chart {
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
    pub x: u64,
    pub y: u64,
    pub least: u64,
    pub most: u64,
}

impl Point {
    /// One without a band.
    pub fn exact(x: u64, y: u64) -> Self {
        let (least, most) = (y, y);
        Self { x, y, least, most }
    }
}

// The picture in pixels: plot area and its margins.
const WIDTH: u64 = 960;
const HEIGHT: u64 = 520;
const LEFT: u64 = 84;
const RIGHT: u64 = 24;
const TOP: u64 = 76;
const BOTTOM: u64 = 132;
const PLOT_WIDTH: u64 = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT: u64 = HEIGHT - TOP - BOTTOM;

impl Chart {
    /// The SVG document.
    pub fn svg(&self) -> String {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"13\" \
             role=\"img\">\n<title>{title}</title>\n<desc>{subtitle}</desc>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
             <text x=\"{LEFT}\" y=\"30\" font-size=\"19\" font-weight=\"bold\" \
             fill=\"#1b1f24\">{title}</text>\n\
             <text x=\"{LEFT}\" y=\"52\" fill=\"#57606a\">{subtitle}</text>\n",
            title = self.title,
            subtitle = self.subtitle,
        );
        self.axes(&mut out);
        for line in &self.lines {
            self.line(line, &mut out);
        }
        self.legend(&mut out);
        out.push_str("</svg>\n");
        out
    }

    fn place_x(&self, x: u64) -> String {
        tenths(LEFT * 10 + scaled(x, PLOT_WIDTH, self.x.end))
    }

    fn place_y(&self, y: u64) -> String {
        tenths((TOP + PLOT_HEIGHT) * 10 - scaled(y, PLOT_HEIGHT, self.y.end))
    }

    fn line(&self, line: &Line, out: &mut String) {
        let path = |height: &dyn Fn(&Point) -> u64| {
            let mut path = String::new();
            for point in &line.points {
                let step = if path.is_empty() { "M" } else { "L" };
                let (x, y) = (self.place_x(point.x), self.place_y(height(point)));
                let _ = write!(path, "{step}{x} {y}");
            }
            path
        };
        if line.points.iter().any(|point| point.least != point.most) {
            let mut band = path(&|point| point.most);
            for point in line.points.iter().rev() {
                let (x, y) = (self.place_x(point.x), self.place_y(point.least));
                let _ = write!(band, "L{x} {y}");
            }
            let colour = line.colour;
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
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{dashes}/>",
            path(&|point| point.y),
            line.colour
        );
    }

    fn axes(&self, out: &mut String) {
        let (right, bottom) = (LEFT + PLOT_WIDTH, TOP + PLOT_HEIGHT);
        for value in self.y.labels() {
            let y = self.place_y(value);
            let _ = writeln!(
                out,
                "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" stroke=\"#8c959f\" \
                 stroke-width=\"0.5\" stroke-opacity=\"0.5\"/>\n\
                 <text x=\"{}\" y=\"{y}\" dy=\"4\" text-anchor=\"end\" fill=\"#424a53\">{}</text>",
                LEFT - 8,
                self.y.label(value),
            );
        }
        for value in self.x.labels() {
            let x = self.place_x(value);
            let _ = writeln!(
                out,
                "<line x1=\"{x}\" y1=\"{bottom}\" x2=\"{x}\" y2=\"{}\" stroke=\"#424a53\"/>\n\
                 <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#424a53\">{}</text>",
                bottom + 5,
                bottom + 20,
                self.x.label(value),
            );
        }
        let middle = TOP + PLOT_HEIGHT / 2;
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"#424a53\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#424a53\">{}</text>\n\
             <text transform=\"translate(22 {middle}) rotate(-90)\" text-anchor=\"middle\" \
             fill=\"#424a53\">{}</text>",
            LEFT + PLOT_WIDTH / 2,
            bottom + 42,
            self.x.name,
            self.y.name,
        );
    }

    /// The lines' names, two to a row, below the axis.
    fn legend(&self, out: &mut String) {
        for (index, line) in self.lines.iter().enumerate() {
            let column = PLOT_WIDTH / 2 * (index as u64 % 2);
            let row = 22 * (index as u64 / 2);
            let (x, y) = (LEFT + column, TOP + PLOT_HEIGHT + 64 + row);
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"15\" height=\"4\" fill=\"{}\"/>\n\
                 <text x=\"{}\" y=\"{}\" fill=\"#1b1f24\">{}</text>",
                line.colour,
                x + 22,
                y + 7,
                line.name,
            );
        }
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

/// Tenths of a pixel, not beyond the end.
fn scaled(value: u64, pixels: u64, end: u64) -> u64 {
    let place = u128::from(value.min(end)) * u128::from(pixels) * 10 / u128::from(end);
    u64::try_from(place).expect("within the plot")
}

/// A number given in tenths.
fn tenths(value: u64) -> String {
    format!("{}.{}", value / 10, value % 10)
}
