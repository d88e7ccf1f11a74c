//! The plot: CPU a request against bare nginx, as bars with their spread; readable on a light page and on a dark one.

use super::figure::{Spread, float};
use super::gate::GATE;
use super::results::Results;

/// Where bars begin, how long one times nginx is, and what a row takes.
const LEFT: f64 = 150.0;
const UNIT: f64 = 240.0;
const TOP: f64 = 64.0;
const BAR: f64 = 14.0;
const ROW: f64 = 46.0;

const STYLE: &str = "text { font: 13px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 11px; fill: #59636e } \
.polls { fill: #0969da } .submit { fill: #8250df } .line { stroke: #59636e } .one { stroke: #59636e; stroke-dasharray: 3 3 } \
.gate { font-weight: 600 } @media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .small { fill: #9198a1 } \
.polls { fill: #4493f8 } .submit { fill: #ab7df8 } .line, .one { stroke: #9198a1 } }";

/// The plot as SVG.
pub(crate) fn svg(results: &Results) -> String {
    let rows = &results.submit_and_polls.rows;
    let submits = |name: &str| results.submit_only.rows.iter().find(|row| row.name == name).map(|row| row.norm);
    let longest = rows.iter().flat_map(|row| [Some(row.norm), submits(&row.name)]).flatten().map(|norm| norm.most).fold(1.0, f64::max);
    let (width, height) = (LEFT + longest * UNIT + 70.0, TOP + float(rows.len() as u64) * ROW + 24.0);
    let mut parts = String::new();
    let mut at = TOP;
    for row in rows {
        let class = if row.name == GATE { "gate" } else { "" };
        parts += &text(LEFT - 10.0, at + BAR + 4.0, class, "end", &row.name);
        parts += &bar(at, "polls", row.norm);
        if let Some(norm) = submits(&row.name) {
            parts += &bar(at + BAR + 3.0, "submit", norm);
        }
        at += ROW;
    }
    let one = LEFT + UNIT;
    parts += &line("one", [one, one], [TOP - 8.0, at]);
    parts += &text(one, at + 14.0, "small", "middle", "nginx bare = 1");
    let machine = &results.machine;
    let when = format!(
        "{}, {} × {}, {}, median of {} rounds, lines: least to most",
        machine.date, machine.processors, machine.processor, machine.kernel, results.rounds
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" \
         aria-label=\"CPU a request against bare nginx\">\n<style>{STYLE}</style>\n{}{}{}{}{parts}</svg>\n",
        text(0.0, 16.0, "gate", "start", "CPU a request, against bare nginx: less is better"),
        text(0.0, 34.0, "small", "start", &when),
        key(0.0, "polls", "submit and two polls"),
        key(160.0, "submit", "submit only"),
    )
}

/// A bar, the line of its spread, and its figure.
fn bar(y: f64, class: &str, norm: Spread) -> String {
    let x = |value: f64| LEFT + value * UNIT;
    let middle = y + BAR / 2.0;
    let (least, most) = (x(norm.least), x(norm.most));
    let bar = format!("<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"2\"/>\n", norm.median * UNIT);
    let spread = line("line", [least, most], [middle, middle]);
    let figure = text(most.max(x(norm.median)) + 6.0, y + 11.0, "small", "start", &format!("{:.2}", norm.median));
    bar + &spread + &figure
}

fn line(class: &str, [x1, x2]: [f64; 2], [y1, y2]: [f64; 2]) -> String {
    format!("<line class=\"{class}\" x1=\"{x1:.1}\" x2=\"{x2:.1}\" y1=\"{y1}\" y2=\"{y2}\"/>\n")
}

fn key(x: f64, class: &str, says: &str) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{x}\" y=\"42\" width=\"10\" height=\"10\" rx=\"2\"/>\n{}",
        text(x + 15.0, 51.0, "small", "start", says)
    )
}

fn text(x: f64, y: f64, class: &str, anchor: &str, says: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escaped(says))
}

/// A processor's name may have any character.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
