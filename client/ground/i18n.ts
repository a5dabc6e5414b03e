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

/** The person's language, as the browser's own formats know it; English is British, as on the server's pages. */
export function locale(): string {
  const { lang } = document.documentElement;
  return lang === "en" ? "en-GB" : lang;
}

/** A number as the person writes it, with `least` to `most` decimals and nothing between thousands. */
export function decimal(value: number, least: number, most = least): string {
  const format = { minimumFractionDigits: least, maximumFractionDigits: most, useGrouping: false };
  return value.toLocaleString(locale(), format);
}
