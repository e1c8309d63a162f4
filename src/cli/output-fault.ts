// Outputs that take no more: a pipe whose reader has gone (`| head`), a full disk behind `>`.

interface FaultyOutput {
  on(event: "error", told: (error: NodeJS.ErrnoException) => void): unknown;
  write(text: string): unknown;
}

/** Whoever reads no more wants no more, and is told nothing; anything else is said, and `fail` is called. */
export function watchOutputs(stdout: FaultyOutput, stderr: FaultyOutput, fail: () => void): void {
  let isTold = false;
  stdout.on("error", ({ code, message }) => {
    if (code === "EPIPE" || isTold) return;
    isTold = true;
    stderr.write(`Error: The output cannot be written: ${message}\n`);
    fail();
  });
  // There is nowhere left to say it.
  stderr.on("error", () => {});
}
