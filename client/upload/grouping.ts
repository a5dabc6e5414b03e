/** Patient > examination > series, as the person sees what was found. */
import type { Header } from "./headers";
import type { Source } from "./sources";

/** One file that is an image or another DICOM object. */
export interface Found {
  readonly source: Source;
  readonly header: Header;
}

/** One examination of one patient. */
export interface Examination {
  readonly study: string;
  readonly files: Found[];
  readonly series: Set<string>;
  readonly modalities: Set<string>;
  bytes: number;
  images: number;
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

/** Sort files into patients and examinations; an instance that came twice is taken once. */
export function group(files: readonly Found[]): Patient[] {
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
  return [...patients.values()];
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
    series: new Set(),
    modalities: new Set(),
    bytes: 0,
    images: 0,
    date: "",
    description: "",
  };
}

function add(examination: Examination, found: Found): void {
  const { header, source } = found;
  examination.files.push(found);
  examination.series.add(header.series);
  if (header.modality) examination.modalities.add(header.modality);
  examination.bytes += source.size;
  examination.images += header.images;
  examination.date ||= header.date;
  examination.description ||= header.description || header.bodyPart;
}
