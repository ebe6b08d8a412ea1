//! What all charts have: heading, axes, legend, and where a value lies, in whole tenths of a pixel.

use std::fmt::Write;

const WIDTH: u64 = 960;
pub const LEFT: u64 = 84;
const RIGHT: u64 = 24;
pub const TOP: u64 = 76;
const BOTTOM: u64 = 132;
pub const PLOT_WIDTH: u64 = WIDTH - LEFT - RIGHT;
/// The plot's right edge.
pub const PLOT_RIGHT: u64 = LEFT + PLOT_WIDTH;

/// A picture of this height in pixels; the margins are the same for all.
pub struct Frame {
    pub height: u64,
}

/// How names and colours are laid out below the axis.
pub struct Legend {
    /// Names in a row.
    pub columns: u64,
    /// Pixels from one row to the next.
    pub row: u64,
    /// Pixels of the sample of the colour, from top to bottom.
    pub sample: u64,
    /// Pixels from the sample's top to the text's line.
    pub text: u64,
}

impl Frame {
    fn plot_height(&self) -> u64 {
        self.height - TOP - BOTTOM
    }

    /// The plot's lower edge.
    pub fn bottom(&self) -> u64 {
        TOP + self.plot_height()
    }

    /// The document's beginning, with its heading.
    pub fn open(&self, title: &str, subtitle: &str) -> String {
        let height = self.height;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"13\" \
             role=\"img\">\n<title>{title}</title>\n<desc>{subtitle}</desc>\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             <text x=\"{LEFT}\" y=\"30\" font-size=\"19\" font-weight=\"bold\" \
             fill=\"#1b1f24\">{title}</text>\n\
             <text x=\"{LEFT}\" y=\"52\" fill=\"#57606a\">{subtitle}</text>\n"
        )
    }

    /// Where a value lies on a horizontal axis from 0 to `end`.
    pub fn x(&self, value: u64, end: u64) -> String {
        tenths(LEFT * 10 + scaled(value, PLOT_WIDTH, end))
    }

    /// The same on the vertical axis.
    pub fn y(&self, value: u64, end: u64) -> String {
        tenths(self.bottom() * 10 - scaled(value, self.plot_height(), end))
    }

    /// A line across the plot, with what it stands for beside it.
    pub fn rule(&self, y: &str, label: &str, out: &mut String) {
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{PLOT_RIGHT}\" y2=\"{y}\" stroke=\"#8c959f\" \
             stroke-width=\"0.5\" stroke-opacity=\"0.5\"/>\n\
             <text x=\"{}\" y=\"{y}\" dy=\"4\" text-anchor=\"end\" fill=\"#424a53\">{label}</text>",
            LEFT - 8,
        );
    }

    /// A mark below the plot, with what it stands for.
    pub fn tick(&self, x: &str, label: &str, out: &mut String) {
        let bottom = self.bottom();
        let _ = writeln!(
            out,
            "<line x1=\"{x}\" y1=\"{bottom}\" x2=\"{x}\" y2=\"{}\" stroke=\"#424a53\"/>\n\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#424a53\">{label}</text>",
            bottom + 5,
            bottom + 20,
        );
    }

    /// The two axes.
    pub fn outline(&self, out: &mut String) {
        let bottom = self.bottom();
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {TOP}V{bottom}H{PLOT_RIGHT}\" fill=\"none\" stroke=\"#424a53\"/>"
        );
    }

    /// What the axes count.
    pub fn names(&self, x: &str, y: &str, out: &mut String) {
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#424a53\">{x}</text>\n\
             <text transform=\"translate(22 {}) rotate(-90)\" text-anchor=\"middle\" \
             fill=\"#424a53\">{y}</text>",
            LEFT + PLOT_WIDTH / 2,
            self.bottom() + 42,
            TOP + self.plot_height() / 2,
        );
    }

    /// Names with their colours, below the axis.
    pub fn legend<'a>(
        &self,
        legend: &Legend,
        entries: impl Iterator<Item = (&'a str, &'a str)>,
        out: &mut String,
    ) {
        for (index, (name, colour)) in (0..).zip(entries) {
            let x = LEFT + PLOT_WIDTH / legend.columns * (index % legend.columns);
            let y = self.bottom() + 64 + legend.row * (index / legend.columns);
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"15\" height=\"{}\" fill=\"{colour}\"/>\n\
                 <text x=\"{}\" y=\"{}\" fill=\"#1b1f24\">{name}</text>",
                legend.sample,
                x + 22,
                y + legend.text,
            );
        }
    }
}

/// Tenths of a pixel, not beyond the end.
fn scaled(value: u64, pixels: u64, end: u64) -> u64 {
    let place = u128::from(value.min(end)) * u128::from(pixels) * 10 / u128::from(end.max(1));
    u64::try_from(place).expect("within the plot")
}

/// A number given in tenths.
fn tenths(value: u64) -> String {
    format!("{}.{}", value / 10, value % 10)
}
