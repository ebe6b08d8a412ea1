//! A stacked area chart as SVG, in whole tenths of a pixel so that every machine draws the same bytes.

use std::fmt::Write;

/// Text, layers and scale of a chart. Values are in whole tokens.
pub struct Chart {
    /// Heading.
    pub title: String,
    /// Line below the heading.
    pub subtitle: String,
    /// Layers from the bottom up.
    pub layers: Vec<Layer>,
    /// A horizontal line, with its label.
    pub cap: (u64, String),
    /// Distance of the horizontal grid lines, with the divisor and the suffix of their labels.
    pub grid: Grid,
    /// Label of the vertical axis.
    pub unit: String,
    /// Months between two labels of the time axis.
    pub label_months: usize,
}

/// The horizontal grid.
pub struct Grid {
    /// Tokens between two lines.
    pub every: u64,
    /// Tokens that a label counts as one.
    pub divisor: u64,
}

/// One layer of the stack.
pub struct Layer {
    /// Name in the legend.
    pub name: String,
    /// Fill colour.
    pub colour: &'static str,
    /// Value for each month.
    pub values: Vec<u64>,
}

// The picture in pixels: plot area and its margins.
const WIDTH: u64 = 960;
const HEIGHT: u64 = 560;
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
        self.areas(&mut out);
        self.axes(&mut out);
        self.legend(&mut out);
        out.push_str("</svg>\n");
        out
    }

    fn months(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| layer.values.len())
            .max()
            .unwrap_or(1)
            - 1
    }

    /// Top of the scale: the first grid line above the cap.
    fn scale(&self) -> u64 {
        (self.cap.0 / self.grid.every + 1) * self.grid.every
    }

    fn x(&self, month: usize) -> String {
        tenths(LEFT * 10 + PLOT_WIDTH * 10 * month as u64 / self.months() as u64)
    }

    fn y(&self, value: u64) -> String {
        let height = u128::from(value) * u128::from(PLOT_HEIGHT) * 10 / u128::from(self.scale());
        tenths((TOP + PLOT_HEIGHT) * 10 - u64::try_from(height).expect("within the plot"))
    }

    fn areas(&self, out: &mut String) {
        let mut floor = vec![0; self.months() + 1];
        for layer in &self.layers {
            let roof: Vec<u64> = floor
                .iter()
                .zip(&layer.values)
                .map(|(a, b)| a + b)
                .collect();
            let mut path = String::new();
            for (month, value) in roof.iter().enumerate() {
                let step = if month == 0 { "M" } else { "L" };
                let _ = write!(path, "{step}{} {}", self.x(month), self.y(*value));
            }
            for (month, value) in floor.iter().enumerate().rev() {
                let _ = write!(path, "L{} {}", self.x(month), self.y(*value));
            }
            let _ = writeln!(
                out,
                "<path d=\"{path}Z\" fill=\"{}\" stroke=\"#ffffff\" stroke-width=\"0.6\"/>",
                layer.colour
            );
            floor = roof;
        }
    }

    fn axes(&self, out: &mut String) {
        let (right, bottom) = (LEFT + PLOT_WIDTH, TOP + PLOT_HEIGHT);
        let mut value = 0;
        while value <= self.scale() {
            let y = self.y(value);
            let _ = writeln!(
                out,
                "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" stroke=\"#8c959f\" \
                 stroke-width=\"0.5\" stroke-opacity=\"0.5\"/>\n\
                 <text x=\"{}\" y=\"{y}\" dy=\"4\" text-anchor=\"end\" fill=\"#424a53\">{}</text>",
                LEFT - 8,
                value / self.grid.divisor,
            );
            value += self.grid.every;
        }
        for month in (0..=self.months()).step_by(self.label_months) {
            let x = self.x(month);
            let _ = writeln!(
                out,
                "<line x1=\"{x}\" y1=\"{bottom}\" x2=\"{x}\" y2=\"{}\" stroke=\"#424a53\"/>\n\
                 <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#424a53\">{}</text>",
                bottom + 5,
                bottom + 20,
                month / 12,
            );
        }
        let (cap, middle) = (self.y(self.cap.0), TOP + PLOT_HEIGHT / 2);
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"#424a53\"/>\n\
             <line x1=\"{LEFT}\" y1=\"{cap}\" x2=\"{right}\" y2=\"{cap}\" stroke=\"#cf222e\" \
             stroke-width=\"1.6\" stroke-dasharray=\"7 4\"/>\n\
             <text x=\"{}\" y=\"{cap}\" dy=\"-6\" fill=\"#cf222e\">{}</text>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#424a53\">years since the \
             start</text>\n\
             <text transform=\"translate(22 {middle}) rotate(-90)\" text-anchor=\"middle\" \
             fill=\"#424a53\">{}</text>",
            LEFT + 10,
            self.cap.1,
            LEFT + PLOT_WIDTH / 2,
            bottom + 42,
            self.unit,
        );
    }

    /// The layers' names, three to a row, below the time axis.
    fn legend(&self, out: &mut String) {
        for (index, layer) in self.layers.iter().enumerate() {
            let column = PLOT_WIDTH / 3 * (index as u64 % 3);
            let row = 24 * (index as u64 / 3);
            let (x, y) = (LEFT + column, TOP + PLOT_HEIGHT + 64 + row);
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"15\" height=\"15\" fill=\"{}\"/>\n\
                 <text x=\"{}\" y=\"{}\" fill=\"#1b1f24\">{}</text>",
                layer.colour,
                x + 22,
                y + 12,
                layer.name,
            );
        }
    }
}

/// A number given in tenths.
fn tenths(value: u64) -> String {
    format!("{}.{}", value / 10, value % 10)
}
