// What readers do on a site, told to its own EmailOps. Before emailops("consent", true) nothing is kept or sent.
(() => {
  const { src, dataset: { site, pages } } = document.currentScript;
  const base = new URL(src).origin, forms = `${base}/f/`, store = "emailops";
  const early = window.emailops?.q || [];
  let visitor = "", token = "", waiting = [], timer = 0, unseen = pages !== undefined;
  const kept = (value) => {
    try {
      if (value === undefined) return localStorage.getItem(store);
      if (value) localStorage.setItem(store, value); else localStorage.removeItem(store);
    } catch { /* storage is forbidden: the visit ends with the page */ }
  };
  const id = () => crypto.randomUUID?.() || [...crypto.getRandomValues(new Uint8Array(16))].map((n) => (n + 256).toString(16).slice(1)).join("");
  const send = () => {
    clearTimeout(timer);
    timer = 0;
    while (visitor && (token || waiting.length)) {
      const body = JSON.stringify({ v: visitor, t: token, d: waiting.splice(0, 20) });
      token = "";
      fetch(`${base}/s/${site}`, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
    }
  };
  const soon = () => { timer ||= setTimeout(send, 300); };
  const add = (deed) => { if (visitor) { waiting.push(deed); soon(); } };
  const verbs = {
    consent: (yes) => {
      visitor = yes ? visitor || kept() || id() : "";
      kept(visitor);
      api.visitor = visitor && `${site}.${visitor}`;
      if (!yes) { waiting = []; token = ""; return; }
      soon();
      if (unseen) { unseen = false; verbs.event("page_viewed", { path: location.pathname, title: document.title }); }
    },
    identify: (given) => { token = String(given || ""); soon(); },
    event: (name, properties = {}) => add({ kind: "event", name, properties, id: id() }),
    order: (order) => add({ ...order, kind: "order" }),
  };
  const api = (verb, ...given) => verbs[verb]?.(...given);
  window.emailops = api;
  api.visitor = "";

  const here = new URL(location.href);
  token = here.searchParams.get("eo_person") || "";
  if (token) {
    here.searchParams.delete("eo_person");
    history.replaceState(history.state, "", here);
  }
  if (kept()) verbs.consent(true);
  for (const call of early) api(...call);
  // Who signs up by one of our forms is who looked around before.
  addEventListener("submit", ({ target }) => {
    if (!visitor || target.querySelector("[name=visitor]") || !String(target.action).startsWith(forms)) return;
    target.append(Object.assign(document.createElement("input"), { type: "hidden", name: "visitor", value: api.visitor }));
  }, true);
  addEventListener("click", ({ target }) => {
    const link = target.closest?.("a[href]");
    if (!visitor || !link?.href.startsWith(forms)) return;
    const to = new URL(link.href);
    to.searchParams.set("visitor", api.visitor);
    link.href = to;
  }, true);
  addEventListener("pagehide", send);
})();
