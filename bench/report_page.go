package bench

// reportPage is the page's template.
const reportPage = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>Gantry: benchmark of {{time .Begun}}</title>
<style>
:root { color-scheme: light dark; --ink: #1c1f24; --faint: #6a717c; --line: #d8dce2; --paper: #ffffff; --good: #1a7f4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --faint: #9aa2ad; --line: #3a4048; --paper: #16191d; --good: #5cc98f; --bad: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; } .spread, .faint { color: var(--faint); fill: var(--faint); } .spread { display: block; font-size: .78rem; white-space: nowrap; }
.met { color: var(--good); font-weight: 600; } .unmet { color: var(--bad); font-weight: 600; } .few { color: var(--faint); }
.wide { overflow-x: auto; } code { font-size: .82rem; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(32rem, 100%), 1fr)); gap: 1.2rem; margin-top: 1rem; }
svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); } svg .title { font-weight: 600; font-size: 13px; }
svg .axis { stroke: var(--line); } svg .median { stroke: var(--ink); stroke-width: 2; } svg circle { fill: var(--c); fill-opacity: .6; }
svg .curve { stroke: var(--c); stroke-width: 1.6; fill: none; }
.s0 { --c: #3b6fd4; } .s1 { --c: #d9822b; } .s2 { --c: #2e9e6b; } .s3 { --c: #c2427a; } .s4 { --c: #7a5cc9; }
.s5 { --c: #1f9bb3; } .s6 { --c: #a08417; } .s7 { --c: #d1493f; } .s8 { --c: #6b7f3a; } .s9 { --c: #8a6d5c; }
</style>
</head>
<body>
<h1>Gantry: benchmark of {{time .Begun}}</h1>
<p>Figures from one machine say little about another; ratios of runs taken in turn say more. Each figure is the median of its runs, with the lowest and the
highest; ratios are of medians. The load ran on the same machine as the servers. Measured by gantry {{.Release}}, until {{time .Ended}}.</p>
<p><b>Machine:</b> {{.Machine}}</p>
{{- if .Bars}}
<h2>Bars</h2>
<div class="wide"><table>
<tr><th>what</th><th>bar</th><th>measured</th><th class="n">runs</th><th></th></tr>
{{- range .Bars}}
<tr><td>{{.What}}</td><td>{{.Bar}}</td><td>{{.Measured}}</td><td class="n">{{.Runs}}</td><td class="{{class .Verdict}}">{{.Verdict}}</td></tr>
{{- end}}
</table></div>
{{- end}}
<h2>Systems</h2>
<div class="wide"><table>
<tr><th>name</th><th>what</th><th>version</th><th>flushDiskType</th><th>brokerRole</th><th class="n">copies</th><th>durability is</th></tr>
{{- range .Systems}}
<tr><td><b>{{.Name}}</b></td><td>{{.Title}}</td><td>{{.Version}}</td><td>{{.FlushDiskType}}</td><td>{{.BrokerRole}}</td><td class="n">{{if .Copies}}{{.Copies}}{{else}}–{{end}}</td><td>{{.Source}}</td></tr>
{{- end}}
</table></div>
{{- range $load := .Loads}}
<h2>{{.Name}}: {{.Title}}</h2>
<p><code>{{.Command}}</code><br/>Rounds: {{.Rounds}}{{if few .Rounds}}, too few to say who is faster{{end}}.{{if .Rate}} Rate: {{.Rate}} messages a second.{{end}} Ratios are to {{index .Systems 0}}.</p>
<div class="wide"><table>
<tr><th>system</th>{{range columns .}}<th class="n">{{.}}</th>{{end}}</tr>
{{- range .Systems}}
<tr><td>{{.}}</td>{{range cells $load .}}<td class="n">{{.Median}}{{if .Ratio}} <b>{{.Ratio}} ×</b>{{end}}{{if .Spread}}<span class="spread">{{.Spread}}</span>{{end}}</td>{{end}}</tr>
{{- end}}
</table></div>
<div class="plots">
{{range plots .}}{{.}}{{end}}</div>
{{- end}}
{{- if .Notes}}
<h2>Notes</h2>
<ul>
{{- range .Notes}}
<li>{{.}}</li>
{{- end}}
</ul>
{{- end}}
<h2>Commands</h2>
<p>A load is run against each system in turn, round after round; {addr} is the system's address, {dir} a fresh folder, {port} a free port.</p>
<dl>
{{- range .Systems}}
<dt><b>{{.Name}}</b></dt><dd><code>{{if .Command}}{{.Command}}{{else}}ran already{{end}}</code></dd>
{{- end}}
</dl>
</body>
</html>
`
