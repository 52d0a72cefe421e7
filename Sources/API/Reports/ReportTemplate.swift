/// The page of a report, in Mustache.
enum ReportTemplate {
    static let text = #"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{{camera}}: {{title}}</title>
        <style>
        @page { size: A4 portrait; margin: 12mm 14mm; }
        * { box-sizing: border-box; margin: 0; }
        html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        body { font: 10pt/1.35 system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif; color: #1c2733;
          background: #fff; max-width: 182mm; margin: 8mm auto; padding: 0 4mm; }
        header { display: flex; justify-content: space-between; align-items: flex-end;
          border-bottom: 2px solid #1f5f8b; padding-bottom: 3mm; }
        h1 { font-size: 19pt; line-height: 1.15; overflow-wrap: anywhere; }
        h2 { font-size: 8.5pt; text-transform: uppercase; letter-spacing: .06em; color: #52667a; margin: 4.5mm 0 1.5mm; }
        .place { color: #52667a; }
        .when { text-align: right; flex: none; max-width: 60%; margin-left: 8mm; }
        .when strong { display: block; font-size: 12pt; }
        .figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 4mm; margin-top: 5mm; }
        .figure { background: #f1f5f8; border-radius: 2mm; padding: 3mm 4mm; }
        .figure b { display: block; font-size: 21pt; line-height: 1.15; font-variant-numeric: tabular-nums; }
        .figure span { color: #52667a; font-size: 8pt; }
        svg { display: block; width: 100%; height: auto; }
        .in { fill: #1f5f8b; } .out { fill: #e29a3b; } .grid { stroke: #d9e1e8; stroke-width: 1; }
        .hole { fill: #eceff2; } svg text { font-size: 10px; fill: #52667a; }
        .key { font-size: 8.5pt; color: #52667a; }
        .key i { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin: 0 4px 0 12px; }
        .columns { display: grid; grid-template-columns: 1.05fr 1fr; gap: 9mm; }
        table { border-collapse: collapse; width: 100%; font-size: 8.8pt; font-variant-numeric: tabular-nums; }
        td, th { padding: .45mm 1mm; text-align: right; border-bottom: 1px solid #e6ecf1; font-weight: normal; }
        th { color: #52667a; } td:first-child, th:first-child { text-align: left; overflow-wrap: anywhere; }
        tr.gap td { color: #98a6b3; font-style: italic; }
        .track { fill: #e6ecf1; } .bar td { width: 26mm; }
        footer { margin-top: 5mm; border-top: 1px solid #d9e1e8; padding-top: 2mm; font-size: 8pt; color: #52667a; }
        @media print { body { margin: 0; padding: 0; max-width: none; } }
        </style>
        </head>
        <body>
        <header>
        <div><h1>{{camera}}</h1>{{#location}}<div class="place">{{.}}</div>{{/location}}</div>
        <div class="when"><strong>{{title}}</strong><span class="place">{{zone}}</span></div>
        </header>
        <div class="figures">
        {{#figures}}<div class="figure"><span>{{name}}</span><b>{{value}}</b><span>{{change}}</span></div>
        {{/figures}}</div>
        <h2>By {{partName}}</h2>
        {{#chart}}<svg viewBox="0 0 720 210" role="img" aria-label="In and out over time">
        {{#holes}}<rect class="hole" x="{{x}}" y="12" width="{{width}}" height="174"/>{{/holes}}
        {{#ticks}}<line class="grid" x1="36" x2="716" y1="{{y}}" y2="{{y}}"/><text x="{{x}}" y="{{y}}" dy="3" text-anchor="end">{{text}}</text>{{/ticks}}
        {{#barsIn}}<rect class="in" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/barsIn}}
        {{#barsOut}}<rect class="out" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/barsOut}}
        {{#labels}}<text x="{{x}}" y="{{y}}" text-anchor="middle">{{text}}</text>{{/labels}}
        </svg>{{/chart}}
        <div class="key"><i style="background:#1f5f8b"></i>in<i style="background:#e29a3b"></i>out<i style="background:#dfe4e9"></i>no data</div>
        <div class="columns">
        <section>
        <h2>Counts</h2>
        <table><tr><th>{{partName}}</th><th>In</th><th>Out</th><th>Total</th></tr>
        {{#rows}}<tr{{#isGap}} class="gap"{{/isGap}}><td>{{label}}</td><td>{{countIn}}</td><td>{{countOut}}</td><td>{{total}}</td></tr>
        {{/rows}}</table>
        </section>
        <section>
        <h2>Busiest</h2>
        <table>{{#peaks}}<tr><td>{{name}}</td><td>{{value}}</td></tr>{{/peaks}}{{^peaks}}<tr class="gap"><td>nothing was counted</td></tr>{{/peaks}}</table>
        <h2>By line</h2>
        <table>{{#lines}}<tr class="bar"><td>{{name}}</td><td><svg viewBox="0 0 100 9" preserveAspectRatio="none" height="9"><rect class="track" width="100" height="9"/><rect class="in" width="{{width}}" height="9"/></svg></td><td>{{total}}</td><td>{{percent}}</td></tr>{{/lines}}{{^lines}}<tr class="gap"><td>nothing was counted</td></tr>{{/lines}}</table>
        <h2>By class</h2>
        <table>{{#classes}}<tr class="bar"><td>{{name}}</td><td><svg viewBox="0 0 100 9" preserveAspectRatio="none" height="9"><rect class="track" width="100" height="9"/><rect class="in" width="{{width}}" height="9"/></svg></td><td>{{total}}</td><td>{{percent}}</td></tr>{{/classes}}{{^classes}}<tr class="gap"><td>nothing was counted</td></tr>{{/classes}}</table>
        <h2>Hours without data</h2>
        <table>{{#gaps}}<tr><td>{{name}}</td><td>{{value}}</td></tr>{{/gaps}}{{^hasGaps}}<tr><td>none</td></tr>{{/hasGaps}}</table>
        <h2>Camera</h2>
        <table>{{#health}}<tr><td>{{name}}</td><td>{{value}}</td></tr>{{/health}}</table>
        </section>
        </div>
        <footer>Made {{createdAt}} ({{zone}}) by Footfall. Counts include corrections. An hour without data is one for which the camera reported nothing: nobody passed, or nothing was watching.{{#omission}} <strong>{{.}}</strong>{{/omission}}</footer>
        </body>
        </html>
        """#
}
