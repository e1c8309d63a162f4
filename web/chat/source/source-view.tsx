import { useEffect, useRef, useState } from "react";
import type { ChatMessage } from "../../shared/conversation/message.ts";
import type { Citation, SourcePassage } from "../../shared/wire/contract.ts";
import { messageOf } from "../../shared/wire/request.ts";
import { useChat } from "../chat.ts";
import { Icon } from "../shell/icon.tsx";
import { IconButton } from "../shell/icon-button.tsx";
import { PassageText } from "./passage-text.tsx";
import { placeOf, sourceName } from "./place.ts";
import { unsupportedBy } from "./unsupported.ts";

export interface SourceViewProps {
  message: ChatMessage;
  citation: Citation;
  onClose: () => void;
}

export function SourceView({ message, citation, onClose }: SourceViewProps) {
  const { surroundings, problem } = useSurroundings(message.id, citation.n);
  const body = useRef<HTMLDivElement>(null);
  const shown = surroundings?.citation ?? citation;
  const place = placeOf(shown);
  const marks = shown.spans?.length ? shown.spans : (citation.spans ?? []);

  useEffect(() => {
    // What stands before the passage must not push the marked words out of sight.
    const mark = body.current?.querySelector("mark") ?? body.current?.querySelector(".passage");
    mark?.scrollIntoView({ block: "center" });
  }, [surroundings, citation]);

  return (
    <>
      <header className="source-head">
        <span className="source-number">{shown.n}</span>
        <div className="source-words">
          <h2 id="source-title" tabIndex={-1}>
            {shown.title}
          </h2>
          {place ? <p className="source-place">{place}</p> : null}
        </div>
        <Neighbours message={message} n={shown.n} />
        <IconButton icon="close" label="Close source" title="Close (Esc)" onClick={onClose} />
      </header>
      <div className="source-body" ref={body} tabIndex={0} role="group" aria-label="Passage">
        {surroundings?.before.map((text, at) => (
          <div className="surrounding" key={`before-${at}`}>
            <PassageText text={text} />
          </div>
        ))}
        <blockquote className="passage" dir="auto">
          <PassageText text={shown.text} marks={marks} />
        </blockquote>
        {surroundings?.after.map((text, at) => (
          <div className="surrounding" key={`after-${at}`}>
            <PassageText text={text} />
          </div>
        ))}
        <Doubts citation={citation} />
        {problem ? (
          <p className="source-problem">What stands around this passage could not be loaded. {problem}</p>
        ) : null}
      </div>
      {shown.source ? (
        <footer className="source-foot">
          <Icon name="document" />
          <span>{sourceName(shown.source)}</span>
        </footer>
      ) : null}
    </>
  );
}

/** Sentences of the answer that the check did not find here. It is a rule and no judge: it says which, and why. */
function Doubts({ citation }: { citation: Citation }) {
  const unsupported = unsupportedBy(citation);
  const [first] = unsupported;
  if (!first) return null;
  return (
    <section className="source-doubts" aria-labelledby="doubts-title">
      <h3 id="doubts-title">Not found in this passage</h3>
      <ul>
        {unsupported.map(({ sentence, reason }) => (
          <li key={sentence}>
            <q>{sentence}</q>
            {reason ? <span>{reason}</span> : null}
          </li>
        ))}
      </ul>
      <p>Checked by rule ({first.rule.replace(/^rule-based: /, "")}); other words for the same may go unrecognised.</p>
    </section>
  );
}

function Neighbours({ message, n }: { message: ChatMessage; n: number }) {
  const chat = useChat();
  const numbers = message.citations.map((citation) => citation.n).sort((a, b) => a - b);
  const at = numbers.indexOf(n);
  if (numbers.length < 2) return null;
  const step = (by: number, label: string, icon: "left" | "chevron") => {
    const to = numbers[at + by];
    return (
      <IconButton
        icon={icon}
        label={label}
        disabled={to === undefined}
        onClick={() => to !== undefined && chat.page.setState({ source: { messageId: message.id, n: to } })}
      />
    );
  };
  return (
    <div className="neighbours">
      {step(-1, "Previous source", "left")}
      {step(1, "Next source", "chevron")}
    </div>
  );
}

/** The passages around a citation. The citation itself is here already, so a failure costs only the surroundings. */
function useSurroundings(messageId: string, n: number): { surroundings?: SourcePassage; problem?: string } {
  const { api } = useChat();
  const [state, setState] = useState<{ key: string; surroundings?: SourcePassage; problem?: string }>({ key: "" });
  const key = `${messageId} ${n}`;
  useEffect(() => {
    const controller = new AbortController();
    api.source(messageId, n, controller.signal).then(
      (surroundings) => setState({ key, surroundings }),
      (error: unknown) => {
        if (!controller.signal.aborted) setState({ key, problem: messageOf(error) });
      },
    );
    return () => controller.abort();
  }, [api, key, messageId, n]);
  return state.key === key ? state : {};
}
