/** Of the report: light and dark, for a screen and for paper. */
export const style = `
:root{color-scheme:light dark;--ink:#1d2733;--soft:#5c6b7a;--line:#dfe5ea;--paper:#fff;--code:#f5f7f9;--error:#b3261e;--warning:#8a5a00;--info:#1f5fa8;--mark:#fff3c9}
@media(prefers-color-scheme:dark){:root{--ink:#e4e9ee;--soft:#9aa8b5;--line:#2c3742;--paper:#12181e;--code:#1a222a;--error:#ff8a80;--warning:#f2b84b;--info:#86b8f4;--mark:#3d3413}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.6rem;margin:0 0 .25rem;text-wrap:balance}
h2{font-size:1.1rem;margin:2.5rem 0 .75rem;padding-bottom:.25rem;border-bottom:1px solid var(--line);text-transform:capitalize}
h3{font-size:1rem;margin:0}
.line{color:var(--soft);margin:0 0 1.5rem;display:flex;flex-wrap:wrap;gap:1rem;justify-content:space-between}
.score{color:var(--ink);font-weight:600}
small{font-weight:400;color:var(--soft)}
article{border:1px solid var(--line);border-left:4px solid var(--soft);border-radius:6px;padding:.75rem 1rem;margin:0 0 .75rem;break-inside:avoid}
article.error{border-left-color:var(--error)}article.error h3 b{color:var(--error)}
article.warning{border-left-color:var(--warning)}article.warning h3 b{color:var(--warning)}
article.info{border-left-color:var(--info)}article.info h3 b{color:var(--info)}
.meta{color:var(--soft);font-size:.85rem;margin:.1rem 0 .5rem}
.fact p,.fix{margin:.4rem 0 .2rem}
code,pre{font:.85rem/1.45 ui-monospace,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--code);border-radius:4px;margin:0;padding:.4rem .6rem;overflow-x:auto}
pre i{color:var(--soft);font-style:normal;display:inline-block;min-width:2.5em;text-align:right;margin-right:.75em;user-select:none}
pre mark{background:var(--mark);color:inherit}
table{border-collapse:collapse;width:100%;font-size:.9rem;display:block;overflow-x:auto}
th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:500}
`
