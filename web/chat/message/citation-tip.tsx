import { useLayoutEffect, useRef } from "react";

export interface Tip {
  text: string;
  at: DOMRect;
}

/** The name of a source beside its number. The number's own label says the same to a screen reader. */
export function CitationTip({ tip }: { tip: Tip }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    const left = Math.max(
      8,
      Math.min(tip.at.left + tip.at.width / 2 - box.offsetWidth / 2, innerWidth - box.offsetWidth - 8),
    );
    const above = tip.at.top - box.offsetHeight - 8;
    box.style.left = `${left}px`;
    box.style.top = `${above > 8 ? above : tip.at.bottom + 8}px`;
  }, [tip]);
  return (
    <div ref={element} className="tip" aria-hidden="true">
      {tip.text}
    </div>
  );
}
