/** Reasons and counts in the person's language.  Every code the server or this page gives is here. */
import { locale, plural, t } from "../ground/i18n";

const REASONS: Readonly<Record<string, () => string>> = {
  archive: () => t("a packed file inside, which is not opened"),
  bad_pixels: () => t("the picture in it is damaged"),
  bad_uid: () => t("its identification is not valid"),
  bomb: () => t("it unpacks to far more than it could hold; refused for safety"),
  conflict: () => t("an image with the same number but other content is stored already; that one was kept"),
  alone: () => t("a small picture whose original data were deleted: it can be looked at in the archive, and is no image to keep"),
  conflict_lost: () =>
    t("the image stored under this number can no longer be read, and this file is another one"),
  crashed: () => t("it could not be read safely"),
  damaged: () => t("it is damaged"),
  dicomdir: () => t("the table of contents of the CD; not needed"),
  document: () => t("a document, not an image"),
  empty: () => t("it is empty"),
  encrypted: () => t("it is protected by a password"),
  executable: () => t("a program, not an image; refused for safety"),
  heic: () =>
    t("a picture in the format HEIC or AVIF, which is not taken; please save it as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)"),
  link: () => t("a link to another place; refused for safety"),
  made: () => t("made out of another file of this archive, which is taken"),
  memory: () => t("it needs too much memory to be read safely"),
  missing: () => t("the list on the CD names it, but it is missing on the CD"),
  no_identity: () => t("it does not say to which examination it belongs"),
  no_pixels: () => t("there is no picture in it"),
  not_dicom: () => t("not an image in the format of hospitals (DICOM)"),
  not_image: () => t("not an image"),
  not_picture: () => t("its name says picture, but it is none"),
  not_pdf: () => t("its name says PDF, but it is none"),
  photo_large: () => t("it is a photo of more than 64 MB"),
  picture: () => t("a picture of a kind that is not taken; please save it as JPEG or PNG"),
  picture_beside: () =>
    t("an ordinary picture among the files of a viewer program; choose it by itself to keep it"),
  polyglot: () => t("something else is hidden behind the picture; refused for safety"),
  program: () => t("part of the viewer program on the CD"),
  script: () => t("a program, not an image; refused for safety"),
  short_pixels: () => t("it ends early: the picture in it is incomplete"),
  support: () => t("belongs to the viewer program on the CD"),
  text: () => t("a text, not an image"),
  timeout: () => t("reading it took too long"),
  too_deep: () => t("it is nested too deeply; refused for safety"),
  too_large: () => t("it is larger than 512 MB"),
  too_many_papers: () => t("more than 1,000 documents at once; please upload it afterwards"),
  too_many_elements: () => t("it has far too many parts; refused for safety"),
  twice: () => t("the very same is among the chosen files already"),
  truncated: () => t("it ends early: the file is incomplete"),
  unsafe_path: () => t("its name leads out of the ZIP (unsafe path); refused for safety"),
  uncleanable: () => t("what it tells beside its picture cannot be removed, so it was not stored"),
  unreadable: () => t("it cannot be read from this medium"),
  unsupported: () => t("its kind is not supported yet"),
  video: () => t("a video"),
  zip_bomb: () => t("this ZIP unpacks to far more than it could hold; refused for safety"),
  zip_damaged: () => t("this ZIP is damaged or not complete"),
  zip_too_many: () => t("this ZIP holds more than 20,000 files; please unpack it and choose the folder"),
};

/** Why a file is not taken, as the end of a sentence. */
export function reason(code: string): string {
  return REASONS[code]?.() ?? t("it could not be read");
}

/** Reasons that only say what belongs on a CD anyway, or came along twice. */
export function expected(code: string): boolean {
  return code === "dicomdir" || code === "made" || code === "program" || code === "support" || code === "twice";
}

/**
 * A size in the units of the product (1 GB = 1024 MB), as `show_bytes` of the server writes it; two
 * in one sentence name the larger one as `beside` and have one unit.
 */
export function size(bytes: number, beside = 0): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const most = beside > 0 ? 10240 : 1023.5;
  let value = bytes;
  let largest = beside || bytes;
  let unit = 0;
  while (largest >= most && unit < units.length - 1) {
    value /= 1024;
    largest /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value === 0 || value >= 9.95 ? 0 : 1;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const shown = bytes > 0 ? Math.max(value, 0.1) : value; // a little is not nothing
  return `${shown.toLocaleString(locale(), format)}\u00a0${units[unit]}`;
}

/** `YYYYMMDD` as the person writes dates; empty when it is none. */
export function day(date: string): string {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(date);
  if (!match) return "";
  const when = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  if (Number.isNaN(when.getTime())) return "";
  return when.toLocaleDateString(locale(), {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}

/** A DICOM name as people write it. */
export function personName(name: string): string {
  const [family = "", given = "", middle = ""] = (name.split("=")[0] ?? "").split("^");
  return [given, middle, family].filter(Boolean).join(" ") || t("without a name");
}

/** How long it will still take. */
export function remaining(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return t("less than a minute left");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return plural("about {n} minute left", "about {n} minutes left", minutes);
  return plural("about {n} hour left", "about {n} hours left", Math.round(minutes / 60));
}

/** A number of images. */
export function images(count: number): string {
  return plural("{n} image", "{n} images", count);
}

/** A number of documents. */
export function documents(count: number): string {
  return plural("{n} document", "{n} documents", count);
}

/** A number of reports and other objects without pictures. */
export function others(count: number): string {
  return plural("{n} other object", "{n} other objects", count);
}

/** A number of files. */
export function files(count: number): string {
  return plural("{n} file", "{n} files", count);
}
