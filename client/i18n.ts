/** Translations of the page: English msgids to the person's language. */

let catalogue: Readonly<Record<string, string>> | undefined;

function read(): Readonly<Record<string, string>> {
  const embedded = document.getElementById("i18n")?.textContent;
  return embedded ? (JSON.parse(embedded) as Record<string, string>) : {};
}

/** The person's words for an English msgid; `{name}` places are filled from `values`. */
export function t(msgid: string, values: Readonly<Record<string, string | number>> = {}): string {
  catalogue ??= read();
  const text = catalogue[msgid] ?? msgid;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
