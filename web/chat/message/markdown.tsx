import { type MouseEvent, memo, useMemo, useState } from "react";
import { copyText } from "../../shared/copy.ts";
import { isDense } from "../../shared/format/dense.ts";
import type { SourceTitles } from "../../shared/markdown/citation-mark.ts";
import { renderMarkdown } from "../../shared/markdown/render.ts";
import { BlockSplitter } from "../../shared/markdown/split.ts";
import { useChat } from "../chat.ts";
import { CitationTip, type Tip } from "./citation-tip.tsx";

export interface MarkdownProps {
  text: string;
  titles: SourceTitles;
  /** More text is coming. */
  open: boolean;
  messageId: string;
}

/** A model's text. Only the block that grows is rendered again. */
export function Markdown({ text, titles, open, messageId }: MarkdownProps) {
  const chat = useChat();
  const [splitter] = useState(() => new BlockSplitter());
  const blocks = useMemo(() => splitter.split(text), [splitter, text]);
  const [tip, setTip] = useState<Tip>();

  const showTip = (target: EventTarget): void => {
    const chip = chipOf(target);
    setTip(chip ? { text: chip.getAttribute("aria-label") ?? "", at: chip.getBoundingClientRect() } : undefined);
  };
  const onClick = (event: MouseEvent): void => {
    const chip = chipOf(event.target);
    if (chip) {
      setTip(undefined);
      chat.page.setState({ source: { messageId, n: Number(chip.dataset.cite) } });
      return;
    }
    const copy = (event.target as Element).closest<HTMLElement>("[data-copy]");
    const code = copy?.closest(".code")?.querySelector("code")?.textContent;
    if (copy && code !== undefined) void copyCode(copy, code ?? "");
  };
  return (
    <div
      className="md"
      data-open={open || undefined}
      onClick={onClick}
      onMouseOver={(event) => showTip(event.target)}
      onMouseLeave={() => setTip(undefined)}
      onFocus={(event) => showTip(event.target)}
      onBlur={() => setTip(undefined)}
    >
      {blocks.map((block) => (
        <Block key={block.key} raw={block.raw} titles={titles} open={open && block.open} />
      ))}
      {tip ? <CitationTip tip={tip} /> : null}
    </div>
  );
}

const Block = memo(function Block({ raw, titles, open }: { raw: string; titles: SourceTitles; open: boolean }) {
  const html = useMemo(() => ({ __html: renderMarkdown(raw, titles, open) }), [raw, titles, open]);
  return <div className="md-block" dir="auto" data-dense={isDense(raw) || undefined} dangerouslySetInnerHTML={html} />;
});

function chipOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-cite]") : null;
}

async function copyCode(button: HTMLElement, code: string): Promise<void> {
  const copied = await copyText(code.replace(/\n$/, ""));
  button.textContent = copied ? "Copied" : "Not allowed";
  setTimeout(() => {
    button.textContent = "Copy";
  }, 1_500);
}
