/*
 * Shows the notice for browsers that lack what our pages use. Written in the JavaScript of 2009,
 * and no module: an old browser must be able to read it. It blocks nothing.
 */
(function () {
  "use strict";
  function lacking() {
    var proto = window.HTMLElement ? window.HTMLElement.prototype : {};
    return !(
      "noModule" in document.createElement("script") &&
      window.HTMLDialogElement &&
      "popover" in proto &&
      window.AbortSignal &&
      window.AbortSignal.any &&
      window.CSS &&
      window.CSS.supports &&
      window.CSS.supports("selector(:has(*))")
    );
  }
  function show() {
    var notice = document.getElementById("old-browser");
    if (notice && lacking()) notice.removeAttribute("hidden");
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", show);
  else show();
})();
