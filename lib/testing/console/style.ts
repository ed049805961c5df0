/** The look of every page: one column of panels, light or dark as the reader's system is. */
export const STYLE = `
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
.agents li { display: grid; gap: 0.25rem; }
.agents .soft { text-align: center; }
.agents button { width: 100%; min-height: 2.75rem; overflow-wrap: anywhere; }
`;
