/** Translations of the page: English msgids to the person's language. */

type Values = Readonly<Record<string, string | number>>;
type Catalogue = Readonly<Record<string, string | readonly string[]>>;

let catalogue: Catalogue | undefined;

function lookUp(msgid: string): string | readonly string[] | undefined {
  if (catalogue === undefined) {
    const embedded = document.getElementById("i18n")?.textContent;
    catalogue = embedded ? (JSON.parse(embedded) as Catalogue) : {};
  }
  return catalogue[msgid];
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The person's words for an English msgid; `{name}` places are filled from `values`. */
export function t(msgid: string, values: Values = {}): string {
  const found = lookUp(msgid);
  return fill(typeof found === "string" ? found : msgid, values);
}

/** The one of two msgids that suits `n`; `{n}` is filled with it. */
export function plural(one: string, many: string, n: number, values: Values = {}): string {
  const found = lookUp(one);
  const [single, several] = Array.isArray(found) ? (found as string[]) : [one, many];
  return fill((n === 1 ? single : several) ?? many, { n, ...values });
}
