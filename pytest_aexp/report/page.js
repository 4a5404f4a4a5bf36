
"use strict";
{
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const articles = [...document.querySelectorAll("article")];
  const controls = ["text", "verdict", "machine", "status"].map(byId);
  const [text, verdict, machine, status] = controls;
  const number = new Intl.NumberFormat("en");

  const theme = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  system.addEventListener("change", nameTheme);
  theme.title = "Change between light and dark";
  theme.hidden = false;
  nameTheme();

  let words;
  const wordsOf = () => (words ??= articles.map((each) => each.textContent.toLowerCase()));
  const has = (list, value) => value === "" || list.split(" ").includes(value);
  const apply = () => {
    const asked = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    articles.forEach((article, index) => {
      const fits =
        has(article.dataset.verdict, verdict.value) &&
        has(article.dataset.machines, machine.value) &&
        has(article.dataset.statuses, status.value) &&
        asked.every((word) => wordsOf()[index].includes(word));
      article.hidden = !fits;
      count += fits;
    });
    const all = articles.length;
    byId("shown").textContent =
      count === all ? `${number.format(all)} shown` : `${number.format(count)} of ${number.format(all)} shown`;
    byId("nothing").hidden = count > 0 || all === 0;
    nameToggle();
  };
  let waiting;
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 60);
  });
  for (const choice of [verdict, machine, status]) choice.addEventListener("change", apply);
  const form = byId("filter");
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  form.addEventListener("reset", () => setTimeout(apply));

  const toggle = byId("toggle");
  const visible = () => articles.filter((each) => !each.hidden).map((each) => each.firstElementChild);
  const nameToggle = () => {
    toggle.textContent = visible().some((each) => !each.open) ? "Open all" : "Close all";
  };
  toggle.addEventListener("click", () => {
    const open = visible().some((each) => !each.open);
    for (const each of visible()) each.open = open;
    nameToggle();
  });
  byId("findings").parentElement.addEventListener("toggle", nameToggle, true);

  for (const link of document.querySelectorAll("[data-show]")) {
    link.addEventListener("click", () => { verdict.value = link.dataset.show; apply(); });
  }

  const button = (name, action) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = name;
    made.addEventListener("click", action);
    return made;
  };
  const cell = (row, index) => row.cells[index]?.textContent.trim() ?? "";
  const order = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => (isNaN(a) || isNaN(b) ? order.compare(a, b) : a - b);
  const isRun = (row) => row.className === "";
  const sort = (table, key, down) => {
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    for (const body of table.tBodies) {
      const runs = [...body.rows].filter(isRun);
      const keyed = runs.map((row) => [key(row), row]);
      keyed.sort(([a], [b]) => (a === "") - (b === "") || (down ? compare(b, a) : compare(a, b)));
      const end = runs.length ? runs.at(-1).nextSibling : null;
      for (const [, row] of keyed) body.insertBefore(row, end);
    }
  };
  const sortColumn = (table, index, heading) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    sort(table, (row) => cell(row, index), down);
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
  // "width=256, seed=3" below a run's id, and "accuracy 0.9, loss 0.1" below that.
  const values = (row) => new Map([...row.querySelectorAll(".run small")].flatMap((small) =>
    small.textContent.split(", ").map((each) => each.split(small.className ? " " : "=", 2))));
  const sorter = (table, runs) => {
    const select = document.createElement("select");
    select.className = "by";
    select.setAttribute("aria-label", "Sort the runs by");
    select.add(new Option("sort by", ""));
    const fill = () => {
      if (select.length > 1) return;
      for (const name of new Set(runs.flatMap((row) => [...values(row).keys()]))) {
        select.add(new Option(`${name} ↑`, `+${name}`));
        select.add(new Option(`${name} ↓`, `-${name}`));
      }
    };
    // Not for every table while the page loads.
    select.addEventListener("focus", fill);
    select.addEventListener("pointerdown", fill);
    select.addEventListener("change", () => {
      const name = select.value.slice(1);
      if (name) sort(table, (row) => values(row).get(name) ?? "", select.value[0] === "-");
    });
    return select;
  };
  for (const table of document.querySelectorAll("table.runs")) {
    const runs = [...table.querySelectorAll("tbody tr")].filter(isRun);
    if (runs.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((heading, index) => {
      if (index === 0) return;
      const name = heading.textContent;
      heading.textContent = "";
      heading.append(button(name, () => sortColumn(table, index, heading)));
    });
    if (runs.length < 6) continue;
    if (runs.length > 50) table.classList.add("long");
    const tools = document.createElement("div");
    tools.className = "tools";
    const input = document.createElement("input");
    input.type = "search";
    input.className = "rows";
    input.placeholder = `search these ${number.format(runs.length)} runs`;
    input.setAttribute("aria-label", input.placeholder);
    let texts;
    input.addEventListener("input", () => {
      texts ??= runs.map((row) => row.textContent.toLowerCase());
      const asked = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      runs.forEach((row, index) => { row.hidden = !asked.every((word) => texts[index].includes(word)); });
    });
    tools.append(input, sorter(table, runs));
    table.before(tools);
  }

  const copy = async (text, told) => {
    try { await navigator.clipboard.writeText(text); } catch { return; }
    const name = told.textContent;
    told.textContent = "copied";
    setTimeout(() => { told.textContent = name; }, 1200);
  };
  for (const code of document.querySelectorAll(".next code, .begin code, .more code")) {
    if (!/^(aexp|git|pip|pytest) /.test(code.textContent)) continue;
    const made = button("copy", () => copy(code.textContent, made));
    made.className = "copy";
    code.after(made);
  }
  // Thousands of runs need no thousands of buttons: the one of a row appears where the pointer is.
  const ofRun = button("copy", () => copy(ofRun.previousSibling.textContent, ofRun));
  ofRun.className = "copy";
  const offer = (event) => {
    const run = event.target.closest?.("td.run");
    if (run && ofRun.parentElement !== run) run.querySelector("code").after(ofRun);
  };
  document.addEventListener("pointerover", offer);
  document.addEventListener("click", offer);

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !controls.includes(document.activeElement)) {
      event.preventDefault();
      text.focus();
    }
  });

  const reveal = () => {
    const target = location.hash ? byId(location.hash.slice(1)) : null;
    if (target?.localName !== "article") return;
    if (target.hidden) { form.reset(); for (const each of articles) each.hidden = false; }
    target.firstElementChild.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...visible(), ...document.querySelectorAll("#uncited ~ details")].filter((each) => !each.open);
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of closed) each.open = false; });

  form.hidden = articles.length === 0;
  apply();
  reveal();
}
