import { useEffect, useRef, useState } from "react";
import type { ConversationSummary } from "../../shared/wire/contract.ts";
import { useChat } from "../chat.ts";
import { pathOf } from "../route.ts";
import { go } from "./go.ts";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";

export interface ConversationRowProps {
  item: ConversationSummary;
  isOpen: boolean;
  onDelete: (conversation: ConversationSummary) => void;
}

export function ConversationRow({ item, isOpen, onDelete }: ConversationRowProps) {
  const chat = useChat();
  const [renaming, setRenaming] = useState(false);
  const [returned, setReturned] = useState(false);
  const title = item.title || "Untitled";
  if (renaming) {
    return (
      <li className="row" data-open={isOpen || undefined}>
        <RenameField
          title={item.title}
          onDone={(text, isByKey) => {
            setRenaming(false);
            setReturned(isByKey);
            if (text && text !== item.title) void chat.rename(item.id, text);
          }}
        />
      </li>
    );
  }
  return (
    <li className="row" data-open={isOpen || undefined}>
      <a
        href={pathOf(item.id)}
        title={title}
        aria-current={isOpen ? "page" : undefined}
        onClick={(event) => go(event, () => chat.open(item.id))}
      >
        {title}
      </a>
      <Menu
        label={`Options for ${title}`}
        takesFocus={returned}
        items={[
          { icon: "pencil", label: "Rename", onChoose: () => setRenaming(true) },
          { icon: "trash", label: "Delete", danger: true, onChoose: () => onDelete(item) },
        ]}
      />
    </li>
  );
}

function RenameField({
  title,
  onDone,
}: {
  title: string;
  onDone: (text: string | undefined, isByKey: boolean) => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  const finished = useRef(false);
  useEffect(() => field.current?.select(), []);
  const finish = (text: string | undefined, isByKey: boolean): void => {
    if (finished.current) return;
    finished.current = true;
    onDone(text, isByKey);
  };
  return (
    <>
      <input
        ref={field}
        className="rename"
        aria-label="New title"
        defaultValue={title}
        maxLength={200}
        onBlur={(event) => finish(event.target.value.trim(), false)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) {
            // Else the same press would open the menu whose button gets the focus.
            event.preventDefault();
            finish(event.currentTarget.value.trim(), true);
          }
          if (event.key === "Escape") {
            event.preventDefault();
            finish(undefined, true);
          }
        }}
      />
      <Icon name="pencil" />
    </>
  );
}
