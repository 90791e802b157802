// A form that shows itself on any site: <script src=".../signup-popup.js" data-form="https://.../f/…/frame" async></script>
// It keeps one date, in this site's own storage, so that whoever closed it is left alone for a month.
(() => {
  const me = document.currentScript;
  const address = me && me.dataset.form;
  if (!address) return;
  const KEY = `signup:${new URL(address).pathname}`;
  const REST = 30 * 24 * 3600 * 1000;

  const remembered = () => {
    try { return Number(localStorage.getItem(KEY)) || 0; } catch { return 0; }
  };
  const remember = () => {
    try { localStorage.setItem(KEY, String(Date.now())); } catch { /* a site may forbid storage */ }
  };

  const show = () => {
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", me.dataset.label || document.title);
    Object.assign(dialog.style, { border: "0", padding: "0", borderRadius: "12px", width: "min(28rem, 92vw)", overflow: "hidden" });
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", me.dataset.close || "Close");
    Object.assign(close.style, { position: "absolute", insetInlineEnd: "8px", top: "8px", width: "36px", height: "36px", border: "0", background: "transparent", fontSize: "24px", cursor: "pointer" });
    close.autofocus = true;
    close.addEventListener("click", () => dialog.close());
    const frame = document.createElement("iframe");
    const visitor = window.emailops && window.emailops.visitor;  // known only to who agreed to it on this site
    frame.src = visitor ? `${address}?visitor=${encodeURIComponent(visitor)}` : address;
    frame.title = me.dataset.label || document.title;
    Object.assign(frame.style, { border: "0", width: "100%", height: "min(36rem, 80vh)", display: "block" });
    dialog.append(frame, close);
    // Keys that are pressed inside the frame never reach this page: the frame says what was meant.
    const hear = (event) => {
      if (event.source !== frame.contentWindow || !event.data) return;
      if (event.data.emailops === "close") dialog.close();
      if (event.data.emailops === "done") remember();
    };
    window.addEventListener("message", hear);
    dialog.addEventListener("close", () => { remember(); window.removeEventListener("message", hear); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  };

  if (Date.now() - remembered() > REST) setTimeout(show, 1000 * (Number(me.dataset.delay) || 0));
})();
