
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
        (verdict.value === "" || article.dataset.verdict === verdict.value) &&
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
    closed = visible().filter((each) => !each.open);
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of closed) each.open = false; });

  form.hidden = articles.length === 0;
  apply();
  reveal();
}
