/** HTML that our own server rendered, as nodes: the only place that turns text into markup. */

interface Policy {
  createHTML(text: string): string;
  createScriptURL(address: string): string;
}

interface Factory {
  createPolicy(name: string, rules: Policy): Policy;
}

// TypeScript's DOM types do not know Trusted Types yet.
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const rules: Policy = { createHTML: (text) => text, createScriptURL: (address) => address };
const policy: Policy = factory?.createPolicy("hds", rules) ?? rules;

/** The nodes of a partial that came from our own origin. Never call it with a person's words. */
export function fragment(rendered: string): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(rendered);
  return document.importNode(template.content, true);
}

/** Replace `target` by the only element of a partial, and return that element. */
export function replaceWith(target: Element, rendered: string): HTMLElement {
  const fresh = fragment(rendered).firstElementChild;
  if (!(fresh instanceof HTMLElement)) throw new Error("an empty partial");
  target.replaceWith(fresh);
  return fresh;
}

/** A worker from our own build; any other address is a fault of ours. */
export function ownWorker(address: URL): Worker {
  if (address.origin !== location.origin) throw new Error("a foreign worker");
  return new Worker(policy.createScriptURL(address.href), { type: "module" });
}

/** The service worker of our own origin, which shows pushes. */
export function ownServiceWorker(path: `/${string}`): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.register(policy.createScriptURL(path));
}
