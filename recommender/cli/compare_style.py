"""How the page of two pipelines looks: light or dark as the reader's system is, wide or narrow."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #f6f5f2; --card: #fff; --ink: #1c1b19; --quiet: #5d5a54; --line: #dedbd4;
  --link: #1a4f8b; --up: #17693c; --down: #8f4700; --new: #1a4f8b; --gone: #a1242b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161514; --card: #21201e; --ink: #ece9e3; --quiet: #a8a49b; --line: #3a3835;
    --link: #8fbdf2; --up: #74cf9b; --down: #eeb06a; --new: #8fbdf2; --gone: #f3979b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere;
}
p, h1, h2, h3, dl, ol { margin: 0; }
h1 { font-size: 1.5rem; line-height: 1.2; }
h2 { font-size: 1.15rem; line-height: 1.3; }
h3 { font-size: .95rem; margin: .75rem 0 .4rem; }
a { color: var(--link); text-underline-offset: .15em; }
.title a, h2 a { color: inherit; text-decoration-color: var(--line); }
.title a:hover, h2 a:hover { text-decoration-color: currentColor; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.quiet { color: var(--quiet); font-size: .875rem; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem 2.5rem; margin: 1rem 0; }
.figures div { display: flex; flex-direction: column-reverse; }
.figures dd { margin: 0; font-size: 1.75rem; font-weight: 650; line-height: 1.2; }
.figures dt { color: var(--quiet); font-size: .875rem; }
nav { margin: 1.25rem 0 0; }
nav ol { margin-top: .4rem; padding-left: 2rem; columns: 2 22rem; column-gap: 2rem; }
nav li { break-inside: avoid; padding: .15rem .75rem .15rem 0; }
nav .quiet { white-space: nowrap; }
.page { margin-top: 2rem; padding-top: 1rem; border-top: 2px solid var(--line); }
.sides { display: grid; gap: 0 1.25rem; grid-template-columns: 1fr; }
@media (min-width: 44rem) { .sides { grid-template-columns: 1fr 1fr; } }
.side { min-width: 0; }
.side ol { list-style: none; padding: 0; display: grid; gap: .5rem; }
.side li {
  display: grid; grid-template-columns: 1.75rem 1fr; background: var(--card);
  border: 1px solid var(--line); border-left: .3rem solid var(--mark, var(--line));
  border-radius: .4rem; padding: .6rem .75rem .6rem .6rem;
}
.place { font-weight: 650; font-variant-numeric: tabular-nums; }
.up { --mark: var(--up); } .down { --mark: var(--down); }
.new { --mark: var(--new); } .gone { --mark: var(--gone); }
.move { font-size: .875rem; font-weight: 600; color: var(--mark, var(--quiet)); }
.title { font-weight: 600; line-height: 1.3; }
.why { font-size: .875rem; margin-top: .2rem; }
details { font-size: .875rem; margin-top: .2rem; }
summary { color: var(--quiet); cursor: pointer; padding: .15rem 0; }
table { border-collapse: collapse; }
th, td { text-align: left; font-weight: 400; padding: .1rem 1.5rem .1rem 0; }
th { color: var(--quiet); }
th:last-child, td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
@media print { .side li, .page h2 { break-inside: avoid; } nav { columns: auto; } }
"""
