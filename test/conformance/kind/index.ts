// All kinds. A new family is a file beside this one and a line here.

import type { Kinds } from "../case.ts";
import { CHAT_KINDS } from "./chat.ts";
import { PROMPTY_KINDS } from "./prompty.ts";
import { TEMPLATE_KINDS } from "./template.ts";

export const KINDS: Kinds = {
  ...TEMPLATE_KINDS,
  ...CHAT_KINDS,
  ...PROMPTY_KINDS,
};
