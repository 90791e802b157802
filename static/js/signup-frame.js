// In the frame of a pop-up: the Escape key closes it, and who has signed up is not asked again.
(() => {
  if (window.parent === window) return;
  // Any site may show the form, so there is no one origin to name; the word tells nothing about anybody.
  const tell = (word) => window.parent.postMessage({ emailops: word }, "*");
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) tell("close");
  });
  if (document.querySelector("[data-signed-up]")) tell("done");
})();
