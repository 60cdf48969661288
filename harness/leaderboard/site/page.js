// @ts-check
"use strict";
(() => {
  /**
   * @typedef {{name: string, bench: string, base: string, size: string, inter: string[],
   *   prov: string, regime: string, family: string, settings: string[],
   *   scores: (number | null)[], differences: ([number, number | null, number | null] | null)[],
   *   same: [number, number]}} Row
   * @typedef {{v: string, base: string, lang: string, on: string,
   *   sort: string, f: Object<string, string>,
   *   cols: string, cmp: string[], e: string, theme: string}} State
   */

  const LONGEST_HASH = 4000;
  const MISSING = "–";
  /** @type {{columns: Object<string, string[]>, groups: Object<string, number>, settings: string[],
   *   languages: Object<string, string[]>, rows: Object<string, Row>}} */
  const data = JSON.parse(byId("data").textContent || "{}");
  /** @type {Map<string, Row>} */
  const rows = new Map(Object.entries(data.rows));
  const slugs = [...rows.keys()];
  const sections = all("main > section[id]").map((one) => one.id);
  const groupings = ["family", "script", "resources"];
  const targets = [...new Set(all("[data-target]").map((one) => one.dataset.target || ""))];
  const columnSets = ["all", "groups", "tasks"];
  const themes = ["system", "light", "dark"];
  const sortKeys = new Set(all("table.sorted th[data-k]").map((one) => one.dataset.k || ""));
  const textKeys = new Set(["name", "base", "inter", "prov"]);

  /** Filters: key, title, and the values of a row. @type {[string, string, (row: Row, slug: string) => string[]][]} */
  const filters = [
    ["bench", "Benchmark", (row) => [row.bench]],
    ["family", "Baseline", (row) => [row.family]],
    ["size", "Size", (row) => [row.size]],
    ["inter", "Intermediate task", (row) => row.inter],
    ["prov", "Known by", (row) => [row.prov]],
    ["regime", "Regime", (row) => [row.regime]],
  ];
  /** @type {Map<string, string[]>} */
  const options = new Map(
    filters.map(([key, , values]) => [
      key,
      [...new Set(slugs.flatMap((slug) => values(row(slug), slug)))].sort(),
    ]),
  );
  const bases = [...new Set(slugs.map((slug) => row(slug).base))].sort();

  /** @param {string} id @returns {HTMLElement} */
  function byId(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
  }

  /** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement[]} */
  function all(selector, within = document) {
    return /** @type {HTMLElement[]} */ ([...within.querySelectorAll(selector)]);
  }

  /** @param {string} slug @returns {Row} */
  function row(slug) {
    return /** @type {Row} */ (rows.get(slug));
  }

  /** Make an element. @param {string} tag @param {Object<string, string>} [attributes] @param {(Node | string)[]} children */
  function make(tag, attributes = {}, ...children) {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    one.append(...children);
    return one;
  }

  // The state: all of the view, kept in the address.

  /** @returns {State} */
  function defaults() {
    return {
      v: sections[0], base: "", lang: groupings[0], on: "mean", sort: "", f: {}, cols: columnSets[0], cmp: [],
      e: "", theme: themes[0],
    };
  }

  /** Read an address; what is not known is dropped. @param {string} hash @returns {State} */
  function read(hash) {
    const read_ = defaults();
    const text = hash.replace(/^#/, "");
    if (text.length > LONGEST_HASH) return read_;
    if (sections.includes(text)) return { ...read_, v: text };
    if (text.startsWith("entry-")) {
      const slug = text.slice("entry-".length);
      return rows.has(slug) ? { ...read_, v: "entries", e: slug } : read_;
    }
    for (const part of text.split("&")) {
      const at = part.indexOf("=");
      if (at > 0) accept(read_, part.slice(0, at), part.slice(at + 1));
    }
    return read_;
  }

  /** @param {string} text */
  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return "";
    }
  }

  /** Take over one key of an address if its value is known. @param {State} into @param {string} key @param {string} raw */
  function accept(into, key, raw) {
    const value = decoded(raw);
    if (key === "v" && sections.includes(value)) into.v = value;
    else if (key === "base" && bases.includes(value)) into.base = value;
    else if (key === "lang" && groupings.includes(value)) into.lang = value;
    else if (key === "on" && targets.includes(value)) into.on = value;
    else if (key === "sort" && sortKeys.has(value.replace(/^-/, ""))) into.sort = value;
    else if (key === "cols" && columnSets.includes(value)) into.cols = value;
    else if (key === "e" && rows.has(value)) into.e = value;
    else if (key === "theme" && themes.includes(value)) into.theme = value;
    else if (key === "cmp") {
      const two = value.split(",");
      if (two.length === 2 && two.every((slug) => rows.has(slug))) into.cmp = two;
    } else if (key === "f") {
      for (const pair of raw.split(",")) {
        const [name, ...rest] = pair.split(":");
        const chosen = decoded(rest.join(":"));
        if (name === "whole" && chosen === "1") into.f.whole = "1";
        else if (options.get(name)?.includes(chosen)) into.f[name] = chosen;
      }
    }
  }

  /** Write an address: keys in a fixed order, defaults left out. @param {State} one */
  function written(one) {
    const base = defaults();
    const f = [...filters.map(([key]) => key), "whole"]
      .filter((key) => one.f[key])
      .map((key) => `${key}:${encodeURIComponent(one.f[key])}`)
      .join(",");
    /** @type {[string, string, string][]} */
    const parts = [
      ["v", one.v, base.v],
      ["base", encodeURIComponent(one.base), ""],
      ["lang", one.lang, base.lang],
      ["on", one.on, base.on],
      ["sort", encodeURIComponent(one.sort), ""],
      ["f", f, ""],
      ["cols", one.cols, base.cols],
      ["cmp", one.cmp.join(","), ""],
      ["e", one.v === "entries" ? one.e : "", ""],
      ["theme", one.theme, base.theme],
    ];
    return parts
      .filter(([, value, usual]) => value !== usual)
      .map(([key, value]) => `${key}=${value}`)
      .join("&");
  }

  let state = read(location.hash);

  /** Change the view: through the address, so that back and forward work. @param {Partial<State>} change */
  function set(change) {
    const hash = written({ ...state, ...change });
    if (hash === location.hash.replace(/^#/, "")) return;
    history.pushState(null, "", `#${hash}`);
    follow();
  }

  function follow() {
    const before = state;
    state = read(location.hash);
    apply(before);
  }

  // Showing it.

  /** @param {State} [before] */
  function apply(before) {
    /** @param {keyof State} key */
    const changed = (key) => !before || JSON.stringify(before[key]) !== JSON.stringify(state[key]);
    if (changed("theme")) showTheme();
    if (changed("v")) showSection();
    if (changed("f") || changed("base") || changed("cols") || changed("e")) showRows();
    if (changed("cols")) showColumns();
    if (changed("sort")) showSorted();
    if (changed("lang")) showGrouping();
    if (changed("on")) showTarget();
    if (changed("cmp") || changed("v")) showComparison();
    if (changed("e") || changed("v")) showEntry();
    fillControls();
  }

  function showTheme() {
    if (state.theme === themes[0]) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = state.theme;
  }

  function showSection() {
    for (const id of sections) byId(id).classList.toggle("off", id !== state.v);
    for (const link of all("nav a")) {
      if (link.getAttribute("href") === `#${state.v}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** Whether a row is whole in the columns that are shown. @param {Row} one */
  function whole(one) {
    const titles = data.columns[one.bench];
    const groups = data.groups[one.bench];
    const tasks = titles.length - groups - 1;
    const shown = one.scores.filter((_, i) =>
      i < tasks ? state.cols !== "groups" : i < tasks + groups ? state.cols !== "tasks" : true,
    );
    return shown.length > 0 && shown.every((score) => score !== null);
  }

  /** @param {string} slug */
  function matches(slug) {
    const one = row(slug);
    if (state.base && one.base !== state.base) return false;
    if (state.f.whole && !whole(one)) return false;
    return filters.every(
      ([key, , values]) => !state.f[key] || values(one, slug).includes(state.f[key]),
    );
  }

  /** The entry that a row of a table is of, "" for none. @param {HTMLElement} line */
  function slugOf(line) {
    const link = line.firstElementChild?.querySelector("a");
    return link?.getAttribute("href")?.replace("#entry-", "") || "";
  }

  const slugged = [
    ...all("[data-s]").map((one) => ({ one, slug: one.dataset.s || "", first: false })),
    ...all("table.sorted tbody:not(.part) tr").map((one) => ({
      one,
      slug: slugOf(one),
      first: Boolean(one.closest("tbody.first")),
    })),
  ].filter(({ slug }) => slug);
  const families = all(".family").map((div) => ({
    div,
    members: [...new Set(all("tr", div).map(slugOf))].filter((slug) => rows.has(slug)),
  }));

  function showRows() {
    const shown = new Set(slugs.filter(matches));
    for (const { one, slug, first } of slugged) {
      const open = one.tagName === "DETAILS" && slug === state.e;
      one.hidden = !shown.has(slug) && !first && !open;
    }
    for (const { div, members } of families) {
      div.hidden = !members.some((slug) => shown.has(slug));
    }
    byId("count").textContent =
      shown.size === slugs.length
        ? `${slugs.length} entries`
        : `${shown.size} of ${slugs.length} entries match; ranks stay as they are.`;
  }

  function showColumns() {
    for (const table of /** @type {HTMLTableElement[]} */ (all("table.board"))) {
      const head = all("thead tr:last-child > *", table);
      const hidden = head.map((th) => {
        const set_ = th.dataset.set;
        return Boolean(set_) && state.cols !== "all" && set_ !== state.cols;
      });
      head.forEach((th, i) => (th.hidden = hidden[i]));
      for (const line of table.querySelectorAll("tbody:not(.part) tr")) {
        const cells = /** @type {HTMLTableRowElement} */ (line).cells;
        hidden.forEach((one, i) => (cells[i].hidden = one));
      }
      const left = hidden.filter((one) => !one).length;
      for (const th of all(".part th", table)) th.setAttribute("colspan", String(left));
    }
  }

  // Sorting: stable, missing last, back to the first order.

  /** @type {Map<HTMLTableRowElement, number>} */
  const firstOrder = new Map();
  const sortable = /** @type {HTMLTableElement[]} */ (all("table.sorted")).map((table) => ({
    table,
    heads: all("th[data-k]", table),
    bodies: /** @type {HTMLTableSectionElement[]} */ ([...table.tBodies]).filter(
      (body) => !/first|part|last/.test(body.className),
    ),
  }));
  for (const { bodies } of sortable) {
    for (const body of bodies) [...body.rows].forEach((line, i) => firstOrder.set(line, i));
  }

  /** What a cell is sorted by; null is missing. @param {string} text @param {boolean} words */
  function valueOf(text, words) {
    const trimmed = text.trim();
    if (!trimmed || trimmed.startsWith(MISSING)) return null;
    if (words) return trimmed.toLowerCase();
    const value = parseFloat(trimmed.replace("−", "-").replace(/,/g, ""));
    return Number.isNaN(value) ? null : value;
  }

  function showSorted() {
    const key = state.sort.replace(/^-/, "");
    const way = state.sort.startsWith("-") ? -1 : 1;
    for (const { heads, bodies } of sortable) {
      const head = heads.find((th) => key && th.dataset.k === key);
      for (const th of heads) {
        if (th === head) th.setAttribute("aria-sort", way < 0 ? "descending" : "ascending");
        else th.removeAttribute("aria-sort");
      }
      for (const body of bodies) {
        const lines = [...body.rows].sort((a, b) => order(a) - order(b));
        if (head) {
          const at = /** @type {HTMLTableCellElement} */ (head).cellIndex;
          const words = textKeys.has(key);
          const values = new Map(
            lines.map((line) => [line, valueOf(line.cells[at].textContent || "", words)]),
          );
          lines.sort((a, b) => compareValues(values.get(a), values.get(b), way));
        }
        body.append(...lines);
      }
    }
  }

  /** @param {HTMLTableRowElement} line */
  function order(line) {
    return firstOrder.get(line) ?? 0;
  }

  /** @param {string | number | null | undefined} a @param {string | number | null | undefined} b @param {number} way */
  function compareValues(a, b, way) {
    if (a === b) return 0;
    if (a === null || a === undefined) return 1;
    if (b === null || b === undefined) return -1;
    return a < b ? -way : way;
  }

  /** The next of the three states of a column. @param {string} key */
  function nextSort(key) {
    const firstWay = textKeys.has(key) || key === "rank" ? "" : "-";
    const other = firstWay ? "" : "-";
    if (state.sort === firstWay + key) return other + key;
    return state.sort === other + key ? "" : firstWay + key;
  }

  function addSortButtons() {
    for (const { heads } of sortable) {
      for (const th of heads) {
        const button = make("button", { type: "button" }, ...th.childNodes);
        button.addEventListener("click", () => set({ sort: nextSort(th.dataset.k || "") }));
        th.append(button);
      }
    }
  }

  // Languages: another order of columns, and the means of one grouping.

  function showGrouping() {
    for (const one of all("[data-grouping]")) one.hidden = one.dataset.grouping !== state.lang;
    const which = groupings.indexOf(state.lang);
    for (const table of /** @type {HTMLTableElement[]} */ (all("table.heat"))) {
      const heads = /** @type {HTMLTableCellElement[]} */ (all("th[data-k^='l-']", table));
      if (!heads.length) continue;
      /** @param {HTMLElement} th */
      const groupOf = (th) =>
        th.dataset.k === "l-en" ? "" : data.languages[(th.dataset.k || "").slice(2)][which];
      const places = heads.map((th) => ({ at: th.cellIndex, group: groupOf(th), k: th.dataset.k || "" }));
      places.sort((a, b) => compareValues(a.group, b.group, 1) || compareValues(a.k, b.k, 1));
      for (const line of table.querySelectorAll("thead tr:last-child, tbody tr")) {
        const cells = [.../** @type {HTMLTableRowElement} */ (line).cells];
        line.append(...places.map(({ at }) => cells[at]));
      }
      const spans = /** @type {HTMLTableRowElement} */ (table.querySelector("tr.spans"));
      while (spans.cells.length > 1) spans.deleteCell(-1);
      for (const group of new Set(places.map((one) => one.group))) {
        const count = places.filter((one) => one.group === group).length;
        spans.append(make("th", { scope: "colgroup", colspan: String(count) }, group || "English"));
      }
    }
  }

  function showTarget() {
    for (const one of all("[data-target]")) one.hidden = one.dataset.target !== state.on;
  }

  // Comparing two entries.

  /** A number of tenths as the rest of the page has it. @param {number} tenths @param {boolean} plus */
  function points(tenths, plus) {
    const size = (Math.abs(tenths) / 10).toFixed(1);
    return (tenths < 0 ? "−" : plus ? "+" : "") + size;
  }

  /** The differences of b from a: with intervals if one is the other's baseline. @param {string} a @param {string} b */
  function differences(a, b) {
    const [one, other] = [row(a), row(b)];
    const sign = other.family === a ? 1 : one.family === b ? -1 : 0;
    if (sign && a !== b) {
      const known = (sign > 0 ? other : one).differences;
      return {
        sure: true,
        cells: known.map((cell) => cell && [sign * cell[0], cell[1], cell[2]]),
      };
    }
    return {
      sure: false,
      cells: data.columns[one.bench].map((_, i) => {
        const [x, y] = [one.scores[i] ?? null, other.scores[i] ?? null];
        return x === null || y === null ? null : [Math.round((y - x) / 10), null, null];
      }),
    };
  }

  function showComparison() {
    const box = byId("comparison");
    box.replaceChildren();
    if (state.cmp.length !== 2) return;
    const [a, b] = state.cmp;
    const [one, other] = [row(a), row(b)];
    if (one.bench !== other.bench) {
      box.append(make("p", {}, `They are entries of two benchmarks, ${one.bench} and ${other.bench}.`));
      return;
    }
    const { sure, cells } = differences(a, b);
    const head = make("tr", {}, ...["", "Difference", "± (95 %)", "p"].map((title) =>
      title ? make("th", { scope: "col" }, title) : make("td")));
    const body = make("tbody");
    data.columns[one.bench].forEach((title, i) => {
      const cell = cells[i];
      body.append(make("tr", {}, make("th", { scope: "row" }, title),
        make("td", {}, cell ? points(Number(cell[0]), true) : MISSING),
        make("td", {}, cell && cell[1] !== null ? points(Number(cell[1]), false) : MISSING),
        make("td", {}, cell && cell[2] !== null ? (Number(cell[2]) / 1000).toFixed(3) : MISSING)));
    });
    const caption = make("caption", {}, make("bdi", {}, other.name), " less ", make("bdi", {}, one.name), ", points");
    box.append(make("div", { class: "box", tabindex: "0", role: "region", "aria-label": "Comparison" },
      make("table", {}, caption, make("thead", {}, head), body)));
    if (!sure && a !== b) {
      box.append(make("p", {}, "No interval here, since neither is the other’s baseline. This command gives it: ",
        make("code", {}, `harness compare ${a} ${b}`)));
    }
    if (sure) {
      const [same, of] = (other.family === a ? other : one).same;
      box.append(make("p", {}, `${same} of ${of} prediction files are equal to the baseline’s.`));
    }
    const unlike = data.settings.map((title, i) => ({ title, i }))
      .filter(({ i }) => one.settings[i] !== other.settings[i]);
    box.append(make("p", {}, unlike.length ? "What differs in their settings:" : "Their settings do not differ."));
    if (unlike.length) {
      box.append(make("ul", {}, ...unlike.map(({ title, i }) =>
        make("li", {}, `${title}: `, make("bdi", {}, one.settings[i]), " and ", make("bdi", {}, other.settings[i])))));
    }
  }

  function showEntry() {
    if (state.v !== "entries" || !state.e) return;
    const one = /** @type {HTMLDetailsElement} */ (byId(`entry-${state.e}`));
    one.open = true;
    one.scrollIntoView();
  }

  // The controls.

  /** @type {(() => void)[]} */
  const fill = [];

  function fillControls() {
    for (const one of fill) one();
  }

  /** Show a control in one section only. @param {string} section @param {HTMLElement} control */
  function onlyIn(section, control) {
    fill.push(() => (control.hidden = state.v !== section));
    return control;
  }

  /** A labelled choice. @param {string} title @param {[string, string][]} some @param {() => string} chosen @param {(value: string) => void} choose */
  function choice(title, some, chosen, choose) {
    const select = /** @type {HTMLSelectElement} */ (make("select", {}, ...some.map(([value, text]) =>
      make("option", { value, dir: "auto" }, text))));
    select.addEventListener("change", () => choose(select.value));
    fill.push(() => (select.value = chosen()));
    return make("label", {}, title, select);
  }

  /** @param {string} key @param {string} value */
  function filtered(key, value) {
    const { [key]: _, ...others } = state.f;
    set({ f: value ? { ...others, [key]: value } : others });
  }

  /** @param {string[]} values @param {(value: string) => string} [title] @returns {[string, string][]} */
  function choices(values, title = (value) => value) {
    return [["", "all"], .../** @type {[string, string][]} */ (values.map((value) => [value, title(value)]))];
  }

  function addFilters() {
    const bar = byId("controls");
    if (bases.length > 1) {
      bar.append(choice("Base", choices(bases), () => state.base, (base) => set({ base })));
    }
    for (const [key, title] of filters) {
      const some = options.get(key) || [];
      if (some.length < 2) continue;
      const named = key === "family" ? (/** @type {string} */ slug) => rows.get(slug)?.name || slug : undefined;
      bar.append(choice(title, choices(some, named), () => state.f[key] || "", (value) => filtered(key, value)));
    }
    const box = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
    box.addEventListener("change", () => filtered("whole", box.checked ? "1" : ""));
    fill.push(() => (box.checked = Boolean(state.f.whole)));
    bar.append(make("label", { class: "check" }, box, "Complete in the columns shown"));
  }

  function addControls() {
    const bar = byId("controls");
    addFilters();
    bar.append(
      onlyIn("board", choice("Columns", columnSets.map((one) => [one, one]), () => state.cols, (cols) => set({ cols }))),
      onlyIn("languages", choice("Languages by", [["family", "family"], ["script", "script"], ["resources", "resource class"]],
        () => state.lang, (lang) => set({ lang }))),
    );
    if (targets.length > 1) {
      bar.append(onlyIn("languages", choice("Languages on", targets.map((one) => [one, one === "mean" ? "all targets" : one]),
        () => state.on, (on) => set({ on }))));
    }
    bar.append(
      choice("Theme", themes.map((one) => [one, one]), () => state.theme, (theme) => set({ theme })),
    );
    const reset = make("button", { type: "button" }, "Reset");
    reset.addEventListener("click", () => set({ ...defaults(), v: state.v, theme: state.theme }));
    const copy = make("button", { type: "button" }, "Copy link");
    copy.addEventListener("click", () => {
      const done = navigator.clipboard?.writeText(location.href) ?? Promise.reject();
      done.then(
        () => (byId("count").textContent = "The link is copied."),
        () => (byId("count").textContent = "The address bar holds the link."),
      );
    });
    bar.append(reset, copy);
    bar.hidden = false;
  }

  function addComparison() {
    const named = /** @type {[string, string][]} */ (slugs.map((slug) => [slug, row(slug).name]));
    const some = [/** @type {[string, string]} */ (["", "choose"]), ...named];
    /** @type {[string, string]} */
    let chosen = ["", ""];
    /** @param {number} at @param {string} slug */
    const choose = (at, slug) => {
      chosen[at] = slug;
      set({ cmp: chosen.every(Boolean) ? [...chosen] : [] });
    };
    fill.push(() => {
      if (state.cmp.length === 2) chosen = [state.cmp[0], state.cmp[1]];
    });
    byId("chosen").append(
      choice("Baseline, or the first", some, () => chosen[0], (slug) => choose(0, slug)),
      choice("The other, less the first", some, () => chosen[1], (slug) => choose(1, slug)),
      make("div", { id: "comparison" }),
    );
    for (const one of all(".noscript")) one.hidden = true;
  }

  function followLinks() {
    document.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      const link = /** @type {Element} */ (event.target).closest("a[href^='#']");
      const name = link?.getAttribute("href")?.slice(1) || "";
      if (sections.includes(name)) set({ v: name });
      else if (name.startsWith("entry-")) set({ v: "entries", e: name.slice("entry-".length) });
      else return;
      event.preventDefault();
    });
    window.addEventListener("popstate", follow);
  }

  addSortButtons();
  addControls();
  addComparison();
  followLinks();
  apply();
})();
