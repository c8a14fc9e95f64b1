// Tells a Mercato shop what visitors do; see docs/snippet.md. It sets no cookie.
(() => {
  const script = document.currentScript, { key, consent: wanted, user: known, ga4 } = script.dataset;
  const url = new URL("/v1/events", script.src);
  if (key) url.searchParams.set("key", key);
  const VISITOR = "mercato-visitor", QUEUE = "mercato-queue-", EVENTS = /^(view_(item(_list)?|search_results|promotion)|select_(item|promotion)|add_to_(cart|wishlist)|remove_from_cart|purchase|refund|search|rate|review|dismiss|login)$/;
  const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => (b + 256).toString(16).slice(1)).join("");
  // Where a browser refuses storage, ids and the queue last as long as the page.
  const attempt = (work) => { try { return work(localStorage); } catch {} };
  const stored = (box) => Object.keys(box).filter((name) => name.startsWith(QUEUE));
  const mine = QUEUE + id();
  let consent = wanted !== "wait", user = known, queue = [], visitor, sending, timer, pause = 1;

  const save = () => attempt((box) => (queue.length ? box.setItem(mine, JSON.stringify(queue)) : box.removeItem(mine)));
  const later = (seconds) => { clearTimeout(timer); timer = setTimeout(flush, seconds * 1e3); };
  const batch = () => {
    visitor ||= attempt((box) => box[VISITOR] ||= id()) || id();
    return queue.slice(0, 100).map((event) => ({ visitor_id: visitor, ...event }));
  };

  async function flush() {
    if (!consent || sending || !queue.length) return;
    const sent = batch();
    let done;
    sending = true;
    try {
      // As text, so that a browser need not ask another origin first.
      const { status } = await fetch(url, { method: "POST", body: JSON.stringify(sent), keepalive: true });
      done = status < 500 && status !== 429;
    } catch {}
    sending = false;
    pause = done ? 0 : Math.min(pause * 2 || 1, 60);
    if (done) queue.splice(0, sent.length), save();
    if (queue.length) later(pause);
  }

  // What a beacon took stays stored: sent again by the next page, it counts once.
  const leave = () => consent && queue.length && navigator.sendBeacon(url, JSON.stringify(batch()));

  function mercato(what, about) {
    if (what === "user") user = about;
    else if (what === "consent") {
      consent = about;
      if (!about) queue = [], visitor = 0, attempt((box) => [VISITOR, ...stored(box)].map((name) => box.removeItem(name)));
    } else if (EVENTS.test(what) && queue.length < 1e3) queue.push({ event_id: id(), event: what, ts: new Date().toISOString(), user_id: user, ...about });
    if (consent) save(), later(0.3);
  }

  if (consent) attempt((box) => stored(box).map((name) => (queue.push(...JSON.parse(box[name])), box.removeItem(name))));
  const early = self.mercato?.q || [];
  self.mercato = mercato;
  early.map((each) => mercato(...each));
  if (ga4 != null) {
    // gtag("event", name, parameters), and Tag Manager's { event, ecommerce }.
    const heard = (it) => (it[0] === "event" ? mercato(it[1], it[2]) : it.ecommerce && mercato(it.event, it.ecommerce));
    const layer = (self.dataLayer ||= []), push = layer.push;
    layer.map(heard);
    layer.push = (...all) => (all.map(heard), push.apply(layer, all));
  }
  if (consent) save(), later(0);
  addEventListener("online", () => later(0));
  addEventListener("visibilitychange", () => document.hidden && leave());
  addEventListener("pagehide", leave);
})();
