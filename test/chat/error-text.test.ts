import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, FlowsteadError } from "../../src/base/error/error.ts";
import { ERROR_TABLE } from "../../src/base/error/table.ts";
import { errorText } from "../../src/chat/error-text.ts";

const text = (code: ErrorCode, message: string, options = {}): string =>
  errorText(new FlowsteadError(code, message, options).toBody(), "r-1");

describe("a failure in the chat", () => {
  it("says plainly that the key is wrong or the server dead", () => {
    assert.equal(
      text("ModelUnauthorized", "api.example.com refused the key (401). Check OPENAI_API_KEY."),
      "api.example.com refused the key (401). Check OPENAI_API_KEY.",
    );
    assert.equal(
      text("ModelUnreachable", "No connection to http://127.0.0.1:11434 (ECONNREFUSED)"),
      "No connection to http://127.0.0.1:11434 (ECONNREFUSED). Check that the host and port in the message are right and that the server runs.",
    );
    assert.equal(
      text("ModelRateLimited", "api.example.com takes no more calls for now (429).", { retryAfterMs: 1_500 }),
      "api.example.com takes no more calls for now (429). Try again in 2 s.",
    );
  });

  it("says what to do for every code, and shows nothing that is for programs", () => {
    for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
      for (const message of ["It went wrong", "", `It went wrong\n    at x (/srv/a.js:1:2)`]) {
        const shown = text(code, message);
        assert.doesNotMatch(shown, /\n|\bdetails\b|a\.js/, code);
        assert.match(shown, /[.!?)]$/, code);
        assert.ok(shown.split(/[.;] /).length >= 2, `${code}: ${shown}`);
      }
    }
  });

  it("keeps a Python traceback and an endless message out", () => {
    const traceback = `Execution failure in 'node': (ValueError) bad\nTraceback (most recent call last):\n  File "x.py", line 3`;
    assert.equal(
      text("ToolExecutionError", traceback),
      "Execution failure in 'node': (ValueError) bad. The author of the flow finds more in the log (run r-1).",
    );
    assert.ok(text("ToolExecutionError", "x".repeat(100_000)).length < 800);
  });

  it("does not quote what nobody foresaw", () => {
    const shown = text("Unexpected", "secret internals");
    assert.doesNotMatch(shown, /secret/);
    assert.match(shown, /run r-1/);
    const unknown = { code: "FromTheFuture", message: "secret", actor: "caller", status: 400, retryable: false };
    assert.doesNotMatch(errorText(unknown as never, "r-1"), /secret/);
  });
});
