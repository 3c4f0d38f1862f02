import { paletteCss, SERIES_COLORS } from './palette.js';

const LIGHT = `${paletteCss('light')};--paper:#fff;--raised:#f6f8fa;--line:#d8dee4;--caution:#8a5a00;--caution-paper:#fff8e6;--good:#0b6b47;--good-paper:#edf9f3`;
const DARK = `${paletteCss('dark')};--paper:#0f1317;--raised:#181d23;--line:#2b323a;--caution:#f0b429;--caution-paper:#231c0c;--good:#4cc79b;--good-paper:#0e201a`;

/** What hides an optimizer whose box is not checked: its panels, and its marks where colours stand for optimizers. */
const HIDDEN = Array.from({ length: SERIES_COLORS }, (_, i) => {
  const marks = `.figure:not(.own-colors) :is([stroke="var(--series-${i})"],[fill="var(--series-${i})"])`;
  return `[data-off~="${i}"] :is([data-series="${i}"],${marks}){display:none}`;
}).join('\n');

/** The page's style sheet. */
export const STYLE = `
:root{${LIGHT};color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{${DARK}}}
@media print{:root{${LIGHT};color-scheme:light}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1080px;margin:0 auto;padding:40px 32px 64px}
h1,h2,h3,h4{line-height:1.2;margin:0;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
h1{font-size:clamp(1.9rem,5vw,2.9rem)}
h2{font-size:1.45rem;margin-top:64px}
h3{font-size:1rem;margin-top:28px}
h4{font-size:.95rem;margin-top:20px}
p{margin:.6em 0;max-width:72ch}
section{scroll-margin-top:72px}
a{color:inherit}
.eyebrow{margin:0 0 28px;font-size:.85rem;color:var(--muted)}
.eyebrow span{margin-left:.5em;padding:2px 10px;border:1px solid var(--line);border-radius:99px;color:var(--ink)}
.workload-name{margin:0 0 6px;color:var(--muted)}
.workload+.workload,.figure+.workload{margin-top:88px;border-top:1px solid var(--line);padding-top:56px}
h2.verdict{margin-top:0;font-size:clamp(1.6rem,4vw,2.2rem)}
.lead{font-size:1.12rem;margin-top:14px}
.overview{margin-bottom:64px}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:28px 0 0;padding:0;list-style:none}
.tiles li{flex:1 1 130px;padding:14px 16px;border-radius:10px;background:var(--raised)}
.tiles strong{display:block;font-size:1.35rem;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.25;white-space:nowrap}
.tiles span{font-size:.82rem;color:var(--muted)}
.notes{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:12px;margin-top:12px;align-items:start}
.notes>div{padding:14px 16px;border-radius:10px;background:var(--raised);font-size:.9rem}
.notes :is(h2,h3){margin:0 0 6px;font-size:.9rem}
.notes p{margin:.35em 0}
.notes ul{margin:0;padding-left:1.2em}
.notes li+li{margin-top:.4em}
.notes .warnings{background:var(--caution-paper)}
.warnings :is(h2,h3){color:var(--caution)}
.warnings summary{cursor:pointer}
.warnings details p{margin:.3em 0;color:var(--muted)}
.notes .good{background:var(--good-paper)}
.good :is(h2,h3){color:var(--good)}
.caption{color:var(--muted);font-size:.92rem}
.scroll{overflow-x:auto;margin-top:14px}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th{text-align:left;vertical-align:bottom;font-weight:500;color:var(--muted);font-size:.8rem;line-height:1.3}
th,td{padding:8px 14px 8px 0;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
td{vertical-align:top}
.number{text-align:right;white-space:nowrap}
th.number{white-space:normal}
.ranking-table td{padding-top:11px;padding-bottom:11px}
.ranking-table td:first-child{color:var(--muted)}
.ranking-table tbody tr:first-child td{background:var(--raised)}
.ranking-table tbody tr:first-child td:first-child{border-radius:8px 0 0 8px;padding-left:10px}
.ranking-table td:first-child,.ranking-table th:first-child{padding-left:10px}
.ranking-table strong{font-weight:600}
.ranking-table tbody tr:first-child strong{font-weight:700}
.ranking-table small{display:block;color:var(--muted);font-size:.78rem}
.name{display:inline-flex;align-items:center;gap:8px;font-weight:600;overflow-wrap:break-word}
.name i{flex:none;width:11px;height:11px;border-radius:50%;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.settings{display:flex;flex-wrap:wrap;gap:2px 14px;min-width:13em;color:var(--muted);font-size:.84rem}
.settings span{white-space:nowrap}
.settings b{color:var(--ink);font-weight:500}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:20px 24px;margin-top:16px}
figure{margin:0;min-width:0}
figure.full{grid-column:1/-1}
figure svg{display:block;width:100%;height:auto}
.narrow{display:none}
details{margin-top:12px;font-size:.9rem}
summary{cursor:pointer;color:var(--muted);width:fit-content}
summary:hover{color:var(--ink)}
details .scroll{max-height:420px;overflow:auto}
details th,details td{padding-top:4px;padding-bottom:4px;font-size:.82rem}
pre{overflow:auto;max-height:480px;padding:14px 16px;border-radius:10px;background:var(--raised);font-size:.8rem;line-height:1.45}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr));gap:0 40px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:12px 0;font-size:.9rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
footer{margin-top:72px;padding-top:18px;border-top:1px solid var(--line);color:var(--muted);font-size:.85rem}
:focus-visible{outline:2px solid var(--series-0);outline-offset:3px;border-radius:4px}
#filter{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 28px;padding:10px 0;background:var(--paper);border-bottom:1px solid var(--line);font-size:.9rem}
#filter[hidden]{display:none}
#filter label{cursor:pointer;font-weight:500}
#filter input{margin:0}
${HIDDEN}
#trial{position:fixed;right:16px;bottom:16px;z-index:3;max-width:min(360px,calc(100vw - 32px));max-height:70vh;overflow:auto;padding:14px 16px;border:1px solid var(--line);border-radius:10px;background:var(--raised);box-shadow:0 6px 24px #0003;font-size:.85rem}
#trial[hidden]{display:none}
#trial dl{margin:8px 0;gap:2px 14px;grid-template-columns:max-content 1fr;font-variant-numeric:tabular-nums}
#trial dd{margin:0;text-align:right}
#trial small{color:var(--muted)}
svg.alive{cursor:crosshair}
.ring{fill:none;stroke:var(--ink);stroke-width:2;pointer-events:none}
@media (max-width:640px){
main{padding:24px 16px 48px}
.wide{display:none}
.narrow{display:block}
.tiles li{flex-basis:40%}
h2{margin-top:48px}
dl{grid-template-columns:1fr;gap:0}
dd{margin-bottom:8px}
}
@media print{
@page{margin:14mm}
:root{font-size:12px}
.caption{break-inside:avoid}
.tiles li{flex-basis:100px}
main{max-width:none;padding:0}
h1{font-size:22pt}
h2{margin-top:28pt}
.group details,#methods details,#filter,#trial{display:none!important}
.scroll{overflow:visible}
.ranking-table{break-inside:avoid}
.ranking-table th,.ranking-table td{padding-right:8px}
.settings{min-width:0}
.settings span{white-space:normal}
.panels{grid-template-columns:repeat(3,1fr);gap:12px}
figure,tr,.notes>div{break-inside:avoid}
h2,h3,.caption{break-after:avoid}
.tiles li,.notes>div{border:1px solid var(--line)}
}
`.trim();
