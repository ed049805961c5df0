/** The look of the console: two columns where there is room, and tables that become cards where there is none. */
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
