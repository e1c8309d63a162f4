/** Words too common to find anything by; not indexed. The list is the customary one of English full-text engines. */
export const ENGLISH_STOP_WORDS: ReadonlySet<string> = new Set(
  (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this " +
    "to was will with"
  ).split(" "),
);

/** Words by which a question is asked and not what it is about; they are in the index, but a query leaves them out. */
export const ENGLISH_QUESTION_WORDS: ReadonlySet<string> = new Set(
  (
    "about actually after again also am any anybody anyone anything been before being both can cannot cant could " +
    "couldnt did didnt do does doesnt doing dont each else ever every everyone explain find from get gets getting " +
    "give given go going got had happen happens has have having he hello help her here hers hi him his how however " +
    "i id ill im ive just kindly know let like many maybe me might mine much must my myself need needed needs " +
    "now often one onto or our ours out over please say see she should show so some somebody someone something soon " +
    "still tell than thank thanks them theirs too under until up us use want wants we well were weve what whats when " +
    "whenever where wheres whether which while who whom whos whose why would you your youre yours"
  ).split(" "),
);
