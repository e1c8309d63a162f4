import { Fragment, useMemo } from "react";
import { highlightedIn } from "../../shared/format/highlight.ts";
import type { List } from "../../shared/passage/list.ts";
import { blocksOf } from "../../shared/passage/shape.ts";
import type { Cell, Table } from "../../shared/passage/table.ts";
import type { Span } from "../../shared/wire/contract.ts";

interface Marked {
  text: string;
  /** Places in `text`. */
  marks?: readonly Span[];
}

/** A passage with its tables and lists. All that a document says becomes text, none of it markup. */
export function PassageText(passage: Marked) {
  const { text } = passage;
  const blocks = useMemo(() => blocksOf(text), [text]);
  return blocks.map((block, at) => {
    if (block.kind === "table") return <PassageTable key={at} table={block} {...passage} />;
    if (block.kind === "list") return <PassageList key={at} list={block} {...passage} />;
    return (
      <p key={at} dir="auto">
        <Words spans={[block.span]} {...passage} />
      </p>
    );
  });
}

function PassageTable({ table, ...passage }: { table: Table } & Marked) {
  const { head, rows, columns } = table;
  const cellsIn = (row: Cell[], Name: "td" | "th") =>
    columns.map((align, at) => {
      const spans = row[at] ?? [];
      const inner = <Words spans={spans} {...passage} />;
      // A head cell without words would be read out as a head of nothing.
      if (Name === "td" || spans.length === 0) {
        return (
          <td key={at} data-align={align}>
            {inner}
          </td>
        );
      }
      return (
        <th key={at} data-align={align} scope="col">
          {inner}
        </th>
      );
    });
  return (
    <div className="passage-table" tabIndex={0} role="group" aria-label="Table">
      <table dir="auto">
        {head ? (
          <thead>
            <tr>{cellsIn(head, "th")}</tr>
          </thead>
        ) : null}
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>{cellsIn(row, "td")}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PassageList({ list, ...passage }: { list: List } & Marked) {
  const items = list.items.map((item, at) => (
    <li key={at} value={item.number}>
      <Words spans={[item.span]} {...passage} />
      {item.lists.map((inner, index) => (
        <PassageList key={index} list={inner} {...passage} />
      ))}
    </li>
  ));
  return list.ordered ? <ol dir="auto">{items}</ol> : <ul dir="auto">{items}</ul>;
}

function Words({ spans, text, marks = [] }: { spans: readonly Span[] } & Marked) {
  return highlightedIn(text, spans, marks).map((piece, at) =>
    piece.marked ? <mark key={at}>{piece.text}</mark> : <Fragment key={at}>{piece.text}</Fragment>,
  );
}
