/** The case page: images and discussion side by side, live. */
import { all, maybe, on, one } from "./ground/dom";
import { complainAt, content } from "./fields";
import { postJson, Refused } from "./http";
import { t } from "./ground/i18n";
import { shortcut } from "./ground/keys";
import { live } from "./live";
import { showPane } from "./panes";
import { alsoListed, busy } from "./ui";
import { Company } from "./discussion/company";
import { Composers } from "./discussion/composer";
import { Feed } from "./discussion/feed";
import { wireHistory } from "./discussion/history";
import { imagesOf } from "./discussion/images";
import { type Member, Names } from "./discussion/names";
import { byThread, goTo, listThread, put, rendered } from "./discussion/place";
import { dropWaiting, Posts, showWaiting } from "./discussion/posts";
import { Queue } from "./discussion/queue";
import { wireReactions } from "./discussion/reactions";
import { Safe } from "./discussion/safe";
import { Reading } from "./discussion/unread";
import { viewerKeys } from "../viewer/web/shortcuts";

const PRESENT_MS = 20_000;
/** Those who ask at the same moment, as after a break of the server, get one answer. */
const ANSWER_MS = 200;

async function start(page: HTMLElement): Promise<void> {
  const { case: caseId = "", community = "", account = "" } = page.dataset;
  const members = JSON.parse(one("#members").textContent ?? "[]") as Member[];
  const mine = members.find(({ id }) => id === account)?.name ?? "";
  const company = new Company(members);
  const reading = new Reading();
  const images = imagesOf(page);
  const safe = await Safe.open(account);
  let answering: number | undefined;

  const leave = (words: string) => {
    feed.end();
    images?.end();
    socket.close();
    maybe("[data-connection]")?.remove(); // it would promise that the page asks again
    one("[data-talk]").replaceChildren();
    const notice = document.createElement("p");
    notice.className = "notice notice-caution";
    notice.setAttribute("role", "alert");
    notice.textContent = words;
    const onward = document.createElement("a");
    onward.href = "/communities";
    onward.textContent = t("To your communities");
    one("[data-talk]").append(notice, onward);
    showPane("talk"); // on a phone the images' side has no room for words
  };

  const queue = new Queue(safe, caseId, {
    waiting: (post) => showWaiting(post, mine),
    sent: (post, answer) => {
      dropWaiting(post);
      put(answer.html, account);
      reading.watch();
    },
    refused: (post, error) => {
      dropWaiting(post);
      void composers.giveBack(post, fieldProblem(error, "text") ?? error.message);
    },
  });

  const socket = live({
    change: (hint) => {
      if (hint.case === caseId) feed.hint(hint.seq);
    },
    left: (hint) => {
      if (hint.community === community) leave(t("You no longer belong to this community."));
    },
    read: (hint) => {
      const section = hint.case === caseId ? byThread(hint.thread) : null;
      if (section !== null) reading.follow(section, hint.seq);
    },
    typing: (hint) => {
      if (hint.case === caseId) company.typing(hint.thread, hint.account);
    },
    present: (hint) => {
      if (hint.case !== caseId) return;
      company.present(hint.account);
      if (!hint.asks) return;
      clearTimeout(answering);
      answering = window.setTimeout(() => socket.present(caseId, false), ANSWER_MS);
    },
    state: (connected) => {
      company.connected(connected);
      feed.connected(connected);
      if (!connected) return;
      socket.present(caseId, true);
      void queue.flush();
    },
  });
  setInterval(() => socket.present(caseId, false), PRESENT_MS);

  const composers = new Composers(page, { safe, queue, names: new Names(members.filter(({ id }) => id !== account)), images }, (thread) =>
    socket.typing(caseId, thread),
  );
  const refreshed = () => {
    reading.watch();
    images?.offer();
    void composers.restore();
  };
  const refreshing = async () => {
    await composers.keepNow();
    const title = maybe<HTMLInputElement>("[data-new-thread] [name=title]")?.value ?? "";
    const giveBack = posts.keepEdits();
    return () => {
      giveBack();
      const field = maybe<HTMLInputElement>("[data-new-thread] [name=title]");
      if (field !== null && title !== "") {
        field.value = title;
        field.closest("details")?.setAttribute("open", "");
      }
    };
  };
  const feed = new Feed(page, {
    changed: (thread, author) => {
      company.wrote(thread, author);
      reading.watch();
    },
    refreshing,
    refreshed,
    gone: () => leave(t("This case does not exist, or you have no access to it.")),
  });
  const posts = new Posts(page, () => reading.watch(), (post) => reading.enter(post));
  shortcut("n", t("First unread post"), () => void posts.toUnread(all("[data-thread-section]")));
  if (images !== undefined) alsoListed(t("On the image, once it has the focus"), viewerKeys);
  wireHistory();
  wireReactions();
  shortcut("t", t("New thread"), () => openNewThread());
  wireThreads(refreshed);
  wireSignOut();

  await composers.restore();
  await posts.goToHash();
  reading.watch();
  reading.lookAt(page);
  void queue.resume();
  await images?.start();
}

/** The field for a new thread, from wherever the person is; a closed case has none. */
function openNewThread(): void {
  const field = maybe<HTMLInputElement>("[data-new-thread] [name=title]");
  field?.closest("details")?.setAttribute("open", "");
  field?.focus();
}

/** A new thread appears without a reload, and the cursor is in it. */
function wireThreads(added: () => void): void {
  on(document, "click", ".new-thread > summary", (_event, summary) => {
    // The click itself opens or closes it, after everybody has heard of it.
    if (!summary.parentElement?.hasAttribute("open")) setTimeout(openNewThread);
  });
  on(document, "submit", "[data-new-thread]", (event, form) => {
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    const client = one<HTMLInputElement>("[name=client_id]", form);
    const title = one<HTMLInputElement>("[name=title]", form);
    const sent = { client_id: client.value, title: title.value };
    busy(form, postJson<{ id: string; html: string }>(form.action, sent)).then(
      ({ id, html }) => {
        client.value = crypto.randomUUID();
        title.value = "";
        content(title);
        form.closest("details")?.removeAttribute("open");
        if (byThread(id) === null) one("[data-threads]").append(...rendered(html));
        added();
        const section = byThread(id);
        if (section === null) return;
        listThread(section);
        goTo(section);
        maybe("textarea", section)?.focus();
      },
      (error: Error) => {
        complainAt(title, fieldProblem(error, "title") ?? error.message);
      },
    );
  });
}

/** What the server said about one field of what was sent. */
function fieldProblem(error: Error, field: string): string | undefined {
  const fields = error instanceof Refused ? error.details["fields"] : undefined;
  return (fields as Record<string, string> | undefined)?.[field];
}

/** What was kept on this device goes with the person. */
function wireSignOut(): void {
  on(document, "submit", 'form[action="/sign-out"]', () => void Safe.forget());
}

const page = maybe(".case[data-case]");
if (page !== null) void start(page);
