// Makes the plain pages smoother; everything here also works without it.
"use strict";

const root = document.documentElement;
root.classList.add("js");

// A picture that cannot be had makes room for the drawn tile beneath it.
document.addEventListener("error", (event) => {
  if (event.target.matches?.("img[data-fallback]")) event.target.remove();
}, true);
for (const image of document.querySelectorAll("img[data-fallback]")) {
  if (image.complete && image.naturalWidth === 0) image.remove();
}

// Notices

let hiding;
function notify(text) {
  const notice = document.querySelector("[data-notice]");
  notice.textContent = text;
  notice.classList.add("on");
  clearTimeout(hiding);
  hiding = setTimeout(() => notice.classList.remove("on"), 3500);
}

// Into the basket without leaving the page

async function add(form) {
  const answer = await fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(answer.status);
  const { notice, pieces } = await answer.json();
  const count = document.querySelector("[data-pieces]");
  count.textContent = pieces;
  count.hidden = pieces === 0;
  notify(notice);
}

// Listings: swap the results instead of the page

let loading;
async function swap(url, { push = true } = {}) {
  const old = document.querySelector("[data-results]");
  if (!old) { location.assign(url); return; }
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  old.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-results]");
    if (!fresh) { location.assign(url); return; }
    const open = document.querySelector(".facets")?.open;
    const focused = document.activeElement?.closest?.(".facet")?.className;
    old.replaceWith(fresh);
    document.title = page.title;
    if (open) fresh.querySelector(".facets").open = true;
    if (push) history.pushState(null, "", url);
    // The keyboard stays where it was: in the same facet, else at the results.
    const facet = focused && fresh.querySelector(`[class="${focused}"] a`);
    (facet ?? document.querySelector("main")).focus({ preventScroll: true });
    if (fresh.getBoundingClientRect().top < 0) fresh.scrollIntoView();
    shelves(fresh);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

const swapped = (form) => `${location.pathname}?${new URLSearchParams(
  [...new FormData(form)].filter(([, value]) => value !== ""))}`;

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target.closest("a[data-swap]");
  if (link) { event.preventDefault(); swap(link.href); }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-swap]")) {
    event.preventDefault();
    swap(swapped(form));
  } else if (form.matches("[data-add]")) {
    event.preventDefault();
    add(form).catch(() => form.submit());
  } else if (form.matches("[data-less]")) {
    event.preventDefault();
    add(form).then(() => form.closest(".card").remove(), () => form.submit());
  }
});

document.addEventListener("change", (event) => {
  if (event.target.form?.matches("[data-auto]") && event.target.checkValidity()) event.target.form.requestSubmit();
});

addEventListener("popstate", () => {
  if (document.querySelector("[data-results]")) swap(location.href, { push: false });
});

// Shelves: arrows where there is more than fits

function shelves(within) {
  for (const shelf of within.querySelectorAll("[data-shelf]")) {
    const row = shelf.querySelector(".row");
    const arrows = shelf.querySelector(".arrows");
    const [before, after] = arrows.children;
    const show = () => {
      const most = row.scrollWidth - row.clientWidth;
      arrows.classList.toggle("needed", most >= 8);
      before.disabled = row.scrollLeft < 8;
      after.disabled = row.scrollLeft > most - 8;
    };
    const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    const move = (way) => row.scrollBy({ left: way * row.clientWidth * 0.85, behavior: smooth ? "smooth" : "auto" });
    before.onclick = () => move(-1);
    after.onclick = () => move(1);
    row.addEventListener("scroll", show, { passive: true });
    new ResizeObserver(show).observe(row);
  }
}
shelves(document);

// Suggestions while typing: the combobox pattern (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/)

const form = document.querySelector("[data-suggest]");
const input = form.querySelector("input");
const list = form.querySelector(".suggestions");
let asking;
let waiting;
let current = -1;

input.setAttribute("role", "combobox");
input.setAttribute("aria-autocomplete", "list");
input.setAttribute("aria-controls", list.id);
input.setAttribute("aria-expanded", "false");

const options = () => [...list.querySelectorAll("[role=option]")];

function close() {
  list.hidden = true;
  current = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function point(to) {
  const all = options();
  current = (to + all.length + 1) % (all.length + 1);
  all.forEach((option, at) => option.setAttribute("aria-selected", String(at === current)));
  if (current < all.length) {
    input.setAttribute("aria-activedescendant", all[current].id);
    all[current].scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function option(text, note, href) {
  const link = document.createElement("a");
  link.role = "option";
  link.id = `suggestion-${options().length}`;
  link.tabIndex = -1;
  link.href = href;
  link.setAttribute("aria-selected", "false");
  link.append(text);
  if (note) {
    const small = document.createElement("small");
    small.textContent = ` ${note}`;
    link.append(small);
  }
  return link;
}

function group(title, made) {
  if (!made.length) return;
  const kind = document.createElement("div");
  kind.className = "kind";
  kind.role = "presentation";
  kind.textContent = title;
  list.append(kind);
  for (const make of made) list.append(make());
}

function show({ queries, items, categories }) {
  list.replaceChildren();
  group(list.dataset.queries, queries.map((q) => () => option(q, "", `/search?${new URLSearchParams({ q })}`)));
  group(list.dataset.categories, categories.map((path) => () => {
    const levels = path.split(" > ");
    return option(levels.at(-1), levels.slice(0, -1).join(" › "), `/browse?${new URLSearchParams({ category: path })}`);
  }));
  group(list.dataset.items, items.map(({ id, title }) => () => option(title, "", `/item/${encodeURIComponent(id)}`)));
  current = options().length;
  list.hidden = current === 0;
  input.setAttribute("aria-expanded", String(!list.hidden));
}

function stopAsking() {
  clearTimeout(waiting);
  asking?.abort();
}

async function ask() {
  asking?.abort();
  const q = input.value.trim();
  if (!q) { close(); return; }
  asking = new AbortController();
  try {
    const answer = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: input.value })}`, { signal: asking.signal });
    if (answer.ok) show(await answer.json());
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

input.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 120);
});
input.addEventListener("keydown", (event) => {
  // What is still on its way must not replace the list under somebody who chooses from it.
  if (["Escape", "ArrowDown", "ArrowUp"].includes(event.key)) stopAsking();
  if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
  if (list.hidden) return;
  if (event.key === "ArrowDown") { event.preventDefault(); point(current + 1); }
  if (event.key === "ArrowUp") { event.preventDefault(); point(current - 1); }
  if (event.key === "Enter" && options()[current]) { event.preventDefault(); options()[current].click(); }
});
form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
form.addEventListener("submit", () => { stopAsking(); close(); });
