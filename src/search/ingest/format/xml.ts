import { SaxesParser } from "saxes";

export interface XmlReader {
  /** Names come without their prefix, which writers choose freely; attributes keep theirs. */
  open(name: string, attributes: Record<string, string>): void;
  text?(text: string): void;
  close?(name: string): void;
}

/** Streams a part of an Office file; entities that it defines itself are refused. */
export function readXml(xml: string, reader: XmlReader): void {
  const parser = new SaxesParser();
  parser.on("opentag", ({ name, attributes }) => reader.open(localName(name), attributes));
  parser.on("text", (text) => reader.text?.(text));
  parser.on("cdata", (text) => reader.text?.(text));
  parser.on("closetag", ({ name }) => reader.close?.(localName(name)));
  parser.write(xml).close();
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
