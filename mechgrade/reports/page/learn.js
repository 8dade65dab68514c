"use strict";
// Keeps an open page in step with `mechgrade learn`. Without it the page is a page: links and buttons work, and it is read.
{
  const body = document.body;
  const here = body.dataset.exercise;
  const gone = document.getElementById("gone");
  const follow = document.getElementById("follow");
  let stream = null;
  let run = null; // which run of the server this page knows
  let saves = 0; // how many saves of that run it has seen

  // --- parts of the page ----------------------------------------------------------------------------------------------

  // Make one element like another and keep all that is alike: focus, what was opened, how far it was scrolled.
  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    const same = old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName;
    if (!same || (old.nodeType === 1 && (old.id !== fresh.id || old.dataset?.key !== fresh.dataset?.key))) {
      old.replaceWith(fresh);
      return;
    }
    if (old.nodeType !== 1) {
      old.data = fresh.data;
      return;
    }
    for (const name of old.getAttributeNames()) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value && name !== "open") old.setAttribute(name, value);
    }
    if (old.nodeName === "INPUT") old.value = fresh.value;
    const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
    before.slice(after.length).forEach((node) => node.remove());
    after.forEach((node, place) => (place < before.length ? morph(before[place], node) : old.append(node)));
  }

  function show(parts) {
    const focused = document.activeElement;
    for (const [id, html] of Object.entries(parts)) {
      const template = document.createElement("template");
      template.innerHTML = html.trim();
      const part = document.getElementById(id);
      const held = part.contains(focused);
      morph(part, template.content.firstElementChild);
      // What had the focus is gone, such as the button for the last hint: go on from the head of its part.
      if (held && !focused.isConnected) document.getElementById(id).querySelector("[tabindex='-1']")?.focus();
    }
    document.title = document.getElementById("said").dataset.title;
    scrollable();
  }

  // What is wider than its place can be scrolled by keyboard, and only that takes part in tabbing.
  function scrollable() {
    for (const box of document.querySelectorAll("pre, .math.block, .prose table, .found table")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  // --- what the server tells ------------------------------------------------------------------------------------------

  function heard(event) {
    const news = JSON.parse(event.data);
    gone.hidden = true;
    if (news.version !== body.dataset.version) {
      location.reload();
      return;
    }
    const saved = run === news.run && news.saves > saves;
    [run, saves] = [news.run, news.saves];
    if (saved && news.at !== here && follow.checked) {
      location.assign(`/${news.at}`);
      return;
    }
    show(news.parts);
    if (saved && news.at === here) document.querySelector(".work").scrollTop = 0; // that is what was waited for
  }

  function connect() {
    stream?.close();
    stream = new EventSource(`/${here}/events`);
    stream.onmessage = heard;
    stream.onerror = () => {
      gone.hidden = false;
      // A browser tries again by itself after a lost connection, and gives up after an answer that is no stream.
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || connect(), 1000);
    };
  }

  // A browser has six connections for one address. A page that nobody sees leaves its own to the others.
  function watch() {
    if (document.hidden) stream?.close();
    else connect();
  }

  document.addEventListener("visibilitychange", watch);
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", watch);
  addEventListener("resize", scrollable);

  // --- what the learner asks for --------------------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const { action, method } = event.target;
    const form = new URLSearchParams(new FormData(event.target));
    fetch(action, { method, body: form, headers: { "X-Live": "1" } }).catch(() => (gone.hidden = false));
  });

  const key = "mechgrade-follow";
  follow.checked = sessionStorage.getItem(key) !== "no";
  follow.addEventListener("change", () => sessionStorage.setItem(key, follow.checked ? "yes" : "no"));

  // A link inside this page opens what it leads to; Escape closes the map.
  document.addEventListener("keydown", (event) => {
    const map = document.getElementById("map");
    if (event.key !== "Escape" || !map.open) return;
    map.open = false;
    map.querySelector("summary").focus();
  });

  scrollable();
}
