// The console works without this script; with it, results are judged by single keys, and forms that
// only choose what is seen need no button.

const notice = document.querySelector("[data-notice]");
let fading;

function tell(text) {
  notice.textContent = text;
  notice.classList.add("on");
  clearTimeout(fading);
  fading = setTimeout(() => notice.classList.remove("on"), 2500);
}

// The menu is open where there is room for it.

const menu = document.querySelector("[data-menu]");
const wide = matchMedia("(min-width: 62rem)");
const unfold = () => { menu.open = wide.matches; };
wide.addEventListener("change", unfold);
unfold();

// Judging: 0 to 3 grade the result that is pointed at, j and k move on and back

const list = document.querySelector("[data-judging]");
const results = () => [...list.querySelectorAll(".result")];

function point(to) {
  const all = results();
  const next = all[Math.max(0, Math.min(to, all.length - 1))];
  for (const each of all) each.classList.toggle("pointed", each === next);
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const pointed = () => results().findIndex((each) => each.classList.contains("pointed"));

async function grade(form, button) {
  const sent = new URLSearchParams(new FormData(form));
  sent.set("grade", button.value);
  const answer = await fetch(form.action, { method: "POST", body: sent, headers: { accept: "application/json" } });
  if (!answer.ok) { form.submit(); return; }
  for (const each of form.querySelectorAll("button[aria-pressed]")) each.setAttribute("aria-pressed", String(each === button));
  tell((await answer.json()).said);
}

if (list) {
  document.querySelector("[data-keys]").hidden = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const at = pointed();
    if (event.key === "j") point(at + 1);
    if (event.key === "k") point(at - 1);
    if (/^[0-3]$/.test(event.key) && at >= 0) {
      const form = results()[at].querySelector("[data-grade]");
      grade(form, form.querySelector(`button[value="${event.key}"]`)).then(() => point(at + 1));
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-grade]") && event.submitter?.value) {
      event.preventDefault();
      grade(event.target, event.submitter);
    }
  });
}

document.addEventListener("change", (event) => {
  if (event.target.form?.matches("[data-auto]") && event.target.form.checkValidity()) event.target.form.requestSubmit();
});

// What a rule would do is shown while it is written

const drafted = document.querySelector("[data-preview-form]");
let waiting;
let asking;

async function preview() {
  asking?.abort();
  asking = new AbortController();
  const url = `${drafted.getAttribute("action")}?${new URLSearchParams(new FormData(drafted))}`;
  try {
    const answer = await fetch(url, { signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("[data-preview]").replaceChildren(...page.querySelector("[data-preview]").childNodes);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

drafted?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(preview, 350);
});

// Nothing is deleted by a slip

document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-ask]");
  if (asked && !confirm(asked.dataset.ask)) event.preventDefault();
});

// Code is copied with one press

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    tell(button.dataset.copied);
  });
}
