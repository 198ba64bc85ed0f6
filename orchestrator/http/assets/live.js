// Keeps the changing part of a page up to date: the stream says when, the fragment says what.
"use strict";
(() => {
  const box = document.getElementById("live");
  if (!box || !box.dataset.events) return;
  let busy = false;
  let again = false;
  let last = "";
  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(box.dataset.fragment, { headers: { accept: "text/html" } });
      if (answer.ok) {
        const html = await answer.text();
        const open = [...box.querySelectorAll("details")].map((d) => d.open);
        const scrolled = [...box.querySelectorAll(".scroll")].map((s) => s.scrollLeft);
        if (html !== last) {
          last = html;
          box.innerHTML = html;
          box.querySelectorAll("details").forEach((d, i) => { d.open = open[i] || false; });
          box.querySelectorAll(".scroll").forEach((s, i) => { s.scrollLeft = scrolled[i] || 0; });
        }
      }
    } catch (_) {
      // The server is away; the stream reconnects by itself and asks again.
    }
    setTimeout(() => { busy = false; if (again) { again = false; refresh(); } }, 300);
  };
  const stream = new EventSource(box.dataset.events);
  stream.addEventListener("change", (event) => {
    refresh();
    if (JSON.parse(event.data).finished) stream.close();
  });
})();
