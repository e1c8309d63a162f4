import { FlowsteadError, type ErrorCode } from "../base/error/error.ts";

/** A token for each call; one that was refused is not given again. */
export type AzureToken = (signal: AbortSignal, refused?: string) => Promise<string>;

export interface AzureTokenOptions {
  /** What the tokens are for, such as `https://storage.azure.com`. */
  resource: string;
  /** Where in the configuration the identity stands. */
  where: string;
  /** Of what is thrown when there is no token. */
  failure: ErrorCode;
}

/** Tokens of an identity; they come from where those of models come from, which is loaded with the first one. */
export function azureToken(auth: unknown, { resource, where, failure }: AzureTokenOptions): AzureToken {
  let source: Promise<AzureToken> | undefined;
  return async (signal, refused) => {
    source ??= import("../model/provider/index.ts").then(({ azureTokens }) => azureTokens(auth, { resource, where }));
    const tokens = await source;
    try {
      return await tokens(signal, refused);
    } catch (cause) {
      const { code, message } = FlowsteadError.from(cause);
      if (code === "Canceled") throw cause;
      throw new FlowsteadError(failure, message.replaceAll(/\bauth(\.\w+)? of the model/g, `${where}$1`), { cause });
    }
  };
}
