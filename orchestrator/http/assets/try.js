// Sends what is filled in, and shows what comes back.
"use strict";
(() => {
  const MOST = 100000;
  const token = document.getElementById("token");

  // A link to something that is folded up unfolds it.
  const unfold = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  const request = (box) => {
    let path = box.dataset.path;
    const query = new URLSearchParams();
    for (const input of box.querySelectorAll("input[data-in]")) {
      if (input.dataset.in === "path") {
        path = path.replace(`{${input.dataset.name}}`, encodeURIComponent(input.value));
      } else if (input.value !== "") {
        query.append(input.dataset.name, input.value);
      }
    }
    const headers = {};
    if (token.value !== "") headers.authorization = `Bearer ${token.value.trim()}`;
    const text = box.querySelector("textarea");
    const file = box.querySelector("input[type=file]");
    let body;
    if (text) {
      headers["content-type"] = text.dataset.kind;
      body = text.value;
    } else if (file) {
      headers["content-type"] = box.querySelector("select").value;
      body = file.files[0] || "";
    }
    const address = query.size ? `${path}?${query}` : path;
    return [address, { method: box.dataset.method, headers, body }];
  };

  // Streams do not end: what has come is shown while it comes.
  const show = async (answer, out) => {
    const kind = answer.headers.get("content-type") || "";
    let head = `${answer.status} ${answer.statusText}\n`;
    for (const [name, value] of answer.headers) head += `${name}: ${value}\n`;
    out.textContent = head;
    if (!/json|text/.test(kind)) {
      const bytes = await answer.blob();
      out.textContent += `\n${bytes.size} bytes`;
      return;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let body = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      body += value;
      out.textContent = `${head}\n${body.slice(0, MOST)}`;
      if (body.length > MOST) { reader.cancel(); break; }
    }
    if (/json/.test(kind)) {
      try { body = JSON.stringify(JSON.parse(body), null, 2); } catch (_) { /* as it came */ }
    }
    out.textContent = `${head}\n${body.slice(0, MOST)}`;
  };

  for (const box of document.querySelectorAll(".operation")) {
    const button = box.querySelector(".try");
    const out = box.querySelector(".answer");
    button.hidden = false;
    button.addEventListener("click", async () => {
      out.hidden = false;
      out.textContent = "…";
      try {
        const [address, what] = request(box);
        await show(await fetch(address, what), out);
      } catch (error) {
        out.textContent = String(error);
      }
    });
  }
})();
