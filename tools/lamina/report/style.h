#pragma once

namespace lamina::tools {

/// The page's appearance: one column on a phone, two of charts on a desk, light or dark as the
/// reader has it.
inline constexpr const char *kReportStyle = R"css(
:root { --paper: #fff; --ink: #1c2024; --soft: #5b6570; --line: #d9dee3; --panel: #f6f8fa;
  --first: #1f5fbf; --second: #b45309; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e8eaed; --soft: #a2abb5;
  --line: #363c43; --panel: #1c2024; --first: #7db1ff; --second: #f2a65a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; }
p { margin: .25rem 0 .75rem; color: var(--soft); }
a { color: var(--first); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .5rem; margin: 0; }
.facts div, .panel { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem .8rem; min-width: 0; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.1rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: .75rem; }
svg { display: block; width: 100%; height: auto; }
.panel svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
.grid { stroke: var(--line); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.first.line { stroke: var(--first); } .second.line { stroke: var(--second); stroke-dasharray: 6 3; }
.first.area { fill: var(--first); fill-opacity: .35; stroke: var(--first); }
.first.mark { fill: var(--first); } .second.mark { fill: var(--second); }
.bubble { fill: var(--first); fill-opacity: .55; stroke: var(--first); }
.panel svg .first.legend { fill: var(--first); } .panel svg .second.legend { fill: var(--second); }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 3px solid var(--first); }
.heatmap { background: #fff; border-radius: .5rem; max-width: 44rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td.words, td.long { text-align: left; }
td.long { white-space: pre-line; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; }
.bar { display: block; min-width: 6rem; background: linear-gradient(to right, var(--first) var(--part), transparent 0);
  height: .7rem; border-radius: 2px; border: 1px solid var(--line); }
.failed { color: var(--second); }
)css";

} // namespace lamina::tools
