/** An archive of everything that a HealthDataSpace made: its own list says what the files beside it are. */
import type { Source } from "./sources";

/** See `portal/exporting/contents.py`. */
const LIST = "HealthDataSpace.json";
const FORMAT = "healthdataspace-export";
const VERSION = 1;
const LARGEST_LIST = 32 * 1024 * 1024;
const LARGEST_RECORD = 16 * 1024 * 1024;
/** Entries of a diary that are sent together; see `portal/records/bringing.py`. */
const AT_ONCE = 25;
const KINDS = new Set(["plan", "diary"]);
const LONGEST_LABEL = 120;
const LONGEST_UID = 64;

/** What the list says of a document. */
export interface Named {
  /** What its owner called it, or empty. */
  readonly label: string;
  /** StudyInstanceUID of the examination it belongs to; empty: it stands alone. */
  readonly study: string;
}

/** What the archives among the chosen files say of them. */
export interface OwnArchive {
  readonly documents: Map<string, Named>;
  /** Files that were made out of others in the archive: to take them would make them twice. */
  readonly made: Set<string>;
  /** Small pictures whose originals were deleted: no examination, and none of its images. */
  readonly alone: Set<string>;
  /** Medication plans and months of the diary, as data. */
  readonly records: Source[];
}

/** Some of a plan or of a month of the diary, as they are sent together. */
export interface Copy {
  readonly kind: unknown;
  readonly format: unknown;
  readonly versions: readonly Fields[];
}

/** Look for lists among the files; whatever is not of their form says nothing. */
export async function ownArchives(files: readonly Source[]): Promise<OwnArchive> {
  const found: OwnArchive = { documents: new Map(), made: new Set(), alone: new Set(), records: [] };
  const lists = files.filter(({ name }) => name.split(/\/| › /).at(-1) === LIST);
  for (const list of lists) {
    const said = await readJson(list, LARGEST_LIST);
    if (said?.["format"] === FORMAT && said["version"] === VERSION) add(found, said, list.name.slice(0, -LIST.length), files);
  }
  return found;
}

/** The data of one record, of each thing in it the newest version, as they are sent; none for anything else. */
export async function copiesOf(record: Source): Promise<Copy[]> {
  const said = await readJson(record, LARGEST_RECORD);
  if (!said) return [];
  const newest = new Map(objects(said["versions"]).map((each) => [text(each["item"]), each]));
  const versions = [...newest.values()];
  const copies: Copy[] = [];
  for (let first = 0; first < versions.length; first += AT_ONCE) {
    copies.push({ kind: said["kind"], format: said["format"], versions: versions.slice(first, first + AT_ONCE) });
  }
  return copies;
}

type Fields = Record<string, unknown>;

function add(found: OwnArchive, said: Fields, folder: string, files: readonly Source[]): void {
  const there = new Map(files.map((each) => [each.name, each]));
  for (const each of objects(said["documents"])) {
    const named = { label: text(each["label"], LONGEST_LABEL), study: text(each["study"], LONGEST_UID) };
    found.documents.set(folder + text(each["file"]), named);
  }
  for (const each of objects(said["examinations"])) {
    // An older archive does not say which; where no file is left, all of them are.
    const alone = new Set(picturesAlone(each));
    for (const made of [...texts(each["pictures"]), ...texts(each["enclosed"])]) (alone.has(made) ? found.alone : found.made).add(folder + made);
  }
  const records = new Set(found.records);
  for (const each of objects(said["records"])) {
    for (const made of [text(each["pdf"]), text(each["table"])]) if (made) found.made.add(folder + made);
    const data = there.get(folder + text(each["data"]));
    if (data && KINDS.has(text(each["kind"]))) records.add(data);
  }
  found.records.splice(0, found.records.length, ...records);
}

function picturesAlone(examination: Fields): string[] {
  const gone = examination["without_original"];
  return gone === undefined && texts(examination["files"]).length === 0 ? texts(examination["pictures"]) : texts(gone);
}

async function readJson(source: Source, largest: number): Promise<Fields | undefined> {
  if (source.size > largest) return undefined;
  try {
    const said: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await source.read(0, source.size)));
    return isFields(said) ? said : undefined;
  } catch {
    return undefined; // damaged, or somebody else's: it is a file like every other
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objects(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function text(value: unknown, longest = 1000): string {
  return typeof value === "string" ? value.slice(0, longest) : "";
}
