// What people have put on a page: what they filled into its form, and their notes. Neither is part of the page's own text.

interface Annotation {
  subtype?: string;
  fieldType?: string;
  fieldName?: string;
  alternativeText?: string;
  fieldValue?: unknown;
  contentsObj?: { str?: string };
  checkBox?: boolean;
  pushButton?: boolean;
  hidden?: boolean;
  password?: boolean;
}

interface AnnotatedPage {
  getAnnotations(): Promise<unknown[]>;
}

/** A line for each, as `Name: value` or `Comment: words`. */
export async function entriesOf(page: AnnotatedPage): Promise<string[]> {
  // A form that is broken takes nothing from the page.
  const found = (await page.getAnnotations().catch(() => [])) as Annotation[];
  return [...new Set(found.map((one) => (one.subtype === "Widget" ? filledIn(one) : noted(one))))].filter(Boolean);
}

function filledIn({ fieldName, alternativeText, fieldValue, ...field }: Annotation): string {
  if (field.pushButton || field.hidden || field.password || field.fieldType === "Sig") return "";
  const value = (Array.isArray(fieldValue) ? fieldValue : [fieldValue])
    .filter((one) => typeof one === "string" && one.trim() !== "" && one !== "Off")
    .join(", ");
  return value === "" ? "" : `${alternativeText || fieldName || "Field"}: ${value}`;
}

function noted({ hidden, contentsObj }: Annotation): string {
  const words = contentsObj?.str?.trim() ?? "";
  return hidden || words === "" ? "" : `Comment: ${words}`;
}
