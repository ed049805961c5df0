/** The styles of all pages: one column of panels, in the light or dark colour scheme of the system. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f5f7f0; --card: #fff; --ink: #1a1f14; --soft: #545c49; --line: #dce1d2; --edge: #858e78;
  --accent: #3f6212; --accent-strong: #2f4a0d; --on-accent: #fff; --focus: #4d7c0f;
  --good: #2f5709; --good-paper: #e4f3d0; --waiting: #764600; --waiting-paper: #fdf0c8;
  --bad: #a3211a; --bad-paper: #fde6e3; --over: #4b5243; --over-paper: #eaede4;
  --stripe: #f6d860; --stripe-edge: #efca3b; --on-stripe: #2a2300;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11140d; --card: #1a1e15; --ink: #edf1e6; --soft: #a8b19a; --line: #31382a; --edge: #79836b;
    --accent: #b3e34f; --accent-strong: #c8f06f; --on-accent: #17210a; --focus: #b3e34f;
    --good: #bdec74; --good-paper: #25360f; --waiting: #fbd573; --waiting-paper: #3c2f08;
    --bad: #ffa79d; --bad-paper: #471915; --over: #b4bca8; --over-paper: #2a3023;
    --stripe: #4a3d06; --stripe-edge: #574909; --on-stripe: #ffe58a;
  }
}
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1, h2, p, dl, dd, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.25rem; line-height: 1.2; }
h2 { font-size: 1.0625rem; line-height: 1.3; }
code, .address { font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code, .address, .long { overflow-wrap: anywhere; }
a { color: var(--accent); }
.soft { color: var(--soft); font-size: 0.8125rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.banner {
  padding: 0.5rem 1.25rem; text-align: center; font-size: 0.875rem; color: var(--on-stripe);
  background: repeating-linear-gradient(-45deg, var(--stripe) 0 14px, var(--stripe-edge) 14px 28px);
}
.banner strong { margin-right: 0.375rem; }
.bar, main { max-width: 80rem; margin: 0 auto; padding: 0 1.25rem; }
.bar { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; min-height: 4rem; }
.bar h1 { display: flex; gap: 0.625rem; align-items: center; }
.mark { width: 1.375rem; height: 1.375rem; border-radius: 50%; border: 0.3125rem solid #65a30d; background: #d9f99d; }
main { padding-bottom: 3rem; }
.panel { padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
.panel { overflow-wrap: anywhere; }
.panel > * + * { margin-top: 0.875rem; }
.panel.narrow { max-width: 34rem; margin: 1.5rem auto 0; }
.address { padding: 0.625rem 0.75rem; background: var(--paper); border: 1px solid var(--line); border-radius: 0.5rem; }
button, .button {
  display: inline-block; min-height: 2.25rem; padding: 0.375rem 0.875rem; font: inherit; font-size: 0.875rem; font-weight: 550;
  line-height: 1.375rem; text-align: center; text-decoration: none; color: var(--ink); background: var(--card);
  border: 1px solid var(--edge); border-radius: 0.5rem; cursor: pointer;
}
button:hover, .button:hover { background: var(--over-paper); }
button.primary { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button[aria-busy=true] { opacity: 0.6; cursor: progress; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.agents { display: grid; gap: 0.75rem; }
.agents button, .decline { width: 100%; min-height: 2.75rem; overflow-wrap: anywhere; }
.decline { margin-top: 0.75rem; }
`;

/** The styles of the console: two columns on a wide screen; on a narrow one tables become cards. */
export const CONSOLE_STYLE = `
[hidden] { display: none; }
.connection { display: inline-flex; gap: 0.5rem; align-items: center; font-size: 0.875rem; color: var(--soft); }
.connection::before { content: ''; width: 0.625rem; height: 0.625rem; border-radius: 50%; background: var(--edge); }
.connection.live { color: var(--good); }
.connection.live::before { background: #65a30d; }
.connection.lost { color: var(--bad); }
.connection.lost::before { background: currentcolor; }
.figures { display: grid; grid-template-columns: repeat(6, 1fr); gap: 1px; overflow: hidden;
  background: var(--line); border: 1px solid var(--line); border-radius: 0.75rem; }
.figures div { padding: 0.75rem 1.25rem; background: var(--card); }
.figures dt { font-size: 0.8125rem; color: var(--soft); }
.figures dd { font-size: 1.375rem; font-weight: 600; line-height: 2rem; font-variant-numeric: tabular-nums; }
.figures .chip { vertical-align: 0.1875rem; }
.failure { margin-top: 1rem; padding: 0.625rem 0.875rem; color: var(--bad); background: var(--bad-paper); border-radius: 0.5rem; font-size: 0.875rem; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 19rem; gap: 1.25rem; margin-top: 1.25rem; align-items: start; }
.columns > div { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; }
.heading { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: center; justify-content: space-between; }
.heading > * { white-space: nowrap; }
.heading button { margin-block: -0.25rem; }
.chip { display: inline-block; padding: 0 0.625rem; border-radius: 1rem; font-size: 0.8125rem; font-weight: 600; line-height: 1.5rem; white-space: nowrap; }
.chip.good { color: var(--good); background: var(--good-paper); }
.chip.waiting { color: var(--waiting); background: var(--waiting-paper); }
.chip.bad { color: var(--bad); background: var(--bad-paper); }
.chip.over { color: var(--over); background: var(--over-paper); }
time { font-variant-numeric: tabular-nums; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: 0.875rem; }
table:not(:has(td)), .note:empty { display: none; }
th { padding: 0 0.75rem 0.5rem; font-size: 0.75rem; font-weight: 600; text-align: left; color: var(--soft); }
td { padding: 0.625rem 0.75rem; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
th:first-child { width: 20.5rem; }
th:nth-child(2) { width: 9rem; }
th:last-child { width: 13rem; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; text-align: right; }
td > .soft { display: block; margin-top: 0.125rem; }
td .chip + .soft { padding-left: 0.125rem; }
td.actions { white-space: nowrap; }
td.actions > * { min-height: 2rem; padding: 0.25rem 0.75rem; margin-left: 0.25rem; }
td.actions > :first-child { margin-left: 0; }
.note { font-size: 0.875rem; color: var(--soft); }
.note strong { display: block; color: var(--ink); font-size: 1rem; }
.note:has(strong) { padding: 1.75rem 1rem; text-align: center; border: 1px dashed var(--edge); border-radius: 0.5rem; }
.facts dt { font-size: 0.8125rem; color: var(--soft); }
.facts dd + dt { margin-top: 0.5rem; }
.facts code { user-select: all; }
.control { padding-top: 0.875rem; border-top: 1px solid var(--line); }
.control .soft { margin-top: 0.5rem; }
.control .buttons { display: grid; }
#site-control { display: contents; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.buttons.end { justify-content: flex-end; margin-top: 1.25rem; }
.activity { display: grid; gap: 0.5rem; font-size: 0.8125rem; line-height: 1.4; }
.activity li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.625rem; padding-left: 0.625rem; border-left: 3px solid var(--edge); overflow-wrap: anywhere; }
.activity time { color: var(--soft); }
.activity .good { border-color: #65a30d; }
.activity .warning { border-color: #d49a1c; }
.activity .bad { border-color: #d9483d; }
.activity:not(:has(li))::after { content: 'Nothing has happened yet.'; color: var(--soft); }
dialog { width: min(27rem, calc(100vw - 2rem)); padding: 1.5rem; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 0.875rem; box-shadow: 0 1.5rem 4rem rgb(0 0 0 / 35%); }
dialog::backdrop { background: rgb(10 14 6 / 55%); }
.field { display: grid; gap: 0.25rem; margin-top: 1rem; }
.field label { font-size: 0.875rem; font-weight: 550; }
input, select { width: 100%; min-width: 0; min-height: 2.5rem; padding: 0.375rem 0.625rem; font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--edge); border-radius: 0.5rem; }
@media (width < 78rem) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  .control .buttons { display: flex; }
}
@media (width < 58rem) {
  .figures div { padding-inline: 1rem; }
  .figures dt { font-size: 0.75rem; }
  table, tbody, tr, td { display: block; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: 0.75rem 0; border-top: 1px solid var(--line); }
  td { padding: 0; border: 0; }
  td + td { margin-top: 0.5rem; }
  td:empty { display: none; }
  td:last-child { text-align: left; }
  td > .soft { display: inline; margin-left: 0.5rem; }
  td.subject > .soft { display: block; margin-left: 0; }
  td.actions { display: flex; gap: 0.5rem; }
  td.actions:empty { display: none; }
  td.actions > * { flex: 0 1 10rem; min-height: 2.75rem; margin: 0; padding-block: 0.625rem; }
}
@media (width < 40rem) {
  .bar, main { padding-inline: 1rem; }
  main { padding-bottom: 2rem; }
  .figures { grid-template-columns: repeat(3, 1fr); }
  .figures div { padding: 0.625rem; }
  .columns, .columns > div { gap: 1rem; margin-top: 1rem; }
  .columns > div { margin-top: 0; }
  .panel { padding: 1rem; }
  td code { font-size: 0.75rem; }
  .control .buttons { display: grid; }
  td.actions > * { flex-basis: 100%; }
  .control button, .heading button, dialog button, input, select { min-height: 2.75rem; }
}
`;
