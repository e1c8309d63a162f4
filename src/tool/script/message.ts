// What the engine and a thread that runs a script say to each other. One call runs in a thread at a time.

/** What a thread is started with. */
export interface ScriptTask {
  /** The script's full path. */
  file: string;
  /** The export to call. */
  name: string;
  /** Names of the inputs in the order of its parameters; undefined for one object. */
  order: string[] | undefined;
}

/** What a process is started with. */
export interface ProcessTask extends ScriptTask {
  /** The process that it may not outlive. */
  parent: number;
}

export interface ScriptFault {
  /** Class of the error. */
  type: string;
  message: string;
  /** Lines of the stack that are the author's. */
  stack: string;
  /** Whether the script could not even be loaded. */
  loading: boolean;
  /** Whether nobody waited for what failed: what the script would do after it is unknown. */
  stray?: boolean;
}

export type ScriptMessage =
  | { t: "ready" }
  | { t: "log"; stream: "stdout" | "stderr"; text: string }
  | { t: "chunk"; text: string }
  /** The result as JSON, so that both sides see the same value. */
  | { t: "result"; json: string }
  | ({ t: "error" } & ScriptFault);
