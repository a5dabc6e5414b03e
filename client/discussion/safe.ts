/**
 * What a person wrote and has not sent yet, kept on this device: encrypted under a key that cannot
 * leave the browser, one for each account, and gone with the account's sign-out.
 */

const DATABASE = "hds-discussion";
const STORES = ["keys", "drafts", "queue"] as const;
type Store = (typeof STORES)[number];

interface Boxed {
  readonly account: string;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: ArrayBuffer;
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    request.addEventListener("success", () => done(request.result));
    request.addEventListener("error", () => fail(request.error));
  });
}

function completed(work: IDBTransaction): Promise<void> {
  return new Promise((done, fail) => {
    work.addEventListener("complete", () => done());
    for (const end of ["error", "abort"]) work.addEventListener(end, () => fail(work.error));
  });
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore("keys");
    request.result.createObjectStore("drafts");
    request.result.createObjectStore("queue", { autoIncrement: true });
  });
  return settled(request);
}

export interface Kept<T> {
  readonly id: IDBValidKey;
  readonly value: T;
}

/** The encrypted drawer of one account. */
export class Safe {
  readonly #database: IDBDatabase;
  readonly #account: string;
  readonly #key: CryptoKey;

  private constructor(database: IDBDatabase, account: string, key: CryptoKey) {
    this.#database = database;
    this.#account = account;
    this.#key = key;
  }

  /** Opens the drawer of `account`; what another account left on this device is thrown away. */
  static async open(account: string): Promise<Safe> {
    const database = await opened();
    const key = await Safe.#keyOf(database, account);
    return new Safe(database, account, key);
  }

  static async #keyOf(database: IDBDatabase, account: string): Promise<CryptoKey> {
    const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]);
    const work = database.transaction(STORES, "readwrite");
    const keys = work.objectStore("keys");
    const known = (await settled(keys.get(account))) as CryptoKey | undefined;
    if (known !== undefined) return known;
    for (const store of STORES) work.objectStore(store).clear();
    keys.put(fresh, account);
    await completed(work);
    return fresh;
  }

  /** Throws everything away, keys first: for sign-out. */
  static async forget(): Promise<void> {
    const database = await opened();
    const work = database.transaction(STORES, "readwrite");
    for (const store of STORES) work.objectStore(store).clear();
    database.close();
  }

  async #boxed(value: unknown): Promise<Boxed> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(value));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.#key, plain);
    return { account: this.#account, iv, data };
  }

  async #open<T>(boxed: Boxed): Promise<T | undefined> {
    try {
      const plain = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: boxed.iv },
        this.#key,
        boxed.data,
      );
      return JSON.parse(new TextDecoder().decode(plain)) as T;
    } catch {
      return undefined; // boxed under a key that is gone
    }
  }

  #read(name: Store): IDBObjectStore {
    return this.#database.transaction(name, "readonly").objectStore(name);
  }

  /** Changes a store; done when the change is on the disk, and not before. */
  async #write(name: Store, change: (store: IDBObjectStore) => void): Promise<void> {
    const work = this.#database.transaction(name, "readwrite", { durability: "strict" });
    change(work.objectStore(name));
    await completed(work);
  }

  async keepDraft(thread: string, text: string): Promise<void> {
    const boxed = text === "" ? undefined : await this.#boxed(text);
    await this.#write("drafts", (drafts) => {
      if (boxed === undefined) drafts.delete(thread);
      else drafts.put(boxed, thread);
    });
  }

  async draft(thread: string): Promise<string> {
    const boxed = (await settled(this.#read("drafts").get(thread))) as Boxed | undefined;
    return boxed === undefined ? "" : ((await this.#open<string>(boxed)) ?? "");
  }

  async enqueue(value: unknown): Promise<void> {
    const boxed = await this.#boxed(value);
    await this.#write("queue", (queue) => queue.add(boxed));
  }

  async dequeue(id: IDBValidKey): Promise<void> {
    await this.#write("queue", (queue) => queue.delete(id));
  }

  /** Everything that waits, in the order in which it was written. */
  async queued<T>(): Promise<Kept<T>[]> {
    const store = this.#read("queue");
    const [ids, boxes] = await Promise.all([
      settled(store.getAllKeys()),
      settled(store.getAll() as IDBRequest<Boxed[]>),
    ]);
    const found: Kept<T>[] = [];
    for (const [at, boxed] of boxes.entries()) {
      const value = await this.#open<T>(boxed);
      const id = ids[at];
      if (value !== undefined && id !== undefined) found.push({ id, value });
    }
    return found;
  }
}
