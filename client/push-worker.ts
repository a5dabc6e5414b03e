/** Shows what a push says, which is only that something waits; runs without any page being open. */

interface Waiting {
  waitUntil(work: Promise<unknown>): void;
}

interface Pushed extends Waiting {
  data: { json(): { title?: string; body?: string } } | null;
}

interface Clicked extends Waiting {
  notification: Notification;
}

interface WindowClient {
  url: string;
  focus(): Promise<WindowClient>;
  navigate(address: string): Promise<WindowClient | null>;
}

// TypeScript's DOM types do not know what a service worker has.
interface Worker {
  registration: ServiceWorkerRegistration;
  clients: {
    matchAll(wanted: { type: "window" }): Promise<WindowClient[]>;
    openWindow(address: string): Promise<WindowClient | null>;
  };
  addEventListener(type: "push", hear: (event: Pushed) => void): void;
  addEventListener(type: "notificationclick", hear: (event: Clicked) => void): void;
}

const worker = globalThis as unknown as Worker;
const PLACE = "/notices";

worker.addEventListener("push", (event) => {
  const { title = "HealthDataSpace", body = "" } = event.data?.json() ?? {};
  // One tag: a newer one takes the place of one that nobody has looked at.
  event.waitUntil(worker.registration.showNotification(title, { body, tag: "waiting" }));
});

async function open(): Promise<void> {
  const [first] = await worker.clients.matchAll({ type: "window" });
  if (first === undefined) await worker.clients.openWindow(PLACE);
  else await (await first.focus()).navigate(PLACE);
}

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});
