import { useState } from "react";
import type { ChatMessage } from "../../shared/conversation/message.ts";
import type { Citation } from "../../shared/wire/contract.ts";
import { useChat, usePage } from "../chat.ts";
import { placeOf } from "../source/place.ts";
import { unsupportedBy } from "../source/unsupported.ts";

/** The passages that the answer stands on; those that it names come first, the others on demand. */
export function Sources({ message }: { message: ChatMessage }) {
  const [all, setAll] = useState(false);
  const cited = message.citations.filter(({ n }) => mentions(message.text, n));
  const first = cited.length > 0 ? cited : message.citations;
  const rest = message.citations.filter((citation) => !first.includes(citation));
  return (
    <div className="sources" role="group" aria-label="Sources">
      <h2>{cited.length > 0 ? "Sources" : "Passages found"}</h2>
      <ol>
        {(all ? [...first, ...rest] : first).map((citation) => (
          <Source key={citation.n} citation={citation} messageId={message.id} />
        ))}
      </ol>
      {rest.length > 0 ? (
        <button type="button" className="text-button" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Only the cited ones" : `${rest.length} more ${rest.length === 1 ? "passage" : "passages"} found`}
        </button>
      ) : null}
    </div>
  );
}

function Source({ citation, messageId }: { citation: Citation; messageId: string }) {
  const chat = useChat();
  const isOpen = usePage(({ source }) => source?.messageId === messageId && source.n === citation.n);
  const place = placeOf(citation);
  return (
    <li>
      <button
        type="button"
        className="source"
        data-source={citation.n}
        aria-pressed={isOpen}
        onClick={() => chat.page.setState({ source: { messageId, n: citation.n } })}
      >
        <span className="source-number">{citation.n}</span>
        <span className="source-words">
          <span className="source-title">{citation.title}</span>
          {place ? <span className="source-place">{place}</span> : null}
          {unsupportedBy(citation).length > 0 ? <span className="source-doubt">May not say what is cited</span> : null}
        </span>
      </button>
    </li>
  );
}

function mentions(text: string, n: number): boolean {
  return new RegExp(`\\[(?:\\d{1,3}\\s?[,;]\\s?)*${n}(?:\\s?[,;]\\s?\\d{1,3})*\\]`).test(text);
}
