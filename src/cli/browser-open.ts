import { spawn } from "node:child_process";

/** Opens an address in the person's browser. @returns false where there is none to be expected. */
export function openInBrowser(address: string): boolean {
  const command = browserCommand(address);
  if (!command) return false;
  const [program, ...args] = command;
  const child = spawn(program as string, args, { stdio: "ignore", detached: true });
  // Whoever has no browser has the address on the screen.
  child.once("error", () => undefined);
  child.unref();
  return true;
}

function browserCommand(address: string): string[] | undefined {
  const { BROWSER: chosen, DISPLAY: display, WAYLAND_DISPLAY: wayland } = process.env;
  if (chosen) return [chosen, address];
  if (process.platform === "darwin") return ["open", address];
  if (process.platform === "win32") return ["explorer", address];
  return display || wayland ? ["xdg-open", address] : undefined;
}
