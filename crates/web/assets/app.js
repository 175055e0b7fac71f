// Conveniences on top of pages that work without this file.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const announcer = document.getElementById("announcer");

function announce(text) {
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 50);
}

async function fetchPage(url, options) {
  const answer = await fetch(url, { headers: { Accept: "text/html" }, ...options });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// The server writes times in the zone of this cookie.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
if (timeZone && !document.cookie.includes("countersign-zone=")) {
  document.cookie = `countersign-zone=${timeZone};path=/;max-age=31536000;samesite=lax`;
}

// Controls that need this script arrive hidden.
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
function showScripted() {
  for (const element of all("[data-js]")) {
    if (isMac && element.tagName === "KBD") element.textContent = "⌘S";
    element.hidden = false;
  }
}

// Save by keyboard, and a guard for what was not saved

const saveForm = document.querySelector("form[data-save]");
let leaving = false;

function isChanged(field) {
  if (!field.name || field.type === "hidden") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return "defaultValue" in field && field.value !== field.defaultValue;
}

const isDirty = () => "unsaved" in saveForm.dataset || [...saveForm.elements].some(isChanged);

function watchForm() {
  const note = saveForm.querySelector("[data-unsaved-note]");
  const refresh = () => { if (note) note.hidden = !isDirty(); };
  saveForm.addEventListener("input", refresh);
  refresh();

  document.addEventListener("keydown", (event) => {
    const isSave = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "s";
    if (!isSave) return;
    event.preventDefault();
    saveForm.requestSubmit(saveForm.querySelector("[data-save-button]"));
  });

  // A second press would send everything twice; a stopped request may be sent again.
  saveForm.addEventListener("submit", (event) => {
    if (leaving) event.preventDefault();
    leaving = true;
    setTimeout(() => { leaving = false; }, 5000);
  });
  addEventListener("pageshow", () => { leaving = false; refresh(); });
  addEventListener("beforeunload", (event) => {
    if (!leaving && isDirty()) event.preventDefault();
  });
}

// Copy and download

async function copyText(source) {
  if (navigator.clipboard) return navigator.clipboard.writeText(source.textContent.trim());
  getSelection().selectAllChildren(source); // plain http: no clipboard object
  if (!document.execCommand("copy")) throw new Error("copying was refused");
}

async function onCopy(button) {
  const source = document.querySelector(button.dataset.copy);
  try {
    await copyText(source);
  } catch {
    getSelection().selectAllChildren(source);
    announce("Could not copy. The text is selected: press Ctrl+C.");
    return;
  }
  announce("Copied");
  if (button.classList.contains("done")) return;
  const label = [...button.childNodes];
  button.style.minWidth = `${button.offsetWidth}px`;
  button.replaceChildren("Copied");
  button.classList.add("done");
  setTimeout(() => {
    button.replaceChildren(...label);
    button.classList.remove("done");
  }, 2000);
}

function onDownload(button) {
  const rows = all("dt", document.querySelector(button.dataset.download));
  const text = rows.map((term) => `${term.textContent}: ${term.parentElement.querySelector("code").textContent}\n`).join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = button.dataset.filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  announce("Downloaded");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-download]");
  if (!button) return;
  if (button.dataset.copy) onCopy(button);
  else onDownload(button);
});

// A page that asks for confirmation, in front of the one that leads to it

async function ask(link) {
  const main = (await fetchPage(link.href)).querySelector("main");
  const form = main.querySelector("form");
  if (!form) throw new Error("there is nothing to confirm");
  const title = document.createElement("h2");
  title.id = "dialog-title";
  title.textContent = main.querySelector("h1").textContent;
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(title, form);
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", () => { leaving = true; });
  form.querySelector("[data-close]").addEventListener("click", (event) => { event.preventDefault(); dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask(link).catch(() => location.assign(link.href));
});

// Filters: replace only the results, keep focus and the address

function liveFilter(form) {
  const region = form.dataset.filter;
  const named = () => [...form.elements].filter((field) => field.name);
  const here = () => location.pathname + location.search;
  let shown = here();
  let pending = new AbortController();

  function address() {
    const query = new URLSearchParams();
    for (const field of named()) if (field.value) query.append(field.name, field.value);
    const path = new URL(form.action).pathname;
    return query.size ? `${path}?${query}` : path;
  }

  // `direction` is "back" when the browser already changed the address.
  async function load(url, direction) {
    pending.abort();
    pending = new AbortController();
    shown = url;
    const old = document.querySelector(region);
    old.setAttribute("aria-busy", "true");
    let page;
    try {
      page = await fetchPage(url, { signal: pending.signal });
    } catch (error) {
      if (error.name !== "AbortError") location.assign(url);
      return;
    }
    const fresh = page.querySelector(region);
    // Signed out, or a filter was refused: show the whole answer.
    if (!fresh || page.querySelector(".error-summary")) {
      location.assign(url);
      return;
    }
    if (direction === "forward") {
      history.pushState(null, "", url);
    } else {
      const answered = page.querySelector(`form[data-filter="${region}"]`).elements;
      for (const field of named()) field.value = answered[field.name].value;
    }
    old.replaceWith(fresh);
    announce(fresh.querySelector("[data-count]")?.textContent ?? "");
  }

  function apply() {
    const url = address();
    if (url !== shown) load(url, "forward");
  }

  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  addEventListener("popstate", () => { if (here() !== shown) load(here(), "back"); });
}

// News: a region is asked for again until it is final, or for ten minutes

function keepFresh(region, times = 200) {
  setTimeout(async () => {
    const page = document.hidden ? null : await fetchPage(location.href).catch(() => null);
    const fresh = page?.getElementById(region.id);
    if (fresh) region.replaceWith(fresh);
    const shown = fresh ?? region;
    if (!("live" in shown.dataset)) announce(shown.textContent.trim());
    else if (times > 1) keepFresh(shown, times - 1);
  }, 3000);
}

// Start

showScripted();
if (saveForm) watchForm();
// The answer that reveals secrets takes the page's own address: reloading asks for the page and repeats nothing.
if (document.getElementById("revealed")) history.replaceState(null, "", saveForm?.getAttribute("action") ?? location.pathname);
all("form[data-filter]").forEach(liveFilter);
all("[data-live]").forEach((region) => keepFresh(region));
document.querySelector(".error-summary")?.focus();
