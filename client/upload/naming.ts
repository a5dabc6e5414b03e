/** How examinations and documents are called, and how much they are. */
import { plural, t } from "../ground/i18n";
import type { Examination, Paper, Sorted } from "./grouping";
import { day, documents, images, others } from "./words";

/** A document by its own name, without the folders around it; by its owner's where an archive says it. */
export function fileName({ source, named }: Paper): string {
  const name = source.name.split(/\/| › /).at(-1) ?? source.name;
  return named?.label ? `${named.label}${/\.[a-z]{3,4}$/i.exec(name)?.[0] ?? ""}` : name;
}

/** How much it is, as people count it: every frame is an image; what has no picture is none. */
export function extent(examination: Examination): string {
  const counts = [
    examination.images > 0 && images(examination.images),
    examination.documents > 0 && documents(examination.documents),
    examination.others > 0 && others(examination.others),
  ].filter(Boolean);
  return counts.join(", ");
}

/** "CT head 12 March 2026"; what holds nothing but documents is called one. */
export function titleOf(examination: Examination): string {
  const how = [...examination.modalities].sort().join(", ") || (examination.documents > 0 && t("Document"));
  const parts = [how, examination.description, day(examination.date)].filter(Boolean);
  return parts.join(" · ") || t("Examination");
}

/** "2 examinations found, 1 document found"; what they are stands below. */
export function foundSentence({ patients, alone }: Sorted): string {
  const all = patients.flatMap(({ examinations }) => examinations);
  const papers = alone.length + all.reduce((sum, each) => sum + each.papers.length, 0);
  const told = [
    all.length > 0 && plural("{n} examination found", "{n} examinations found", all.length),
    papers > 0 && plural("{n} document found", "{n} documents found", papers),
  ].filter(Boolean);
  return told.join(", ") || t("No examinations found");
}
