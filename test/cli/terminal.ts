// Runs the command line at a terminal of its own, which Python's pty makes.

import { execFile } from "node:child_process";
import { environment } from "../e2e/system.ts";
import { CLI } from "../program.ts";

const TYPIST = `import os, pty, sys
awaited, typed = sys.argv[1].encode(), sys.argv[2].encode().decode("unicode_escape").encode()
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
seen = b""
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    seen += chunk
    if typed and awaited in seen:
        os.write(terminal, typed)
        typed = b""
sys.stdout.buffer.write(seen)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

export interface Shown {
  code: number;
  /** All that the terminal showed, with its control characters. */
  screen: string;
}

export interface Typing {
  /** Typed when this is on the screen. */
  after: string;
  /** With escapes as Python writes them: `\r` is Enter. */
  keys: string;
  env?: Record<string, string>;
}

export function atTerminal(words: readonly string[], { after, keys, env }: Typing): Promise<Shown> {
  const program = ["-c", TYPIST, after, keys, process.execPath, ...CLI, ...words];
  return new Promise((resolve) => {
    const options = { env: environment({ TERM: "xterm", ...env }), timeout: 60_000 };
    execFile("python3", program, options, (error, stdout) => {
      resolve({ code: error ? (typeof error.code === "number" ? error.code : -1) : 0, screen: stdout });
    });
  });
}
