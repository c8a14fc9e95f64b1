// Tells a Mercato shop what visitors do; see docs/snippet.md. It sets no cookie.
(() => {
  const script = document.currentScript, { key, consent: wanted, user: known, ga4 } = script.dataset,
    url = new URL("/v1/events" + (key ? "?key=" + key : ""), script.src),
    VISITOR = "mercato-visitor", QUEUE = "mercato-queue-", EVENTS = /^(view_(item(_list)?|search_results|promotion)|select_(item|promotion)|add_to_(cart|wishlist)|remove_from_cart|purchase|refund|search|rate|review|dismiss|login)$/;
  const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => (b + 256).toString(16).slice(1)).join("");
  // Where a browser refuses storage, ids and the queue last as long as the page.
  const attempt = (work) => { try { return work(localStorage); } catch {} };
  const stored = (box) => Object.keys(box).filter((name) => name.startsWith(QUEUE)), mine = QUEUE + id();
  let consent = wanted !== "wait", user = known, queue = [], most = 100, pause = 0, sending = 0, visitor, timer, held;

  const save = () => attempt((box) => (queue.length ? box.setItem(mine, JSON.stringify(queue)) : box.removeItem(mine)));
  // While the server has said that it wants to be left alone, nothing makes it sooner.
  const later = (seconds) => { if (!held) clearTimeout(timer), timer = setTimeout(flush, seconds * 1e3); };
  // Browsers take 64 KiB of requests that may outlive their page, all that are under way together.
  const batch = (from) => {
    visitor ||= attempt((box) => box[VISITOR] ||= id()) || id();
    for (let n = most; ; n >>= 1) {
      const sent = queue.slice(from, from + n), body = JSON.stringify(sent.map((event) => ({ visitor_id: visitor, ...event }))),
        keepalive = new Blob([body]).size <= 6e4;
      if (keepalive || n < 2) return { sent, body, keepalive };
    }
  };

  async function flush() {
    held = 0;
    if (!consent || sending || !queue.length) return;
    const { sent, body, keepalive } = batch(0);
    let busy, wait;
    sending = sent.length;
    pause = Math.min(pause * 2 || 1, 60);
    try {
      // As text, so that a browser need not ask another origin first.
      const answer = await fetch(url, { method: "POST", body, keepalive }), { status } = answer, told = answer.headers.get("Retry-After");
      busy = /^(40[138]|429|5)/.test(status);
      if (busy) wait = isNaN(told) ? (new Date(told) - new Date()) / 1e3 : +told;
      else {
        pause = 0;
        // One of them cannot even be read: fewer at once, until it stands alone and is left out.
        if (status > 399 && sending > 1) most = sending >> 1;
        else queue = queue.filter((event) => !sent.includes(event)), save();
        if (status < 400) most = Math.min(most * 2, 100);
      }
      // A request counts among the 64 KiB until its answer has been read.
      await answer.text();
    } catch {}
    sending = 0;
    later(Math.min(Math.max(pause, wait || 0), 3600));
    held = busy;
  }

  // What a beacon took stays stored: sent again by the next page, it counts once.
  const leave = () => {
    for (let from = sending, part; consent && !held && from < queue.length; from += part.sent.length) {
      part = batch(from);
      navigator.sendBeacon(url, part.body);
    }
  };

  function mercato(what, about) {
    if (what === "user") user = about;
    else if (what === "consent") {
      consent = about;
      if (!about) queue = [], visitor = 0, attempt((box) => [VISITOR, ...stored(box)].map((name) => box.removeItem(name)));
    } else if (EVENTS.test(what) && queue.length < 1e3)
      // As it is now, whatever the page makes of its objects later; what is no JSON is left out.
      try { queue.push(JSON.parse(JSON.stringify({ event_id: id(), event: what, ts: new Date(), user_id: user, ...about }))); } catch {}
    if (consent) save(), later(.3);
  }

  if (consent) attempt((box) => stored(box).map((name) => (queue.push(...JSON.parse(box[name])), box.removeItem(name))));
  const early = self.mercato?.q;
  self.mercato = mercato;
  early?.map((each) => mercato(...each));
  if (ga4 != null) {
    // gtag("event", name, parameters), and Tag Manager's { event, ecommerce }.
    const heard = (it) => (it?.[0] === "event" ? mercato(it[1], it[2]) : it?.ecommerce && mercato(it.event, it.ecommerce));
    const layer = (self.dataLayer ||= []), push = layer.push;
    layer.map(heard);
    layer.push = (...all) => (all.map(heard), push.apply(layer, all));
  }
  if (consent) save(), later(0);
  addEventListener("online", () => later(0));
  addEventListener("visibilitychange", () => document.hidden && leave());
  addEventListener("pagehide", leave);
})();
