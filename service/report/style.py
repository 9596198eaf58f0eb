"""How a report looks: on a screen in light or dark, and on one sheet of A4."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #59636e; --line: #d5dae0; --wash: #f3f5f7;
  --short: #b42318; --demand: #1f6feb; --supply: #1b1f24; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e8ebee; --soft: #9aa4af; --line: #343b44;
  --wash: #1e2329; --short: #ff8a7a; --demand: #6cb0ff; --supply: #f0f3f6; --good: #5fd07c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 28px; max-width: 1080px; background: var(--paper); color: var(--ink);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { border-bottom: 2px solid var(--ink); margin-bottom: 12px; padding-bottom: 6px; }
h1 { font-size: 1.6em; line-height: 1.2; margin: 0; }
h2 { font-size: 1.15em; margin: 18px 0 6px; }
h3 { font-size: 1em; margin: 12px 0 4px; }
p { margin: 4px 0; }
.soft, small { color: var(--soft); }
small { font-size: .82em; }
.lead { font-size: 1.08em; margin: 8px 0 10px; }
.tiles { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0; }
.tile { flex: 1 1 140px; border: 1px solid var(--line); border-radius: 6px; padding: 6px 10px; }
.tile b { display: block; font-size: 1.3em; line-height: 1.25; white-space: nowrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 4px 8px 4px 0; border-bottom: 1px solid var(--line); }
th { font-size: .82em; font-weight: 600; color: var(--soft); vertical-align: bottom; border-bottom-color: var(--ink); }
th:last-child, td:last-child { padding-right: 0; }
td.number, th.number { text-align: right; }
.action { min-width: 6em; display: block; }
td.number { white-space: nowrap; }
td small { display: block; line-height: 1.3; }
.name { display: block; font-weight: 600; min-width: 8em; overflow-wrap: break-word; hyphens: none; }
.date, .level { white-space: nowrap; }
.strips { display: grid; grid-template-columns: auto 1fr; gap: 2px 6px; align-items: center; min-width: 190px; }
.strips small { line-height: 1; }
.axis { display: flex; justify-content: space-between; font-weight: 400; }
svg { display: block; width: 100%; overflow: visible; }
svg.strip { height: 13px; background: var(--wash); }
svg.fan { height: 38px; min-width: 130px; margin-bottom: 3px; }
.bar { fill: var(--short); }
.ahead { fill: var(--demand); }
.band { fill: var(--demand); fill-opacity: .25; }
.demand { fill: none; stroke: var(--demand); stroke-width: 1.6; vector-effect: non-scaling-stroke; }
.supply { fill: none; stroke: var(--supply); stroke-width: 1.6; vector-effect: non-scaling-stroke; }
.proposed { fill: none; stroke: var(--supply); stroke-width: 1; stroke-dasharray: 3 2;
  vector-effect: non-scaling-stroke; }
.key { display: inline-block; width: 1.5em; height: .7em; vertical-align: baseline; margin: 0 .2em 0 .7em; }
.key.band { background: var(--demand); opacity: .35; }
.key.supply { height: 0; border-top: 2px solid var(--supply); vertical-align: middle; }
.key.proposed { height: 0; border-top: 2px dashed var(--supply); vertical-align: middle; }
.key.bar { background: var(--short); }
.act { font-weight: 600; }
.tie { border: 1px solid var(--soft); border-radius: 3px; padding: 0 3px; font-size: .78em; color: var(--soft);
  white-space: nowrap; }
ul { margin: 4px 0; padding-left: 1.2em; }
footer { margin-top: 14px; padding-top: 6px; border-top: 1px solid var(--line); color: var(--soft); font-size: .82em; }
@page { size: A4 portrait; margin: 11mm 12mm; }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #4a525a; --line: #c8ced5; --wash: #f0f2f4;
    --short: #b42318; --demand: #1f6feb; --supply: #000; --good: #1a7f37; }
  body { padding: 0; max-width: none; font-size: 8pt; line-height: 1.32; -webkit-print-color-adjust: exact;
    print-color-adjust: exact; }
  h1 { font-size: 15pt; } h2 { font-size: 10.5pt; margin: 9px 0 3px; } h3 { margin: 7px 0 2px; }
  header { margin-bottom: 5px; padding-bottom: 3px; } .lead { margin: 4px 0; } .tiles { margin: 5px 0; gap: 5px; }
  .tile { padding: 3px 7px; flex-basis: 0; } .wide { overflow: visible; }
  th, td { padding: 2px 6px 2px 0; } tr, .tile, li { break-inside: avoid; } thead { display: table-header-group; }
  h2, h3 { break-after: avoid; } section + section { break-before: page; } td small { line-height: 1.2; }
  svg.strip { height: 8.5px; } svg.fan { height: 24px; min-width: 95px; margin-bottom: 2px; }
  .strips { min-width: 128px; gap: 1px 4px; }
  footer { margin-top: 6px; padding-top: 3px; }
}
"""
