// Line icons on a 20-unit grid.

const PATHS = {
  menu: "M3 6h14M3 10h14M3 14h9",
  panel: "M3.5 4h13v12h-13zM8 4v12",
  plus: "M10 4v12M4 10h12",
  search: "M9 3.500a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M13 13l4 4",
  send: "M10 16V4.500M5 9l5-5 5 5",
  stop: "M6 6h8v8H6z",
  close: "M5 5l10 10M15 5 5 15",
  copy: "M7.5 7.500h9v9h-9zM4.5 12.500h-1v-9h9v1",
  check: "M4 10.500l4 4 8-9",
  retry: "M16 10a6 6 0 1 1-1.8-4.300L16 7.500M16 3.500v4h-4",
  up: "M7 9v8H3.500V9zM7 9l3-6c1.5 0 2.2 1 2 2.500L11.5 8h4c1 0 1.7.9 1.5 1.900l-1 5.500c-.2.9-.9 1.6-1.9 1.600H7",
  down: "M7 11V3H3.500v8zM7 11l3 6c1.5 0 2.2-1 2-2.500l-.5-2.500h4c1 0 1.7-.9 1.5-1.900l-1-5.500C15.8 3.7 15.1 3 14.1 3H7",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  pencil: "M4 16l.8-3.500L13 4.300l2.7 2.7-8.2 8.200z",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.600l.7-10",
  chevron: "M7 5l5 5-5 5",
  left: "M12 5l-5 5 5 5",
  arrow: "M5 15 15 5M7 5h8v8",
  downward: "M10 4v12M5 11l5 5 5-5",
  info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M10 9.500v4M10 6.500h.01",
  warning: "M10 3.5 17.5 16h-15zM10 8.500v3.500M10 14h.01",
  sun: "M10 6.500a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 2v1.500M10 16.500V18M2 10h1.500M16.5 10H18M4.3 4.300l1.1 1.100M14.6 14.600l1.1 1.100M4.3 15.700l1.1-1.100M14.6 5.400l1.1-1.1",
  moon: "M16.5 11.800A7 7 0 1 1 8.2 3.500a5.5 5.5 0 0 0 8.3 8.300z",
  system: "M3 4h14v9H3zM7 17h6M10 13v4",
  document: "M5 2.500h6.500L15 6v11.500H5zM11.5 2.500V6H15",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg className={`icon ${className ?? ""}`} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: a roof over running water. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg className={`mark-logo ${className ?? ""}`} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path className="mark-roof" d="M6 13.5 16 5l10 8.5" />
      <path className="mark-water" d="M6 19.500c3.3-3 6.7-3 10 0s6.7 3 10 0" />
      <path className="mark-water mark-water-low" d="M10 25.800c2-1.9 4-1.9 6 0s4 1.9 6 0" />
    </svg>
  );
}
