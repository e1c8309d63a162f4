import { useEffect, useId, useRef, useState } from "react";
import { Icon, type IconName } from "./icon.tsx";

export interface MenuItem {
  icon: IconName;
  label: string;
  danger?: boolean;
  onChoose: () => void;
}

export interface MenuProps {
  label: string;
  items: MenuItem[];
  /** The focus comes back to its button when it appears: something took its place for a while. */
  takesFocus?: boolean;
}

/** A button with a menu, in the browser's top layer so that no scroll box cuts it off. */
export function Menu({ label, items, takesFocus = false }: MenuProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const element = menu.current;
    const onToggle = (event: Event): void => setOpen((event as ToggleEvent).newState === "open");
    element?.addEventListener("toggle", onToggle);
    return () => element?.removeEventListener("toggle", onToggle);
  }, []);
  const place = (): void => {
    const anchor = button.current?.getBoundingClientRect();
    const element = menu.current;
    if (!anchor || !element) return;
    element.showPopover();
    const top =
      anchor.bottom + element.offsetHeight + 8 > innerHeight
        ? anchor.top - element.offsetHeight - 4
        : anchor.bottom + 4;
    element.style.top = `${top}px`;
    element.style.left = `${Math.max(8, Math.min(anchor.right - element.offsetWidth, innerWidth - element.offsetWidth - 8))}px`;
    element.querySelector("button")?.focus();
  };
  const close = (): void => {
    menu.current?.hidePopover();
    button.current?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const buttons = [...(menu.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + buttons.length, Home: 0, End: buttons.length - 1 }[event.key];
    if (to !== undefined) buttons[to % buttons.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        autoFocus={takesFocus}
        className="icon-button row-more"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => (open ? close() : place())}
      >
        <Icon name="more" />
      </button>
      <div ref={menu} id={id} className="menu" role="menu" aria-label={label} popover="auto" onKeyDown={onKeyDown}>
        {items.map((item) => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            data-danger={item.danger || undefined}
            onClick={() => {
              close();
              item.onChoose();
            }}
          >
            <Icon name={item.icon} />
            {item.label}
          </button>
        ))}
      </div>
    </>
  );
}
