// @ts-check
"use strict";
(() => {
  /**
   * @typedef {{name: string, bench: string, base: string, size: string, inter: string[],
   *   prov: string, regime: string, family: string, settings: number[],
   *   scores: (number | null)[], mean: string, pairs: string, files: number}} Row
   * @typedef {{v: string, base: string, lang: string, on: string, sort: string,
   *   f: Object<string, string>, cols: string, cmp: string[], e: string, theme: string}} State
   * @typedef {{table: HTMLTableElement, heads: HTMLTableCellElement[],
   *   bodies: {body: HTMLTableSectionElement, lines: HTMLTableRowElement[]}[],
   *   values: Map<string, (string | number | null)[]>}} Sortable
   * @typedef {{lines: {one: HTMLElement, slug: string}[], tables: Sortable[],
   *   families: {div: HTMLElement, members: string[]}[], shown: Object<string, string>}} Section
   */

  const LONGEST_HASH = 4000;
  const MISSING = "–";
  /** @type {{columns: Object<string, string[]>, groups: Object<string, number>, settings: string[],
   *   languages: Object<string, string[]>, fields: string[], rows: [string, ...any[]][],
   *   words: string[], first: string[], alike: number[][]}} */
  const data = JSON.parse(byId("data").textContent || "{}");
  /** @type {Map<string, Row>} */
  const rows = new Map(data.rows.map(([slug, ...values]) =>
    [slug, /** @type {any} */ (Object.fromEntries(data.fields.map((name, i) => [name, values[i]])))]));
  const slugs = [...rows.keys()];
  const sections = all("main > section[id]").map((one) => one.id);
  const groupings = ["family", "script", "resources"];
  const targets = [...new Set(all("[data-target]").map((one) => one.dataset.target || ""))];
  const columnSets = ["all", "groups", "tasks"];
  const themes = ["system", "light", "dark"];
  const sortKeys = new Set(all("table.sorted th[data-k]").map((one) => one.dataset.k || ""));
  const textKeys = new Set(["name", "base", "inter", "prov"]);

  /** Filters: key, title, and the values of a row. @type {[string, string, (row: Row) => string[]][]} */
  const filters = [
    ["bench", "Benchmark", (row) => [row.bench]],
    ["family", "Baseline", (row) => [row.family]],
    ["size", "Size", (row) => [row.size]],
    ["inter", "Intermediate task", (row) => row.inter],
    ["prov", "Numbers are", (row) => [row.prov]],
    ["regime", "Regime", (row) => [row.regime]],
  ];
  /** @type {Map<string, string[]>} */
  const options = new Map(filters.map(([key, , values]) =>
    [key, [...new Set(slugs.flatMap((slug) => values(row(slug))))].sort()]));
  options.set("whole", ["1"]);
  const bases = [...new Set(slugs.map((slug) => row(slug).base))].sort();

  const choosable = new Map([["v", sections], ["base", bases], ["lang", groupings], ["on", targets], ["cols", columnSets],
    ["e", slugs], ["theme", themes]]);

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

  /** A button. @param {string} text @param {() => void} press @param {Element} [within] what it takes the place of */
  function button(text, press, within) {
    within?.replaceChildren();
    const one = make("button", { type: "button" }, text);
    one.addEventListener("click", press);
    return one;
  }

  // The state: all of the view, kept in the address.

  /** @returns {State} */
  function defaults() {
    return { v: sections[0], base: "", lang: groupings[0], on: "mean", sort: "", f: {}, cols: columnSets[0], cmp: [], e: "", theme: themes[0] };
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
    try { return decodeURIComponent(text); } catch { return ""; }
  }

  /** Take over one key of an address if its value is known. @param {State} into @param {string} key @param {string} raw */
  function accept(into, key, raw) {
    const value = decoded(raw);
    /** @type {any} */
    const chosen = into;
    if (choosable.get(key)?.includes(value)) chosen[key] = value;
    else if (key === "sort" && sortKeys.has(value.replace(/^-/, ""))) into.sort = value;
    else if (key === "cmp") {
      const two = value.split(",");
      if (two.length === 2 && two.every((slug) => rows.has(slug))) into.cmp = two;
    } else if (key === "f") {
      for (const pair of raw.split(",")) {
        const [name, ...rest] = pair.split(":");
        const only = decoded(rest.join(":"));
        if (options.get(name)?.includes(only)) into.f[name] = only;
      }
    }
  }

  /** Write an address: keys in a fixed order, defaults left out. @param {State} one */
  function written(one) {
    const base = defaults();
    const f = [...options.keys()].filter((key) => one.f[key])
      .map((key) => `${key}:${encodeURIComponent(one.f[key])}`).join(",");
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
    return parts.filter(([, value, usual]) => value !== usual).map(([key, value]) => `${key}=${value}`).join("&");
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

  const later = window.requestIdleCallback || setTimeout;

  /** @param {State} [before] */
  function apply(before) {
    /** @param {keyof State} key */
    const changed = (key) => !before || JSON.stringify(before[key]) !== JSON.stringify(state[key]);
    if (changed("theme")) showTheme();
    const others = changed("f") || changed("base") || changed("cols");
    if (others) matching = undefined;
    refresh(state.v);
    if (changed("v")) showSection();
    if (others) countEntries();
    if (changed("cmp") || changed("v")) showComparison();
    if (changed("e") || changed("v")) showEntry();
    for (const one of fill) one();
    for (const id of sections) later(() => refresh(id)); // so that opening one finds it ready
  }

  /** @type {Map<string, Section>} */
  const prepared = new Map();
  /** The entries that match the filters. @type {Set<string> | undefined} */
  let matching;
  const matched = () => (matching ??= new Set(slugs.filter(matches)));

  const asBuilt = { rows: "[]", cols: columnSets[0], sort: "", lang: "", on: "" };

  /** What a section consists of, looked up when it is first shown. @param {string} id @returns {Section} */
  function sectionOf(id) {
    const known = prepared.get(id), section = byId(id);
    if (known) return known;
    const tables = /** @type {HTMLTableElement[]} */ (all("table.sorted", section)).map(sortableOf);
    const lines = [
      ...all("li[data-s]", section).map((one) => ({ one, slug: one.dataset.s || "" })),
      ...all("details[id]", section).map((one) => ({ one, slug: one.id.slice("entry-".length) })),
      ...tables.flatMap(({ bodies }) => bodies.flatMap((body) => body.lines)).map((one) => ({ one, slug: slugOf(one) })),
    ].filter(({ slug }) => slug);
    const families = all(".family", section).map((div) =>
      ({ div, members: [...new Set(all("tbody tr", div).map(slugOf))].filter((slug) => rows.has(slug)) }));
    const shown = { ...asBuilt }; // what needs no work until something is chosen
    prepared.set(id, { lines, tables, families, shown });
    return sectionOf(id);
  }

  /** Bring a section up to date with the state; the others are when they are shown. @param {string} id */
  function refresh(id) {
    const section = sectionOf(id);
    /** @param {string} what @param {string} value @param {(section: Section, id: string) => void} show */
    const update = (what, value, show) => {
      if (section.shown[what] === value) return;
      show(section, id);
      section.shown[what] = value;
    };
    const open = id === "entries" && state.e; // an entry that is asked for is shown whatever the filters
    update("rows", JSON.stringify(matched().size < slugs.length ? [state.f, state.base, state.cols, open] : []), showRows);
    update("cols", state.cols, showColumns);
    update("sort", state.sort, showSorted);
    update("lang", state.lang, showGrouping);
    update("on", state.on, () => all("[data-target]", byId(id)).forEach((one) => (one.hidden = one.dataset.target !== state.on)));
  }

  function showTheme() {
    document.documentElement.dataset.theme = state.theme; // the style sheet knows light and dark
  }

  function showSection() {
    for (const id of sections) byId(id).classList.toggle("off", id !== state.v);
    for (const link of all("nav a")) {
      link.ariaCurrent = link.getAttribute("href") === `#${state.v}` ? "page" : null;
    }
  }

  /** Whether a row is whole in the columns that are shown. @param {Row} one */
  function whole(one) {
    const titles = data.columns[one.bench];
    const groups = data.groups[one.bench];
    const tasks = titles.length - groups - 1;
    const shown = one.scores.filter((_, i) =>
      i < tasks ? state.cols !== "groups" : i < tasks + groups ? state.cols !== "tasks" : true);
    return shown.length > 0 && shown.every((score) => score !== null);
  }

  /** @param {string} slug */
  function matches(slug) {
    const one = row(slug);
    if (state.base && one.base !== state.base) return false;
    if (state.f.whole && !whole(one)) return false;
    return filters.every(([key, , values]) => !state.f[key] || values(one).includes(state.f[key]));
  }

  /** The entry that a row of a table is of, "" for none. @param {HTMLElement} line */
  function slugOf(line) {
    const link = line.firstElementChild?.querySelector("a");
    return link?.getAttribute("href")?.replace("#entry-", "") || "";
  }

  /** @param {Section} section */
  function showRows({ lines, families }) {
    const shown = matched();
    /** @param {HTMLElement} one @param {boolean} hidden */
    const hide = (one, hidden) => void (one.hidden !== hidden && (one.hidden = hidden));
    for (const { one, slug } of lines) hide(one, !shown.has(slug) && !(one.tagName === "DETAILS" && slug === state.e));
    for (const { div, members } of families) hide(div, !members.some((slug) => shown.has(slug)));
  }

  function countEntries() {
    const count = matched().size;
    const text = count === slugs.length ? `${count} entries`
      : `${count} of ${slugs.length} entries match; ranks stay as they are.`;
    if (byId("count").textContent !== text) byId("count").textContent = text;
  }

  /** @param {Section} section */
  function showColumns({ tables }) {
    for (const { table } of tables) {
      if (!table.classList.contains("board")) continue;
      const head = all("thead tr:last-child > *", table);
      const hidden = head.map((th) => Boolean(th.dataset.set) && state.cols !== "all" && th.dataset.set !== state.cols);
      for (const line of table.querySelectorAll("thead tr:last-child, tbody:not(.part) tr")) {
        const cells = /** @type {HTMLTableRowElement} */ (line).cells;
        hidden.forEach((one, i) => (cells[i].hidden = one));
      }
      const left = hidden.filter((one) => !one).length;
      for (const th of all(".part th", table)) th.setAttribute("colspan", String(left));
    }
  }

  // Sorting: stable, missing last, back to the first order.

  /** A table whose columns are buttons. @param {HTMLTableElement} table @returns {Sortable} */
  function sortableOf(table) {
    const heads = /** @type {HTMLTableCellElement[]} */ (all("th[data-k]", table));
    for (const th of heads) {
      const sorts = () => set({ sort: nextSort(th.dataset.k || "") });
      th.append(button(th.textContent || "", sorts, th));
    }
    const bodies = [...table.tBodies].filter((body) => !/first|part|last/.test(body.className));
    return { table, heads, bodies: bodies.map((body) => ({ body, lines: [...body.rows] })), values: new Map() };
  }

  /** What a cell is sorted by; null is missing. @param {string} text @param {boolean} words */
  function valueOf(text, words) {
    const trimmed = text.trim();
    if (!trimmed || trimmed.startsWith(MISSING)) return null;
    if (words) return trimmed.toLowerCase();
    const value = parseFloat(trimmed.replace("−", "-").replace(/,/g, ""));
    return Number.isNaN(value) ? null : value;
  }

  /** @param {Section} section */
  function showSorted({ tables, shown }) {
    const key = state.sort.replace(/^-/, "");
    const way = state.sort.startsWith("-") ? -1 : 1;
    const before = shown.sort?.replace(/^-/, "");
    for (const { heads, bodies, values } of tables) {
      const head = heads.find((th) => key && th.dataset.k === key);
      const old = heads.find((th) => before && th.dataset.k === before);
      if (!head && !old) continue;
      if (old) old.removeAttribute("aria-sort");
      if (head) head.setAttribute("aria-sort", way < 0 ? "descending" : "ascending");
      bodies.forEach(({ body, lines }, i) => {
        if (!head) return body.replaceChildren(...lines);
        const known = values.get(`${i} ${key}`) || lines.map((line) =>
          valueOf(line.cells[head.cellIndex].textContent || "", textKeys.has(key)));
        values.set(`${i} ${key}`, known);
        const places = lines.map((_, at) => at);
        places.sort((a, b) => compareValues(known[a], known[b], way) || a - b);
        body.replaceChildren(...places.map((at) => lines[at]));
      });
    }
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

  // Languages: another order of columns, and the means of one grouping.

  /** @param {Section} section @param {string} id */
  function showGrouping({ tables, shown }, id) {
    for (const one of all("[data-grouping]", byId(id))) one.hidden = one.dataset.grouping !== state.lang;
    const which = groupings.indexOf(state.lang);
    for (const { table, heads: every } of shown.lang || which ? tables : []) {
      const heads = every.filter((th) => th.dataset.k?.startsWith("l-"));
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

  /** A number of tenths as the rest of the page has it. @param {number} tenths @param {boolean} plus */
  function points(tenths, plus) {
    return (tenths < 0 ? "−" : plus ? "+" : "") + (Math.abs(tenths) / 10).toFixed(1);
  }

  /** The plain difference of two scores in tenths. @param {string} a @param {string} b @param {number} i */
  function ofScores(a, b, i) {
    const [x, y] = [row(a).scores[i] ?? null, row(b).scores[i] ?? null];
    return x === null || y === null ? null : Math.floor((y - x) / 100 + 0.5);
  }

  /** Read one row's pairs (views/pair_codes.py): estimate, half and p, −1 where not known. @param {string} slug */
  function pairsOf(slug) {
    const [text, titles] = [row(slug).pairs, data.columns[row(slug).bench]];
    let at = 0;
    /** @param {number} code */
    const without = (code) => code - 35 - Number(code > 60) - Number(code > 92);
    const sign = () => without(text.charCodeAt(at++));
    const next = () => {
      const first = sign();
      return first < 80 ? first : 80 + (first - 80) * 90 + sign();
    };
    /** @param {string} second @param {number} i */
    const cellAt = (second, i) => {
      let [code, estimate] = [next(), Number(ofScores(slug, second, i))];
      if (!code) return null;
      if (code === 1) {
        const zigzag = next() * 100 + next();
        [code, estimate] = [next(), zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2];
      }
      const level = code > 2 ? next() : 0;
      return [estimate, code - 3, level > 100 ? (level - 91) / 100 : (level - 1) / 1000];
    };
    /** @type {Map<string, (number[] | null)[]>} */
    const pairs = new Map();
    while (at < text.length) {
      const second = slugs[next()];
      pairs.set(second, titles.map((_, i) => cellAt(second, i)));
    }
    return pairs;
  }

  /** The second entry minus the first: estimate, half and p, −1 where not known. @param {string} a @param {string} b */
  function differences(a, b) {
    const known = pairsOf(a).get(b);
    if (known) return { sure: true, cells: known };
    const turned = pairsOf(b).get(a);
    if (turned) return { sure: true, cells: turned.map((cell) => cell && [-cell[0], cell[1], cell[2]]) };
    const plain = data.columns[row(a).bench].map((_, i) => ofScores(a, b, i));
    return { sure: false, cells: plain.map((tenths) => (tenths === null ? null : [tenths, -1, -1])) };
  }

  /** Why a pair has no interval. @param {string} a @param {string} b @returns {(Node | string)[]} */
  function whyUnsure(a, b) {
    const [one, other] = [row(a), row(b)];
    if (one.regime !== other.regime) return [`Not comparable: one is ${one.regime}, the other ${other.regime}.`];
    const plain = [one, other].find(({ prov }) => prov !== "recomputed");
    const paper = "Not comparable: published numbers, without predictions. The plain differences of the scores have no interval.";
    if (plain?.prov === "published") return [paper];
    if (plain) return [`No interval: the numbers of one are ${plain.prov}, not recomputed.`];
    if (one.mean !== other.mean) return ["Not comparable: they are not scored on the same test sets."];
    return ["No interval on this page. This command gives it: ", make("code", {}, `harness compare ${a} ${b}`)];
  }

  function showComparison() {
    if (state.v !== "compare") return;
    if (!byId("comparison")) addComparison();
    const box = byId("comparison");
    box.replaceChildren();
    const [a, b] = compared();
    if (!a || !b) return;
    const [one, other] = [row(a), row(b)];
    const why = a === b ? "This is one entry; choose two."
      : one.bench !== other.bench ? `Not comparable: they are entries of two benchmarks, ${one.bench} and ${other.bench}.` : "";
    if (why) return box.append(make("p", {}, why));
    const { sure, cells } = differences(a, b);
    const head = make("tr", {}, make("td"), ...["Difference", "± (95 %)", "p"].map((title) => make("th", { scope: "col" }, title)));
    const body = make("tbody");
    const last = one.mean === other.mean ? one.mean : "overall";
    data.columns[one.bench].forEach((title, i, every) => {
      const cell = cells[i];
      if (!cell) return;
      const [half, p] = [cell[1] < 0 ? MISSING : points(cell[1], false), cell[2] < 0 ? MISSING : cell[2] ? cell[2].toFixed(cell[2] < 0.1 ? 3 : 2) : "< 0.001"];
      body.append(make("tr", {}, make("th", { scope: "row" }, i === every.length - 1 ? last : title),
        ...[points(cell[0], true), half, p].map((text) => make("td", {}, text))));
    });
    const caption = make("caption", {}, make("bdi", {}, other.name), " minus ", make("bdi", {}, one.name), ", points; each interval alone at 95 %");
    if (body.childElementCount) {
      box.append(make("div", { class: "box", tabindex: "0", role: "region", "aria-label": "Comparison" },
        make("table", {}, caption, make("thead", {}, head), body)));
    } else box.append(make("p", {}, "They have no task in common that is whole."));
    if (!sure) box.append(make("p", {}, ...whyUnsure(a, b)));
    else if (cells.some((cell) => cell && cell[1] >= 0 && cell[2] < 0)) {
      box.append(make("p", {}, "Without p: one run, so the interval is of the test items only and says nothing of another run."));
    }
    const numbers = [slugs.indexOf(a), slugs.indexOf(b)];
    const same = data.alike.filter(([, ...some]) => numbers.every((i) => some.includes(i))).reduce((sum, [count]) => sum + count, 0);
    if (one.files && other.files) box.append(make("p", {}, `${same} of the second’s ${other.files} different prediction files are equal to one of the first’s.`));
    const unlike = data.settings.flatMap((title, i) => one.settings[i] === other.settings[i] ? [] : [make("li", {}, `${title}: `,
      make("bdi", {}, data.words[one.settings[i]]), " and ", make("bdi", {}, data.words[other.settings[i]]))]);
    box.append(make("p", {}, unlike.length ? "What differs in their settings:" : "Their settings do not differ."));
    if (unlike.length) box.append(make("ul", {}, ...unlike));
  }

  /** The two entries that are compared: the first setting and its baseline if none are chosen. */
  function compared() {
    return state.cmp.length === 2 ? state.cmp : data.first;
  }

  function showEntry() {
    if (state.v !== "entries" || !state.e) return;
    const one = /** @type {HTMLDetailsElement} */ (byId(`entry-${state.e}`));
    one.open = true;
    one.scrollIntoView();
  }

  /** @type {(() => void)[]} */
  const fill = [];

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
    return [["", "all"], ...values.map((value) => /** @type {[string, string]} */ ([value, title(value)]))];
  }

  /** The filters, folded away until they are wanted. */
  function filterBox() {
    const bar = make("div", { class: "bar" });
    if (bases.length > 1) bar.append(choice("Base", choices(bases), () => state.base, (base) => set({ base })));
    for (const [key, title] of filters) {
      const some = options.get(key) || [];
      if (some.length < 2) continue;
      const named = key === "family" ? (/** @type {string} */ slug) => rows.get(slug)?.name || slug : undefined;
      bar.append(choice(title, choices(some, named), () => state.f[key] || "", (value) => filtered(key, value)));
    }
    const box = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
    box.addEventListener("change", () => filtered("whole", box.checked ? "1" : ""));
    fill.push(() => (box.checked = Boolean(state.f.whole)));
    bar.append(make("label", { class: "check" }, box, "Only entries with all scores of the columns shown"));
    bar.append(button("Reset", () => set({ ...defaults(), v: state.v, theme: state.theme })));
    const summary = make("summary", {}, "Filter");
    const folded = /** @type {HTMLDetailsElement} */ (make("details", { id: "filters" }, summary, bar));
    fill.push(() => {
      const active = Object.keys(state.f).length + Number(Boolean(state.base));
      summary.textContent = active ? `Filter (${active} active)` : "Filter";
      if (active) folded.open = true;
    });
    return folded;
  }

  function addControls() {
    const bar = byId("controls");
    bar.append(
      filterBox(),
      onlyIn("board", choice("Columns", columnSets.map((one) => [one, one]), () => state.cols, (cols) => set({ cols }))),
      onlyIn("languages", choice("Languages by", [["family", "family"], ["script", "script"], ["resources", "resource class"]],
        () => state.lang, (lang) => set({ lang }))),
    );
    const on = choice("Languages on", targets.map((one) => [one, one === "mean" ? "all targets" : one]), () => state.on, (on) => set({ on }));
    if (targets.length > 1) bar.append(onlyIn("languages", on));
    const copy = button("Copy link", () => {
      /** @param {string} text */
      const say = (text) => () => (byId("count").textContent = text);
      const done = navigator.clipboard?.writeText(location.href) ?? Promise.reject();
      done.then(say("The link is copied."), say("The address bar holds the link."));
    });
    bar.append(choice("Theme", themes.map((one) => [one, one]), () => state.theme, (theme) => set({ theme })), copy);
    [bar.hidden, all(".noscript")[0].hidden] = [false, true];
  }

  function addComparison() {
    const named = /** @type {[string, string][]} */ (slugs.map((slug) => [slug, row(slug).name]));
    if (!data.first.length) data.first = slugs.slice(0, 2);
    byId("chosen").append(
      choice("First", named, () => compared()[0] || "", (slug) => set({ cmp: [slug, compared()[1]] })),
      choice("Second, minus the first", named, () => compared()[1] || "", (slug) => set({ cmp: [compared()[0], slug] })),
      make("div", { id: "comparison" }),
    );
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

  addControls();
  followLinks();
  apply();
  window.addEventListener("beforeprint", () => sections.forEach(refresh));
})();
