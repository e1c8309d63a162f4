import { useState } from "react";
import { IconButton } from "./icon-button.tsx";
import { type IconName } from "./icon.tsx";

type Theme = "system" | "light" | "dark";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICON: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(() => (document.documentElement.dataset.theme as Theme) ?? "system");
  const change = (): void => {
    const next = NEXT[theme];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("flowstead.theme", next);
    } catch {
      // Without storage the choice lasts until the page is closed.
    }
    setTheme(next);
  };
  const label = `Theme: ${theme}. Change to ${NEXT[theme]}`;
  return <IconButton icon={ICON[theme]} label={label} onClick={change} />;
}
