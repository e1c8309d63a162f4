// Rendered text that remembers who wrote what. The words of a template are its author's; the values of flow inputs are a
// user's. Roles of a chat prompt may only be made by the author, so the two are kept apart until the prompt is parsed.

export interface Fragment {
  text: string;
  /** True for what came from a user's value. */
  user: boolean;
}

/** The text of a template together with its fragments. It prints and serialises as the plain text. */
export class RenderedText {
  readonly fragments: readonly Fragment[];
  #text: string | undefined;

  constructor(fragments: readonly Fragment[]) {
    this.fragments = fragments;
  }

  static of(text: string, user = false): RenderedText {
    return new RenderedText(text === "" ? [] : [{ text, user }]);
  }

  get text(): string {
    this.#text ??= this.fragments.map(({ text }) => text).join("");
    return this.#text;
  }

  /** Whether any of it is a user's. */
  get hasUserText(): boolean {
    return this.fragments.some(({ user }) => user);
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }

  /** The same text without blanks at its ends. */
  trim(): RenderedText {
    const fragments = this.fragments.map((fragment) => ({ ...fragment }));
    for (const fragment of fragments) {
      fragment.text = fragment.text.trimStart();
      if (fragment.text !== "") break;
    }
    for (const fragment of fragments.toReversed()) {
      fragment.text = fragment.text.trimEnd();
      if (fragment.text !== "") break;
    }
    return new RenderedText(fragments.filter(({ text }) => text !== ""));
  }
}
