/** Patient > examination > series, as the person sees what was found. */
import type { Header } from "./headers";
import type { Named } from "./own-archive";
import type { Source } from "./sources";

/** One file that is an image or another DICOM object. */
export interface Found {
  readonly source: Source;
  readonly header: Header;
}

/** A finding or another PDF, or a photo. */
export interface Paper {
  readonly source: Source;
  readonly photo: boolean;
  /** What an archive of a portal's own says of it. */
  readonly named?: Named | undefined;
}

/** Whether this is an ordinary picture that came with other files, as from a CD. */
export function liesBeside({ source, photo, named }: Paper): boolean {
  return photo && !named && /\/|› /.test(source.name);
}

/** Anything that is sent. */
export type Item = Found | Paper;

/** One examination of one patient. */
export interface Examination {
  readonly study: string;
  readonly files: Found[];
  /** The PDFs that lie beside its images. */
  readonly papers: Paper[];
  readonly series: Set<string>;
  readonly modalities: Set<string>;
  bytes: number;
  images: number;
  /** Documents with a DICOM header around them. */
  documents: number;
  /** Reports, presentation states and whatever else holds neither pictures nor a document. */
  others: number;
  date: string;
  description: string;
}

/** Everything of one person. */
export interface Patient {
  readonly name: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly examinations: Examination[];
}

/** What was found, sorted. */
export interface Sorted {
  readonly patients: Patient[];
  /** PDFs of which nobody can say to which examination they belong. */
  readonly alone: Paper[];
}

/** Sort files into patients and examinations, and PDFs to the examination they lie beside. */
export function group(files: readonly Found[], papers: readonly Paper[]): Sorted {
  const patients = new Map<string, Patient>();
  const examinations = new Map<string, Examination>();
  for (const found of files) {
    const { header } = found;
    const who = personKey(header);
    let patient = patients.get(who);
    if (!patient) {
      const { patient: name, birthDate, sex } = header;
      patients.set(who, (patient = { name, birthDate, sex, examinations: [] }));
    }
    const which = `${who}\u0000${header.study}`;
    let examination = examinations.get(which);
    if (!examination) {
      examination = emptyExamination(header.study);
      examinations.set(which, examination);
      patient.examinations.push(examination);
    }
    add(examination, found);
  }
  for (const { examinations: each } of patients.values()) {
    each.sort((one, other) => other.date.localeCompare(one.date));
  }
  return { patients: [...patients.values()], alone: assign(papers, [...examinations.values()]) };
}

/**
 * A PDF belongs to an examination when the nearest folder that holds images at all, its own or one
 * above it, holds images of that examination only.  The others are returned.
 */
function assign(papers: readonly Paper[], examinations: readonly Examination[]): Paper[] {
  const holds = new Map<string, Set<Examination>>();
  for (const examination of papers.length > 0 ? examinations : []) {
    for (const { source } of examination.files) {
      for (const folder of foldersOf(source.name)) {
        const there = holds.get(folder) ?? new Set();
        holds.set(folder, there.add(examination));
      }
    }
  }
  return papers.filter((paper) => {
    if (paper.named) {
      const { study } = paper.named;
      const own = examinations.find((each) => each.study === study);
      own?.papers.push(paper);
      return !own;
    }
    const nearest = foldersOf(paper.source.name).find((folder) => holds.has(folder));
    const [only, other] = nearest === undefined ? [] : [...(holds.get(nearest) ?? [])];
    if (only && !other) only.papers.push(paper);
    return !only || other !== undefined;
  });
}

/** The folders around a file, the nearest first; a ZIP is one, too. */
function foldersOf(name: string): string[] {
  const parts = name.split(/\/| › /).slice(0, -1);
  return [...parts.keys(), parts.length].reverse().map((count) => parts.slice(0, count).join("/"));
}

/** Two spellings of one person are one; two people who share a number are two. */
function personKey(header: Header): string {
  const name = header.patient.split("=")[0] ?? "";
  const words = name.toLowerCase().split(/[\^\s,]+/).filter(Boolean);
  return `${words.sort().join(" ")}\u0000${header.birthDate}`;
}

function emptyExamination(study: string): Examination {
  return {
    study,
    files: [],
    papers: [],
    series: new Set(),
    modalities: new Set(),
    bytes: 0,
    images: 0,
    documents: 0,
    others: 0,
    date: "",
    description: "",
  };
}

function add(examination: Examination, found: Found): void {
  const { header, source } = found;
  examination.files.push(found);
  examination.series.add(header.series);
  if (header.document) examination.documents += 1;
  else if (header.modality) examination.modalities.add(header.modality);
  examination.bytes += source.size;
  examination.images += header.images;
  if (header.images === 0 && !header.document) examination.others += 1;
  examination.date ||= header.date;
  examination.description ||= header.description || header.bodyPart;
}
