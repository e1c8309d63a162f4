// What Word, PowerPoint and Excel files have in common: a ZIP of XML parts that refer to one another.

import path from "node:path";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { IngestLimits } from "../limit.ts";
import { byMark } from "./decode.ts";
import { readXml } from "./xml.ts";
import { unzipParts } from "../zip.ts";

export interface OfficePackage {
  /** A part as text, or undefined when the package has none of that name. */
  xml(part: string): string | undefined;
  /** @throws FlowsteadError `DocumentDamaged`. */
  required(part: string): string;
  /** The part that the package begins with; few programs give it another name than the usual one. */
  main(usual: string): string;
  /** What a part refers to, by the id it uses for it. */
  relations(part: string): Map<string, Relation>;
  /** The title in the file's properties. */
  title: string | undefined;
}

export interface Relation {
  /** The last word of its type, such as `slide` or `notesSlide`. */
  kind: string;
  /** Name of the part in the package. */
  part: string;
}

const PROPERTIES = "docProps/core.xml";
const ROOT = "_rels/.rels";

/**
 * Unpacks the wanted parts, and runs `read` over them so that broken XML is told as such.
 * @throws FlowsteadError of the `Document...` codes.
 */
export function readOffice<T>(
  bytes: Uint8Array,
  wanted: (part: string) => boolean,
  limits: IngestLimits,
  read: (office: OfficePackage) => T,
): T {
  const parts = unzipParts(bytes, (part) => part === PROPERTIES || part === ROOT || wanted(part), limits);
  const xml = (part: string): string | undefined => {
    const found = parts.get(part);
    return found && (byMark(found) ?? new TextDecoder("utf-8").decode(found));
  };
  try {
    return read({
      xml,
      required(part) {
        const found = xml(part);
        if (found !== undefined) return found;
        throw new FlowsteadError("DocumentDamaged", `It is a ZIP file without ${part}.`);
      },
      relations: (part) => relationsOf(part, xml(relationsPart(part))),
      main: (usual) => {
        const named = [...relationsOf("", xml(ROOT)).values()].find(({ kind }) => kind === "officeDocument")?.part;
        return named !== undefined && parts.has(named) ? named : usual;
      },
      title: titleOf(xml(PROPERTIES)),
    });
  } catch (thrown) {
    if (thrown instanceof FlowsteadError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new FlowsteadError("DocumentDamaged", `Its text is broken XML: ${reason}`, { cause: thrown });
  }
}

function relationsPart(part: string): string {
  return path.posix.join(path.posix.dirname(part), "_rels", `${path.posix.basename(part)}.rels`);
}

function relationsOf(part: string, xml: string | undefined): Map<string, Relation> {
  const relations = new Map<string, Relation>();
  if (xml === undefined) return relations;
  readXml(xml, {
    open(name, { Id = "", Type = "", Target = "", TargetMode }) {
      if (name !== "Relationship" || TargetMode === "External") return;
      const target = Target.startsWith("/") ? Target.slice(1) : path.posix.join(path.posix.dirname(part), Target);
      relations.set(Id, { kind: Type.slice(Type.lastIndexOf("/") + 1), part: target });
    },
  });
  return relations;
}

/** A document is no worse for broken properties. */
function titleOf(xml: string | undefined): string | undefined {
  let title = "";
  let isOpen = false;
  try {
    readXml(xml ?? "", {
      open: (name) => (isOpen = name === "title"),
      text: (part) => (title += isOpen ? part : ""),
      close: () => (isOpen = false),
    });
  } catch {
    // What has been read counts.
  }
  return title.trim().slice(0, 500) || undefined;
}
