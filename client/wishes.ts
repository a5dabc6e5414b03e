/** The page of wishes: the device's own time zone, and being told on this device. */
import { bytesOf } from "./ground/base64url";
import { maybe, one } from "./ground/dom";
import { ownServiceWorker } from "./html";
import { postJson } from "./http";
import { t } from "./ground/i18n";
import { toast } from "./ui";

const WORKER = "/push-worker.js";

function proposeZone(): void {
  const zone = maybe<HTMLSelectElement>('select[data-zone="new"]');
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone?.querySelector(`option[value="${CSS.escape(here)}"]`)) zone.value = here;
}

/** What this browser keeps; for this account or for whoever used the browser before. */
async function subscribed(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration(WORKER);
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** Whether the portal tells this account here: what it was signed out on, it has forgotten. */
async function told(): Promise<boolean> {
  const subscription = await subscribed();
  if (subscription === null) return false;
  const { endpoint } = subscription;
  try {
    return (await postJson<{ known: boolean }>("/profile/notices/devices/known", { endpoint })).known;
  } catch {
    return false; // the button asks again, and says why it cannot
  }
}

async function subscribe(key: string): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") {
    toast(t("This browser does not allow notices. You can change that in its settings."), "danger");
    return;
  }
  await ownServiceWorker(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  const wanted = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
  const subscription = await pushManager.subscribe(wanted);
  try {
    await postJson("/profile/notices/devices", subscription.toJSON());
  } catch (error) {
    await subscription.unsubscribe(); // what the portal does not know of would never be told
    throw error;
  }
  toast(t("This device is told from now on."), "good");
}

async function unsubscribe(): Promise<void> {
  const subscription = await subscribed();
  if (subscription === null) return;
  await postJson("/profile/notices/devices/removal", { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
  toast(t("This device is no longer told."), "good");
}

async function offerPush(place: HTMLElement): Promise<void> {
  const begin = one<HTMLButtonElement>("[data-push-on]", place);
  const end = one<HTMLButtonElement>("[data-push-off]", place);
  const show = async () => {
    const here = await told();
    begin.hidden = here;
    end.hidden = !here;
  };
  const does = (work: () => Promise<void>) => async () => {
    try {
      await work();
    } catch {
      toast(t("This browser could not be reached by its push service. Please try again later."), "danger");
    }
    await show();
  };
  begin.addEventListener("click", () => void does(() => subscribe(place.dataset["key"] ?? ""))());
  end.addEventListener("click", () => void does(unsubscribe)());
  await show();
}

proposeZone();
const place = maybe("[data-push]");
if (place !== null && "serviceWorker" in navigator && "PushManager" in window) void offerPush(place);
