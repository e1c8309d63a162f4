/** US dollars per million tokens. */
export interface Price {
  input: number;
  output?: number | undefined;
}

export type PriceTable = Readonly<Record<string, Price>>;

/** Millionths of a dollar; 0 for a model without a price. */
export function costMicros(price: Price | undefined, prompt: number, completion: number): number {
  return price ? Math.round(prompt * price.input + completion * (price.output ?? 0)) : 0;
}
