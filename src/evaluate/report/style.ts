/** The page's style sheet: no fonts, pictures or addresses from anywhere else. */
export const STYLE = `
:root { color-scheme: light dark;
  --ground: #ffffff; --raised: #f6f7f9; --rule: #e1e4e9; --ink: #16191d; --soft: #5a6370; --link: #1d4ed8;
  --s0: #2563eb; --s1: #d9580b; --s2: #0d8f6f; --s3: #9333ea; --s4: #b8860b; --s5: #db2777;
  --good: #14804a; --warn: #e0a100; --bad: #cc2936; --off: #e58a2b; --absent: #a8afba; --hatch: #f3b6bb; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #101317; --raised: #181c22; --rule: #2b313a; --ink: #e7eaee; --soft: #9aa4b2; --link: #8ab4ff;
  --s0: #6ea0ff; --s1: #ff9a57; --s2: #3ecfa5; --s3: #c48bff; --s4: #e3b341; --s5: #ff7ab8;
  --good: #4ccb83; --warn: #e3b341; --bad: #ff6b74; --off: #f0a04b; --absent: #626c7a; --hatch: #6b2b32; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
header, main, footer { max-width: 1200px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 2px 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 20px; letter-spacing: -0.01em; margin: 52px 0 6px; }
h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
.over { color: var(--soft); font-size: 13px; margin: 0; }
.hidden { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
.lead, .note { color: var(--soft); margin: 0 0 16px; max-width: 78ch; }
.note { font-size: 13px; }
a { color: var(--link); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.facts-list { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0; padding: 0; list-style: none; color: var(--soft); font-size: 13px; }
.facts-list b { color: var(--ink); font-weight: 500; }
nav { margin: 18px 0 0; padding: 10px 0; border-block: 1px solid var(--rule); font-size: 14px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 0; padding: 0; list-style: none; }
nav a { text-decoration: none; }
.tiles { display: flex; flex-wrap: wrap; gap: 1px; margin: 24px 0; background: var(--rule); border: 1px solid var(--rule);
  border-radius: 10px; overflow: hidden; }
.c4 > div { flex-basis: calc(25% - 1px); } .c5 > div { flex-basis: calc(20% - 1px); } .c6 > div { flex-basis: calc(16.66% - 1px); }
.c7 > div { flex-basis: calc(14.28% - 1px); }
.tiles > div { flex-grow: 1; min-width: 150px; background: var(--ground); padding: 14px 16px 12px; }
.tiles dt { font-size: 13px; color: var(--soft); }
.tiles dd { margin: 0; }
.tiles .figure { font-size: 25px; font-weight: 600; letter-spacing: -0.02em; line-height: 1.35; font-variant-numeric: tabular-nums; }
.tiles .note { font-size: 12px; line-height: 1.35; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 28px 32px; align-items: start; }
figure { margin: 0; min-width: 0; }
figcaption { margin-bottom: 6px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
.scroll { overflow-x: auto; margin: 8px 0; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; min-width: 100%; }
caption { text-align: left; color: var(--soft); font-size: 13px; padding: 0 0 6px; }
th, td { padding: 5px 6px; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--ground); }
td:nth-child(2):last-child { text-align: left; white-space: normal; }
thead th.wraps { white-space: normal; }
thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; border-bottom-color: var(--soft); }
tbody th { font-weight: 500; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; border-top: 1px solid var(--soft); }
tbody tr:hover > * { background: var(--raised); }
thead button { all: unset; cursor: pointer; }
thead button:focus-visible { outline: 2px solid var(--link); }
thead button::after { content: "\\2195"; opacity: 0.35; padding-left: 2px; font-size: 10px; }
th[aria-sort=ascending] button::after { content: "\\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: "\\2193"; opacity: 1; }
.legend { list-style: none; margin: 8px 0 0; padding: 0; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 8px; padding: 1px 0; }
.legend .name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.legend .value { font-variant-numeric: tabular-nums; font-weight: 600; }
.named { display: inline-flex; align-items: center; gap: 8px; }
.swatch { width: 24px; height: 9px; flex: none; display: inline-block; }
.key { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 8px 0 12px; font-size: 12.5px; color: var(--soft); }
.key > span { display: inline-flex; align-items: center; gap: 6px; }
.box { width: 12px; height: 10px; border-radius: 2px; display: inline-block; }
.box.on { background: var(--s0); } .box.off { background: var(--off); } .box.absent, .box.absent-key { background: var(--absent); }
.box.absent-key { opacity: 0.45; } .box.tracking { background: var(--good); } .box.uncertain { background: var(--warn); }
.box.lost { background: repeating-linear-gradient(45deg, var(--bad) 0 2px, var(--hatch) 2px 5px); }
details.figures-of { font-size: 13px; margin-top: 6px; }
details.figures-of > summary { color: var(--soft); cursor: pointer; width: fit-content; }
details.sequence { border-top: 1px solid var(--rule); padding: 14px 0 10px; }
details.sequence > summary { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; cursor: pointer; }
details.sequence > summary h3::before { content: "\\25B8"; display: inline-block; width: 1.1em; color: var(--soft); }
details.sequence[open] > summary h3::before { content: "\\25BE"; }
.facts, .readout { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.readout { margin-left: auto; color: var(--ink); }
.tick, .label, .row-name { font-size: 11px; fill: var(--soft); font-family: inherit; font-variant-numeric: tabular-nums; }
.label { font-size: 11.5px; }
.row-name { fill: var(--ink); }
.wide { overflow-x: auto; } .timeline { min-width: 640px; }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.half { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; opacity: 0.7; }
.diagonal { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; }
.gap { stroke: var(--bad); stroke-width: 2; opacity: 0.45; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.thin { stroke-width: 1.1; }
.line.score { stroke: var(--ink); stroke-width: 1.2; opacity: 0.85; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); stroke-dasharray: 7 3; } .s2 { stroke: var(--s2); stroke-dasharray: 2 2.5; }
.s3 { stroke: var(--s3); stroke-dasharray: 9 3 2 3; } .s4 { stroke: var(--s4); stroke-dasharray: 4 2; } .s5 { stroke: var(--s5); stroke-dasharray: 1 3; }
.thin { stroke-dasharray: none; }
.area { stroke: none; opacity: 0.22; }
.area.s0 { fill: var(--s0); } .area.s1 { fill: var(--s1); } .area.s2 { fill: var(--s2); }
.area.s3 { fill: var(--s3); } .area.s4 { fill: var(--s4); } .area.s5 { fill: var(--s5); }
.dot { stroke: var(--ground); stroke-width: 1.5; stroke-dasharray: none; }
.dot.s0 { fill: var(--s0); } .dot.s1 { fill: var(--s1); } .dot.s2 { fill: var(--s2); }
.dot.s3 { fill: var(--s3); } .dot.s4 { fill: var(--s4); } .dot.s5 { fill: var(--s5); }
.bar.on { fill: var(--s0); } .bar.off { fill: var(--off); } .bar.absent { fill: var(--absent); }
.absence { fill: var(--absent); opacity: 0.28; }
.state.tracking { fill: var(--good); } .state.uncertain { fill: var(--warn); } .state.lost { fill: url(#hatch); }
.hatch-ground { fill: var(--hatch); } .hatch-line { fill: var(--bad); }
.mark { stroke: none; fill: var(--soft); }
.mark.lost { fill: var(--bad); } .mark.found { fill: var(--good); }
.span { stroke: var(--off); stroke-width: 3; fill: none; } .span.never { stroke: var(--bad); }
.cursor { stroke: var(--ink); stroke-width: 1; opacity: 0.6; pointer-events: none; }
.terms { display: grid; grid-template-columns: minmax(120px, max-content) 1fr; gap: 6px 20px; font-size: 14px; }
.terms dt { font-weight: 600; } .terms dd { margin: 0; color: var(--soft); max-width: 80ch; }
footer { color: var(--soft); font-size: 13px; padding-block: 40px 60px; }
@media (max-width: 640px) { header, main, footer { padding-inline: 14px; } .terms { grid-template-columns: 1fr; } .terms dd { margin-bottom: 8px; } }
@media print {
  :root { color-scheme: light; --ground: #fff; --raised: #fff; --rule: #ddd; --ink: #000; --soft: #444; --link: #000;
    --s0: #2563eb; --s1: #d9580b; --s2: #0d8f6f; --s3: #9333ea; --s4: #b8860b; --s5: #db2777;
    --good: #14804a; --warn: #e0a100; --bad: #cc2936; --off: #e58a2b; --absent: #a8afba; --hatch: #f3b6bb; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 11px; } header, main, footer { max-width: none; padding-inline: 0; }
  nav, .readout, details.figures-of { display: none; }
  figure, details.sequence, .tiles > div, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .scroll, .wide { overflow: visible; } .timeline { min-width: 0; } table { font-size: 8.5px; } .legend, .key, .terms, .note { font-size: 10px; } th, td { padding: 2px 3px; white-space: normal; }
  thead button::after { display: none; } .figures { grid-template-columns: repeat(3, 1fr); gap: 16px; }
  .tiles > div { min-width: 0; padding: 8px; } @page { margin: 12mm; } }
`;
