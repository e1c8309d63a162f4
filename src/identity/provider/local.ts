import type { Principal } from "../principal.ts";

/** The one person of a system that listens on loopback only: whoever sits at this machine. */
export const LOCAL_PRINCIPAL: Principal = { id: "local", name: "You", groups: [] };
