raise ImportError(
    "promptflow.evals is not part of Flowstead: its evaluators are batch flows here. "
    "Use an evaluation flow with `flowstead run create --run`, or install azure-ai-evaluation, which replaced it."
)
