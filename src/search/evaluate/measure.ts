// How good the order of results is, by the customary measures.

export interface Judged {
  /** Grades of the results in their order, 0 for one that is not wanted; a thing wanted counts once. */
  grades: readonly number[];
  /** Grades of everything that is wanted. */
  wanted: readonly number[];
}

export interface Measures {
  /** Normalised discounted cumulative gain of the first ten. */
  ndcg: number;
  /** One over the place of the first wanted one among ten. */
  mrr: number;
  /** Share of what is wanted among the first k. */
  recall: number;
}

export function measure({ grades, wanted }: Judged, k: number): Measures {
  const ideal = gain(wanted.toSorted((a, b) => b - a).slice(0, 10));
  const first = grades.slice(0, 10).findIndex((grade) => grade > 0);
  return {
    ndcg: ideal === 0 ? 0 : gain(grades.slice(0, 10)) / ideal,
    mrr: first < 0 ? 0 : 1 / (first + 1),
    recall: wanted.length === 0 ? 0 : grades.slice(0, k).filter((grade) => grade > 0).length / wanted.length,
  };
}

export function meanOf(all: readonly Measures[]): Measures {
  const mean = (name: keyof Measures): number => all.reduce((sum, one) => sum + one[name], 0) / Math.max(1, all.length);
  return { ndcg: mean("ndcg"), mrr: mean("mrr"), recall: mean("recall") };
}

function gain(grades: readonly number[]): number {
  return grades.reduce((sum, grade, at) => sum + grade / Math.log2(at + 2), 0);
}
