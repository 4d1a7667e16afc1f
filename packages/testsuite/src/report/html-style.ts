/** The look of the page: the system's fonts, light and dark, and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --soft: #57606a; --line: #d0d7de; --panel: #f6f8fa;
  --link: #0b57d0; --ok: #1a7f37; --bad: #b3261e; --none: #6e5600; --okbg: #dafbe1; --badbg: #ffe5e2; --nonebg: #fff4cc }
@media (prefers-color-scheme: dark) {
  :root { --bg: #0f1318; --fg: #e6edf3; --soft: #9aa6b2; --line: #30363d; --panel: #171c22;
    --link: #8ab4f8; --ok: #56d364; --bad: #ff8f85; --none: #e3b341; --okbg: #12291a; --badbg: #34191a; --nonebg: #2d2612 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem }
header { padding-top: 1.75rem } footer { padding: 1.5rem 1.25rem; color: var(--soft) }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere }
h2 { font-size: 1.2rem; margin: 2rem 0 .75rem }
a { color: var(--link) }
.verdict { display: inline-block; font-weight: 600; border-radius: 1rem; padding: .1rem .8rem }
.passed { color: var(--ok) } .failed { color: var(--bad) } .skipped { color: var(--none) }
.verdict.passed { background: var(--okbg) } .verdict.failed { background: var(--badbg) } .verdict.skipped { background: var(--nonebg) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .75rem 1.5rem; margin: 1.25rem 0 0;
  padding: 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem }
dt { font-size: .8rem; color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
ul.flags { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .25rem 1.5rem; list-style: none; padding: 0; margin: 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line) }
thead th { font-size: .8rem; color: var(--soft); white-space: nowrap }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tbody th { font-weight: 600; white-space: nowrap }
tr.area th { padding-top: 1.4rem; font-size: 1.05rem }
.bar { display: flex; height: .7rem; min-width: 8rem; border-radius: .35rem; overflow: hidden; background: var(--line); margin-top: .45rem }
.bar i { display: block } .bar .passed { background: var(--ok) } .bar .failed { background: var(--bad) } .bar .skipped { background: var(--none); opacity: .55 }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere } td code { color: var(--soft) }
td.status { white-space: nowrap; font-weight: 600 }
pre { margin: .4rem 0 0; padding: .6rem .8rem; background: var(--badbg); border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.45 ui-monospace, monospace }
.reason { color: var(--soft) }
form { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; margin-bottom: .75rem; position: sticky; top: 0; padding: .6rem 0; background: var(--bg) }
input[type=search] { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--soft); border-radius: .4rem; padding: .3rem .6rem; min-width: 16rem }
label { white-space: nowrap }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
[hidden] { display: none !important }
.skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; top: .5rem; background: var(--bg); padding: .3rem .6rem }
@media (max-width: 32rem) { header, main, footer { padding-left: .6rem; padding-right: .6rem } th, td { padding: .35rem .25rem } td { overflow-wrap: anywhere } }
@media print {
  :root { --bg: #fff; --fg: #000; --soft: #444; --line: #bbb; --panel: #fff; --ok: #0a5c1e; --bad: #8c1d18; --none: #5c4800 }
  body { font-size: 10pt } form, .skip { display: none } tr, dl, pre { break-inside: avoid } tr.area { break-after: avoid }
  .bar i, pre, .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact }
  thead { display: table-header-group }
}
`
