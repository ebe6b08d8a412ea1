//! Areas on top of each other over months, below a cap.

use std::fmt::Write;

use crate::frame::{Frame, LEFT, Legend, PLOT_RIGHT};

/// Text, layers and scale of a chart. Values are in whole tokens.
pub struct Areas {
    /// Heading.
    pub title: String,
    /// Line below the heading.
    pub subtitle: String,
    /// Layers from the bottom up.
    pub layers: Vec<Layer>,
    /// A horizontal line, with its label.
    pub cap: (u64, String),
    /// Distance of the horizontal grid lines, with the divisor of their labels.
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

const FRAME: Frame = Frame { height: 560 };

impl Areas {
    /// The SVG document.
    pub fn svg(&self) -> String {
        let mut out = FRAME.open(&self.title, &self.subtitle);
        self.areas(&mut out);
        self.axes(&mut out);
        let legend = Legend {
            columns: 3,
            row: 24,
            sample: 15,
            text: 12,
        };
        let entries = self.layers.iter().map(|one| (&*one.name, one.colour));
        FRAME.legend(&legend, entries, &mut out);
        out.push_str("</svg>\n");
        out
    }

    fn months(&self) -> usize {
        let longest = self.layers.iter().map(|layer| layer.values.len()).max();
        longest.unwrap_or(1) - 1
    }

    /// Top of the scale: the first grid line above the cap.
    fn scale(&self) -> u64 {
        (self.cap.0 / self.grid.every + 1) * self.grid.every
    }

    fn x(&self, month: usize) -> String {
        FRAME.x(month as u64, self.months() as u64)
    }

    fn y(&self, value: u64) -> String {
        FRAME.y(value, self.scale())
    }

    fn areas(&self, out: &mut String) {
        let mut floor = vec![0; self.months() + 1];
        for layer in &self.layers {
            let sums = floor.iter().zip(&layer.values).map(|(a, b)| a + b);
            let roof: Vec<u64> = sums.collect();
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
        for line in 0..=self.scale() / self.grid.every {
            let value = line * self.grid.every;
            let label = (value / self.grid.divisor).to_string();
            FRAME.rule(&self.y(value), &label, out);
        }
        for month in (0..=self.months()).step_by(self.label_months) {
            FRAME.tick(&self.x(month), &(month / 12).to_string(), out);
        }
        FRAME.outline(out);
        let cap = self.y(self.cap.0);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{cap}\" x2=\"{PLOT_RIGHT}\" y2=\"{cap}\" stroke=\"#cf222e\" \
             stroke-width=\"1.6\" stroke-dasharray=\"7 4\"/>\n\
             <text x=\"{}\" y=\"{cap}\" dy=\"-6\" fill=\"#cf222e\">{}</text>",
            LEFT + 10,
            self.cap.1,
        );
        FRAME.names("years since the start", &self.unit, out);
    }
}
